"""What there is to answer, in order: by dimension and level, and first what decides the next levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from assessments.framework import Criterion, Dimension, Level
from assessments.levels import Current
from assessments.models import Answer
from assessments.scoring import Levels

AHEAD = 2  # levels above the present one that are asked first: what lies higher decides nothing yet

MARKS = {
    "yes": ("ok", _("Yes")),
    "partly": ("x", _("Partly")),
    "no": ("x", _("No")),
    "na": ("na", _("Not applicable")),
    "": ("none", _("not answered")),
}


@dataclass(frozen=True)
class Item:
    """One criterion of the list, with its answer. ``asked`` is what decides the next levels."""

    criterion: Criterion
    answer: Answer | None
    asked: bool
    denied: bool

    @property
    def value(self) -> str:
        return self.answer.value if self.answer else ""

    @property
    def carried(self) -> bool:
        return bool(self.answer and self.answer.carried)

    @property
    def open(self) -> bool:
        """Not answered, or only taken over from last time."""
        return not self.value or self.carried

    @property
    def mark(self) -> str:
        if self.denied:
            return "warn"
        return "old" if self.carried and self.value else MARKS[self.value][0]

    @property
    def word(self):
        if self.denied:
            return _("denied by evidence")
        return _("from last time") if self.carried and self.value else MARKS[self.value][1]


@dataclass(frozen=True)
class Rung:
    """The criteria of one level of one dimension."""

    level: Level
    items: tuple[Item, ...]
    asked: bool


@dataclass(frozen=True)
class Group:
    """One dimension."""

    dimension: Dimension
    levels: Levels
    rungs: tuple[Rung, ...]

    @property
    def asked(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if rung.asked)

    @property
    def later(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if not rung.asked)

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for rung in self.rungs for item in rung.items)

    @property
    def first(self) -> tuple[Item, ...]:
        """What decides the next levels."""
        return tuple(item for item in self.items if item.asked)

    @property
    def rest(self) -> tuple[Item, ...]:
        """What is recommended, or lies too high to decide anything yet."""
        return tuple(item for item in self.items if not item.asked)

    @property
    def answered(self) -> int:
        return sum(bool(item.value) for item in self.first)


@dataclass(frozen=True)
class TaskList:
    groups: tuple[Group, ...]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for group in self.groups for item in group.items)

    @cached_property
    def asked(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.asked)

    @property
    def answered(self) -> int:
        return sum(bool(item.value) for item in self.asked)

    @property
    def missing(self) -> tuple[Item, ...]:
        """What is asked and has no answer at all."""
        return tuple(item for item in self.asked if not item.value)

    @property
    def unconfirmed(self) -> int:
        """Answers of last time that nobody has looked at yet."""
        return sum(item.carried and bool(item.value) for item in self.items)

    @property
    def first_open(self) -> Item | None:
        return next(iter(self._open_after(-1)), None)

    def position(self, criterion: str) -> int:
        """The place of a criterion, from 0."""
        return next(place for place, item in enumerate(self.items) if item.criterion.id == criterion)

    def next_open(self, criterion: str) -> Item | None:
        """The next to answer after a criterion, from the start again at the end; None when all are."""
        return next((item for item in self._open_after(self.position(criterion))), None)

    def _open_after(self, place: int) -> Iterator[Item]:
        around = (*self.items[place + 1 :], *self.items[: max(place, 0)])
        return (item for item in around if item.asked and item.open)


def task_list(current: Current) -> TaskList:
    """The list of a draft, or of the last submitted answers."""
    return TaskList(tuple(_group(current, dimension) for dimension in current.framework.dimensions))


def _group(current: Current, dimension: Dimension) -> Group:
    levels = current.score.dimensions[dimension.key]
    reach = levels.claimed + AHEAD
    rungs = []
    for level in current.framework.levels[1:]:
        criteria = sorted(current.framework.of(dimension.key, level=level.number), key=lambda c: not c.required)
        if criteria:
            items = tuple(_item(current, criterion, reach) for criterion in criteria)
            rungs.append(Rung(level, items, level.number <= reach))
    return Group(dimension, levels, tuple(rungs))


def _item(current: Current, criterion: Criterion, reach: int) -> Item:
    answer = current.answers.get(criterion.id)
    denied = bool(answer and answer.value == "yes" and current.weighed[criterion.id].verdict == "contradicts")
    return Item(criterion, answer, criterion.required and criterion.level <= reach, denied)
