"""Environments that are models of their own: a copy for each promotion, once, whatever fails meanwhile."""

from __future__ import annotations

import pytest
from django.urls import reverse

from governance import moves
from governance.actions.places import remove_place, set_place
from governance.actions.profiles import propose_profile
from governance.actions.rollback import rollback
from governance.lane import lane
from governance.models import Move, Place, Placement, RegisteredModel
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.fake_registry import CALLS, COPIES, FAULTS, FakeRegistry, Killed
from tests.governance.hostile_names import NAMES
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import again, fake, job_of, moved  # noqa: F401

pytestmark = pytest.mark.django_db
EACH = (*CALLS, *COPIES)


@pytest.fixture
def model(cast):
    made = make_model(cast, "churn")
    put(cast, made)
    return made


@pytest.fixture
def version(model):
    return lambda number=1: audited(make_version(model, number))


def put(cast, model, pattern="prod.{name}", **more) -> Place:
    wanted = {"registry": model.registry, "environment": "production", "kind": "model", "name_pattern": pattern}
    return set_place(**{**wanted, "by": cast.admin, **more})


def whole(promotion, fake: FakeRegistry, number: int = 1) -> None:  # noqa: F811
    """It is in place: one copy, one alias, one record."""
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.state, promotion.move.target_number) == ("done", "done", number)
    assert fake.aliases == {"champion": str(number)}
    assert len([one for one in fake.copies.values() if one.tags["sekisho.move"] == str(promotion.move.tag)]) == 1
    (event,) = moved(promotion)
    assert event.content["params"]["copy"] == f"prod.churn {number}"
    copy = Placement.objects.get(promotion=promotion).copy
    assert (copy.model.name, copy.number, copy.copied_from) == ("prod.churn", number, promotion.version)
    assert copy.artifact_digest == promotion.version.artifact_digest


def test_a_version_is_copied_marked_and_named_by_the_alias(cast, fake, version, model):  # noqa: F811
    promotion = approved(cast, version(14))
    fake.numbers = (14,)
    again(promotion)
    whole(promotion, fake)
    assert fake.copies[1].source == "models:/churn/14"
    target = RegisteredModel.objects.get(name="prod.churn")
    assert (target.origin, target.team, target.aliases) == (model, None, {"champion": 1})
    model.refresh_from_db()
    assert model.aliases == {}
    production = next(stop for stop in lane(model) if stop.key == "production")
    assert (production.placement.version.number, production.seen, production.agrees) == (14, 14, True)


def test_a_later_version_gets_a_copy_of_its_own(cast, fake, version):  # noqa: F811
    for number in (1, 2):
        promotion = approved(cast, version(number))
        fake.calls.clear()
        again(promotion)
        whole(promotion, fake, number)
    assert moved(promotion)[0].content["before"] == {"alias": "champion", "version": 1}


def test_going_back_takes_the_copy_that_is_there(cast, fake, version):  # noqa: F811
    one, two = version(1), version(2)
    for promotion in (approved(cast, one), approved(cast, two)):
        fake.calls.clear()
        again(promotion)
    fake.calls.clear()
    back = rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member)
    again(back)
    assert (back.state, fake.aliases, len(fake.copies)) == ("done", {"champion": "1"}, 2)
    assert Placement.objects.get(until=None).copy.number == 1


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", EACH)
def test_a_registry_that_fails_at_a_step_makes_no_second_copy(cast, fake, version, call, moment, fault):  # noqa: F811
    promotion = approved(cast, version())
    getattr(fake, moment)[call] = FAULTS[fault]
    again(promotion)
    assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
    assert not moved(promotion)
    fake.calls.clear()
    again(promotion)
    whole(promotion, fake)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", EACH)
def test_a_worker_that_dies_at_a_step_makes_no_second_copy(cast, fake, version, call, moment):  # noqa: F811
    promotion = approved(cast, version())
    getattr(fake, moment)[call] = Killed()
    with pytest.raises(Killed):
        moves.run(job_of(promotion), lambda *_: None)
    fake.calls.clear()
    again(promotion)
    whole(promotion, fake)


def test_a_copy_with_other_files_does_not_go(cast, fake, version):  # noqa: F811
    promotion = approved(cast, version())

    def change() -> None:
        fake.files = "sha256:others"

    fake.after["create_version"] = change
    again(promotion)
    assert (promotion.state, fake.aliases) == ("open", {})


def test_a_model_of_somebody_else_is_not_taken(cast, fake, version, model):  # noqa: F811
    RegisteredModel.objects.create(registry=model.registry, name="prod.churn", team=cast.team)
    with pytest.raises(Conflict, match="belongs to another"):
        approved(cast, version())
    assert not Move.objects.exists()


