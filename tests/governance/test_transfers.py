"""Environments in another registry: files go from server to server, once, whatever fails on either side."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.utils import timezone

from governance import moves
from governance.actions.places import set_place
from governance.actions.promotions import retry_move
from governance.actions.rollback import rollback
from governance.lane import lane
from governance.models import Move, Place, Placement, Profile, RegisteredModel, Registry
from governance.moves import outbox
from governance.moves.ending import carried_out
from governance.registry import NotFound
from governance.restoring import restore
from portal.message import Message
from portal.web.errors import Conflict
from tests.governance.fake_registry import FAULTS, Killed
from tests.governance.fake_transfer import CONTENT, DIGEST, OF_SOURCE, OF_TARGET, FakeSource, FakeTarget
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import again, job_of, moved
from tests.governance.test_restoring import finding, publish, work

pytestmark = pytest.mark.django_db
NOW = timezone.now()
GIT_URL = "mlflow.source.git.repoURL"
STEPS = [("source", call) for call in OF_SOURCE] + [("target", call) for call in OF_TARGET]


@pytest.fixture
def target() -> Registry:
    return Registry.objects.create(name="Elsewhere", slug="elsewhere", address="http://127.0.0.1:10", synced_at=NOW)


@pytest.fixture
def model(cast, target):
    made = make_model(cast, "churn")
    set_place(registry=made.registry, environment="production", kind="registry", target=target, by=cast.admin)
    return made


@pytest.fixture
def version(model):
    return lambda number=1: audited(make_version(model, number, DIGEST))


@pytest.fixture
def source(monkeypatch, target) -> FakeSource:
    there, here = FakeTarget(), FakeSource()
    here.target = there
    monkeypatch.setattr(outbox, "connect", lambda registry: there if registry == target else here)
    return here


def whole(promotion, source: FakeSource, number: int = 1) -> None:
    """It is in place: one copy with the approved files, one alias, one record."""
    there = source.target
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.state, promotion.move.target_number) == ("done", "done", number)
    assert (there.aliases, source.aliases, source.sets) == ({"champion": str(number)}, {}, [])
    assert len([one for one in there.copies.values() if one.tags["sekisho.move"] == str(promotion.move.tag)]) == 1
    (run,) = (run for run in there.runs if run.run_id == there.copies[number].run_id)
    assert (run.content, run.ended) == (CONTENT, True)
    (event,) = moved(promotion)
    params = event.content["params"]
    assert (params["copy"], params["into_registry"]) == (f"churn {number}", "Elsewhere")
    copy = Placement.objects.get(promotion=promotion).copy
    assert (copy.model.registry.slug, copy.number, copy.copied_from) == ("elsewhere", number, promotion.version)
    assert (copy.artifact_digest, copy.run_id) == (DIGEST, run.run_id)


def forget(source: FakeSource) -> None:
    source.calls.clear()
    source.target.calls.clear()


def test_a_version_goes_over_with_its_files_and_where_it_comes_from(cast, source, version, model, target):
    version_14 = version(14)
    source.numbers = (14,)
    again(promotion := approved(cast, version_14))
    whole(promotion, source)
    assert source.target.copies[1].tags == source.target.runs[0].tags == {
        "sekisho.move": str(promotion.move.tag),
        "sekisho.source.registry": model.registry.slug,
        "sekisho.source.model": "churn",
        "sekisho.source.version": "14",
        "sekisho.source.run": "r14",
        "sekisho.digest": DIGEST,
        "sekisho.promotion": str(promotion.pk),
    }  # fmt: skip
    row = RegisteredModel.objects.get(registry=target)
    assert (row.name, row.origin, row.team, row.aliases) == ("churn", model, None, {"champion": 1})
    model.refresh_from_db()
    assert model.aliases == {}
    production = next(stop for stop in lane(model) if stop.key == "production")
    assert (production.placement.version.number, production.seen, production.agrees) == (14, 14, True)
    assert production.placement.elsewhere == target


def test_the_git_commit_of_the_run_goes_along(cast, source, version):
    one = version()
    one.run = {"tags": {"mlflow.source.git.commit": "abc", "mlflow.user": "ito"}}
    one.save()
    again(approved(cast, one))
    tags = source.target.runs[0].tags
    assert tags["mlflow.source.git.commit"] == "abc"
    assert "mlflow.user" not in tags


@pytest.mark.parametrize(
    ("server", "cut", "left_out"),
    [
        ({"longest_tag": 300}, ["mlflow.source.git.repoURL"], None),
        ({"no_tag": "git.branch"}, None, ["mlflow.source.git.commit", "mlflow.source.git.branch", GIT_URL]),
    ],
)
@pytest.mark.parametrize("dies", [False, True])
def test_tags_that_the_other_server_refuses_do_not_hold_up_the_move(cast, source, version, server, cut, left_out, dies):
    """What did not go along is recorded, also by a worker that finds the copy made."""
    one, there = version(), source.target
    git = {"mlflow.source.git.commit": "abc", "mlflow.source.git.branch": "main", GIT_URL: "https://x/" + "y" * 900}
    one.run = {"tags": git}
    one.save()
    for name, value in server.items():
        setattr(there, name, value)
    promotion = approved(cast, one)
    if dies:
        there.after["create_version"] = Killed()
        with pytest.raises(Killed):
            moves.run(job_of(promotion), lambda *_: None)
        forget(source)
    again(promotion)
    whole(promotion, source)
    params = moved(promotion)[0].content["params"]
    assert (params.get("tags_cut"), params.get("tags_left_out")) == (cut, left_out)
    tags = there.runs[0].tags
    if cut:
        assert (tags["mlflow.source.git.commit"], len(tags[GIT_URL])) == ("abc", 250)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("side", "call"), STEPS)
def test_a_registry_that_fails_at_a_step_is_tried_again(cast, source, version, side, call, moment, fault):
    promotion = approved(cast, version())
    getattr(source if side == "source" else source.target, moment)[call] = FAULTS[fault]
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
    assert not moved(promotion)
    forget(source)
    again(promotion)
    whole(promotion, source)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("side", "call"), STEPS)
def test_a_worker_that_dies_at_a_step_makes_no_second_version(cast, source, version, side, call, moment):
    promotion = approved(cast, version())
    getattr(source if side == "source" else source.target, moment)[call] = Killed()
    with pytest.raises(Killed):
        moves.run(job_of(promotion), lambda *_: None)
    forget(source)
    again(promotion)
    whole(promotion, source)
    assert len(source.target.runs) == 1, "what was begun is gone on with"
    assert sorted(source.target.sent) == sorted(CONTENT), "what had arrived is not sent again"


def test_no_files_are_left_on_the_worker(cast, source, version, settings):
    for moment in (None, Killed()):
        promotion = approved(cast, version(1 if moment is None else 2))
        source.target.before["put_file"] = moment
        with suppress(Killed):
            moves.run(job_of(promotion), lambda *_: None)
        assert list((settings.SEKISHO_HOME / "scratch").iterdir()) == []


# What is not what was approved


def test_files_that_changed_at_the_source_are_not_sent(cast, source, version):
    """The first look found the approved ones; what was downloaded is looked at again."""
    promotion = approved(cast, version())
    source.before["download"] = lambda: source.content.update({"data/model.pkl": b"evil"})
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("open", "move.changed")
    assert (source.target.sent, source.target.copies, source.target.aliases) == ([], {}, {})


def test_files_that_arrive_otherwise_make_no_version(cast, source, version):
    promotion = approved(cast, version())
    there = source.target
    there.after["put_file"] = lambda: there.runs[0].content.update({"MLmodel": b"cut"})
    again(promotion)
    assert (promotion.state, promotion.move.error["params"]["reason"]["code"]) == ("approved", "move.arrived-otherwise")
    assert (there.copies, there.aliases) == ({}, {})
    again(promotion)
    whole(promotion, source)


def test_files_that_change_between_version_and_alias_open_the_promotion_again(cast, source, version):
    promotion, there = approved(cast, version()), source.target
    there.after["create_version"] = lambda: there.runs[0].content.update({"MLmodel": b"evil"})
    again(promotion)
    assert (promotion.state, there.aliases) == ("open", {})


def test_an_approval_that_lapses_while_the_files_go_over_counts_no_more(cast, source, version, model):
    promotion = approved(cast, version())
    there = source.target
    there.after["put_file"] = lambda: Profile.objects.filter(model=model).update(population="Students")
    again(promotion)
    assert (promotion.state, there.aliases) == ("open", {})
    assert not Placement.objects.exists()


def test_a_run_with_files_of_others_is_left_alone(cast, source, version):
    promotion, there = approved(cast, version()), source.target
    there.after["put_file"] = Killed()
    with pytest.raises(Killed):
        moves.run(job_of(promotion), lambda *_: None)
    there.runs[0].content["planted.py"] = b"evil"
    again(promotion)
    whole(promotion, source)
    assert [run.run_id for run in there.runs] == ["t1", "t2"]


def test_a_disk_that_is_full_is_said_and_tried_again(cast, source, version):
    promotion = approved(cast, version())
    source.before["download"] = OSError(28, "No space left on device")
    again(promotion)
    assert promotion.state == "approved"
    reason = promotion.move.error["params"]["reason"]
    assert (reason["code"], reason["params"]["detail"]) == ("move.no-room", "No space left on device")
    again(promotion)
    whole(promotion, source)


def test_what_is_removed_there_meanwhile_is_no_end(cast, source, version):
    """That the version itself is gone is one; what lies in the other registry can be made again."""
    promotion = approved(cast, version())
    gone = NotFound(Message("registry.not_found", {"detail": "run"}))
    source.target.before["end_run"] = gone
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
    again(promotion)
    whole(promotion, source)
    other = approved(cast, version(2))
    forget(source)
    source.before["version"] = gone
    again(other)
    assert (other.state, other.move.error["code"]) == ("failed", "move.gone")


def test_a_worker_that_was_overtaken_sends_nothing_more(cast, source, version):
    promotion, there = approved(cast, version()), source.target
    there.after["put_file"] = lambda: Move.objects.update(fence=9)
    again(promotion)
    assert (len(there.sent), there.copies, promotion.move.error["code"]) == (1, {}, "move.fenced")


# Names


def test_models_of_the_same_name_stay_apart(cast, source, version, model, target):
    """Also where nobody claims the one there, and where the mirror has not seen it yet."""
    source.target.there.add("churn")
    source.target.others = make_other()
    promotion = approved(cast, version())
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("failed", "place.taken-there")
    retry_move(promotion=promotion, by=cast.reviewer)
    again(promotion)
    assert (promotion.state, source.target.copies) == ("failed", {})
    theirs = RegisteredModel.objects.get(registry=target)
    assert theirs.origin is None, "whoever it belongs to can claim it"
    make_version(theirs, 3)  # the mirror has seen it now
    with pytest.raises(Conflict, match="stay apart"):
        approved(cast, version(2))


def test_a_model_that_nobody_has_any_more_is_gone_on_with(cast, source, version, model, target):
    """It was another's when the first move came, which left it alone, and is gone when the second one comes."""
    first, second = approved(cast, version(1)), approved(cast, version(2))
    source.target.others = make_other()
    again(first)
    assert first.move.error["code"] == "place.taken-there"
    source.target.others = None
    again(second)
    whole(second, source)
    assert RegisteredModel.objects.get(registry=target).origin == model


