"""What stands in another registry, as pages, polls, the gate and the pack know it; and who says that it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from governance.actions.gate_tokens import sign_token
from governance.actions.places import set_place
from governance.actions.registries import remove_registry
from governance.control import control
from governance.gate_report import governed_here, shortcomings
from governance.mirror import poll, sync
from governance.models import Finding, ModelVersion, Place, Placement, RegisteredModel, Registry, StoredVerdict
from governance.moves import outbox
from governance.pack import MOVES, collect
from governance.pack_files import change_rows
from governance.registry.records import RemoteRun
from governance.verdicts import outdate
from portal.message import Message
from portal.web.errors import Conflict, Invalid
from tests.governance.fake_transfer import DIGEST, FakeSource, FakeTarget
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import again
from tests.governance.test_pack import today
from tests.governance.test_poll import BORN, Server, version

pytestmark = pytest.mark.django_db


@pytest.fixture
def target() -> Registry:
    return Registry.objects.create(
        name="Elsewhere", slug="elsewhere", address="http://127.0.0.1:10", synced_at=timezone.now()
    )


@pytest.fixture
def model(cast):
    return make_model(cast, "churn")


@pytest.fixture
def put(cast, model, target):
    def put(**more) -> Place:
        wanted = {"registry": model.registry, "environment": "production", "kind": "registry", "target": target}
        return set_place(**{**wanted, "by": cast.admin, **more})

    return put


@pytest.fixture
def placed(cast, model, target, put, monkeypatch) -> Placement:
    """Version 1 of churn stands in production: as version 1 of prod.churn, elsewhere."""
    put(name_pattern="prod.{name}")
    there, here = FakeTarget(), FakeSource()
    monkeypatch.setattr(outbox, "connect", lambda registry: there if registry == target else here)
    again(approved(cast, audited(make_version(model, 1, DIGEST))))
    return Placement.objects.get()


@pytest.fixture
def server(placed) -> Server:
    """The other server as it is after the move; beside the copy it has a model of its own."""
    copy = placed.copy
    seen = version(1, model="prod.churn", run_id=copy.run_id, created=BORN + 1, tags=dict(copy.tags))
    own = version(1, model="churn", run_id="theirs")
    runs = [RemoteRun(copy.run_id, experiment_id="7"), RemoteRun("theirs", experiment_id="7")]
    made = Server(seen, own, runs=runs)
    made.aliases_of = {"prod.churn": {"champion": 1}, "churn": {}}
    return made


def found(registry: Registry) -> list[tuple]:
    return sorted(Finding.objects.open().filter(registry=registry).values_list("kind", "model__name", "environment"))


# Polls and sweeps


@pytest.mark.parametrize("read", [poll, sync])
def test_what_a_move_made_there_is_nothing_strange(placed, server, target, model, read):
    """The run there is another than the source's, whose metrics were audited."""
    ModelVersion.objects.filter(pk=placed.version_id).update(lineage={"run": {"metrics": {"auc": 0.9}}})
    for _ in range(2):
        read(target, server)
    assert found(target) == []
    row = RegisteredModel.objects.get(name="prod.churn")
    assert (row.origin, row.team, row.versions.get().copied_from) == (model, None, placed.version)
    own = RegisteredModel.objects.get(registry=target, name="churn")
    assert (own.origin, own.versions.get().copied_from) == (None, None)


def test_an_alias_that_moves_there_is_a_finding_of_the_owner_team(cast, placed, server, target, model):
    sync(target, server)
    server.aliases_of["prod.churn"] = {"champion": 2}
    poll(target, server)
    finding = Finding.objects.open().get()
    assert (finding.kind, finding.registry, finding.model) == ("alias_moved", target, model)
    assert finding in Finding.objects.for_user(cast.member)
    assert finding.placement == placed
    server.aliases_of["prod.churn"] = {"champion": 1}
    poll(target, server)
    assert found(target) == []


@pytest.mark.parametrize("same_name", [False, True])
def test_a_version_that_no_move_made_there_is_a_finding(placed, server, target, model, same_name):
    if same_name:
        RegisteredModel.objects.filter(name="prod.churn").update(name="here.churn")
        Place.objects.update(name_pattern="")
        RegisteredModel.objects.filter(pk=model.pk).update(name="here.churn")
        server.listed = {
            ("here.churn", "1") if key[0] == "prod.churn" else key: replace(one, model="here.churn")
            if key[0] == "prod.churn"
            else one
            for key, one in server.listed.items()
        }
        server.aliases_of["here.churn"] = {"champion": 1}
    name = "here.churn" if same_name else "prod.churn"
    sync(target, server)
    assert found(target) == []
    server.listed[name, "2"] = version(2, model=name, updated=BORN + 50)
    server.listed["churn", "2"] = version(2, model="churn", run_id="theirs", updated=BORN + 50)
    poll(target, server)
    assert found(target) == [("stray_version", model.__class__.objects.get(pk=model.pk).name, "production")]


