"""Levels by month, from the days on which they changed, and the milestones on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from assessments.framework import Dimension, Framework
from assessments.models import LevelRecord
from assessments.standing import KINDS, Kind
from assessments.stored_score import level

MONTHS = 12


@dataclass(frozen=True)
class Mark:
    """A day worth seeing on the trend: what was signed or upgraded, or what the team wrote down itself."""

    on: date
    words: str
    url: str = ""
    review: bool = False
    milestone: int | None = None  # the row's id where somebody wrote it


@dataclass(frozen=True)
class Placed:
    """A mark with its number on the picture, and where it stands between the first and the last month."""

    number: int
    mark: Mark
    place: float


@dataclass(frozen=True)
class Trend:
    """One dimension's levels at each month's end; None before the first record, and where none was known."""

    dimension: Dimension | None
    claimed: list[int | None]
    evidenced: list[int | None]
    reviewed: list[int | None]
    official: list[int | None]
    ends: tuple[str, str]


def trends(framework: Framework, records: Iterable[LevelRecord], now: datetime) -> list[Trend]:
    """Twelve months up to now, the oldest first, of each dimension.

    Parameters
    ----------
    records : iterable of LevelRecord
        In their order of time.
    """
    last, ends = _by_month(records, now)
    return [_trend(last, ends, dimension) for dimension in framework.dimensions]


def overall(records: Iterable[LevelRecord], now: datetime) -> Trend:
    """The same of the whole."""
    last, ends = _by_month(records, now)
    return _trend(last, ends, None)


def placed(marks: Iterable[Mark], now: datetime) -> list[Placed]:
    """The marks of the twelve months, numbered from the oldest."""
    months = _months(now)
    first, span = months[0], len(months) - 1
    shown = []
    for mark in sorted(marks, key=lambda mark: mark.on):
        month = (mark.on.year - first[0]) * 12 + mark.on.month - 1 - first[1]
        if 0 <= month <= span:
            shown.append((mark, min(1.0, (month + (mark.on.day - 1) / 31) / span)))
    return [Placed(number, mark, place) for number, (mark, place) in enumerate(shown, 1)]


def reviews(marks: Sequence[Placed], line: Trend) -> list[tuple[int, int]]:
    """Where a signed review stands on a line: the month, and the official level then."""
    found = []
    for one in marks:
        index = round(one.place * (MONTHS - 1))
        if one.mark.review and line.official[index] is not None:
            found.append((index, line.official[index]))
    return found


def _months(now: datetime) -> list[tuple[int, int]]:
    """Year and month (from 0) of the twelve months."""
    local = timezone.localtime(now)
    return [divmod(local.year * 12 + local.month - 1 - back, 12) for back in reversed(range(MONTHS))]


def _by_month(records: Iterable[LevelRecord], now: datetime) -> tuple[list[LevelRecord | None], tuple[str, str]]:
    """The last record of each month's end."""
    months = _months(now)
    last: list[LevelRecord | None] = [None] * MONTHS
    for record in records:
        at = timezone.localtime(record.at)
        for index, (year, month) in enumerate(months):
            if (at.year, at.month) <= (year, month + 1):
                last[index] = record
    names = [f"{year}-{month + 1:02}" for year, month in months]
    return last, (names[0], names[-1])


def _trend(last: list[LevelRecord | None], ends: tuple[str, str], dimension: Dimension | None) -> Trend:
    key = dimension.key if dimension else ""
    lines: dict[Kind, list[int | None]] = {
        kind: [level(record.score, kind, key) if record else None for record in last] for kind in KINDS
    }
    return Trend(dimension, **lines, ends=ends)