def test_a_model_that_is_taken_over_while_the_move_looks_is_gone_on_with(cast, source, version, model, target):
    promotion = approved(cast, version())
    theirs = RegisteredModel.objects.filter(registry=target)
    theirs.update(origin=None, team=cast.team)  # and the worker has read so
    source.target.before["newest_version"] = lambda: theirs.update(origin=model, team=None)
    again(promotion)
    whole(promotion, source)


def test_two_registries_do_not_share_a_model_in_a_third(cast, source, version, target):
    again(approved(cast, version()))
    other = make_model(cast, "churn", "http://127.0.0.1:11")
    Place.objects.create(environment="production", registry=other.registry, kind="registry", target=target)
    with pytest.raises(Conflict, match="In Elsewhere there is a model churn"):
        approved(cast, audited(make_version(other, 1, DIGEST)))


def make_other():
    from governance.registry import RemoteVersion

    return RemoteVersion("churn", "3")


# Afterwards


def test_going_back_takes_the_version_that_is_there(cast, source, version):
    one, two = version(1), version(2)
    for promotion in (approved(cast, one), approved(cast, two)):
        forget(source)
        again(promotion)
    forget(source)
    back = rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member)
    again(back)
    there = source.target
    assert (back.state, there.aliases, len(there.copies), len(there.runs)) == ("done", {"champion": "1"}, 2, 2)
    assert Placement.objects.get(until=None).copy.number == 1


def test_an_alias_moved_by_hand_there_is_put_back_there(cast, source, version, target):
    again(approved(cast, version()))
    publish("auto")
    source.target.aliases["champion"] = "7"
    forget(source)
    place = Placement.objects.get()
    move = restore(placement=place, finding=finding(place))
    work()
    move.refresh_from_db()
    assert (move.state, move.model.registry, carried_out(move)) == ("done", target, place.promotion)
    assert source.target.aliases == {"champion": "1"}


def test_the_place_stays_as_it_is_while_something_is_on_its_way(cast, source, version, model):
    approved(cast, version())
    with pytest.raises(Conflict, match="on its way"):
        set_place(registry=model.registry, environment="production", kind="alias", by=cast.admin)
