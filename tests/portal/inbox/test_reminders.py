"""Reminders: near, late, done; by the reader's day and the team's calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Team, User
from portal.inbox import jobs
from portal.inbox.kinds import Waiting, reminder_source
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from portal.jobs.kinds import DUTIES
from portal.message import Message

pytestmark = pytest.mark.django_db
# A Tuesday; Monday the 23rd was a holiday in Japan.
TUESDAY = dt.datetime(2026, 11, 24, 3, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _tuesday(time_machine):
    time_machine.move_to(TUESDAY, tick=False)


@pytest.fixture
def source():
    """`source(rows)`: what it will report from now on."""
    reported: list[Waiting] = []
    reminder_source("test")(lambda: list(reported))

    def report(*rows):
        reported[:] = rows
        return remind("test")

    return report


def row(user, due=None, key="test:1", **given) -> Waiting:
    due = dt.date.fromisoformat(due) if due else None
    return Waiting(user, key, Message("test.told", {"thing": key}), "/teams/", due, **given)


def open_kinds(user=None) -> list[str]:
    return sorted(Notice.objects.open().values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("due", "kinds"),
    [
        ("2026-11-23", ["due.overdue"]),
        ("2026-11-24", ["due.soon"]),  # today is not late
        ("2026-11-27", ["due.soon"]),
        ("2026-11-29", ["due.soon"]),  # a Sunday: no business day lies between it and Friday
        ("2026-11-30", []),
    ],
)
def test_near_is_within_three_business_days(cast, source, due, kinds):
    source(row(cast.member, due, team=cast.team))
    assert open_kinds() == kinds


def test_holidays_bring_it_nearer(cast, source, time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 19, 3, tzinfo=dt.UTC), tick=False)
    source(row(cast.member, "2026-11-25", team=cast.team))  # Friday, Tuesday, Wednesday
    assert open_kinds() == ["due.soon"]
    Team.objects.update(holidays="none")
    cast.team.refresh_from_db()
    source(row(cast.member, "2026-11-25", team=cast.team))
    assert open_kinds() == []


def test_the_day_is_the_readers(cast, source, time_machine):
    """At 16:00 in London it is already tomorrow in Tokyo."""
    time_machine.move_to(dt.datetime(2026, 11, 24, 16, tzinfo=dt.UTC), tick=False)
    source(row(cast.member, "2026-11-24", "test:1"), row(cast.japanese, "2026-11-24", "test:2"))
    assert Notice.objects.get(user=cast.member).kind == "due.soon"
    assert Notice.objects.get(user=cast.japanese).kind == "due.overdue"


def test_a_reminder_comes_once_and_goes_when_the_thing_is_done(cast, source, time_machine):
    thing = row(cast.member, "2026-11-25")
    assert source(thing) == (1, 0)
    assert source(thing) == (0, 0)
    time_machine.move_to(TUESDAY + dt.timedelta(days=2), tick=False)
    assert source(thing) == (1, 1)  # late now, so near no more
    assert open_kinds() == ["due.overdue"]
    assert source() == (0, 1)
    assert open_kinds() == []


def test_another_due_date_is_another_reminder(cast, source):
    source(row(cast.member, "2026-11-25"))
    assert source(row(cast.member, "2026-11-26")) == (1, 1)
    assert Notice.objects.open().get().due == dt.date(2026, 11, 26)


def test_what_has_a_kind_is_told_as_it_stands(cast, source):
    source(row(cast.member, kind="test.urgent"), row(cast.manager, "2027-05-01", kind="test.calm"))
    assert open_kinds() == ["test.calm", "test.urgent"]


def test_an_action_and_a_source_speak_of_the_same(cast, source, say_to):
    say_to(cast.member, key="test:1")
    say_to(cast.member, key="other:1", thing="other")
    assert source(row(cast.member, kind="test.calm")) == (0, 0)
    assert source() == (0, 1)
    assert Notice.objects.open().get().key == "other:1"


def test_inactive_people_are_left_alone(cast, source):
    cast.member.is_active = False
    assert source(row(cast.member, "2026-11-25")) == (0, 0)


def test_a_source_keeps_to_its_own_keys(cast, source):
    with pytest.raises(ValueError, match="does not begin"):
        source(row(cast.member, "2026-11-25", key="else:1"))


def test_all_sources_are_asked_though_one_fails(cast, source):
    source(row(cast.member, "2026-11-25"))
    Notice.objects.all().delete()

    @reminder_source("broken")
    def broken():
        raise RuntimeError("no")

    assert "broken" in jobs.look()
    assert open_kinds() == ["due.soon"]
    assert "inbox.remind" in DUTIES


def test_many_rows_cost_few_queries(cast, source):
    people = [User.objects.create_user(f"p{n}@example.org", name=f"P{n}") for n in range(40)]

    def cost(count):
        Notice.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            source(*(row(user, "2026-11-25", f"test:{user.pk}") for user in people[:count]))
        return len(queries)

    assert cost(4) == cost(40) < 10
