"""A move at each of its steps: MLflow failing, the worker killed, stopped and woken, the clock set back, a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from governance import moves
from governance.actions import policies, promotions
from governance.in_force import in_force
from governance.models import Move, Placement
from governance.moves import outbox
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.models import Event
from tests.governance.fake_registry import CALLS, FAULTS, FakeRegistry, Killed
from tests.governance.promotions_made import approved, audited, make_model, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(monkeypatch) -> FakeRegistry:
    made = FakeRegistry()
    monkeypatch.setattr(outbox, "connect", lambda registry: made)
    return made


@pytest.fixture
def model(cast):
    return make_model(cast)


@pytest.fixture
def version(model):
    return lambda number=1: audited(make_version(model, number))


def job_of(promotion) -> Job:
    return Job.objects.active().about("promotion", promotion.pk).get()


def again(promotion) -> Job:
    """Run the next try of a promotion's move now, as a worker would after its lease."""
    job = job_of(promotion)
    Job.objects.filter(pk=job.pk).update(not_before=None)
    run_job(job.pk)
    promotion.refresh_from_db()
    promotion.move.refresh_from_db()
    return job


def moved(promotion) -> list[Event]:
    return list(Event.objects.about("promotion", promotion.pk).filter(action="promotion.moved"))


def whole(promotion, fake, number: int = 1) -> None:
    """It is in place, once, and recorded once."""
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.state) == ("done", "done")
    assert fake.aliases["champion"] == str(number)
    assert len(moved(promotion)) == Placement.objects.filter(promotion=promotion).count() == 1


# MLflow that fails at a step


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_registry_that_fails_at_a_step_is_tried_again(cast, fake, version, call, moment, fault):
    """Also where it had done what was asked and its answer was lost."""
    promotion = approved(cast, version())
    getattr(fake, moment)[call] = FAULTS[fault]
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
    assert not moved(promotion)
    assert not Placement.objects.exists()
    again(promotion)
    whole(promotion, fake)
    assert promotion.move.replaced is None
    assert promotion.move.error is None


@pytest.mark.parametrize("call", CALLS)
def test_a_registry_that_stays_away_is_given_up_and_nothing_is_doubled(cast, fake, version, call, settings):
    promotion = approved(cast, version())
    Move.objects.update(created_at=timezone.now() - timedelta(hours=2))
    fake.before[call], settings.MOVE_HOURS = FAULTS["down"], 3
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
    fake.before[call], settings.MOVE_HOURS = FAULTS["down"], 1
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("failed", "move.given-up")
    promotions.retry_move(promotion=promotion, by=cast.reviewer)
    again(promotion)
    whole(promotion, fake)


# A worker that is killed, or stopped and woken later


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_worker_that_dies_at_a_step_leaves_one_record(cast, fake, version, call, moment):
    first = approved(cast, version(1))
    again(first)
    fake.calls.clear()
    promotion = approved(cast, version(2))
    getattr(fake, moment)[call] = Killed()
    job = job_of(promotion)
    with pytest.raises(Killed):
        moves.run(job, lambda *_: None)
    assert not moved(promotion)
    fake.calls.clear()
    again(promotion)
    whole(promotion, fake, 2)
    (event,) = moved(promotion)
    assert event.content["before"] == {"alias": "champion", "version": 1}


