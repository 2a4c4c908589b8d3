"""A database that cannot write: the action is refused with a sentence, and nothing of it is done."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from portal.accounts import teams
from portal.accounts.models import Team
from portal.ledger.models import Event
from portal.web.errors import Unavailable, problem_response, unwritable
from portal.web.middleware import DomainErrors

# Not within a transaction of the test's own: what is left after the failure is what others would see.
pytestmark = pytest.mark.django_db(transaction=True)
CHANGE = "/teams/credit-risk/settings/"


@pytest.fixture
def full_disk(cast):
    """A database whose file may not grow; on PostgreSQL the ledger's table answers as a full disk does."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
            _use_up_what_is_free(cursor)
        else:
            cursor.execute(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER no_room BEFORE INSERT ON ledger_event FOR EACH ROW EXECUTE FUNCTION no_room()"
            )
    yield cast
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA max_page_count = 1073741823")
            cursor.execute("DROP TABLE IF EXISTS filler")
        else:
            cursor.execute("DROP TRIGGER no_room ON ledger_event")
            cursor.execute("DROP FUNCTION no_room()")


def _use_up_what_is_free(cursor) -> None:
    cursor.execute("PRAGMA max_page_count")
    most = cursor.fetchone()[0]
    cursor.execute(f"PRAGMA max_page_count = {most + 1}")
    cursor.execute("CREATE TABLE filler (x BLOB)")
    cursor.execute(f"PRAGMA max_page_count = {most}")
    with pytest.raises(OperationalError, match="full"):
        cursor.executemany("INSERT INTO filler VALUES (zeroblob(?))", [[2000]] * 10_000)


def rename_until_full(rename) -> int:
    """Rename the team until what is left of the last pages is used up; how often it went."""
    for number in range(60):
        try:
            if rename(f"Team {number} {'x' * 90}") is False:
                return number
        except Unavailable:
            return number
    raise AssertionError("the disk never was full")


def check_nothing_half_done(cast, went: int) -> None:
    events = list(Event.objects.filter(action="team.change").order_by("id"))
    name = Team.objects.get(pk=cast.team.pk).name
    assert len(events) == went
    assert name == (events[-1].content["after"]["name"] if events else "Credit Risk")


def test_the_action_is_refused_and_nothing_is_done(full_disk):
    cast = full_disk

    def rename(name: str) -> None:
        teams.change_team(team=cast.team, by=cast.manager, name=name, unit=cast.unit, visibility="team")

    check_nothing_half_done(cast, rename_until_full(rename))


def test_a_form_says_so_and_keeps_what_was_typed(full_disk, as_user):
    browser, answers, typed = as_user(full_disk.manager), [], []

    def rename(name: str) -> bool:
        typed.append(name)
        given = {"name": name, "unit": full_disk.unit.name, "visibility": "team", "holidays": ""}
        answers.append(browser.post(CHANGE, given))
        return answers[-1].status_code < 400

    check_nothing_half_done(full_disk, rename_until_full(rename))
    page = answers[-1].content.decode()
    assert "Nothing was changed" in page
    assert typed[-1] in page


def test_where_no_form_is_a_page_says_so(cast, rf):
    request = rf.post("/records/")
    request.user = cast.manager
    answer = DomainErrors(None).process_exception(request, OperationalError("database or disk is full"))
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()
    assert DomainErrors(None).process_exception(request, OperationalError("database is locked")) is None


def test_the_api_gives_a_problem():
    answer = problem_response(OperationalError("database or disk is full"), {})
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert answer.data["code"] == "ledger.unwritable"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("database or disk is full"), True),
        (OperationalError("attempt to write a readonly database"), True),
        (OperationalError("database is locked"), False),
        (OperationalError("no such table: full"), False),
        (ValueError("database or disk is full"), False),
    ],
)
def test_other_errors_stay_errors(error, told):
    assert (unwritable(error) is not None) == told
    if not told:
        assert problem_response(error, {}) is None
