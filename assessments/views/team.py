"""One team: where it stands, what holds it there, what next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments import evidence_rules, roadmap, wording
from assessments.framework import Criterion, Dimension, Level
from assessments.levels import Current, current
from assessments.models import Assessment, Evidence, LevelRecord
from assessments.scoring import Levels
from assessments.trends import trends
from assessments.views.frame import framework, team_or_404, team_page
from portal.accounts.models import Team
from portal.message import Message
from portal.web.say import say

BLOCKING_SHOWN = 3
STEPS_SHOWN = 3


@dataclass(frozen=True)
class Card:
    """One dimension's ladder with what holds it below the next level."""

    dimension: Dimension
    levels: Levels
    level: Level
    next_level: int | None
    blocking: tuple[tuple[Criterion, evidence_rules.Weighed], ...]
    more: int

    @property
    def unknown(self) -> int:
        return sum(count.unknown for count in self.levels.counts)


@dataclass(frozen=True)
class Source:
    """One source of evidence and the age of its facts."""

    name: str
    observed_at: datetime
    facts: int
    stale: bool

    @property
    def words(self) -> str:
        return say(Message(f"maturity.source.{self.name}"))


@login_required
@require_safe
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """The team's levels, claimed and evidenced side by side."""
    shown = team_or_404(request, slug)
    model = framework()
    now = current(shown, model)
    records = list(LevelRecord.objects.for_user(request.user).filter(team=shown, framework=model.key))
    steps = roadmap.steps(model, now.score.claimed)
    context = team_page(
        request,
        shown,
        "team",
        current=now,
        lead=wording.lead(now),
        reason=wording.reason(now),
        claimed_level=model.level(now.score.overall.claimed),
        cards=cards(now),
        steps=[(step, model.by_id[step.criterion], model.dimension(step.dimension)) for step in steps[:STEPS_SHOWN]],
        records=list(reversed(records))[:24],
        no_reviews=[],
        trends=trends(model, records, timezone.now()) if records else [],
        sources=sources(shown),
        denied=denied(now),
        recent=Assessment.objects.for_user(request.user).filter(team=shown).select_related("submitted_by")[:3],
    )
    return render(request, "assessments/team.html", context)


def cards(now: Current) -> list[Card]:
    """The ladders, in the framework's order."""
    result = []
    for dimension in now.framework.dimensions:
        levels = now.score.dimensions[dimension.key]
        top = levels.claimed == now.framework.top
        keys = levels.blocking
        result.append(
            Card(
                dimension,
                levels,
                now.framework.level(levels.claimed),
                None if top else levels.claimed + 1,
                tuple((now.framework.by_id[key], now.weighed[key]) for key in keys[:BLOCKING_SHOWN]),
                max(0, len(keys) - BLOCKING_SHOWN),
            )
        )
    return result


def sources(shown: Team) -> list[Source]:
    """How old the evidence of each source is."""
    found: dict[str, list[Evidence]] = {}
    for row in Evidence.objects.filter(team=shown).order_by("source", "fact"):
        found.setdefault(_kind(row), []).append(row)
    limit = timezone.now() - evidence_rules.FRESH
    result = []
    for name, rows in found.items():
        newest = max(row.observed_at for row in rows)
        result.append(Source(name, newest, len(rows), newest < limit))
    return result


def _kind(row: Evidence) -> str:
    return row.fact.partition(".")[0]


def denied(now: Current) -> list[tuple[Criterion, evidence_rules.Weighed]]:
    """What is claimed and what evidence denies."""
    return [
        (criterion, now.weighed[criterion.id])
        for criterion in now.framework.criteria
        if now.score.claimed[criterion.id] == "met" and now.weighed[criterion.id].verdict == "contradicts"
    ]
