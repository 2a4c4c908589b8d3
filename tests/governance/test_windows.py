"""When moves are made: windows, freezes, time zones, summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.policy import of_environment
from governance.policy.fields import Text
from governance.policy.model import Freeze, Window
from governance.policy.times import DAYS, is_open, opens
from governance.windows import opening
from portal.message import render
from tests.governance.evidence_made import PRODUCTION

PLAIN = of_environment(PRODUCTION, "production")
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo")
WHY = Text(en="Year's end", ja="年末年始")


def window(begin="09:00", end="18:00", zone="Asia/Tokyo", days=("mon", "tue", "wed", "thu")) -> Window:
    return Window(**{"days": days, "from": begin, "to": end, "timezone": zone})


def freeze(begin: str, end: str, zone="Asia/Tokyo") -> Freeze:
    return Freeze(**{"from": date.fromisoformat(begin), "to": date.fromisoformat(end), "why": WHY, "timezone": zone})


def rules(*windows: Window, freezes=(), **more):
    return replace(PLAIN, windows=(windows,) if windows else (), freezes=tuple(freezes), **more)


def at(text: str, zone="Asia/Tokyo") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_without_windows_and_freezes_it_is_always_open():
    now = at("2026-11-21 03:00")
    found = opening(PLAIN, now)
    assert (found.at, found.because) == (now, None)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-19 08:59", "2026-11-19 09:00"),
        ("2026-11-19 09:00", "2026-11-19 09:00"),
        ("2026-11-19 17:59", "2026-11-19 17:59"),
        ("2026-11-19 18:00", "2026-11-23 09:00"),  # Thursday evening: Monday
        ("2026-11-21 12:00", "2026-11-23 09:00"),
    ],
)
def test_the_next_opening_of_a_window(now, expected):
    assert opening(rules(window()), at(now)).at == at(expected)


def test_a_freeze_holds_on_its_last_day_too_and_says_why():
    asked = rules(window(), freezes=[freeze("2026-12-26", "2027-01-05")])
    found = opening(asked, at("2027-01-05 17:00"))
    assert found.at == at("2027-01-06 09:00")
    assert found.moment == "2027-01-06 09:00 Asia/Tokyo"
    assert render(found.because) == "No moves are made now: Year's end."
    assert render(found.because, language="ja").endswith("年末年始.")
    assert opening(asked, at("2026-12-24 10:00")).at == at("2026-12-24 10:00")


def test_every_policy_must_have_its_window_open():
    two = replace(PLAIN, windows=((window("09:00", "12:00"),), (window("11:00", "18:00", days=("wed",)),)))
    assert opening(two, at("2026-11-19 11:30")).at == at("2026-11-25 11:00")


def test_where_windows_never_meet_there_is_no_moment():
    two = replace(PLAIN, windows=((window(days=("mon",)),), (window(days=("tue",)),)))
    found = opening(two, at("2026-11-19 11:30"))
    assert found.at is None
    assert found.because.code == "move.window.never"


def test_a_window_whose_beginning_the_clock_jumps_over_opens_when_it_jumps():
    """On 14 March 2027 the clock in New York goes from 2:00 to 3:00."""
    new_york = "America/New_York"
    asked = rules(window("02:30", "03:10", zone=new_york, days=("sun",)))
    found = opening(asked, at("2027-03-14 01:00", new_york)).at
    assert found.astimezone(ZoneInfo(new_york)).strftime("%H:%M") == "03:00"
    assert is_open(asked, found)
    # One that lies within the hour that is not there does not open.
    inside = rules(window("02:10", "02:50", zone=new_york, days=("sun",)))
    assert opening(inside, at("2027-03-14 01:00", new_york)).at == at("2027-03-21 02:10", new_york)


def test_a_window_opens_once_when_the_clock_goes_back():
    """On 1 November 2026 the hour from 1:00 is there twice in New York: the first one counts."""
    new_york = ZoneInfo("America/New_York")
    asked = rules(window("01:15", "01:45", zone="America/New_York", days=("sun",)))
    first = datetime(2026, 11, 1, 1, 15, tzinfo=new_york, fold=0).astimezone(UTC)
    assert opening(asked, first - timedelta(hours=1)).at == first
    assert not is_open(asked, first + timedelta(hours=1))


WINDOWS = st.builds(
    lambda begin, length, zone, days: window(
        f"{begin // 60:02}:{begin % 60:02}",
        f"{min(begin + length, 1439) // 60:02}:{min(begin + length, 1439) % 60:02}",
        zone,
        tuple(sorted(days)),
    ),
    st.integers(0, 1400), st.integers(30, 600), st.sampled_from(ZONES), st.sets(st.sampled_from(DAYS), min_size=1),
)  # fmt: skip
FREEZES = st.builds(
    lambda start, days, zone: Freeze(
        **{"from": start, "to": start + timedelta(days=days), "why": WHY, "timezone": zone}
    ),
    st.dates(date(2026, 10, 1), date(2027, 4, 30)), st.integers(0, 20), st.sampled_from(ZONES),
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 10, 1), datetime(2027, 4, 30)).map(lambda m: m.replace(tzinfo=UTC))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WINDOWS, max_size=3), st.lists(FREEZES, max_size=3), MOMENTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(windows, freezes, now):
    asked = rules(*windows, freezes=freezes)
    found = opens(asked, now)
    assert found is not None
    assert found >= now
    assert is_open(asked, found)
    assert opens(asked, found) == found
    step = (found - now) / 50
    assert not step or not any(is_open(asked, now + step * i) for i in range(50))


@given(WINDOWS, MOMENTS)
def test_what_is_open_is_so_by_the_clock_on_the_wall(one, now):
    """But for the hour that is there twice, a window is open only while the clock there says so."""
    if is_open(rules(one), now):
        local = now.astimezone(ZoneInfo(one.timezone))
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        assert twice or one.from_ <= local.strftime("%H:%M") < one.to
        assert DAYS[local.weekday()] in one.days


@given(st.lists(FREEZES, min_size=1, max_size=3), MOMENTS)
def test_no_move_on_any_day_of_a_freeze(freezes, now):
    days = [(one.from_, now.astimezone(ZoneInfo(one.timezone)).date(), one.to) for one in freezes]
    assert is_open(rules(freezes=freezes), now) is not any(first <= day <= last for first, day, last in days)
