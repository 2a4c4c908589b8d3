"""What a team's report says of its way up: the plan as the page shows it, and what is in work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from assessments import plans, wording
from assessments.actions.roadmap import OPEN
from assessments.framework import Criterion, Dimension
from assessments.levels import Current
from assessments.models import RoadmapItem
from assessments.roadmap import Step
from portal.accounts.models import Team


@dataclass(frozen=True)
class StepLine:
    """One step of the roadmap, numbered, with the numbers of those it waits for."""

    number: int
    step: Step
    criterion: Criterion
    dimension: Dimension
    after: list[int]


@dataclass(frozen=True)
class ItemLine:
    """One item in work."""

    item: RoadmapItem
    title: str
    overdue: bool


def roadmap_part(team: Team, now: Current) -> dict[str, Any]:
    """The roadmap of a report, in the language in force: the way, its steps, and the open items of the framework.

    Items of other frameworks stand in those frameworks' reports.
    """
    way = plans.way(now)
    raised = {key: level for key, level in way.reaches.items() if level > way.levels[key]}
    return {
        "way": way,
        "steps": _steps(now, way.steps),
        "reached": wording.targets(now.framework, raised),
        "lacking": [now.framework.by_id[key] for key in way.lacking],
        "items": _items(team, now, timezone.localdate()),
    }


def _steps(now: Current, steps: tuple[Step, ...]) -> list[StepLine]:
    number = {step.criterion: place for place, step in enumerate(steps, 1)}
    return [
        StepLine(
            number[step.criterion],
            step,
            now.framework.by_id[step.criterion],
            now.framework.dimension(step.dimension),
            sorted(number[key] for key in step.after),
        )
        for step in steps
    ]


def _items(team: Team, now: Current, today: date) -> list[ItemLine]:
    known = now.framework.by_id
    rows = RoadmapItem.objects.filter(team=team, framework=now.framework.key, state__in=OPEN).select_related("owner")
    return [
        ItemLine(
            item,
            wording.text(known[item.criterion].title) if item.criterion in known else item.criterion,
            item.due is not None and item.due < today,
        )
        for item in rows
    ]
