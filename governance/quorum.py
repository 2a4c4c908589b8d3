"""How far the approval of a promotion has come: stages, quorums, and whose turn it is.

Pure: no Django. A person counts once in a promotion, in whatever groups they are and for whomever they act.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from governance.gates import StageNeed
from portal.calendars import WEEKDAYS_ONLY, add_business_days


@dataclass(frozen=True)
class Given:
    """One approval that stands.

    Parameters
    ----------
    person : hashable
        Who gave it.
    stage : int
        Which stage it was given for, from 0.
    at : datetime
        With a time zone.
    acting_for : hashable or None
        In whose place.
    """

    person: Hashable
    stage: int
    at: datetime
    acting_for: Hashable | None = None

    @property
    def people(self) -> set[Hashable]:
        """Who has spoken by it: a deputy and the principal count as one."""
        return {self.person} | ({self.acting_for} if self.acting_for is not None else set())


@dataclass(frozen=True)
class StageProgress:
    """One stage: how many approvals it has, whether it is its turn, and until when."""

    need: StageNeed
    given: tuple[Given, ...]
    open: bool
    due: date | None = None

    @property
    def missing(self) -> int:
        return max(0, self.need.quorum - len(self.given))


@dataclass(frozen=True)
class Progress:
    """All stages in the order of the rules."""

    stages: tuple[StageProgress, ...]

    @property
    def current(self) -> tuple[int, ...]:
        """The stages whose turn it is."""
        return tuple(index for index, stage in enumerate(self.stages) if stage.open)

    @property
    def remaining(self) -> int:
        """How many approvals are still needed."""
        return sum(stage.missing for stage in self.stages)

    @property
    def complete(self) -> bool:
        """Whether everybody who is needed has agreed. Rules that ask for nobody are complete without anybody."""
        return self.remaining == 0

    @property
    def due(self) -> date | None:
        """When the next approval is due."""
        return min((stage.due for stage in self.stages if stage.open and stage.due), default=None)


def progress(
    stages: Sequence[StageNeed],
    in_order: bool,
    decisions: Iterable[Given],
    *,
    opened: datetime | None = None,
    calendar: str = WEEKDAYS_ONLY,
) -> Progress:
    """Count what stands.

    Parameters
    ----------
    stages : sequence of StageNeed
    in_order : bool
        Whether a stage waits for the one before.
    decisions : iterable of Given
        The approvals that stand; of several in which one person has spoken the earliest counts.
    opened : datetime, optional
        When the first stage's time began, in the zone whose days count; without it nothing is due.
    calendar : str
        Of business days, as `portal.calendars` names them.
    """
    counted = _counted(stages, decisions)
    found, turn, since = [], True, opened
    for index, need in enumerate(stages):
        given = tuple(one for one in counted if one.stage == index)
        full = len(given) >= need.quorum
        is_open = turn and not full
        found.append(StageProgress(need, given, is_open, _due(need, since, calendar) if is_open else None))
        if in_order:
            turn = turn and full
            since = max([since, *(one.at.astimezone(since.tzinfo) for one in given)]) if since else None
    return Progress(tuple(found))


def _counted(stages: Sequence[StageNeed], decisions: Iterable[Given]) -> list[Given]:
    """Each person once, and no more in a stage than it asks for."""
    spoken: set[Hashable] = set()
    room = {index: need.quorum for index, need in enumerate(stages)}
    counted = []
    for one in sorted(decisions, key=lambda one: one.at):
        if spoken.isdisjoint(one.people) and room.get(one.stage, 0) > 0:
            counted.append(one)
            spoken |= one.people
            room[one.stage] -= 1
    return counted


def _due(need: StageNeed, since: datetime | None, calendar: str) -> date | None:
    if since is None or not need.due_days:
        return None
    return add_business_days(since.date(), need.due_days, calendar)
