"""Levels by month, from the days on which they changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from assessments.framework import Dimension, Framework
from assessments.models import LevelRecord

MONTHS = 12


@dataclass(frozen=True)
class Trend:
    """One dimension's levels at each month's end; None before the first record."""

    dimension: Dimension
    claimed: list[int | None]
    evidenced: list[int | None]
    ends: tuple[str, str]


def trends(framework: Framework, records: Iterable[LevelRecord], now: datetime) -> list[Trend]:
    """Twelve months up to now, the oldest first.

    Parameters
    ----------
    records : iterable of LevelRecord
        In their order of time.
    """
    local = timezone.localtime(now)
    months = [divmod(local.year * 12 + local.month - 1 - back, 12) for back in reversed(range(MONTHS))]
    last: list[LevelRecord | None] = [None] * MONTHS
    for record in records:
        at = timezone.localtime(record.at)
        for index, (year, month) in enumerate(months):
            if (at.year, at.month) <= (year, month + 1):
                last[index] = record
    names = [f"{year}-{month + 1:02}" for year, month in months]
    return [
        Trend(
            dimension,
            [_level(record, dimension.key, "claimed") for record in last],
            [_level(record, dimension.key, "evidenced") for record in last],
            (names[0], names[-1]),
        )
        for dimension in framework.dimensions
    ]


def _level(record: LevelRecord | None, dimension: str, kind: str) -> int | None:
    """A level of a record; a dimension that the framework did not have then has none."""
    levels = record.score["dimensions"].get(dimension) if record else None
    return levels[kind] if levels else None
