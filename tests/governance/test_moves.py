"""The move of an alias in a real MLflow server: once, in order, and whatever is killed meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance import moves
from governance.actions import promotions
from governance.connections import connect
from governance.models import Decision, ModelVersion, Move, Placement, Promotion, Registry
from governance.moves import checks
from portal.jobs.models import Job
from portal.jobs.runner import drain, run_job
from portal.ledger.models import Event
from portal.ledger.signing import covering
from portal.web.errors import Conflict, Forbidden
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import approved, audit, audited, make_model, make_version, requested
from tests.governance.registered import alias_by_plain_client, plain_client, registered_name  # noqa: F401
from tests.mlflow_server import mlflow_server  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]


@pytest.fixture
def model(cast, mlflow_server, registered_name):  # noqa: F811
    return make_model(cast, registered_name, mlflow_server.address)


@pytest.fixture
def version(model):
    """`version(2)`: a mirrored and audited version that the server really has."""

    def make(number: int = 1) -> ModelVersion:
        files = connect(model.registry).model_files(model.name, number).digest
        return audited(make_version(model, number, files))

    return make


def alias(model, name: str = "champion") -> str | None:
    return connect(model.registry).get_alias(model.name, name)


def job_of(promotion) -> Job:
    return Job.objects.active().about("promotion", promotion.pk).get()


def again(promotion) -> None:
    """Run the next try of a promotion's move now."""
    job = job_of(promotion)
    Job.objects.filter(pk=job.pk).update(not_before=None)
    run_job(job.pk)


def moved_events(promotion) -> list[Event]:
    return list(Event.objects.about("promotion", promotion.pk).filter(action="promotion.moved"))


def test_the_alias_is_set_read_back_and_recorded(cast, model, version):
    promotion = approved(cast, version(1))
    assert alias(model) is None
    drain()
    promotion.refresh_from_db()
    move = promotion.move
    assert (promotion.state, move.state, move.replaced, move.error) == ("done", "done", None, None)
    assert alias_by_plain_client(model.name) == {"champion": "1"}
    place = Placement.objects.get()
    assert (place.environment, place.version, place.until) == ("production", promotion.version, None)
    (event,) = moved_events(promotion)
    assert event.content["before"] == {"alias": "champion", "version": None}
    assert event.content["after"] == {"alias": "champion", "version": 1}
    decision = Event.objects.get(uuid=promotion.decisions.get().event)
    assert event.content["params"]["decision"] == str(decision.uuid)
    assert event.content["params"]["decision_number"] == decision.seq
    model.refresh_from_db()
    assert model.aliases == {"champion": 1}
    assert Job.objects.get(kind="move.run").result["number"] == 1


def test_a_later_version_takes_the_place(cast, model, version):
    first = approved(cast, version(1))
    drain()
    second = approved(cast, version(2))
    drain()
    assert alias(model) == "2"
    old, new = Placement.objects.order_by("since")
    assert (old.promotion, new.promotion) == (first, second)
    assert old.until == new.since
    assert new.until is None
    assert moved_events(second)[0].content["before"]["version"] == 1
    with pytest.raises(Conflict, match="already in production"):
        requested(cast, second.version)


def test_environments_have_aliases_of_their_own(cast, model, version):
    approved(cast, version(1), environment="staging")
    drain()
    assert (alias(model, "staging"), alias(model)) == ("1", None)


def test_no_alias_moves_before_its_decision_is_numbered(cast, model, version, monkeypatch):
    promotion = approved(cast, version(1))
    assert Event.objects.get(action="promotion.approve").seq is None
    monkeypatch.setattr(checks, "number_events", lambda: 0)
    drain()
    assert alias(model) is None
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    assert promotion.move.error["code"] == "move.unnumbered"
    monkeypatch.undo()
    again(promotion)
    assert alias(model) == "1"


def test_no_alias_moves_before_a_signed_checkpoint_covers_its_decision(cast, model, version, settings):
    promotion = approved(cast, version(1))
    kept, settings.KEYS_ROOT = settings.KEYS_ROOT, None  # the key lies on another host
    drain()
    assert alias(model) is None
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "ledger.not_covered")
    settings.KEYS_ROOT = kept
    again(promotion)
    assert alias(model) == "1"
    decision = Event.objects.get(uuid=promotion.decisions.get().event)
    assert covering(decision.seq)


# What changed since the approval


def still_open(promotion, model) -> Decision:
    promotion.refresh_from_db()
    promotion.move.refresh_from_db()
    decision = promotion.decisions.get()
    assert (promotion.state, promotion.move.state, alias(model)) == ("open", "failed", None)
    assert decision.lapsed_at
    assert not moved_events(promotion)
    assert not Placement.objects.exists()
    assert Job.objects.get(kind="move.run").state == "failed"
    return decision


def test_changed_evidence_opens_the_promotion_again(cast, model, version):
    promotion = approved(cast, version(1))
    audit(promotion.version, "fairness", fairness(0.2, 0.15, 0.25), outcome="fail")
    drain()
    decision = still_open(promotion, model)
    assert decision.lapsed_because["params"]["what"] == [{"code": "promotion.bound.evidence", "params": {}}]
    assert promotion.outcome == "fail"


def test_a_changed_profile_opens_the_promotion_again(cast, model, version):
    promotion = approved(cast, version(1))
    model.profile.risk = "low"
    model.profile.save()
    drain()
    still_open(promotion, model)


def test_evidence_that_grew_too_old_opens_the_promotion_again(cast, model, version):
    promotion = approved(cast, version(1))
    promotion.version.audits.update(created_at=timezone.now() - timedelta(days=100))
    drain()
    assert still_open(promotion, model).lapsed_because["code"] == "promotion.lapsed.verdict"


