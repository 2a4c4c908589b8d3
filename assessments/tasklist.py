"""What there is to answer, in order: by dimension and level, and first what decides the level that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from assessments import drafts
from assessments.framework import Criterion, Dimension, Level
from assessments.levels import Current
from assessments.models import Answer
from assessments.questions import Part, Question, Why
from assessments.scoring import Levels

MARKS = {
    "yes": ("ok", _("Yes")),
    "partly": ("x", _("Partly")),
    "no": ("x", _("No")),
    "na": ("na", _("Not applicable")),
    "": ("none", _("not answered")),
}


@dataclass(frozen=True)
class Item:
    """One criterion of the list, with its answer and the reason why it is asked, or not."""

    criterion: Criterion
    answer: Answer | None
    why: Why
    denied: bool

    @property
    def value(self) -> str:
        return self.answer.value if self.answer else ""

    @property
    def asked(self) -> bool:
        return self.why == "decides"

    @property
    def settled(self) -> bool:
        """It would be asked, had evidence or an alternative not settled it."""
        return self.why in ("evidence", "alternative")

    @property
    def from_evidence(self) -> bool:
        return bool(self.answer and self.answer.from_evidence)

    @property
    def waiting(self) -> bool:
        """Said last time or before an upgrade, and not confirmed yet."""
        return bool(self.value and (self.answer.carried or self.answer.reconfirm))

    @property
    def open(self) -> bool:
        return not self.value or self.waiting

    @property
    def mark(self) -> str:
        if self.denied:
            return "warn"
        if self.why == "alternative":
            return "na"
        return "old" if self.waiting else MARKS[self.value][0]

    @property
    def word(self):
        if self.denied:
            return _("denied by evidence")
        if self.from_evidence:
            return _("settled by evidence")
        if self.why == "alternative":
            return _("an alternative is met")
        return _("from last time") if self.waiting else MARKS[self.value][1]


@dataclass(frozen=True)
class Rung:
    """The criteria of one level of one dimension."""

    level: Level
    items: tuple[Item, ...]
    asked: bool


@dataclass(frozen=True)
class Group:
    """One dimension. ``target`` is the level that is wanted, ``reach`` the highest that is asked for."""

    dimension: Dimension
    levels: Levels
    rungs: tuple[Rung, ...]
    target: int
    reach: int

    @property
    def asked(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if rung.asked)

    @property
    def later(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if not rung.asked)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for rung in self.rungs for item in rung.items)

    @property
    def first(self) -> tuple[Item, ...]:
        """What decides the level that is wanted."""
        return tuple(item for item in self.items if item.asked)

    @property
    def settled(self) -> tuple[Item, ...]:
        """What is not asked, since evidence or an alternative settles it."""
        return tuple(item for item in self.items if item.settled)

    @property
    def rest(self) -> tuple[Item, ...]:
        """What is recommended, or lies too high to decide anything yet."""
        return tuple(item for item in self.items if not item.asked and not item.settled)

    @property
    def answered(self) -> int:
        return sum(not item.open for item in self.first)

    @property
    def scored(self) -> bool:
        """Whether nothing that decides the level is open any more."""
        return self.answered == len(self.first)


@dataclass(frozen=True)
class TaskList:
    """All criteria in order. ``only`` limits what is walked through to some of them."""

    groups: tuple[Group, ...]
    only: frozenset[str] | None = None

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for group in self.groups for item in group.items)

    @cached_property
    def asked(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.asked)

    @property
    def settled(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.settled)

    @property
    def answered(self) -> int:
        """What of the asked was answered or confirmed in this assessment."""
        return sum(not item.open for item in self.asked)

    @property
    def missing(self) -> tuple[Item, ...]:
        """What is asked and has no answer at all."""
        return tuple(item for item in self.asked if not item.value)

    @cached_property
    def waiting(self) -> tuple[Item, ...]:
        """Answers of last time that nobody has looked at yet; first those that are asked."""
        found = [item for item in self.items if item.waiting]
        return tuple(sorted(found, key=lambda item: not item.asked))

    @property
    def unconfirmed(self) -> int:
        """How many of the asked wait for somebody to confirm what was said last time."""
        return sum(item.waiting for item in self.asked)

    @cached_property
    def queue(self) -> tuple[Item, ...]:
        """What one walks through: the asked ones, or those that the list is limited to."""
        if self.only is None:
            return self.asked
        return tuple(item for item in self.items if item.criterion.id in self.only)

    @property
    def first_open(self) -> Item | None:
        return next((item for item in self.queue if item.open), None)

    def item(self, criterion: str) -> Item:
        return next(item for item in self.items if item.criterion.id == criterion)

    def way(self, criterion: str) -> tuple[Item, ...]:
        """What previous and next walk through from here: the queue, or all that lies beside it."""
        queued = {item.criterion.id for item in self.queue}
        if criterion in queued:
            return self.queue
        return tuple(item for item in self.items if item.criterion.id not in queued)

    def neighbours(self, criterion: str) -> tuple[int, Item | None, Item | None]:
        """The place of a criterion on its way, from 0, and what stands before and after it."""
        way = self.way(criterion)
        place = next(index for index, item in enumerate(way) if item.criterion.id == criterion)
        return place, way[place - 1] if place else None, way[place + 1] if place + 1 < len(way) else None

    def next_open(self, criterion: str) -> Item | None:
        """The next of the queue to answer after a criterion, from its start again at the end; None when all are."""
        place = self.items.index(self.item(criterion))
        before = {item.criterion.id for item in self.items[: place + 1]}
        waiting = [item for item in self.queue if item.open and item.criterion.id != criterion]
        return min(waiting, key=lambda item: item.criterion.id in before, default=None)


def task_list(current: Current) -> TaskList:
    """The list of a draft as `drafts.draft` gives it, or of the last submitted answers."""
    return TaskList(tuple(_group(current, part) for part in drafts.plan(current)))


def _group(current: Current, part: Part) -> Group:
    levels = current.score.dimensions[part.dimension]
    rungs = []
    for level in current.framework.levels[1:]:
        items = tuple(_item(current, one) for one in part.questions if one.criterion.level == level.number)
        if items:
            rungs.append(Rung(level, items, level.number <= part.reach))
    return Group(current.framework.dimension(part.dimension), levels, tuple(rungs), part.target, part.reach)


def _item(current: Current, question: Question) -> Item:
    criterion = question.criterion
    answer = current.answers.get(criterion.id)
    denied = bool(answer and answer.value == "yes" and current.weighed[criterion.id].verdict == "contradicts")
    return Item(criterion, answer, question.why, denied)
