"""The way through for one version, with what the database knows: how long things took, who can act, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Case, F, Value, When, Window
from django.db.models.functions import RowNumber

from governance.approving import made_by
from governance.evidence import as_evidence, latest_audits
from governance.gates import GateResult, StageNeed, Verdict
from governance.groups import members
from governance.models import ChecklistMark, Decision, DecisionKind, GateException, ModelVersion, Promotion
from governance.policy import Gate, Rules
from governance.requesters import requesters_of, would_ask
from governance.supplied import supplied
from governance.turns import whose_turn
from governance.way import TRAINING, Duration, Kept, People, Release, Step, Way, steps
from governance.windows import release
from portal.jobs.models import Job, State
from portal.message import Message

LAST = 5
YEAR = 366 * 86_400_000  # milliseconds: whoever logs a run says when it began and ended, and no training took longer
LOOKED_BACK = timedelta(days=180)
NAMED = 3
AUDITED = frozenset({"lineage", "performance", "fairness", "explanation", "drift", "safety"})


def way_of(
    version: ModelVersion,
    verdict: Verdict,
    rules: Rules,
    now: datetime,
    *,
    promotion: Promotion | None = None,
    user: Any = None,
) -> Way:
    """The way through beside a verdict; for a request with its own approvers, else with those of the rules.

    `user` is who would ask, where there is no request yet.
    """
    evidence = {kind: as_evidence(audit) for kind, audit in latest_audits(version).items()}
    evidence |= supplied([(version, rules)], now).get((version.pk, rules.environment), {})
    found = steps(verdict, rules, evidence, least=settings.LEAST_CELL)
    known = durations(version, found, rules)
    times = release(rules, now)
    return Way(
        steps=found,
        durations=known,
        earliest=_earliest(found, known, rules, now),
        approve=_approvers(version, verdict, rules, now, promotion, user),
        waive=_waivers(version, verdict, rules, now, promotion, user),
        release=times,
        kept=_kept(version, rules, now, promotion),
    )


# -- how long ------------------------------------------------------------------------------------------------


def durations(version: ModelVersion, found: Sequence[Step], rules: Rules) -> tuple[Duration, ...]:
    """How long training and each audit took in the middle of the last five; of this model's where there are any."""
    if not found:
        return ()
    new = any(step.new_version for step in found)
    asked = {gate.source for gate in rules.gates} if new else {step.audit for step in found}
    kinds = [kind for kind in sorted({"safety" if kind == "replay" else kind for kind in asked}) if kind in AUDITED]
    taken = _audits_took(version, kinds)
    trained = [Duration(TRAINING, *_training_took(version))] if new else []
    return (*trained, *(Duration(kind, *_middle(taken.get(kind, ()))) for kind in kinds))


