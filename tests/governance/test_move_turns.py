"""Whose turn it is: what may be made now does not stand behind a move that only waits for its window."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from governance import moves
from governance.actions.break_glass import open_break_glass, second_break_glass
from governance.actions.groups import add_member, make_group
from governance.actions.rollback import rollback
from governance.models import Move, MoveState, Placement, Profile, Promotion
from governance.restoring import restore
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from tests.governance.fake_registry import Killed
from tests.governance.promotions_made import approved, audited, make_model, make_version, requested
from tests.governance.test_move_steps import MONDAY, SATURDAY, again, fake, job_of, moved, whole  # noqa: F401
from tests.governance.test_restoring import finding
from tests.governance.test_rollback import publish

pytestmark = pytest.mark.django_db
MONDAYS = '    windows: [{days: [mon], from: "09:00", to: "10:00", timezone: Asia/Tokyo}]\n'


@pytest.fixture
def clock():
    with time_machine.travel(SATURDAY - timedelta(days=1), tick=False) as clock:
        yield clock


@pytest.fixture
def version(cast, clock):
    model = make_model(cast)
    return lambda number: audited(make_version(model, number))


@pytest.fixture
def waiting(cast, fake, version, clock):  # noqa: F811
    """Versions 1 and 2 have stood in production; 3 was approved on a Saturday and waits for Monday."""
    group = make_group(key="on-call", name_en="On call", name_ja="当番", by=cast.admin)
    for user in (cast.admin, cast.reviewer):
        add_member(group=group, user=user, by=cast.admin)
    for number in (1, 2):
        again(approved(cast, version(number)))
    publish(MONDAYS + "    restore: auto\n    break_glass: {group: on-call, hours: 4, review_days: 3}\n")
    clock.move_to(SATURDAY)
    promotion = approved(cast, version(3))
    again(promotion)
    assert (promotion.move.state, promotion.move.not_before) == (MoveState.WAITING, MONDAY)
    assert fake.aliases == {"champion": "2"}
    return promotion


def put_back(move: Move) -> None:
    """Run its job, and not those that wait by this clock: the database's knows that their time has come."""
    run_job(Job.objects.active().get(kind="move.run", params__move=move.pk).pk)
    move.refresh_from_db()


def overtaken_on_monday(promotion, clock) -> None:
    clock.move_to(MONDAY + timedelta(minutes=1))
    again(promotion)
    assert (promotion.state, promotion.move.state) == ("overtaken", "overtaken")


def urgently(cast, version) -> Promotion:
    urgent = requested(cast, version)
    open_break_glass(promotion=urgent, reason="Every request is refused.", by=cast.admin)
    urgent.refresh_from_db()
    second_break_glass(promotion=urgent, rev=urgent.rev, by=cast.reviewer)
    again(urgent)
    return urgent


def test_a_rollback_goes_before_what_waits_for_its_window(cast, waiting, fake, clock):  # noqa: F811
    old = Placement.objects.get(version__number=1).version
    back = rollback(version=old, environment="production", reason="Wrong limits.", by=cast.member)
    again(back)
    assert (back.state, fake.aliases) == ("done", {"champion": "1"})
    overtaken_on_monday(waiting, clock)
    assert fake.aliases == {"champion": "1"}


def test_an_emergency_goes_before_what_waits_for_its_window(cast, waiting, version, fake, clock):  # noqa: F811
    urgent = urgently(cast, version(4))
    assert (urgent.state, fake.aliases) == ("done", {"champion": "4"})
    overtaken_on_monday(waiting, clock)


def test_an_emergency_goes_before_all_that_wait_for_a_window(cast, waiting, version, fake, clock):  # noqa: F811
    """The second stands behind the first, and has not looked at its own window yet."""
    fake.numbers = (1, 2, 3, 4, 5)
    second = approved(cast, version(4))
    again(second)
    assert (second.move.error["code"], second.move.not_before) == ("move.turn", None)
    urgent = urgently(cast, version(5))
    assert (urgent.state, fake.aliases) == ("done", {"champion": "5"})
    overtaken_on_monday(waiting, clock)
    overtaken_on_monday(second, clock)