def test_a_copy_has_no_profile_and_no_place_in_the_list(cast, fake, version, model, client):  # noqa: F811
    again(approved(cast, version()))
    target = RegisteredModel.objects.get(name="prod.churn")
    with pytest.raises(Conflict, match="the profile of churn governs it"):
        propose_profile(model=target, team=cast.team, fields={}, rev=0, by=cast.admin)
    client.force_login(cast.auditor)
    page = client.get(reverse("models")).content.decode()
    assert "churn" in page
    assert "prod.churn" not in page
    assert "prod.churn" in client.get(reverse("model-on", args=[model.pk])).content.decode()
    told = client.get(reverse("api-placements")).json()["results"][0]["copy"]
    assert told == {"registry": model.registry.slug, "model": "prod.churn", "version": 1}


# Places


@pytest.mark.parametrize(
    "pattern", ["", "{name}", "prod", "{name}.{name}", "{name}/prod", "prod:{name}", "x" * 250 + "{name}", "{0}{name}"]
)
def test_a_pattern_that_makes_no_name_is_refused(cast, model, pattern):
    with pytest.raises(Invalid):
        put(cast, model, pattern)


def test_a_name_that_grew_too_long_is_refused_at_the_approval(cast, fake):  # noqa: F811
    model = make_model(cast, "n" * 250)
    with pytest.raises(Invalid, match="longer than the 256"):
        put(cast, model, "production.{name}")
    Place.objects.create(
        registry=model.registry, environment="production", kind="model", name_pattern="production.{name}"
    )
    with pytest.raises(Conflict, match="longer than the 256"):
        approved(cast, audited(make_version(model)))


def test_an_alias_of_another_name_may_stand_for_it(cast, fake, model, version):  # noqa: F811
    put(cast, model, kind="alias", alias="live")
    again(approved(cast, version()))
    assert fake.aliases == {"live": "1"}
    for wrong in ("latest", "v3", "a b", "staging", "x" * 101):
        with pytest.raises(Invalid):
            put(cast, model, kind="alias", alias=wrong)


def test_a_place_does_not_change_under_a_move(cast, fake, model, version):  # noqa: F811
    promotion = approved(cast, version())
    with pytest.raises(Conflict, match="on its way"):
        put(cast, model, "live.{name}")
    with pytest.raises(Conflict, match="on its way"):
        remove_place(place=Place.objects.get(), by=cast.admin)
    again(promotion)
    remove_place(place=Place.objects.get(), by=cast.admin)
    told = Event.objects.filter(action__startswith="place.").order_by("id")
    assert [event.action for event in told] == ["place.set", "place.remove"]


def test_only_administrators_say_where_it_lies(cast, model, client):
    with pytest.raises(Forbidden):
        put(cast, model, by=cast.manager)
    with pytest.raises(Invalid, match="Choose an alias"):
        put(cast, model, kind="nowhere")
    address = reverse("environment-place", args=["production", model.registry.slug])
    client.force_login(cast.member)
    assert client.get(address).status_code == 403
    assert "prod.{name}" not in client.get(reverse("environments")).content.decode()  # connections are not theirs
    client.force_login(cast.admin)
    assert "prod.{name}" in client.get(reverse("environments")).content.decode()
    assert 'value="prod.{name}"' in client.get(address).content.decode()
    refused = client.post(address, {"kind": "model", "name_pattern": "live", "alias": ""})
    assert refused.status_code == 422
    assert 'value="live"' in refused.content.decode()
    assert client.post(address, {"kind": "model", "name_pattern": "live.{name}", "alias": ""}).status_code == 302
    assert Place.objects.get().name_pattern == "live.{name}"
    (told,) = [row for row in client.get(reverse("api-environments")).json() if row["key"] == "production"]
    assert told["places"][0]["name_pattern"] == "live.{name}"
    assert client.post(reverse("environment-place-remove", args=["production", model.registry.slug])).status_code == 302
    assert not Place.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_copied_byte_for_byte_or_refused(cast, fake, name):  # noqa: F811
    model = make_model(cast, name)
    Place.objects.create(registry=model.registry, environment="production", kind="model", name_pattern="prod.{name}")
    version = audited(make_version(model))
    if set(name) & set("/:?\t") or len(name) > 251:
        with pytest.raises(Conflict):
            approved(cast, version)
        return
    again(promotion := approved(cast, version))
    assert promotion.state == "done"
    assert fake.copies[1].source == f"models:/{name}/1"
    assert Placement.objects.get().copy.model.name == f"prod.{name}"
