"""All that verdicts on some versions stand on, read in as many queries as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import prefetch_related_objects

from governance.evidence import collect_many
from governance.gates import AuditEvidence, Exempt, Subject
from governance.in_force import PRODUCTION, environments
from governance.maturity import Levels, asked_for
from governance.models import Decision, DecisionKind, GateException, ModelVersion, Placement
from governance.policy import PerformanceNeeds, Rules
from governance.profile_change import higher_risk
from governance.supplied import supplied
from governance.titles import environment_titles

NO = (DecisionKind.REFUSE, DecisionKind.SEND_BACK)


@dataclass(frozen=True)
class Material:
    """What one version is judged by in one environment, and on."""

    version: ModelVersion
    rules: Rules
    evidence: Mapping[str, AuditEvidence]
    subject: Subject
    exceptions: tuple[Exempt, ...] = ()


def gather(
    asked: Iterable[tuple[ModelVersion, Rules]],
    now: datetime,
    *,
    least_risk: str = "",
    asked_by: Collection[UUID] = (),
) -> list[Material]:
    """The material for each version under its rules, in the order in which they are given.

    ``least_risk`` is one below which none of them is judged, whatever its profile says now. By the word of those in
    ``asked_by``, who ask for the promotion, no gate is passed by.
    """
    asked = list(asked)
    versions = list({version.pk: version for version, _rules in asked}.values())
    prefetch_related_objects(versions, "model__profile", "model__team")
    collected = collect_many(versions)
    levels = _levels(asked, now)
    live = _live([version for version, rules in asked if _compares(rules)])
    stands = _stands([version for version, rules in asked if rules.after])
    stood = _stood([version for version, rules in asked if rules.again])
    no = denied([version for version, rules in asked if rules.automatic])
    places = environment_titles() if any(rules.after or rules.again for _version, rules in asked) else {}
    signed = _exceptions(asked, now, asked_by)
    told = supplied(asked, now)
    found = []
    for version, rules in asked:
        evidence, subject = collected[version.pk]
        evidence = {**evidence, **told.get((version.pk, rules.environment), {})}
        if level := levels.get((version.model.team_id, _frameworks(rules))):
            evidence = {**evidence, "maturity": level}
        if least_risk and subject.risk:
            subject = replace(subject, risk=higher_risk(subject.risk, least_risk))
        if _compares(rules):
            subject = replace(subject, live=_beside(version, live))
        if rules.after or rules.again:
            subject = replace(subject, places=places)
        if rules.after:
            subject = replace(subject, stands=stands.get(version.pk, {}))
        if rules.again:
            subject = replace(subject, stood=frozenset(stood.get((version.pk, rules.environment), ())))
        if (version.pk, rules.environment) in no:
            subject = replace(subject, denied=True)
        found.append(Material(version, rules, evidence, subject, signed(version, rules)))
    return found


# -- levels --------------------------------------------------------------------------------------------------


def _frameworks(rules: Rules) -> frozenset[str]:
    return asked_for(rules.gates, rules.maturity_rules)


def _levels(asked: Sequence[tuple[ModelVersion, Rules]], now: datetime) -> dict[tuple, AuditEvidence]:
    """The levels of each owner team in the frameworks that its rules ask for."""
    wanted = {
        (version.model.team_id, frameworks): version.model.team
        for version, rules in asked
        if (frameworks := _frameworks(rules))
    }
    if not wanted:
        return {}
    known = Levels.of(wanted.values(), {key for _team, frameworks in wanted for key in frameworks})
    return {key: known.evidence(team, key[1], now) for key, team in wanted.items()}


# -- what is live --------------------------------------------------------------------------------------------


def _compares(rules: Rules) -> bool:
    return any(isinstance(gate.needs, PerformanceNeeds) and gate.needs.not_worse for gate in rules.gates)


def _live(versions: Sequence[ModelVersion]) -> dict[int, int]:
    """The number of the version in production, by model: by its placement, else by the alias in MLflow."""
    if not versions:
        return {}
    models = {version.model_id: version.model for version in versions}
    production = environments().get(PRODUCTION)
    found = {pk: model.aliases.get(production.alias) for pk, model in models.items()} if production else {}
    placed = Placement.objects.filter(model__in=models, environment=PRODUCTION, until=None)
    found |= dict(placed.values_list("model_id", "version__number"))
    numbers = {pk: number for pk, number in found.items() if number is not None}
    present = ModelVersion.objects.present().filter(model__in=numbers, number__in=set(numbers.values()))
    known = set(present.values_list("model_id", "number"))
    return {pk: int(number) for pk, number in numbers.items() if (pk, int(number)) in known}


def _beside(version: ModelVersion, live: Mapping[int, int]) -> str | None:
    number = live.get(version.model_id)
    return None if number == version.number else "" if number is None else str(number)


def _stands(versions: Sequence[ModelVersion]) -> dict[int, dict[str, str]]:
    """Where each version stands now, with the digest of the files that went there.

    Not where the mirror has seen the alias at another version.
    """
    found: dict[int, dict[str, str]] = {}
    if not versions:
        return found
    rows = Placement.objects.filter(version__in=versions, until=None, version__deleted_at=None)
    for placed in rows.select_related("promotion__move", "version__model", "copy__model"):
        move, there = getattr(placed.promotion, "move", None), placed.there
        if move is None or there.model.aliases.get(move.alias) == there.number:
            kept = found.setdefault(placed.version_id, {})
            kept[placed.environment] = placed.promotion.bound.get("artifact", "")
    return found


def _stood(versions: Sequence[ModelVersion]) -> dict[tuple[int, str], set[str]]:
    """Version and environment → the digests of the files with which it stood there by a regular approval."""
    found: dict[tuple[int, str], set[str]] = {}
    if versions:
        rows = Placement.objects.filter(version__in=versions, branded="").select_related("promotion")
        for placed in rows.defer("promotion__verdict"):
            digest = placed.promotion.bound.get("artifact", "")
            found.setdefault((placed.version_id, placed.environment), set()).add(digest)
    return found


def denied(versions: Sequence[ModelVersion]) -> set[tuple[int, str]]:
    """Version and environment of each request that a person has refused or sent back."""
    if not versions:
        return set()
    rows = Decision.objects.filter(decision__in=NO, promotion__version__in=versions)
    return set(rows.values_list("promotion__version", "promotion__environment"))


# -- exceptions ----------------------------------------------------------------------------------------------


def _exceptions(asked: Sequence[tuple[ModelVersion, Rules]], now: datetime, asked_by: Collection[UUID]):
    """A function that gives the exceptions signed for a version under its rules; nothing is read where none may be."""
    models = {version.model_id for version, rules in asked if may_be_excepted(rules)}
    by_place: dict[tuple[int, str], list[GateException]] = {}
    if models:
        rows = GateException.objects.at(now).filter(model__in=models).select_related("by").order_by("-since", "-id")
        for row in rows:
            if row.by.pseudonym in asked_by and row.outcome != "fail":
                continue
            by_place.setdefault((row.model_id, row.environment), []).append(row)

    def signed(version: ModelVersion, rules: Rules) -> tuple[Exempt, ...]:
        rows = by_place.get((version.model_id, rules.environment), ())
        return tuple(
            Exempt(row.gate, row.kind, str(row.by), row.reason, row.until, row.evidence_digest, row.outcome or "pass")
            for row in rows
            if row.version_id in (None, version.pk)
        )

    return signed


def may_be_excepted(rules: Rules) -> bool:
    """Whether any gate may be passed by with a signature."""
    return any(gate.waivable or gate.ruling for gate in rules.gates)
