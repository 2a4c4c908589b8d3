"""Taking up, changing, moving and talking about items of the roadmap."""

from __future__ import annotations

import datetime as dt

import pytest

from assessments.actions.roadmap import change_item, comment_on, move_item, take_up
from assessments.framework import shipped
from assessments.models import RoadmapItem
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
HOSTED, RECORDED = "training.code-hosted", "training.experiments-recorded"
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC), tick=False)


@pytest.fixture
def item(cast):
    (item,) = take_up(team=cast.team, framework=FRAMEWORK, criteria=[HOSTED], by=cast.member)
    return item


def change(item, by, **given):
    given = {"owner": None, "due": None, "link": "", "note": "", "rev": item.rev} | given
    return change_item(item=item, framework=FRAMEWORK, by=by, **given)


def move(item, state, by, **given):
    return move_item(item=item, framework=FRAMEWORK, state=state, by=by, **({"rev": item.rev} | given))


def test_steps_are_taken_up_in_their_order_in_one_go(cast):
    due = TODAY + dt.timedelta(days=30)
    take_up(
        team=cast.team, framework=FRAMEWORK, criteria=[RECORDED, HOSTED], by=cast.member, owner=cast.manager, due=due
    )
    rows = list(RoadmapItem.objects.all())
    assert [row.criterion for row in rows] == [RECORDED, HOSTED]
    assert {(row.state, row.owner, row.due, row.created_by) for row in rows} == {
        ("planned", cast.manager, due, cast.member)
    }
    events = Event.objects.filter(action="roadmap.take_up")
    assert events.count() == 2
    assert events.first().content["after"] == {
        "item_state": "planned",
        "owner": str(cast.manager.pseudonym),
        "due": "2026-12-20",
        "link": None,
    }


def test_what_is_in_work_is_not_taken_up_twice(cast, item):
    made = take_up(team=cast.team, framework=FRAMEWORK, criteria=[HOSTED, RECORDED, RECORDED], by=cast.member)
    assert [row.criterion for row in made] == [RECORDED]
    assert made[0].place > item.place


@pytest.mark.parametrize("criteria", [[], ["training.nothing"], [HOSTED, "x"]])
def test_steps_that_do_not_exist_are_refused_and_nothing_is_written(cast, criteria):
    with pytest.raises(Invalid):
        take_up(team=cast.team, framework=FRAMEWORK, criteria=criteria, by=cast.member)
    assert not RoadmapItem.objects.exists()
    assert not Event.objects.exists()


def test_only_the_team_changes_its_roadmap(cast, item):
    for person in (cast.stranger, cast.admin, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            take_up(team=cast.team, framework=FRAMEWORK, criteria=[RECORDED], by=person)
        with pytest.raises(Forbidden):
            change(item, person)
        with pytest.raises(Forbidden):
            move(item, "doing", person)
    assert Event.objects.count() == 1


def test_an_item_is_given_owner_date_link_and_note(cast, item):
    due = TODAY + dt.timedelta(days=7)
    changed = change(
        item, cast.member, owner=cast.manager, due=due, link="https://tracker.example.org/browse/ML-12", note="first"
    )
    assert (changed.owner, changed.due, changed.note, changed.rev) == (cast.manager, due, "first", item.rev + 1)
    event = Event.objects.get(action="roadmap.change")
    assert event.content["before"]["link"] is None
    assert event.content["after"]["link"] == "https://tracker.example.org/browse/ML-12"
    assert event.texts.get().text == "first"
    assert "first" not in event.body


def test_nothing_changed_leaves_no_event(cast, item):
    assert change(item, cast.member).rev == item.rev
    assert not Event.objects.filter(action="roadmap.change").exists()


@pytest.mark.parametrize(
    "link",
    ["http://tracker.example.org/1", "javascript:alert(1)", "tracker", "https://", "https://me:pw@example.org/", "//x"],
)
def test_only_a_plain_https_address_is_a_link(cast, item, link):
    with pytest.raises(Invalid) as refused:
        change(item, cast.member, link=link)
    assert "link" in refused.value.fields


def test_the_owner_is_an_active_member_of_the_team(cast, item):
    for person in (cast.stranger, cast.admin):
        with pytest.raises(Invalid):
            change(item, cast.member, owner=person)
    cast.manager.is_active = False
    cast.manager.save()
    with pytest.raises(Invalid):
        change(item, cast.member, owner=cast.manager)


def test_a_new_date_lies_ahead_but_an_overdue_item_can_still_be_changed(cast, item):
    with pytest.raises(Invalid):
        change(item, cast.member, due=TODAY - dt.timedelta(days=1))
    past = TODAY - dt.timedelta(days=3)
    RoadmapItem.objects.filter(pk=item.pk).update(due=past)
    assert change(item, cast.member, due=past, note="late, since …").due == past


def test_a_change_that_nobody_saw_is_not_overwritten(cast, item):
    change(item, cast.member, note="one")
    with pytest.raises(Conflict):
        change(item, cast.manager, note="two")  # still the old revision
    assert RoadmapItem.objects.get().note == "one"


def test_an_item_moves_and_closes_with_a_date_and_a_name(cast, item):
    doing = move(item, "doing", cast.member)
    done = move(doing, "done", cast.manager)
    assert (done.state, done.closed_by, done.closed_because) == ("done", cast.manager, None)
    assert done.closed_at is not None
    again = move(done, "planned", cast.member)
    assert (again.state, again.closed_by, again.closed_at) == ("planned", None, None)
    moves = Event.objects.filter(action="roadmap.move").order_by("pk")
    assert [event.content["after"]["item_state"] for event in moves] == ["doing", "done", "planned"]


def test_dropping_needs_a_reason_which_stays_as_a_comment(cast, item):
    with pytest.raises(Invalid):
        move(item, "dropped", cast.member)
    move(item, "dropped", cast.member, reason="bought instead")
    assert item.comments.get().text == "bought instead"
    assert Event.objects.get(action="roadmap.move").texts.get().text == "bought instead"


def test_an_item_is_not_opened_beside_another_of_its_practice(cast, item):
    closed = move(item, "done", cast.member)
    take_up(team=cast.team, framework=FRAMEWORK, criteria=[HOSTED], by=cast.member)
    with pytest.raises(Conflict):
        move(closed, "doing", cast.member)


def test_members_and_those_who_look_everywhere_comment(cast, item):
    for person in (cast.member, cast.reviewer, cast.admin):
        comment_on(item=item, framework=FRAMEWORK, text=" see the ticket ", by=person)
    assert item.comments.count() == 3
    assert item.comments.first().text == "see the ticket"
    with pytest.raises(Forbidden):
        comment_on(item=item, framework=FRAMEWORK, text="hello", by=cast.stranger)
    for text in ("", "  ", "x" * 4001):
        with pytest.raises(Invalid):
            comment_on(item=item, framework=FRAMEWORK, text=text, by=cast.member)