def _audits_took(version: ModelVersion, kinds: Sequence[str]) -> dict[str, list[timedelta]]:
    """The last jobs of each kind that ended well; those on versions of the same model, if there are any."""
    own = ModelVersion.objects.filter(model=version.model_id).values_list("pk", flat=True)
    ours = Case(
        When(subject_type="version", subject_id__in=[str(pk) for pk in own], then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    jobs = Job.objects.filter(kind__in=[f"audit.{kind}" for kind in kinds], state=State.DONE, started_at__isnull=False)
    ranked = jobs.annotate(ours=ours).annotate(
        rank=Window(RowNumber(), partition_by=[F("kind"), F("ours")], order_by=F("id").desc())
    )
    found: dict[bool, dict[str, list[timedelta]]] = {True: {}, False: {}}
    for kind, mine, began, ended in ranked.filter(rank__lte=LAST).values_list("kind", "ours", "started_at", "ended_at"):
        found[bool(mine)].setdefault(kind.removeprefix("audit."), []).append(max(ended - began, timedelta()))
    return found[False] | found[True]


def _training_took(version: ModelVersion) -> tuple[timedelta | None, int]:
    """Of the runs behind the model's last versions that finished."""
    seen: dict[str, timedelta] = {}
    rows = ModelVersion.objects.filter(model=version.model_id).order_by("-number").values_list("run", flat=True)
    for run in rows[: 4 * LAST]:
        began, ended = (run or {}).get("started"), (run or {}).get("ended")
        if began and ended and 0 <= ended - began <= YEAR and run.get("status") == "FINISHED" and len(seen) < LAST:
            seen.setdefault(str(run.get("run_id", len(seen))), timedelta(milliseconds=ended - began))
    return _middle(list(seen.values()))


def _middle(taken: Sequence[timedelta]) -> tuple[timedelta | None, int]:
    return (median(taken), len(taken)) if taken else (None, 0)


def _earliest(found: Sequence[Step], known: Sequence[Duration], rules: Rules, now: datetime) -> datetime | None:
    """When a move could be made at the earliest, one thing after the other; unknown where anything is."""
    waits = any(step.audit not in AUDITED | {"replay"} for step in found)
    if not known or waits or any(one.median is None for one in known):
        return None
    done = now + sum((one.median for one in known), timedelta())
    times: Release = release(rules, done)
    return done if times.open else times.opens


# -- who -----------------------------------------------------------------------------------------------------


def _approvers(
    version: ModelVersion, verdict: Verdict, rules: Rules, now: datetime, promotion: Promotion | None, user: Any
) -> tuple[People, ...]:
    """Who may give the next approvals; of a request those whose turn it is, their deputies among them.

    Nobody where a request would go without a person.
    """
    free = _free(version, promotion, user)
    if promotion is not None:
        return (named("approve", "", filter(free, whose_turn([promotion], now)[promotion.pk])),)
    if verdict.automatic:
        return ()
    needs = verdict.needs or tuple(StageNeed(stage.group, stage.quorum) for stage in rules.stages)
    groups = dict.fromkeys(need.group for need in needs)
    people = {group: members(group, version.model.team_id, rules.environment, now) for group in groups}
    return tuple(named("approve", group, filter(free, users)) for group, users in people.items())


def _waivers(
    version: ModelVersion, verdict: Verdict, rules: Rules, now: datetime, promotion: Promotion | None, user: Any
) -> tuple[People, ...]:
    """Who may sign a waiver of each gate that is in the way and can be waived."""
    gates: dict[str, Gate] = {gate.id: gate for gate in rules.gates}
    in_the_way = [result for result in verdict.gravest_first if not result.passes and result.id in gates]
    open_: list[tuple[GateResult, str]] = [
        (result, gates[result.id].waivable.group) for result in in_the_way if gates[result.id].waivable
    ]
    by_group = {group: members(group, version.model.team_id, rules.environment, now) for _result, group in open_}
    free = _free(version, promotion, user)
    people = {group: list(filter(free, users)) for group, users in by_group.items()}
    return tuple(named("waive", group, people[group], gate=result.id, title=result.title) for result, group in open_)


def _free(version: ModelVersion, promotion: Promotion | None, user: Any) -> Callable[[Any], bool]:
    """Whether somebody neither asked for it, or would, nor made it."""
    asks = requesters_of(promotion) if promotion else would_ask(version, user)
    return lambda person: person.pseudonym not in asks and not made_by(version, person)


def named(what: str, group: str, people: Iterable[Any], **more: Any) -> People:
    """People by name, the first few of them."""
    names = sorted({str(user) for user in people})
    return People(what, group, tuple(names[:NAMED]), max(0, len(names) - NAMED), **more)


# -- what stays ----------------------------------------------------------------------------------------------


def _kept(version: ModelVersion, rules: Rules, now: datetime, promotion: Promotion | None) -> Kept:
    """What of today's a new version would find: all that does not stand on this version's files."""
    titles = {gate.id: {"en": gate.title.en, "ja": gate.title.ja} for gate in rules.gates}
    profile = getattr(version.model, "profile", None)
    signed = GateException.objects.at(now).filter(model=version.model_id, environment=rules.environment)
    rows = [row for row in signed if row.kind == "waiver" and row.gate in titles]
    stays = [Message("way.kept.profile")] if profile and profile.agreed else []
    stays += [Message("way.kept.waiver", {"gate": titles[row.gate]}) for row in rows if row.version_id is None]
    if any(gate.audit == "maturity" for gate in rules.gates) or rules.maturity_rules:
        stays.append(Message("way.kept.level"))
    lapses = [Message("way.lapses.evidence")]
    lapses += [Message("way.lapses.waiver", {"gate": titles[row.gate]}) for row in rows if row.version_id == version.pk]
    if ChecklistMark.objects.filter(version=version, environment=rules.environment, withdrawn_at=None).exists():
        lapses.append(Message("way.lapses.marks"))
    lapses += [Message("way.lapses.approval", {"who": who}) for who in _who_approved(promotion)]
    return Kept(tuple(stays), tuple(lapses))


def _who_approved(promotion: Promotion | None) -> list[str]:
    if promotion is None:
        return []
    standing = Decision.objects.filter(promotion=promotion, decision=DecisionKind.APPROVE, lapsed_at=None)
    return [str(one.by) for one in standing.select_related("by") if one.by]