def test_files_that_were_changed_on_the_server_do_not_go(cast, model, version, mlflow_server):  # noqa: F811
    promotion = approved(cast, version(3))
    (file,) = (mlflow_server.home / "artifacts").rglob("model3/MLmodel")
    kept = file.read_text()
    file.write_text("artifact_path: something else")
    try:
        drain()
    finally:
        file.write_text(kept)
    still_open(promotion, model)
    assert promotion.outcome == "not_evaluated"
    with pytest.raises(Conflict, match="examined other files"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_an_approval_given_again_moves_again(cast, model, version):
    promotion = approved(cast, version(1))
    audit(promotion.version, "fairness", fairness(0.04, 0.02, 0.06))
    drain()
    still_open(promotion, model)
    promotion = promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    drain()
    promotion.refresh_from_db()
    assert (promotion.state, alias(model), len(moved_events(promotion))) == ("done", "1", 1)


def test_a_version_that_is_gone_fails_for_good(cast, model, version):
    promotion = approved(cast, version(1))
    plain_client(
        "import sys; from mlflow import MlflowClient; "
        "MlflowClient(sys.argv[1], sys.argv[1]).delete_model_version(sys.argv[2], '1')",
        model.name,
    )
    drain()
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.error["code"]) == ("failed", "move.gone")
    assert not Job.objects.active().exists()


# MLflow that does not answer


def unplug(registry: Registry) -> None:
    Registry.objects.filter(pk=registry.pk).update(address="http://127.0.0.1:9")


def test_a_registry_that_is_down_is_tried_again_later_and_later(cast, model, version):
    promotion = approved(cast, version(1))
    unplug(model.registry)
    waits = []
    for _ in range(3):
        again(promotion)
        waits.append(Job.objects.filter(kind="move.run", state="done").order_by("pk").last().result["again_in"])
    assert waits == [5, 10, 20]
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    assert promotion.move.error["code"] == "move.retry"
    assert job_of(promotion).not_before > timezone.now()
    Registry.objects.filter(pk=model.registry.pk).update(address=model.registry.address)
    again(promotion)
    promotion.refresh_from_db()
    assert (promotion.state, alias(model), len(moved_events(promotion))) == ("done", "1", 1)


def test_after_the_deadline_it_fails_and_can_be_tried_again(cast, model, version):
    promotion = approved(cast, version(1))
    unplug(model.registry)
    Move.objects.update(created_at=timezone.now() - timedelta(hours=2))
    drain()
    promotion.refresh_from_db()
    assert promotion.state == "failed"
    assert promotion.move.error["code"] == "move.given-up"
    assert promotion.move.error["params"]["minutes"] == 120
    assert Job.objects.get(kind="move.run").error["code"] == "move.given-up"
    with pytest.raises(Forbidden):
        promotions.retry_move(promotion=promotion, by=cast.stranger)
    Registry.objects.filter(pk=model.registry.pk).update(address=model.registry.address)
    promotions.retry_move(promotion=promotion, by=cast.reviewer)
    drain()
    promotion.refresh_from_db()
    assert (promotion.state, alias(model), len(moved_events(promotion))) == ("done", "1", 1)


# Order and races


def test_of_two_promotions_the_later_approved_ends_in_place(cast, model, version):
    """The later one's worker comes first, and waits for its turn."""
    first, second = approved(cast, version(1)), approved(cast, version(2))
    run_job(job_of(second).pk)
    second.refresh_from_db()
    assert (second.state, second.move.error["code"], alias(model)) == ("approved", "move.turn", None)
    run_job(job_of(first).pk)
    again(second)
    assert alias(model) == "2"
    for promotion, before in ((first, None), (second, 1)):
        promotion.refresh_from_db()
        assert promotion.state == "done"
        (event,) = moved_events(promotion)
        assert event.content["before"]["version"] == before


def test_an_earlier_decision_never_overtakes_a_later_one(cast, model, version):
    first, second = approved(cast, version(1)), approved(cast, version(2))
    Move.objects.filter(promotion=first).update(state="failed")
    Promotion.objects.filter(pk=first.pk).update(state="failed")
    drain()
    assert alias(model) == "2"
    promotions.retry_move(promotion=first, by=cast.reviewer)
    drain()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.move.state, first.move.error["code"]) == ("overtaken", "overtaken", "move.overtaken")
    (event,) = Event.objects.about("promotion", first.pk).filter(action="promotion.overtaken")
    assert event.content["params"]["later"] == second.pk
    assert (second.state, alias(model)) == ("done", "2")


def test_moves_that_nobody_works_on_are_called(cast, model, version):
    promotion = approved(cast, version(1))
    assert moves.watch() == 0
    Job.objects.all().delete()
    assert moves.watch() == 1
    assert moves.watch() == 0
    drain()
    promotion.refresh_from_db()
    assert promotion.state == "done"
    assert moves.watch() == 0


def test_running_again_records_nothing_twice(cast, model, version):
    promotion = approved(cast, version(1))
    job = job_of(promotion)
    run_job(job.pk)
    assert moves.run(Job.objects.get(pk=job.pk), lambda *_: None) == {"state": "done"}
    assert len(moved_events(promotion)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_move_make_one_record(cast, model, version):
    promotion = approved(cast, version(1))
    jobs = [job_of(promotion), Job.objects.create(kind="move.run", params={"move": promotion.move.pk})]
    gate = threading.Barrier(2)

    def work(pk: int) -> None:
        gate.wait()
        run_job(pk)
        connection.close()

    threads = [threading.Thread(target=work, args=[job.pk]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    promotion.refresh_from_db()
    assert (promotion.state, alias(model)) == ("done", "1")
    assert len(moved_events(promotion)) == Placement.objects.count() == 1
