"""What people and pipelines supplied, as evidence: signed items of checklists, and facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery

from governance.approving import made_by
from governance.gates import AuditEvidence
from governance.groups import Belonging
from governance.models import ChecklistMark, Fact, ModelVersion, Promotion, PromotionState, digest_of
from governance.policy import ChecklistNeeds, Rules
from governance.readings.checklist import SCHEMA as CHECKLIST
from governance.readings.fact import SCHEMA as FACT
from portal.ledger.models import Event
from portal.message import Message

SKEW = timedelta(hours=1)  # by which a pipeline's clock may run ahead of ours
SHOWN = 100  # keys on a page
Asked = Sequence[tuple[ModelVersion, Rules]]


def supplied(asked: Asked, now: datetime) -> dict[tuple[int, str], dict[str, AuditEvidence]]:
    """For each version and environment whose rules ask for it; nothing is read where none does."""
    found: dict[tuple[int, str], dict[str, AuditEvidence]] = {}
    for place, evidence in _checklists(asked, now):
        found.setdefault(place, {})["checklist"] = evidence
    for place, evidence in _facts(asked):
        found.setdefault(place, {})[evidence.kind] = evidence
    return found


# -- checklists ----------------------------------------------------------------------------------------------


def _checklists(asked: Asked, now: datetime) -> Iterable[tuple[tuple[int, str], AuditEvidence]]:
    wanted = {
        (version.pk, rules.environment): (version, groups) for version, rules in asked if (groups := signers(rules))
    }
    if not wanted:
        return
    rows = ChecklistMark.objects.filter(version__in={pk for pk, _ in wanted}, withdrawn_at=None)
    marks = [mark for mark in rows.select_related("by") if (mark.version_id, mark.environment) in wanted]
    belonging = Belonging((mark.by_id for mark in marks), now)
    askers = _askers({pk for pk, _ in wanted}) if marks else {}
    by_place: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for mark in marks:
        place = (mark.version_id, mark.environment)
        version, groups = wanted[place]
        if made_by(version, mark.by) or mark.by.pseudonym in askers.get(place, ()):
            continue
        belongs = belonging.of(mark.by_id, version.model.team_id, mark.environment)
        by_place.setdefault(place, []).append(_as_mark(mark, sorted(groups & belongs)))
    for place, found in by_place.items():
        yield place, _checklist(found)


def signers(rules: Rules) -> frozenset[str]:
    """All groups whose members may sign an item under these rules."""
    needs = (gate.needs for gate in rules.gates if isinstance(gate.needs, ChecklistNeeds))
    return frozenset(group for need in needs for item in need.items for group in item.signers)


def _askers(versions: set[int]) -> dict[tuple[int, str], set]:
    """Who has asked for each version, at first or again, by pseudonym: they sign nothing for themselves."""
    states = (PromotionState.OPEN, PromotionState.APPROVED, PromotionState.SENT_BACK)
    rows = Promotion.objects.filter(version__in=versions, state__in=states)
    places = {str(pk): (version, environment) for pk, version, environment in rows.values_list(*_PLACE)}
    asked = Event.objects.filter(
        subject_type="promotion",
        subject_id__in=list(places),
        action__in=("promotion.request", "promotion.resubmit"),
    )
    found: dict[tuple[int, str], set] = {}
    for identifier, actor in asked.values_list("subject_id", "actor"):
        found.setdefault(places[identifier], set()).add(actor)
    return found


_PLACE = ("pk", "version_id", "environment")


def _as_mark(mark: ChecklistMark, groups: list[str]) -> dict[str, Any]:
    return {
        "item": mark.item,
        "by": mark.by.name,
        "groups": groups,
        "at": mark.at.isoformat(),
        "artifact": mark.artifact_digest,
        "profile": mark.profile_digest,
        "id": mark.pk,
    }


def _checklist(marks: list[dict[str, Any]]) -> AuditEvidence:
    bound = [{name: value for name, value in mark.items() if name != "by"} for mark in marks]
    return AuditEvidence(
        kind="checklist",
        outcome="pass",
        message=Message("gates.audit.checklist"),
        result={"schema": CHECKLIST, "marks": marks},
        label="attested",
        created_at=max(datetime.fromisoformat(mark["at"]) for mark in marks),
        digest=digest_of(bound),
    )


# -- facts ---------------------------------------------------------------------------------------------------


def _facts(asked: Asked) -> Iterable[tuple[tuple[int, str], AuditEvidence]]:
    """The newest of each key; one that its pipeline dates forward says nothing."""
    wanted: dict[int, set[tuple[str, str]]] = {}
    for version, rules in asked:
        for gate in rules.gates:
            if gate.audit == "fact":
                wanted.setdefault(version.pk, set()).add((rules.environment, gate.needs.key))
    if not wanted:
        return
    keys = {key for asked_for in wanted.values() for _environment, key in asked_for}
    rows = Fact.objects.filter(version__in=wanted, key__in=keys, at__lte=F("pushed_at") + SKEW)
    newest = {(fact.version_id, fact.key): fact for fact in rows.order_by("at", "id")}
    for version, asked_for in wanted.items():
        for environment, key in asked_for:
            if fact := newest.get((version, key)):
                yield (version, environment), _fact(fact)


def newest_facts(version: ModelVersion) -> list[Fact]:
    """The fact of each key that counts, with who pushed it, for pages."""
    same = Fact.objects.filter(version=version, key=OuterRef("key"))
    newest = Fact.objects.filter(version=version, pk=Subquery(same.values("pk")[:1]))
    return list(newest.select_related("by").order_by("key")[:SHOWN])


def _fact(fact: Fact) -> AuditEvidence:
    said = {"key": fact.key, "value": fact.value}
    return AuditEvidence(
        kind=f"fact:{fact.key}",
        outcome="pass",
        message=Message("gates.audit.fact"),
        result={"schema": FACT, **said},
        label=str(fact.label),
        created_at=fact.at,
        digest=digest_of({**said, "unit": fact.unit, "label": str(fact.label)}),
    )
