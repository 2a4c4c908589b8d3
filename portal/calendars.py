"""Business days, by a country's calendar of holidays.

Pure: no Django. A calendar is named by its country, ``"JP"``, with a part of it where that matters, ``"US-CA"``;
the empty name is one of weekdays alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

WEEKDAYS_ONLY = ""
FURTHEST = 2000  # business days: eight years, more than any due date
DAY = dt.timedelta(days=1)
NAME = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
LANGUAGES = {"en": "en_US"}  # how the holidays' library names the languages of names


def known(calendar: str) -> bool:
    """Whether there is such a calendar."""
    try:
        holidays_of(calendar, dt.date.today().year)
    except LookupError:
        return False
    return True


@lru_cache(maxsize=256)
def holidays_of(calendar: str, year: int, language: str = "en") -> Mapping[dt.date, str]:
    """The public holidays of a year and their names.

    Parameters
    ----------
    calendar : str
        ``"JP"``, ``"US-CA"``, or ``""`` for none.
    year : int
    language : str
        Of the names; a calendar that has none in it gives those that it has.

    Raises
    ------
    LookupError
        Where there is no such calendar.

    Notes
    -----
    From the `holidays` package, which follows the laws of each country, among them the substitute holidays of
    Japan (the weekday after a holiday on a Sunday, and a day between two holidays).
    """
    if not calendar:
        return MappingProxyType({})
    if not NAME.fullmatch(calendar):
        raise LookupError(f"{calendar!r} is no name of a calendar")
    import holidays  # a page without a due date does not wait for it

    country, _, part = calendar.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language=LANGUAGES.get(language, language)
        )
    except NotImplementedError as error:
        raise LookupError(f"there is no calendar {calendar!r}") from error
    return MappingProxyType({day: found[day] for day in sorted(found) if day.year == year})


def holiday_name(day: dt.date, calendar: str, language: str = "en") -> str:
    """What a holiday is called; nothing on other days."""
    return holidays_of(calendar, day.year, language).get(day, "")


def is_business_day(day: dt.date, calendar: str = WEEKDAYS_ONLY) -> bool:
    """Neither Saturday nor Sunday nor a holiday."""
    return day.weekday() < 5 and day not in holidays_of(calendar, day.year)


def add_business_days(day: dt.date, n: int, calendar: str = WEEKDAYS_ONLY) -> dt.date:
    """The nth business day after a day, or before it where `n` is negative.

    With 0 it is the day itself, or the next business day where it is none.

    Raises
    ------
    ValueError
        Beyond `FURTHEST` business days.
    """
    if abs(n) > FURTHEST:
        raise ValueError(f"{n} business days are more than {FURTHEST}")
    if n == 0:
        return day if is_business_day(day, calendar) else add_business_days(day, 1, calendar)
    days = _business_days(day, DAY if n > 0 else -DAY, calendar)
    return next(found for count, found in enumerate(days, start=1) if count == abs(n))


def business_days_between(start: dt.date, end: dt.date, calendar: str = WEEKDAYS_ONLY) -> int:
    """How many business days lie after `start`, up to and with `end`; negative where `end` is the earlier.

    ``business_days_between(d, add_business_days(d, n, c), c) == n`` for each n but 0.
    """
    if end < start:
        return -_count(end, start - DAY, calendar)
    return _count(start + DAY, end, calendar)


def holidays_between(start: dt.date, end: dt.date, calendar: str, language: str = "en") -> dict[dt.date, str]:
    """The holidays from `start` to `end`, both included."""
    years = range(start.year, end.year + 1)
    return {
        day: name
        for year in years
        for day, name in holidays_of(calendar, year, language).items()
        if start <= day <= end
    }


def _business_days(start: dt.date, step: dt.timedelta, calendar: str) -> Iterator[dt.date]:
    """The business days from the day after (or before) `start`."""
    day = start + step
    while True:
        if is_business_day(day, calendar):
            yield day
        day += step


def _count(first: dt.date, last: dt.date, calendar: str) -> int:
    """Business days from `first` to `last`, both included: whole weeks have five, less the holidays on weekdays."""
    days = (last - first).days + 1
    if days <= 0:
        return 0
    weeks, rest = divmod(days, 7)
    weekdays = weeks * 5 + sum((first + DAY * i).weekday() < 5 for i in range(rest))
    return weekdays - sum(day.weekday() < 5 for day in holidays_between(first, last, calendar))
