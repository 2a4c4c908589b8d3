"""Roadmap: the cheapest way to a target, and what would be if some of it were done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from assessments import plans, wording
from assessments import roadmap as planning
from assessments.actions.roadmap import OPEN
from assessments.forms_roadmap import TakeUpForm, TargetForm
from assessments.framework import Criterion, Dimension, Framework
from assessments.levels import Current, current
from assessments.models import RoadmapItem
from assessments.scoring import Kind
from assessments.views.frame import in_framework, team_or_404, team_page
from portal.accounts.models import Team

KINDS: dict[Kind, object] = {"official": gettext_lazy("Official"), "claimed": gettext_lazy("Claimed")}

LACKING_SHOWN = 3


@dataclass(frozen=True)
class Goal:
    """One dimension before and after. Of a checklist, ``met`` of ``required`` is shown instead of levels."""

    dimension: Dimension
    now: int
    asked: int
    after: int
    met: int
    met_after: int
    required: int
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """One step with the criterion it is about.

    ``after`` are the numbers of the steps it waits for; ``reaches`` is the level that the last step
    of a dimension brings it to.
    """

    number: int
    step: planning.Step
    criterion: Criterion
    dimension: Dimension
    after: tuple[int, ...]
    prepares: Criterion | None
    counts_as: Criterion | None
    reaches: int | None
    item: RoadmapItem | None
    without_url: str


@dataclass(frozen=True)
class Choice:
    """One unmet criterion that can be ticked."""

    criterion: Criterion
    ticked: bool
    unknown: bool
    waits_for: tuple[Criterion, ...]


@dataclass(frozen=True)
class Rung:
    """The unmet criteria of one level of one dimension."""

    dimension: Dimension
    level: int
    choices: tuple[Choice, ...]


@login_required
@require_safe
def roadmap(request: HttpRequest, slug: str) -> HttpResponse:
    """The least-effort set of what is unmet up to a target, in an order in which it can be done."""
    team = team_or_404(request, slug)
    return render(request, "assessments/roadmap.html", plan_page(request, team))


def plan_page(request: HttpRequest, team: Team, form: TakeUpForm | None = None) -> dict:
    """The context of the plan; `form` is what was sent in and refused."""
    page = _frame(request, team, "roadmap")
    now, kind = page["current"], page["kind"]
    levels = planning.levels_of(now.framework, now.score.standing(kind))
    targets = plans.targets_of(now)
    given = TargetForm(request.GET, now.framework, levels).given()
    without = frozenset(key for key in request.GET.getlist("without") if key in now.framework.by_id)
    way = plans.way(now, {**levels, **given} if given else None, kind=kind, without=without)
    raised = {key: level for key, level in way.reaches.items() if level > levels[key]}
    return page | {
        "way": way,
        "rows": _rows(request, now.framework, way, items_of(team)),
        "goals": _goals(now, kind, way.reaches, way.goals, _met(way)),
        "reached": wording.targets(now.framework, raised),
        "by_target": bool(targets) and not given,
        "complete": all(level == now.framework.top for level in levels.values()),
        "lacking": wording.criteria(now.framework, way.lacking, LACKING_SHOWN) if way.lacking else "",
        "no_live_model": bool(way.lacking) and plans.no_live_model(now),
        "left_out": [(now.framework.by_id[key], _url(request, without=without - {key})) for key in sorted(without)],
        "counted": {todo: sum(step.todo == todo for step in way.steps) for todo in ("do", "find-out", "prove")},
        "what_if_url": _what_if_url(team, page["framework"], kind, [step.criterion for step in way.steps]),
        "form": form or TakeUpForm(team=team),
        "may_change": request.user.has_perm("roadmap.change", team),
    }


@login_required
@require_safe
def what_if(request: HttpRequest, slug: str) -> HttpResponse:
    """The levels afterwards, if what is ticked were done; the address holds what is ticked."""
    team = team_or_404(request, slug)
    page = _frame(request, team, "roadmap-what-if")
    now, kind, framework = page["current"], page["kind"], page["framework"]
    done = [key for key in dict.fromkeys(request.GET.getlist("do")) if key in framework.by_id]
    found = plans.what_if(now, done, kind=kind)
    raised = {key: level for key, level in found.after.items() if level > found.before[key]}
    way = plans.way(now, kind=kind)
    context = page | {
        "found": found,
        "done": done,
        "goals": _goals(now, kind, found.after, found.after, found.met),
        "reached": wording.targets(framework, raised),
        "missing": wording.criteria(framework, found.missing) if found.missing else "",
        "rungs": _rungs(now, kind, set(done), found),
        "plan_url": _what_if_url(team, framework, kind, [step.criterion for step in way.steps]),
        "none_url": _what_if_url(team, framework, kind, []),
    }
    return render(request, "assessments/what_if.html", context)


def _frame(request: HttpRequest, team: Team, here: str) -> dict:
    """What both pages share: the score, the kind of level, the ways between the pages of the roadmap."""
    page = team_page(request, team, "roadmap")
    kind: Kind = request.GET.get("kind") if request.GET.get("kind") in KINDS else plans.LEADING
    return page | {
        "current": current(team, page["framework"]),
        "kind": kind,
        "kinds": [
            (words, _url(request, kind=None if key == plans.LEADING else key), key == kind)
            for key, words in KINDS.items()
        ],
        "ways": ways(team, page["framework"], here),
    }


def ways(team: Team, framework: Framework, here: str) -> list[tuple[str, str, bool]]:
    """The pages of a roadmap: plan, what if, items, board."""
    within = in_framework(framework)
    places = (
        ("roadmap", _("Plan")),
        ("roadmap-what-if", _("What if")),
        ("roadmap-items", _("Items")),
        ("roadmap-board", _("Board")),
    )
    return [(words, reverse(name, args=[team.slug]) + within, name == here) for name, words in places]


def items_of(team: Team) -> dict[str, RoadmapItem]:
    """What the team has in work, by practice: an item of another framework is the same work."""
    rows = RoadmapItem.objects.filter(team=team, state__in=OPEN).select_related("owner")
    return {item.practice: item for item in rows}


def _met(way: planning.Way) -> set[str]:
    """What the steps meet, be it in place of another criterion."""
    return {key for step in way.steps for key in (step.criterion, step.why.params.get("counts_as")) if key}


def _goals(
    now: Current, kind: Kind, after: Mapping[str, int], wanted: Mapping[str, int], met: Iterable[str] = ()
) -> list[Goal]:
    """Each dimension before and after, with what is met then."""
    framework, standing = now.framework, now.score.standing(kind)
    levels, newly = planning.levels_of(framework, standing), set(met)
    goals = []
    for dimension in framework.dimensions:
        required = framework.ladders[dimension.key]
        if framework.is_checklist and not required:
            continue  # an area of recommendations alone has nothing to reach
        reached = after[dimension.key]
        goals.append(
            Goal(
                dimension,
                levels[dimension.key],
                wanted[dimension.key],
                reached,
                sum(standing[c.id] == "met" for c in required),
                sum(standing[c.id] == "met" or c.id in newly or c.level <= reached for c in required),
                len(required),
                tuple(range(levels[dimension.key], framework.top + 1)),
            )
        )
    return goals


def _rows(request: HttpRequest, framework: Framework, way: planning.Way, items: Mapping[str, RoadmapItem]) -> list[Row]:
    number = {step.criterion: place for place, step in enumerate(way.steps, start=1)}
    last = {step.dimension: step.criterion for step in way.steps}
    without = set(request.GET.getlist("without"))
    rows = []
    for step in way.steps:
        prepares, counts_as = step.why.params.get("id"), step.why.params.get("counts_as")
        criterion, reached = framework.by_id[step.criterion], way.reaches[step.dimension]
        rows.append(
            Row(
                number[step.criterion],
                step,
                criterion,
                framework.dimension(step.dimension),
                tuple(number[name] for name in step.after),
                framework.by_id[prepares] if prepares else None,
                framework.by_id[counts_as] if counts_as else None,
                reached if last[step.dimension] == step.criterion and reached > step.from_level else None,
                items.get(criterion.practice),
                _url(request, without={*without, step.criterion}),
            )
        )
    return rows


def _rungs(now: Current, kind: Kind, done: set[str], found: planning.WhatIf) -> list[Rung]:
    framework, standing = now.framework, now.score.standing(kind)
    rungs = []
    for dimension in framework.dimensions:
        for level in framework.levels[1:]:
            choices = tuple(
                Choice(
                    c,
                    c.id in done,
                    standing[c.id] == "unknown",
                    tuple(framework.by_id[key] for key in found.waiting.get(c.id, ())),
                )
                for c in framework.of(dimension.key, level=level.number)
                if standing[c.id] != "met"
            )
            if choices:
                rungs.append(Rung(dimension, level.number, choices))
    return rungs


def _url(request: HttpRequest, **changes: str | Iterable[str] | None) -> str:
    """This page with some keys of its address changed; a collection gives a key several values."""
    query = request.GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value:
            query.setlist(key, [value] if isinstance(value, str) else sorted(value))
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _what_if_url(team: Team, framework: Framework, kind: Kind, done: list[str]) -> str:
    query = QueryDict(mutable=True)
    if within := in_framework(framework):
        query.update(QueryDict(within.lstrip("?")))
    if kind != plans.LEADING:
        query["kind"] = kind
    query.setlist("do", done)
    path = reverse("roadmap-what-if", args=[team.slug])
    return f"{path}?{query.urlencode()}" if query.urlencode() else path
