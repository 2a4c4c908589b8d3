"""Many teams in one framework beside each other: cells, themes, and who can teach whom.

Pure: no Django. Reads stored scores (`stored_score.to_json`), so that a page of many teams computes nothing anew.
Of a checklist a cell is "met of required" and its step the quarter that this is; it has no level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assessments.framework import Criterion, Framework
from assessments.standing import Kind
from assessments.stored_score import level
from portal.charts import palette

SHADES = 4  # the highest of the five colours of levels
BANDS = ((0, 24), (25, 49), (50, 74), (75, 99), (100, 100))  # per cent, of a checklist's steps

Score = Mapping[str, Any]


@dataclass(frozen=True)
class Count:
    """How the required ones of some criteria stand."""

    required: int
    met: int
    unknown: int

    @property
    def at_most(self) -> int:
        """How many are met if every unknown turns out well."""
        return self.met + self.unknown

    @property
    def all_met(self) -> bool:
        return self.met == self.required > 0

    def __str__(self) -> str:
        return f"{self.met}/{self.required}"


@dataclass(frozen=True)
class Cell:
    """One team in one dimension, or in the whole.

    ``step`` is the level, or a checklist's quarter from 0 to 4; None where nothing is known yet, or
    nothing is required. ``at_most`` is what ``level`` (or ``count.met``) can still turn out to be.
    """

    step: int | None
    shade: int | None
    level: int | None
    count: Count
    at_most: int

    @property
    def figure(self) -> str:
        """The level as a digit; of a checklist "12/31"; a dash where nothing is known."""
        if self.step is None:
            return "–"
        return str(self.count) if self.level is None else str(self.level)

    @property
    def open(self) -> bool:
        """Whether unknowns can still raise it."""
        return self.step is not None and self.at_most > (self.count.met if self.level is None else self.level)


@dataclass(frozen=True)
class Theme:
    """The required criteria of one theme in one dimension, and how they stand."""

    key: str
    dimension: str
    criteria: tuple[Criterion, ...]
    count: Count


@dataclass(frozen=True)
class Lesson:
    """A criterion that some teams need for their next level, and the teams that have met it."""

    criterion: Criterion
    needing: tuple[int, ...]
    teachers: tuple[int, ...]


def count(criteria: Iterable[Criterion], standing: Mapping[str, str]) -> Count:
    """How the required ones of the criteria stand; what the score does not name is unknown."""
    states = [standing.get(criterion.id, "unknown") for criterion in criteria if criterion.required]
    return Count(len(states), states.count("met"), states.count("unknown"))


def band(count: Count) -> int:
    """The quarter of a checklist that is met: 4 only when all of it is."""
    return count.met * SHADES // count.required


def cell(framework: Framework, score: Score, kind: Kind, dimension: str = "") -> Cell:
    """A team's cell; "" is the whole."""
    required = framework.ladders[dimension] if dimension else framework.required
    counted = count(required, score.get(kind, {}))
    known = counted.unknown < counted.required or count(required, score.get("claimed", {})).unknown < counted.required
    if framework.is_checklist:
        step = band(counted) if known and required else None
        return Cell(step, step, None, counted, counted.at_most)
    reached = level(score, kind, dimension)
    if not required or not known or reached is None:
        return Cell(None, None, None, counted, 0)
    levels = score["dimensions"][dimension] if dimension else score["overall"]
    return Cell(reached, shade(framework, reached), reached, counted, levels[f"{kind}_at_most"])


def shade(framework: Framework, step: int) -> int:
    """The colour of a level, of five; ladders of other lengths are spread over them."""
    return step if framework.is_checklist else palette.shade(step, framework.top)


def steps(framework: Framework) -> range:
    """The steps that teams can stand on: levels, or a checklist's quarters."""
    return range((SHADES if framework.is_checklist else framework.top) + 1)


def held_by(score: Score, kind: Kind, dimension: str = "") -> tuple[str, ...]:
    """The criteria that hold a level below the next; of a checklist, all that lack."""
    levels = score["dimensions"][dimension] if dimension else score["overall"]
    return tuple(levels["blocking" if kind == "claimed" else f"{kind}_blocking"])


def themes(framework: Framework, score: Score, kind: Kind, dimension: str) -> list[Theme]:
    """The themes of a dimension in the framework's order, with what is required of them."""
    grouped: dict[str, list[Criterion]] = {}
    for criterion in framework.of(dimension):
        grouped.setdefault(criterion.theme, []).append(criterion)
    order = {key: place for place, key in enumerate(framework.themes)}
    return [
        Theme(key, dimension, tuple(sorted(found, key=lambda c: (c.level, not c.required))), count(found, score[kind]))
        for key, found in sorted(grouped.items(), key=lambda item: order[item[0]])
    ]


def teachers(scores: Mapping[int, Score], kind: Kind, criterion: str) -> tuple[int, ...]:
    """The teams that have met a criterion, in the order given."""
    return tuple(team for team, score in scores.items() if score[kind].get(criterion) == "met")


def lessons(framework: Framework, scores: Mapping[int, Score], kind: Kind) -> list[Lesson]:
    """What teams need next and another has met, what most need first.

    Of a levelled framework a team needs what holds one of its dimensions below the next level; of a
    checklist, each required criterion that it has not met.
    """
    needing: dict[str, list[int]] = {}
    for team, score in scores.items():
        for dimension in framework.dimensions:
            for key in held_by(score, kind, dimension.key):
                if key in framework.by_id:
                    needing.setdefault(key, []).append(team)
    found = [
        Lesson(framework.by_id[key], tuple(teams), met)
        for key, teams in needing.items()
        if (met := teachers(scores, kind, key))
    ]
    place = {criterion.id: number for number, criterion in enumerate(framework.criteria)}
    return sorted(found, key=lambda lesson: (-len(lesson.needing), place[lesson.criterion.id]))


def weakest(framework: Framework, scores: Iterable[Score], kind: Kind) -> tuple[str, int, int] | None:
    """The dimension that holds most teams back, how many of them, and of how many that are not at the top.

    It is a team's lowest one; of a checklist, the one with the smallest share met. None where no team
    is below the top.
    """
    counted: dict[str, int] = dict.fromkeys((dimension.key for dimension in framework.dimensions), 0)
    below = 0
    for score in scores:
        shares = {key: share for key in counted if (share := _share(framework, score, kind, key)) is not None}
        lowest = min(shares.values(), default=1.0)
        if lowest < 1.0:
            below += 1
            for key, share in shares.items():
                counted[key] += share == lowest
    if not below:
        return None
    key = max(counted, key=lambda name: counted[name])
    return key, counted[key], below


def _share(framework: Framework, score: Score, kind: Kind, dimension: str) -> float | None:
    """How far up a dimension is; None where nothing is required of it, or nothing known."""
    found = cell(framework, score, kind, dimension)
    if found.step is None:
        return None
    return found.count.met / found.count.required if found.level is None else found.level / framework.top
