"""How teams are spread over the levels, by quarter too, and the weakest link of several.

Pure: no Django. Steps are those of `comparison`: levels, or a checklist's quarters. Nothing is averaged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from assessments import comparison
from assessments.comparison import Cell, Score
from assessments.framework import Framework

QUARTERS = 8


@dataclass(frozen=True)
class Distribution:
    """How many teams stand on each step, and of how many nothing is known."""

    counts: tuple[int, ...]
    unknown: int

    @property
    def total(self) -> int:
        return sum(self.counts) + self.unknown


@dataclass(frozen=True)
class Quarter:
    """The distribution at a quarter's end; of the running quarter, as it stands."""

    name: str
    end: date
    spread: Distribution


@dataclass(frozen=True)
class Link:
    """What holds the lowest of several teams where it is: that team, and the criterion.

    ``others`` are the teams that stand as low; ``also`` how many of them lack the same.
    """

    team: int
    cell: Cell
    criterion: str
    others: tuple[int, ...]
    also: int


def spread(framework: Framework, steps: Iterable[int | None]) -> Distribution:
    """Count steps; None is "not assessed", and never a nought."""
    counted = Counter(steps)
    return Distribution(tuple(counted[step] for step in comparison.steps(framework)), counted[None])


def quarters(
    framework: Framework,
    teams: Iterable[int],
    ends: Iterable[tuple[str, date]],
    records: Iterable[tuple[int, int, int | None]],
) -> list[Quarter]:
    """How the teams were spread at the end of each quarter.

    Parameters
    ----------
    teams : iterable of int
        Those that are counted; one without a record until then was not assessed yet.
    ends : iterable of (name, day)
        As `quarter_ends` gives them.
    records : iterable of (team, place, step)
        In the order of time; the place is that of the first end that is not before the record.
    """
    ids = frozenset(teams)
    by_place: dict[int, dict[int, int | None]] = {}
    for team, place, step in records:
        if team in ids:
            by_place.setdefault(place, {})[team] = step
    last: dict[int, int | None] = dict.fromkeys(ids)
    found = []
    for place, (name, end) in enumerate(ends):
        last |= by_place.get(place, {})
        found.append(Quarter(name, end, spread(framework, last.values())))
    return found


def quarter_ends(today: date, number: int = QUARTERS) -> list[tuple[str, date]]:
    """The names and last days of the quarters up to today's, the oldest first; the running one ends today."""
    place = today.year * 4 + (today.month - 1) // 3
    found = []
    for one in range(place - number + 1, place + 1):
        year, quarter = divmod(one, 4)
        following = date(year + 1, 1, 1) if quarter == 3 else date(year, quarter * 3 + 4, 1)
        found.append((f"{year} Q{quarter + 1}", min(today, following - timedelta(days=1))))
    return found


def weakest_link(framework: Framework, scores: Mapping[int, Score], cells: Mapping[int, Cell]) -> Link | None:
    """The team and the criterion that hold the lowest official level; None where all are at the top.

    Among the lowest teams it is the criterion that most of them lack, and the first team that lacks it.
    Teams of which nothing is known are not counted: their level is not known to be low.

    Parameters
    ----------
    cells : mapping of team to Cell
        The official ones of the whole, of the teams that are looked at.
    """
    heights = {team: _height(cell) for team, cell in cells.items() if cell.step is not None}
    lowest = min(heights.values(), default=None)
    if lowest is None:
        return None
    low = [team for team, height in heights.items() if height == lowest]
    lacking = {team: [k for k in comparison.held_by(scores[team], "official") if k in framework.by_id] for team in low}
    counted = Counter(key for keys in lacking.values() for key in keys)
    if not counted:
        return None
    place = {criterion.id: number for number, criterion in enumerate(framework.criteria)}
    criterion = min(counted, key=lambda key: (-counted[key], place[key]))
    team = next(team for team in low if criterion in lacking[team])
    others = tuple(other for other in low if other != team)
    return Link(team, cells[team], criterion, others, counted[criterion] - 1)


def _height(cell: Cell) -> float:
    return cell.count.met / cell.count.required if cell.level is None else cell.level
