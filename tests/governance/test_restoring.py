"""An alias that nobody decided to move is moved back, where the policy asks for it, and not without end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import moves
from governance.actions import policies
from governance.findings import open_finding
from governance.in_force import in_force
from governance.models import Finding, Move, Placement
from governance.restoring import restore
from portal.jobs.models import Job
from portal.jobs.runner import drain
from portal.ledger.models import Event
from portal.message import Message
from tests.governance.fake_registry import CALLS, FAULTS, FakeRegistry, Killed
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import again, fake  # noqa: F401
from tests.remembered import remembered

pytestmark = pytest.mark.django_db


def publish(how: str) -> None:
    text = in_force()[0].text
    policies.publish(text=text.replace("    alias: champion\n", f"    alias: champion\n    restore: {how}\n"), by=None)


@pytest.fixture
@remembered
def place(cast, fake: FakeRegistry) -> Placement:  # noqa: F811
    """Version 1 stands in production; somebody has moved the alias to 2."""
    model = make_model(cast)
    again(approved(cast, audited(make_version(model))))
    fake.aliases["champion"] = "2"
    fake.calls.clear()
    return Placement.objects.get()


def finding(place: Placement) -> Finding:
    title = Message("move.restores", {"finding": 1})
    return open_finding(kind="alias_moved", key="x", severity="high", title=title, about={"placement": place})


def work(job: Job | None = None) -> None:
    Job.objects.active().update(not_before=None)
    drain()


def test_it_is_put_back_once_and_recorded(place, fake):  # noqa: F811
    publish("auto")
    move = restore(placement=place, finding=finding(place))
    assert restore(placement=place, finding=finding(place)) is None  # it is on its way
    work()
    move.refresh_from_db()
    assert (move.state, move.replaced, fake.aliases) == ("done", 2, {"champion": "1"})
    assert Placement.objects.get() == place
    asked, done = Event.objects.filter(action__in=("placement.restore", "promotion.restored")).order_by("id")
    assert done.content["params"]["decision"] == str(asked.uuid)
    assert done.content["before"] == {"alias": "champion", "version": 2}


def test_without_the_policys_word_nothing_is_put_back(place):
    assert restore(placement=place, finding=finding(place)) is None
    publish("off")
    assert restore(placement=place, finding=finding(place)) is None
    assert not Move.objects.filter(kind="restore").exists()


def test_after_three_times_in_an_hour_a_person_has_to_look(place, fake):  # noqa: F811
    publish("auto")
    for _ in range(3):
        fake.aliases["champion"] = "2"
        assert restore(placement=place, finding=finding(place))
        work()
    assert restore(placement=place, finding=finding(place)) is None
    Move.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert restore(placement=place, finding=finding(place))


def test_other_files_are_not_put_back(place, fake):  # noqa: F811
    publish("auto")
    move = restore(placement=place, finding=finding(place))
    fake.files = "sha256:others"
    work()
    move.refresh_from_db()
    assert (move.state, fake.aliases) == ("failed", {"champion": "2"})
    assert Event.objects.filter(action="promotion.restore_failed").count() == 1
    assert place.promotion.state == "done"


def test_what_was_replaced_meanwhile_is_not_put_back(cast, place, fake):  # noqa: F811
    publish("auto")
    move = restore(placement=place, finding=finding(place))
    later = approved(cast, audited(make_version(place.model, 2)))
    Move.objects.filter(pk=move.pk).update(alias="elsewhere")
    again(later)
    Move.objects.filter(pk=move.pk).update(alias="champion")
    work()
    move.refresh_from_db()
    assert (move.state, fake.aliases) == ("overtaken", {"champion": "2"})


@pytest.mark.parametrize("call", CALLS)
def test_a_worker_that_dies_or_a_registry_that_fails_at_a_step(place, fake, call):  # noqa: F811
    publish("auto")
    move = restore(placement=place, finding=finding(place))
    fake.before[call] = Killed()
    job = Job.objects.active().get(kind="move.run")
    with pytest.raises(Killed):
        moves.run(job, lambda *_: None)
    fake.calls.clear()
    fake.after["get_alias"] = FAULTS["slow"]  # where it was set already, it is not read back
    work()
    Job.objects.all().delete()
    fake.calls.clear()
    assert moves.watch() == 1
    work()
    move.refresh_from_db()
    assert (move.state, fake.aliases) == ("done", {"champion": "1"})
    assert Event.objects.filter(action="promotion.restored").count() == 1
