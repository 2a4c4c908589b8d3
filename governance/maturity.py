"""The owner team's official levels, in the form that gates read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from assessments import catalogue, standings
from governance.gates import AuditEvidence
from governance.models import ModelVersion, digest_of
from governance.policy import Gate, MaturityGate
from portal.message import Message


def evidence_of(version: ModelVersion, gates: Iterable[Gate], now: datetime) -> dict[str, AuditEvidence]:
    """What the gates on maturity look at, as of now; nothing where there are none.

    Its digest is of the levels that the gates ask for, so that an approval lapses when one changes.
    """
    needs = [gate.needs for gate in gates if isinstance(gate, MaturityGate)]
    if not needs:
        return {}
    team, in_use = version.model.team, catalogue.currents()
    asked = [in_use[key] for key in {need.framework for need in needs} if key in in_use]
    kept = standings.of([team], asked) if team else {}
    frameworks = {
        framework.key: {
            "title": {"en": framework.title.en, "ja": framework.title.ja},
            "assessed": kept[team.pk, framework.key].assessed,
            "official": kept[team.pk, framework.key].official,
            "dimensions": {
                dimension.key: kept[team.pk, framework.key].level("official", dimension.key)
                for dimension in framework.dimensions
            },
        }
        for framework in asked
        if team
    }
    result = {"team": team.name if team else "", "frameworks": frameworks}
    seen = {key: [levels["assessed"], levels["official"], levels["dimensions"]] for key, levels in frameworks.items()}
    return {
        "maturity": AuditEvidence(
            kind="maturity",
            outcome="pass",
            message=Message("gates.audit.maturity"),
            result=result,
            label="computed",
            created_at=now,
            digest=digest_of({"team": team.slug if team else "", "levels": seen}),
        )
    }
