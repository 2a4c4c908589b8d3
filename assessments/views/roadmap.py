"""Roadmap: the way to the next levels."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import roadmap as planning
from assessments import wording
from assessments.forms import TargetForm
from assessments.framework import Criterion, Dimension
from assessments.levels import current
from assessments.scoring import Levels
from assessments.views.frame import framework, team_or_404, team_page


@dataclass(frozen=True)
class Goal:
    """One dimension before and after."""

    dimension: Dimension
    now: int
    goal: int
    levels: Levels
    choices: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One step with the criterion it is about. ``after`` are the numbers of the steps it waits for."""

    number: int
    step: planning.Step
    criterion: Criterion
    dimension: Dimension
    after: tuple[int, ...]
    prepares: Criterion | None
    reaches: bool


@login_required
@require_safe
def roadmap(request: HttpRequest, slug: str) -> HttpResponse:
    """The unmet criteria on the way to a target, in an order in which they can be done."""
    team = team_or_404(request, slug)
    model = framework()
    now = current(team, model)
    levels = {key: part.claimed for key, part in now.score.dimensions.items()}
    goals = TargetForm(request.GET, model, levels).goals()
    rows = _rows(model, planning.steps(model, now.score.claimed, goals))
    raised = {key: level for key, level in goals.items() if level > levels[key]}
    context = team_page(
        request,
        team,
        "roadmap",
        current=now,
        rows=rows,
        goals=[
            Goal(
                dimension,
                levels[dimension.key],
                goals[dimension.key],
                now.score.dimensions[dimension.key],
                tuple(range(levels[dimension.key], model.top + 1)),
            )
            for dimension in model.dimensions
        ],
        reached=wording.targets(model, raised),
        complete=all(level == model.top for level in levels.values()),
    )
    return render(request, "assessments/roadmap.html", context)


def _rows(model, steps: tuple[planning.Step, ...]) -> list[Row]:
    number = {step.criterion: place for place, step in enumerate(steps, start=1)}
    last = {step.dimension: step.criterion for step in steps}
    rows = []
    for step in steps:
        prepares = step.why.params.get("id")
        rows.append(
            Row(
                number[step.criterion],
                step,
                model.by_id[step.criterion],
                model.dimension(step.dimension),
                tuple(number[name] for name in step.after),
                model.by_id[prepares] if prepares else None,
                last[step.dimension] == step.criterion,
            )
        )
    return rows
