"""The owner team's official levels, in the form that gates and the rules of approval read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from assessments import catalogue, standings
from governance.gates import AuditEvidence
from governance.models import ModelVersion, digest_of
from governance.policy import Gate, MaturityGate, MaturityRule
from portal.accounts.models import Team
from portal.message import Message


def evidence_of(
    version: ModelVersion, gates: Iterable[Gate], now: datetime, rules: Iterable[MaturityRule] = ()
) -> dict[str, AuditEvidence]:
    """What the gates on maturity, and the rules of approval by it, look at, as of now; nothing where there are none.

    Its digest is of the levels that are asked for, so that an approval lapses when one changes.
    """
    if asked := asked_for(gates, rules):
        return {"maturity": Levels.of([version.model.team], asked).evidence(version.model.team, asked, now)}
    return {}


def asked_for(gates: Iterable[Gate], rules: Iterable[MaturityRule] = ()) -> frozenset[str]:
    """The frameworks whose levels are asked for."""
    named = [gate.needs.framework for gate in gates if isinstance(gate, MaturityGate)]
    return frozenset([*named, *(rule.framework for rule in rules)])


class Levels:
    """The official levels of some teams in some frameworks, read at once."""

    def __init__(self, frameworks: Mapping[str, Any], kept: Mapping[tuple[int, str], Any]):
        self._frameworks, self._kept = frameworks, kept

    @classmethod
    def of(cls, teams: Iterable[Team | None], asked: Iterable[str]) -> Levels:
        in_use = catalogue.currents()
        frameworks = {key: in_use[key] for key in sorted(asked) if key in in_use}
        known = {team.pk: team for team in teams if team}
        kept = standings.of(known.values(), frameworks.values()) if known and frameworks else {}
        return cls(frameworks, kept)

    def evidence(self, team: Team | None, asked: Iterable[str], now: datetime) -> AuditEvidence:
        """What is known of one team in the frameworks that its rules ask for."""
        found = {key: self._level(team, self._frameworks[key]) for key in sorted(asked) if key in self._frameworks}
        frameworks = found if team else {}
        seen = {key: [known["assessed"], known["official"], known["dimensions"]] for key, known in frameworks.items()}
        return AuditEvidence(
            kind="maturity",
            outcome="pass",
            message=Message("gates.audit.maturity"),
            result={"team": team.name if team else "", "frameworks": frameworks},
            label="computed",
            created_at=now,
            digest=digest_of({"team": team.slug if team else "", "levels": seen}),
        )

    def _level(self, team: Team | None, framework) -> dict[str, Any]:
        if team is None:
            return {}
        standing = self._kept[team.pk, framework.key]
        return {
            "title": {"en": framework.title.en, "ja": framework.title.ja},
            "assessed": standing.assessed,
            "official": standing.official,
            "dimensions": {one.key: standing.level("official", one.key) for one in framework.dimensions},
        }
