"""What is live is judged every day, and when a policy is published: would it still pass by today's rules?

What passed and passes no more opens a finding, which ends when it passes again. Evidence about to end is made anew
before it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from governance.actions.audits import request_audits
from governance.findings import end_finding, open_finding
from governance.in_force import in_force_parsed, rules_by
from governance.models import AuditKind, Finding, LiveJudgement, ModelVersion, Placement, Promotion, Resolution
from governance.verdict import Judgement, judge_many, judge_request, told_many
from portal.jobs.models import Job
from portal.message import Message
from portal.web.errors import DomainError, Invalid

KIND = "not_passing"
SEVERITY = {"fail": "high"}
WHOLE = ("version__model__registry", "version__model__team", "version__model__profile", "promotion")
ONCE = timedelta(days=1)


def judge_live(placements: Iterable[Placement] | None = None, *, now: datetime | None = None) -> int:
    """Judge all that is live, or some of it, by the policies in force, and keep the day's judgement; how many."""
    now = now or timezone.now()
    if placements is None:
        placements = Placement.objects.filter(until=None).select_related(*WHOLE).order_by("pk")
    judged = judged_today(list(placements), now)
    told = told_many(one.verdict for _placement, one in judged)
    for (placement, judgement), verdict in zip(judged, told, strict=True):
        with transaction.atomic():
            before = LiveJudgement.objects.filter(placement=placement).first()
            LiveJudgement.objects.update_or_create(
                placement=placement,
                day=timezone.localdate(now),
                defaults={
                    "outcome": verdict.outcome,
                    "verdict": verdict.to_json(),
                    "rules": judgement.frozen,
                    "at": now,
                },
            )
            _follow(placement, verdict.outcome, before.outcome if before else "pass")
    _end_those_that_left()
    return len(judged)


def judge_placed(pk: int) -> int:
    """Judge what has just come somewhere, unless it has left again; how many."""
    return judge_live(list(Placement.objects.filter(pk=pk, until=None).select_related(*WHOLE)))


def due_today(now: datetime) -> list[Placement]:
    """What is live and has not been judged today."""
    judged = LiveJudgement.objects.filter(day=timezone.localdate(now))
    live = Placement.objects.filter(until=None).exclude(pk__in=judged.values("placement"))
    return list(live.select_related(*WHOLE).order_by("pk"))


def judged_today(placements: Sequence[Placement], now: datetime) -> list[tuple[Placement, Judgement]]:
    """Each by the rules for it now; what no policy applies to any more is not judged."""
    policies, fitting, rules = in_force_parsed(), {}, {}
    for placement in placements:
        try:
            rules[placement.pk] = rules_by(policies, placement.version, placement.environment)
        except Invalid:
            continue
        fitting.setdefault(placement.environment, []).append(placement)
    found = []
    for there in fitting.values():  # environments are few
        by_version = {placement.version_id: rules[placement.pk] for placement in there}
        verdicts = judge_many([placement.version for placement in there], lambda v, by=by_version: by[v.pk], now=now)
        found += zip(there, verdicts, strict=True)
    return found


# -- findings ------------------------------------------------------------------------------------------------


def _follow(placement: Placement, outcome: str, before: str) -> None:
    """Open a finding where what passed does not any more; end it where it passes again."""
    key = f"{KIND}:{placement.pk}"
    if outcome == "pass":
        for finding in Finding.objects.open().filter(key=key).select_related("model__team", "version__model"):
            end_finding(finding)
        return
    last = Finding.objects.filter(key=key).order_by("-pk").first()
    if last and last.resolution == Resolution.ACCEPTED and before == outcome:
        return  # a person lets it be so, and nothing has changed since
    version = placement.version
    words = {"model": version.model.name, "number": version.number, "environment": placement.environment}
    open_finding(
        kind=KIND,
        key=key,
        severity=SEVERITY.get(outcome, "low"),
        title=Message(f"finding.{KIND}", words),
        about={
            "registry": version.model.registry,
            "model": version.model,
            "version": version,
            "environment": placement.environment,
            "placement": placement,
        },
        team=version.model.team,
        detail={"expected": "pass", "found": outcome},
    )


def _end_those_that_left() -> None:
    """What is not live any more need not pass."""
    left = Finding.objects.open().filter(kind=KIND, placement__until__isnull=False)
    for finding in left.select_related("model__team", "version__model"):
        end_finding(finding)


# -- evidence that is about to end ---------------------------------------------------------------------------


def renew_evidence(*, now: datetime | None = None) -> int:
    """Ask for audits of what is live, and of open requests, whose evidence ends soon; of how many versions."""
    now = now or timezone.now()
    live = Placement.objects.filter(until=None).select_related(*WHOLE).order_by("pk")
    wanted: dict[int, tuple[ModelVersion, set[str]]] = {}
    for version, judgement in [*_of_live(list(live), now), *_of_requests(now)]:
        kinds = ending(judgement, now)
        if kinds and version.model.registry.enabled and version.deleted_at is None:
            wanted.setdefault(version.pk, (version, set()))[1].update(kinds)
    asked = _asked_lately(wanted, now)
    done = 0
    for pk, (version, kinds) in wanted.items():
        if due := sorted(kinds - asked.get(pk, set())):
            request_audits(version=version, by=None, kinds=due)
            done += 1
    return done


def ending(judgement: Judgement, now: datetime) -> set[str]:
    """The kinds of audit whose evidence ends within the days that are set, or has ended; at most half its age ahead."""
    found = set()
    gates = {gate.id: gate for gate in judgement.rules.gates}
    for result in judgement.verdict.results:
        gate = gates[result.id]
        if gate.source not in AuditKind.values or result.observed_at is None:
            continue
        ahead = min(timedelta(days=settings.REAUDIT_DAYS), timedelta(days=gate.max_age_days) / 2)
        if result.observed_at + timedelta(days=gate.max_age_days) - ahead <= now:
            found.add(gate.source)
    return found


def _of_live(placements: Sequence[Placement], now: datetime) -> list[tuple[ModelVersion, Judgement]]:
    return [(placement.version, judgement) for placement, judgement in judged_today(placements, now)]


def _of_requests(now: datetime) -> list[tuple[ModelVersion, Judgement]]:
    """Open requests, each by its own rules."""
    found = []
    whole = "version__model__registry", "version__model__team", "version__model__profile", "policy"
    for promotion in Promotion.objects.waiting().select_related(*whole):
        try:
            found.append((promotion.version, judge_request(promotion, now=now)))
        except DomainError:
            continue
    return found


def _asked_lately(versions: Iterable[int], now: datetime) -> dict[int, set[str]]:
    """The kinds that were asked for within a day, by version."""
    jobs = Job.objects.filter(subject_type="version", subject_id__in=[str(pk) for pk in versions])
    found: dict[int, set[str]] = {}
    for pk, kind in jobs.filter(created_at__gt=now - ONCE).values_list("subject_id", "kind"):
        found.setdefault(int(pk), set()).add(kind.removeprefix("audit."))
    return found
