"""Levels by month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assessments.models import LevelRecord
from assessments.trends import trends

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def record(at: datetime, claimed: int, evidenced: int) -> LevelRecord:
    return LevelRecord(
        at=at, score={"overall": {}, "dimensions": {"training": {"claimed": claimed, "evidenced": evidenced}}}
    )


def test_each_month_shows_the_last_level_of_its_end(framework):
    records = [
        record(datetime(2026, 8, 30, tzinfo=UTC), 1, 0),
        record(datetime(2026, 10, 2, tzinfo=UTC), 2, 1),
        record(datetime(2026, 10, 31, 23, 59, tzinfo=UTC), 3, 1),
    ]
    line = trends(framework, records, NOW)[0]
    assert line.ends == ("2025-12", "2026-11")
    assert line.claimed == [None] * 8 + [1, 1, 3, 3]
    assert line.evidenced == [None] * 8 + [0, 0, 1, 1]


def test_what_lies_before_the_year_still_counts(framework):
    assert trends(framework, [record(datetime(2024, 1, 1, tzinfo=UTC), 2, 2)], NOW)[0].claimed == [2] * 12


@pytest.mark.parametrize("dimension", ["release", "integration"])
def test_a_dimension_without_records_has_gaps(framework, dimension):
    line = next(line for line in trends(framework, [record(NOW, 1, 1)], NOW) if line.dimension.key == dimension)
    assert line.claimed == [None] * 12


def test_a_month_ends_in_the_readers_time_zone(framework):
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    late = [record(datetime(2026, 10, 31, 20, tzinfo=UTC), 1, 1)]
    assert trends(framework, late, NOW)[0].claimed[-2:] == [1, 1]
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert trends(framework, late, NOW)[0].claimed[-2:] == [None, 1]