@pytest.mark.parametrize("read", [poll, sync])
def test_a_move_that_ends_while_the_server_is_read_is_not_missed_there(cast, model, target, put, monkeypatch, read):
    """The reading began before anything was there: it says neither that the model nor that the version is gone."""
    put(name_pattern="prod.{name}")
    there, here = FakeTarget(), FakeSource()
    monkeypatch.setattr(outbox, "connect", lambda registry: there if registry == target else here)
    server = Server(version(1, model="churn"), runs=[])
    read(target, server)
    promotion = approved(cast, audited(make_version(model, 1, DIGEST)))
    server.meanwhile = lambda: again(promotion)
    read(target, server)
    promotion.refresh_from_db()
    assert promotion.state == "done"
    assert found(target) == []
    server.meanwhile = lambda: None
    read(target, server)
    assert found(target) == [("model_deleted", "churn", "production")], "it is looked at the next time"


def test_the_versions_own_verdicts_are_computed_anew_when_something_moves_there(placed, target):
    StoredVerdict.objects.create(
        version=placed.version, environment="production", rules_digest="x", outcome="pass", document={},
        computed_at=timezone.now(), holds_until=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    outdate(registry=target)
    assert not StoredVerdict.objects.exists()


# The gate


def test_the_gate_there_is_asked_for_what_lies_there(placed, target, model):
    assert governed_here(target)[1] == {"prod.*"}
    assert "champion" in governed_here(target)[0]
    assert "champion" not in governed_here(model.registry)[0]
    report = {"aliases": ["staging"], "models": ["x"], "environment_models": [], "server": "", "keys": []}
    codes = {one.code: one.params for one in shortcomings(target, report)}
    assert codes["gate.models-free"]["models"] == ["prod.churn"]
    assert codes["gate.environments-open"]["models"] == ["prod.*"]
    assert "gate.models-free" not in {one.code for one in shortcomings(model.registry, report)}


def test_no_token_is_signed_to_delete_a_copy_that_stands_there(cast, placed, target):
    asked = {"registry": target, "model": "prod.churn", "reason": "Tidy.", "by": cast.admin}
    for change in ({"action": "model.delete"}, {"action": "version.delete", "old": "1"}):
        with pytest.raises(Conflict, match="production"):
            sign_token(**asked, **change)
    assert sign_token(**asked, action="version.delete", old="2")


# Pages, the API and the pack


def test_pages_name_the_copy_and_the_registry(cast, placed, model, client, django_assert_max_num_queries):
    client.force_login(cast.admin)
    for name, pk in (("model", model.pk), ("model-on", model.pk), ("promotion", placed.promotion_id)):
        page = client.get(reverse(name, args=[pk])).content.decode()
        assert "prod.churn" in page, name
        assert "Elsewhere" in page, name
    told = client.get(reverse("api-placements")).json()["results"][0]["copy"]
    assert told == {"registry": "elsewhere", "model": "prod.churn", "version": 1}
    assert "prod.churn" not in client.get(reverse("models")).content.decode()


def test_the_dossier_names_the_copy_and_the_registry(placed):
    printed = render_to_string("pdf/_decisions.html", {"promotion": placed.promotion, "move": placed.promotion.move})
    assert "<bdi>prod.churn</bdi> 1 (Elsewhere)" in printed
    assert "– → 1" in printed, "the numbers are those of the copies"


def test_the_page_says_that_the_other_registry_does_not_answer(cast, placed, model, target, client):
    Registry.objects.filter(pk=target.pk).update(error=Message("registry.failed", {"status": 503}).to_json())
    client.force_login(cast.member)
    assert "Elsewhere has not been read since" in client.get(reverse("model", args=[model.pk])).content.decode()


def test_a_copy_that_stands_there_is_not_counted_as_ungoverned(cast, placed):
    figures = control(cast.admin, timezone.now())
    assert (figures.ungoverned, figures.governed) == (0, 1)


def test_the_pack_closes_over_a_change_of_place_and_counts_where_it_lies(cast, model, target, put, placed):
    from governance.models import Move
    from tests.governance.test_pack import carry_out

    Registry.objects.update(error=None, synced_at=timezone.now())
    put(kind="alias", target=None)
    carry_out(approved(cast, audited(make_version(model, 2, DIGEST))))
    pack = collect(today())
    assert pack.count.closes, pack.count
    assert {one.registry.name: one.moves for one in pack.registries} == {model.registry.name: 1, "Elsewhere": 1}
    assert [row.copy for row in pack.of(MOVES)] == ["prod.churn 1 (Elsewhere)", ""]
    assert "prod.churn 1 (Elsewhere)" in [line[-1] for line in change_rows(pack)]
    model.refresh_from_db()
    RegisteredModel.objects.filter(pk=model.pk).update(aliases={"champion": 9})
    assert not collect(today()).count.closes
    assert Move.objects.count() == 2


def test_the_pack_sees_that_something_else_stands_there(placed, target):
    Registry.objects.update(error=None, synced_at=timezone.now())
    assert collect(today()).count.closes
    RegisteredModel.objects.filter(pk=placed.copy.model_id).update(aliases={"champion": 9})
    assert [one.found for one in collect(today()).count.breaks] == [9]


# Who says that it lies there


def test_a_place_in_another_registry_is_set_on_its_page(cast, model, target, client):
    address = reverse("environment-place", args=["production", model.registry.slug])
    client.force_login(cast.admin)
    page = client.get(address).content.decode()
    assert 'value="registry"' in page
    assert 'value="elsewhere"' in page
    refused = client.post(address, {"kind": "registry", "target": "", "alias": "", "name_pattern": ""})
    assert (refused.status_code, "Choose the registry in which it lies." in refused.content.decode()) == (422, True)
    given = {"kind": "registry", "target": "elsewhere", "alias": "", "name_pattern": ""}
    assert client.post(address, given).status_code == 302
    place = Place.objects.get()
    assert (place.kind, place.target, place.name_pattern) == ("registry", target, "")
    assert "Elsewhere" in client.get(reverse("environments")).content.decode()
    assert '<option value="elsewhere" selected>' in client.get(address).content.decode()
    (told,) = [row for row in client.get(reverse("api-environments")).json() if row["key"] == "production"]
    assert told["places"][0] == {
        "registry": model.registry.slug, "kind": "registry", "alias": "", "name_pattern": "", "target": "elsewhere",
    }  # fmt: skip
    assert client.post(address, given | {"kind": "model", "name_pattern": "prod.{name}"}).status_code == 302
    place.refresh_from_db()
    assert (place.kind, place.target) == ("model", None)


def test_where_there_is_one_registry_another_is_not_offered(cast, model, client):
    client.force_login(cast.admin)
    page = client.get(reverse("environment-place", args=["production", model.registry.slug])).content.decode()
    assert 'value="registry"' not in page
    assert 'name="target"' not in page


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"enabled": False}, "Elsewhere is paused"),
        ({"synced_at": None}, "Elsewhere has not been read yet"),
        ({"error": Message("registry.timeout", {"address": "it", "seconds": 10.0}).to_json()}, "it did not answer"),
        ({"server": {"rights": "read"}}, "may only read there"),
    ],
)
def test_a_registry_that_cannot_take_it_is_refused(put, target, state, sentence):
    for name, value in state.items():
        setattr(target, name, value)
    with pytest.raises(Invalid, match=sentence) as caught:
        put()
    assert set(caught.value.fields) == {"target"}


def test_a_name_that_is_another_models_is_refused(cast, put, model, target, django_assert_num_queries):
    make_model(cast, "plain")
    theirs = RegisteredModel.objects.create(registry=target, name="churn")
    put()  # it has no versions: it may have been made for this
    make_version(theirs, 1)
    with pytest.raises(Invalid, match="In Elsewhere there is a model churn already") as caught:
        put()
    assert set(caught.value.fields) == {"name_pattern"}
    put(name_pattern="prod.{name}")
    for wrong in ("prod", "{name}.{name}", "prod/{name}"):
        with pytest.raises(Invalid):
            put(name_pattern=wrong)
    assert put(name_pattern="{name}.prod").name_pattern == "{name}.prod"
    with pytest.raises(Invalid, match="another registry than the one"):
        put(target=model.registry)


def test_a_registry_in_which_an_environment_lies_is_not_removed(cast, put, target):
    put()
    with pytest.raises(Conflict, match="An environment lies in Elsewhere"):
        remove_registry(registry=target, by=cast.admin)