def test_a_worker_that_dies_while_it_records_leaves_one_record(cast, fake, version, monkeypatch):
    promotion = approved(cast, version())
    with monkeypatch.context() as patched:
        patched.setattr("governance.moves.ending._mirror_alias", lambda move: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            moves.run(job_of(promotion), lambda *_: None)
    assert not Placement.objects.exists()
    assert Move.objects.get().state == "moving"
    again(promotion)
    whole(promotion, fake)


def test_a_worker_that_wakes_up_later_records_nothing_and_sets_nothing(cast, fake, version):
    """It stops before it sets; meanwhile another makes this move, and a later one is made too."""
    first, second = approved(cast, version(1)), approved(cast, version(2))
    job = job_of(first)

    def meanwhile() -> None:
        fake.before.clear()
        Job.objects.create(kind="move.run", params={"move": first.move.pk})
        run_job(Job.objects.latest("pk").pk)
        again(second)
        assert fake.aliases == {"champion": "2"}

    calls = iter(range(9))
    real = fake.get_alias

    def get_alias(name, alias):  # the second reading is the one right before it is set
        if next(calls) == 1:
            fake.get_alias = real
            meanwhile()
            return None
        return real(name, alias)

    fake.get_alias = get_alias
    assert moves.run(job, lambda *_: None)["state"] == "done"
    assert fake.sets == [("champion", "1"), ("champion", "2")]
    whole(first, fake, 2)
    whole(second, fake, 2)
    assert not Job.objects.active().filter(kind="move.run").exclude(pk=job.pk).exists()


def test_a_worker_that_wakes_up_before_it_records_leaves_the_record_to_the_other(cast, fake, version):
    first = approved(cast, version(1))
    job = job_of(first)

    def meanwhile() -> None:
        made = Job.objects.create(kind="move.run", params={"move": first.move.pk})
        run_job(made.pk)

    fake.after["set_alias"] = meanwhile
    assert moves.run(job, lambda *_: None)["state"] == "done"
    whole(first, fake)


# Order


def test_an_overtaken_promotion_is_closed_and_leads_to_the_later_one(cast, fake, version, client):
    first, second = approved(cast, version(1)), approved(cast, version(2))
    Move.objects.filter(pk=first.move.pk).update(alias="elsewhere")  # out of the way for a moment
    again(second)
    Move.objects.filter(pk=first.move.pk).update(alias="champion")
    again(first)
    assert (first.state, first.move.state) == ("overtaken", "overtaken")
    assert first.closed_at
    assert fake.sets == [("champion", "2")]
    client.force_login(cast.member)
    page = client.get(f"/promotions/{first.pk}/").content.decode()
    assert f'href="/promotions/{second.pk}/"' in page
    assert "approved later" in page


def test_places_stand_in_order_although_the_clock_was_set_back(cast, fake, version):
    first, second = approved(cast, version(1)), approved(cast, version(2))
    again(first)
    with time_machine.travel(timezone.now() - timedelta(minutes=40), tick=True):
        Job.objects.update(not_before=None)
        again(second)
    old, new = Placement.objects.order_by("seq")
    assert (old.promotion, new.promotion) == (first, second)
    assert old.since <= old.until == new.since
    assert new.until is None
    assert old.seq < new.seq


# Windows

SHUT = """    windows: [{days: [mon], from: "09:00", to: "10:00", timezone: Asia/Tokyo}]
"""
SATURDAY = datetime(2026, 11, 21, 3, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, tzinfo=UTC)  # nine o'clock in Tokyo


@pytest.fixture
def shut(model):
    """Moves into production are made on Mondays from nine to ten."""
    text = in_force()[0].text
    policies.publish(text=text.replace("    alias: champion\n", "    alias: champion\n" + SHUT), by=None)


def test_a_move_waits_for_its_window_and_says_until_when(cast, fake, version, shut, client):
    with time_machine.travel(SATURDAY, tick=False) as clock:
        promotion = approved(cast, version())
        again(promotion)
        assert (promotion.state, promotion.move.state, promotion.move.not_before) == ("approved", "waiting", MONDAY)
        assert promotion.move.why["code"] == "move.window"
        assert fake.calls == []
        client.force_login(cast.member)
        for page in (f"/promotions/{promotion.pk}/", f"/models/{promotion.version.model_id}/"):
            assert "2026-11-23 09:00 Asia/Tokyo" in client.get(page).content.decode()
        told = client.get(f"/api/v1/promotions/{promotion.pk}/").json()["move"]
        assert told["not_before"].startswith("2026-11-23")
        assert "outside the hours" in told["why"]
        assert job_of(promotion).not_before <= SATURDAY + timedelta(minutes=15)  # what was approved is looked at
        clock.move_to(MONDAY + timedelta(minutes=1))
        fake.before["version"] = FAULTS["down"]
        again(promotion)
        assert promotion.state == "approved"  # the hour of retries begins with the window
        again(promotion)
        whole(promotion, fake)
        assert promotion.move.why is None


def test_what_changes_while_a_move_waits_opens_the_promotion_again(cast, fake, version, shut, model):
    with time_machine.travel(SATURDAY, tick=False):
        promotion = approved(cast, version())
        again(promotion)
        model.profile.risk = "low"
        model.profile.save()
        again(promotion)
        assert (promotion.state, promotion.move.state) == ("open", "failed")


def test_a_worker_killed_in_the_window_sets_nothing_after_it(cast, fake, version, shut):
    with time_machine.travel(MONDAY + timedelta(minutes=59), tick=False) as clock:
        promotion = approved(cast, version())
        fake.before["set_alias"] = Killed()
        with pytest.raises(Killed):
            moves.run(job_of(promotion), lambda *_: None)
        clock.move_to(MONDAY + timedelta(minutes=61))
        again(promotion)
        assert (promotion.state, fake.sets) == ("approved", [])
        clock.move_to(MONDAY + timedelta(days=7, minutes=1))
        again(promotion)
        whole(promotion, fake)
