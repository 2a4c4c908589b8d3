"""One team: where it stands officially, what holds it there, what next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments import catalogue, evidence_rules, explanation, plans, standings, trends, wording
from assessments.framework import Criterion, Dimension, Framework, Level
from assessments.levels import Current, current
from assessments.models import Assessment, AssessmentState, Contradiction, Evidence, LevelRecord, Milestone
from assessments.position import Aim, holds_until
from assessments.scoring import Levels
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from portal.accounts.models import Team
from portal.message import Message
from portal.web.say import say

BLOCKING_SHOWN = 3
STEPS_SHOWN = 3
CONTRADICTIONS_SHOWN = 4
CHANGE_SHOWN = timedelta(days=45)  # how long a fall stays on the page


@dataclass(frozen=True)
class Count:
    """How many required criteria are met in one sense."""

    met: int
    required: int


@dataclass(frozen=True)
class Card:
    """One dimension's ladder with what holds its official level below the next, and the target."""

    dimension: Dimension
    levels: Levels
    level: Level
    next_level: int | None
    blocking: tuple[tuple[Criterion, Message], ...]
    more: int
    aim: Aim | None
    counts: dict[str, Count]
    disputed: int

    @property
    def unknown(self) -> int:
        return sum(count.official_unknown for count in self.levels.counts)

    @property
    def aim_lies_ahead(self) -> bool:
        return self.aim is not None and self.levels.official < self.aim.level


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


@dataclass(frozen=True)
class Choice:
    """A framework that the page can show, with where the team stands in it."""

    framework: Framework
    url: str
    here: bool
    standing: standings.Standing | None
    met: tuple[int, int]


@login_required
@require_safe
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """The team's levels: the official one first, then what is claimed, evidenced and reviewed."""
    shown = team_or_404(request, slug)
    model = framework(request)
    now, moment = current(shown, model), timezone.now()
    frameworks = catalogue.currents()
    kept = standings.of([shown], frameworks.values())
    standing = kept.get((shown.pk, model.key))
    records = list(LevelRecord.objects.for_user(request.user).filter(team=shown, framework=model.key))
    steps = plans.way(now).steps[:STEPS_SHOWN] if now.assessed else ()
    marks = trends.placed(milestones(shown, model, request), moment)
    lines = [trends.overall(records, moment), *trends.trends(model, records, moment)] if records else []
    disputes = sorted(now.disputes, key=lambda row: row.due or date.max)
    context = team_page(
        request,
        shown,
        "team",
        current=now,
        standing=standing,
        why=explanation.explain(now.judged) if now.judged else (),
        holds=explanation.holds(holds_until(now.judged), model) if now.score.overall.official else None,
        fall=_fall(records, moment),
        level=model.level(now.score.overall.official),
        whole=_counts(now, ""),
        aim=now.aims.get(""),
        cards=cards(now),
        frameworks=[_choice(one, model, kept.get((shown.pk, key)), shown) for key, one in frameworks.items()],
        steps=[(step, model.by_id[step.criterion], model.dimension(step.dimension)) for step in steps],
        records=list(reversed(records))[:24],
        lines=[(line, trends.reviews(marks, line)) for line in lines],
        marks=marks,
        places=[(one.place, str(one.number)) for one in marks],
        sources=sources(shown),
        contradictions=[(row, title_of(row, frameworks)) for row in disputes[:CONTRADICTIONS_SHOWN]],
        contradictions_open=len(disputes),
        today=timezone.localdate(),
        recent=recent(request, shown, model),
        may_target=request.user.has_perm("target.set", shown),
    )
    return render(request, "assessments/team.html", context)


def cards(now: Current) -> list[Card]:
    """The ladders, in the framework's order."""
    result = []
    for dimension in now.framework.dimensions:
        levels = now.score.dimensions[dimension.key]
        top = levels.official == now.framework.top
        keys = levels.official_blocking
        disputed = {c.id for c in now.framework.of(dimension.key)} & (now.judged.denied if now.judged else set())
        result.append(
            Card(
                dimension,
                levels,
                now.framework.level(levels.official),
                None if top else levels.official + 1,
                tuple((now.framework.by_id[key], explanation.clause(now.judged, key)) for key in keys[:BLOCKING_SHOWN]),
                max(0, len(keys) - BLOCKING_SHOWN),
                now.aims.get(dimension.key) or now.aims.get(""),
                _counts(now, dimension.key),
                len(disputed),
            )
        )
    return result


def _counts(now: Current, dimension: str) -> dict[str, Count]:
    kinds = ("official", "claimed", "evidenced", "reviewed")
    return {kind: Count(*explanation.count(now.judged, kind, dimension)) for kind in kinds} if now.judged else {}


def _choice(one: Framework, model: Framework, standing: standings.Standing | None, shown: Team) -> Choice:
    url = reverse("team", args=[shown.slug]) + in_framework(one)
    return Choice(one, url, one.key == model.key, standing, standing.met(one) if standing else (0, 0))


def _fall(records: list[LevelRecord], now: datetime) -> LevelRecord | None:
    """The last change, where it took a level away not long ago."""
    last = records[-1] if records else None
    if last is None or now - last.at > CHANGE_SHOWN:
        return None
    codes = {said["params"].get("change", said)["code"] for said in last.because}
    return last if codes & {"maturity.change.fell", "maturity.change.fewer"} else None


def milestones(shown: Team, model: Framework, request: HttpRequest) -> list[trends.Mark]:
    """The marks of a team's trend: assessments submitted and signed, upgrades, and what was written by hand."""
    marks = [trends.Mark(row.on, row.label, milestone=row.pk) for row in Milestone.objects.filter(team=shown)]
    rows = Assessment.objects.for_user(request.user).closed().filter(team=shown, framework=model.key)
    for row in rows.only("pk", "submitted_at", "signed_at", "framework_version", "migrated_from"):
        signed = row.state == AssessmentState.SIGNED
        day = timezone.localdate(row.signed_at if signed else row.submitted_at)
        marks.append(trends.Mark(day, wording.mark(row), reverse("assessment-record", args=[row.pk]), review=signed))
    return marks


def title_of(row: Contradiction, frameworks: dict[str, Framework]) -> str:
    """What a contradiction is about; the bare id where its framework is out of use."""
    known = frameworks.get(row.framework)
    return wording.text(known.by_id[row.criterion].title) if known and row.criterion in known.by_id else row.criterion


def recent(request: HttpRequest, shown: Team, model: Framework) -> list[Assessment]:
    rows = Assessment.objects.for_user(request.user).filter(team=shown, framework=model.key)
    return list(rows.select_related("submitted_by", "signed_by")[:3])


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
