"""The field of a due date: what it says of a day, what it proposes, what it refuses."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django import forms
from django.utils import translation

from portal.web.due_dates import DueDateField, remark, suggestions

TODAY = dt.date(2026, 11, 20)  # a Friday before a long weekend


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC), tick=False)


def form(value=None, calendar="JP", **given):
    class Form(forms.Form):
        due = DueDateField(calendar=calendar, **given)

    return Form({"due": value} if value is not None else None)


def test_it_says_weekday_and_distance():
    assert remark(dt.date(2026, 11, 25), TODAY, "JP") == "Wednesday. Business days from today: 2."
    assert remark(dt.date(2026, 11, 25), TODAY, "") == "Wednesday. Business days from today: 3."
    assert remark(dt.date(2026, 11, 19), TODAY, "JP") == "Thursday, already past."


def test_it_names_a_holiday_and_the_next_business_day():
    said = remark(dt.date(2026, 11, 23), TODAY, "JP")
    assert said == "Monday, Labor Thanksgiving Day. The next business day is 2026-11-24 (Tue)."
    assert remark(dt.date(2026, 11, 22), TODAY, "JP") == "Sunday. The next business day is 2026-11-24 (Tue)."
    with translation.override("ja"):
        assert "勤労感謝の日" in remark(dt.date(2026, 11, 23), TODAY, "JP")


def test_it_proposes_business_days_alone():
    days = [day for day, _words in suggestions(TODAY, "JP")]
    assert days[0] == dt.date(2026, 11, 24)
    assert days == sorted(set(days))
    assert dt.date(2026, 11, 23) not in days
    assert all(day.weekday() < 5 for day in days)
    assert len(days) > 15


def test_the_field_shows_holidays_and_keeps_what_was_typed():
    html = str(form("2026-11-25")["due"])
    assert 'value="2026-11-25"' in html
    assert "Business days from today: 2." in html
    assert "2026-11-23 (Mon) Labor Thanksgiving Day" in html
    assert 'value="&quot;&gt;&lt;b"' in str(form('"><b')["due"])
    assert "Labor" not in str(form("2026-11-25", calendar="")["due"])


def test_what_is_typed_is_checked():
    assert form("2026-11-25").is_valid()
    assert form("2026-11-20").is_valid()
    for wrong in ("2026-11-19", "2036-01-01", "25.11.2026", "9" * 400, ""):
        assert not form(wrong).is_valid(), wrong
    assert form("", required=False).is_valid()


def test_the_remark_is_asked_for_while_typing(as_user, cast):
    html = str(form()["due"])
    url = re.search(r'hx-get="([^"]+)"', html)[1].replace("&amp;", "&")
    browser = as_user(cast.member)
    assert browser.get(f"{url}&due=2026-11-25").content.decode() == "Wednesday. Business days from today: 2."
    for other in ("", "&due=2026-13-45", "&due=0001-01-01", "&due=<b>"):
        assert browser.get(url + other).content == b""
    assert browser.get("/due-date/?calendar=__class__&name=due&due=2026-11-25").content == b""


def test_a_team_has_its_own_calendar(cast, settings):
    team = cast.team
    assert team.calendar == settings.HOLIDAYS == "JP"
    team.holidays = "US-CA"
    assert team.calendar == "US-CA"
    team.holidays = "none"
    assert team.calendar == ""


def test_a_manager_sets_the_teams_calendar(as_user, cast):
    browser, url = as_user(cast.manager), "/teams/credit-risk/settings/"
    given = {"name": "Credit Risk", "unit": cast.unit.pk, "visibility": "team"}
    assert browser.post(url, given | {"holidays": "us-ca"}).status_code == 302
    cast.team.refresh_from_db()
    assert cast.team.calendar == "US-CA"
    refused = browser.post(url, given | {"holidays": "Narnia"})
    assert refused.status_code == 422
    assert "There is no calendar of holidays named NARNIA" in refused.content.decode()