def test_an_emergency_goes_before_what_was_begun_in_its_window_and_not_set(
    cast,
    waiting,
    version,
    fake,  # noqa: F811
    clock,
):
    clock.move_to(MONDAY + timedelta(minutes=59))
    fake.before["set_alias"] = Killed()
    with pytest.raises(Killed):
        moves.run(job_of(waiting), lambda *_: None)
    clock.move_to(MONDAY + timedelta(minutes=61))
    again(waiting)
    assert (waiting.state, fake.aliases) == ("approved", {"champion": "2"})
    urgent = urgently(cast, version(4))
    assert (urgent.state, fake.aliases) == ("done", {"champion": "4"})
    overtaken_on_monday(waiting, clock)


def test_what_waits_for_the_same_window_keeps_its_turn(cast, waiting, version, fake, clock):  # noqa: F811
    later = approved(cast, version(4))
    again(later)
    assert later.move.error["code"] == "move.turn"
    clock.move_to(MONDAY + timedelta(minutes=1))
    again(later)
    assert (later.move.error["code"], fake.aliases) == ("move.turn", {"champion": "2"})
    again(waiting)
    again(later)
    assert [number for _alias, number in fake.sets] == ["1", "2", "3", "4"]
    whole(later, fake, 4)


@pytest.mark.parametrize("also", [False, True])
def test_what_stands_is_put_back_meanwhile_and_overtakes_nothing(cast, waiting, version, fake, clock, also):  # noqa: F811
    if also:  # a second one stands behind the first
        again(approved(cast, version(4)))
    fake.aliases["champion"] = "1"
    place = Placement.objects.get(until=None)
    move = restore(placement=place, finding=finding(place))
    put_back(move)
    assert (move.state, fake.aliases) == (MoveState.DONE, {"champion": "2"})
    clock.move_to(MONDAY + timedelta(minutes=1))
    again(waiting)
    whole(waiting, fake, 3)
    assert Move.objects.filter(state=MoveState.OVERTAKEN).count() == 0


# What happens between the looks at a move and the hold of its alias


def test_a_later_one_that_was_made_meanwhile_is_not_set_back(cast, waiting, version, fake, clock):  # noqa: F811
    """It looked for its turn before the window opened; the one that waited looked after, and is slower."""
    clock.move_to(MONDAY - timedelta(minutes=1))
    four = version(4)

    def meanwhile() -> None:
        fake.calls.clear()
        clock.move_to(MONDAY - timedelta(minutes=1))
        assert urgently(cast, four).state == "done"
        clock.move_to(MONDAY + timedelta(minutes=1))

    clock.move_to(MONDAY + timedelta(minutes=1))
    fake.calls.clear()
    fake.after["get_alias"] = meanwhile
    again(waiting)
    assert (waiting.state, waiting.move.state, fake.aliases) == ("overtaken", "overtaken", {"champion": "4"})


def test_what_a_move_replaced_is_what_stood_there_when_the_alias_was_held(cast, fake, version):  # noqa: F811
    promotion = approved(cast, version(1))
    fake.after["get_alias"] = lambda: fake.aliases.update(champion="7")
    again(promotion)
    whole(promotion, fake)
    (event,) = moved(promotion)
    assert (event.content["before"]["version"], promotion.move.replaced) == (7, 7)


def test_what_lapses_before_the_alias_is_held_is_not_set(cast, fake, version):  # noqa: F811
    promotion = approved(cast, version(1))
    fake.after["get_alias"] = lambda: Profile.objects.update(population="Students")
    again(promotion)
    assert (promotion.state, fake.sets) == ("open", [])


def test_what_does_not_stand_any_more_is_not_put_back(cast, waiting, fake):  # noqa: F811
    """The place was left after the restoration had looked."""
    place, sets = Placement.objects.get(until=None), list(fake.sets)
    fake.aliases["champion"] = "1"
    move = restore(placement=place, finding=finding(place))
    fake.calls.clear()
    fake.after["get_alias"] = lambda: Placement.objects.filter(pk=place.pk).update(until=timezone.now())
    put_back(move)
    assert (move.state, fake.sets) == (MoveState.FAILED, sets)
