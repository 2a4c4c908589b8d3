"""Business days: by hand for Japan's awkward weeks, and by a plain count for random days."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendars import (
    FURTHEST,
    add_business_days,
    business_days_between,
    holiday_name,
    holidays_between,
    is_business_day,
    known,
)

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
CALENDARS = st.sampled_from(["JP", "US", "US-CA", ""])


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "n", "calendar", "end"),
    [
        ("2026-11-20", 1, "JP", "2026-11-24"),  # over a weekend and Labour Thanksgiving Day on the Monday
        ("2026-11-20", 1, "US", "2026-11-23"),
        ("2026-11-25", 1, "US", "2026-11-27"),  # Thanksgiving
        ("2026-09-18", 1, "JP", "2026-09-24"),  # Monday and Wednesday are holidays, so the Tuesday between is one
        ("2026-04-28", 4, "JP", "2026-05-08"),  # Golden Week, with the substitute of a Sunday
        ("2026-11-24", -1, "JP", "2026-11-20"),
        ("2026-11-23", 0, "JP", "2026-11-24"),
        ("2026-11-24", 0, "JP", "2026-11-24"),
        ("2026-11-20", 3, "", "2026-11-25"),
        ("2025-12-31", 1, "JP", "2026-01-02"),
    ],
)
def test_days_are_added_by_the_calendar(start, n, calendar, end):
    assert add_business_days(day(start), n, calendar) == day(end)


def test_days_between_count_the_end_and_not_the_start():
    assert business_days_between(day("2026-11-20"), day("2026-11-24"), "JP") == 1
    assert business_days_between(day("2026-11-24"), day("2026-11-20"), "JP") == -1
    assert business_days_between(day("2026-11-21"), day("2026-11-23"), "JP") == 0
    assert business_days_between(day("2026-11-24"), day("2026-11-24"), "JP") == 0


def test_holidays_have_names_in_both_languages():
    assert holiday_name(day("2026-11-23"), "JP", "ja") == "勤労感謝の日"
    assert holiday_name(day("2026-11-23"), "JP") == "Labor Thanksgiving Day"
    assert holiday_name(day("2026-11-24"), "JP") == holiday_name(day("2026-11-23"), "") == ""
    assert holiday_name(day("2026-07-14"), "FR", "ja")  # a calendar without Japanese names gives its own
    assert list(holidays_between(day("2026-12-30"), day("2027-01-02"), "JP", "ja").values()) == ["元日"]


def test_unknown_calendars_are_told_apart():
    assert all(known(name) for name in ("JP", "US", "US-CA", "DE-BY", ""))
    assert not any(known(name) for name in ("XX", "US-XX", "japan", "../etc", "JP ", "__class__"))
    with pytest.raises(LookupError):
        is_business_day(day("2026-11-24"), "XX")


def test_no_endless_walk():
    with pytest.raises(ValueError, match=str(FURTHEST)):
        add_business_days(day("2026-11-24"), 10**9, "JP")


@given(DAYS, st.integers(-260, 260).filter(bool), CALENDARS)
def test_adding_and_counting_agree(start, n, calendar):
    end = add_business_days(start, n, calendar)
    assert is_business_day(end, calendar)
    assert business_days_between(start, end, calendar) == n


@given(DAYS, st.integers(0, 800), CALENDARS)
def test_counting_by_weeks_is_counting_one_by_one(start, length, calendar):
    end = start + dt.timedelta(days=length)
    one_by_one = sum(is_business_day(start + dt.timedelta(days=i), calendar) for i in range(1, length + 1))
    assert business_days_between(start, end, calendar) == one_by_one
