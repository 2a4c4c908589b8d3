"""When moves may be made: windows and freezes.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from governance.policy.model import Freeze, Window
from governance.policy.rules import Rules

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOKED_AHEAD = timedelta(days=400)


def is_open(rules: Rules, at: datetime) -> bool:
    """Whether a move may be made at a moment: in a window of each policy that has windows, and in no freeze."""
    return freeze_at(rules, at) is None and all(any(_within(w, at) for w in windows) for windows in rules.windows)


def freeze_at(rules: Rules, at: datetime) -> Freeze | None:
    """The freeze that holds at a moment; of several the one that ends last."""
    holding = [freeze for freeze in rules.freezes if _begin(freeze) <= at < _end(freeze)]
    return max(holding, key=_end, default=None)


def opens(rules: Rules, at: datetime) -> datetime | None:
    """The next moment, from `at` on, at which a move may be made; None if there is none in more than a year."""
    moments = {at} | {moment for moment in _changes(rules, at) if at < moment <= at + LOOKED_AHEAD}
    return next((moment for moment in sorted(moments) if is_open(rules, moment)), None)


def _changes(rules: Rules, at: datetime) -> Iterable[datetime]:
    """Moments at which what is shut may open: a window begins, a freeze is over."""
    yield from (_end(freeze) for freeze in rules.freezes)
    for window in {window for windows in rules.windows for window in windows}:
        first = at.astimezone(ZoneInfo(window.timezone)).date()
        for ahead in range(LOOKED_AHEAD.days + 1):
            day = first + timedelta(days=ahead)
            if DAYS[day.weekday()] in window.days:
                yield _moment(day, time.fromisoformat(window.from_), window.timezone)


def _within(window: Window, at: datetime) -> bool:
    day = at.astimezone(ZoneInfo(window.timezone)).date()
    if DAYS[day.weekday()] not in window.days:
        return False
    begin, end = (_moment(day, time.fromisoformat(clock), window.timezone) for clock in (window.from_, window.to))
    return begin <= at < end


def _begin(freeze: Freeze) -> datetime:
    return _moment(freeze.from_, time(0), freeze.timezone)


def _end(freeze: Freeze) -> datetime:
    return _moment(freeze.to + timedelta(days=1), time(0), freeze.timezone)


def _moment(day: date, clock: time, zone: str) -> datetime:
    """The first moment at which the clock there shows so much or more on the day.

    In UTC, so that comparisons are of moments and not of clocks. Where the clock goes back, it shows the time twice,
    and the first counts; where it goes forward over it, the moment is that at which it goes.
    """
    wanted = datetime.combine(day, clock)
    early, late = (wanted.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late:
        return late
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        shown = middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        early, late = (early, middle) if shown >= wanted else (middle, late)
    return late.replace(microsecond=0)
