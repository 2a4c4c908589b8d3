"""The page of a registry's gate: whether it holds, what to set at the server, kits that can be withdrawn."""

from __future__ import annotations

import base64
import html
import re
import shlex
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from governance.actions.emergency import make_kit
from governance.gate_report import lacking
from governance.gate_watch import judge_gate
from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.gate import REPORT_FORM
from governance.mlflow_gate.tokens import key_id
from governance.models import EmergencyKit, Finding, MintedToken, Registry
from portal.ledger.key_actions import ensure_key
from portal.ledger.keyring import active_key
from portal.ledger.models import Event
from tests.governance.promotions_made import make_model

pytestmark = pytest.mark.django_db
ADDRESS = "/connections/{}/gate/"


@pytest.fixture
def model(cast, tmp_path, settings):
    settings.KEYS_ROOT = tmp_path / "keys"
    ensure_key()
    return make_model(cast)


@pytest.fixture
def registry(model):
    return model.registry


@pytest.fixture
def kit(cast, registry, model) -> EmergencyKit:
    custodians = [cast.manager, cast.reviewer]
    return make_kit(
        registry=registry, models=[model.name], alias="champion", custodians=custodians, hours=24, by=cast.admin
    )[0]


def page(as_user, user, registry) -> str:
    return as_user(user).get(ADDRESS.format(registry.slug)).content.decode()


def report(registry, **changed):
    registry.synced_at = registry.tried_at = timezone.now()
    key = key_id(base64.b64decode(active_key().public))
    whole = {"form": "x", "version": "1", "keys": [key], "aliases": ["champion", "staging"], "models": ["*"]}
    registry.gate = whole | {"environment_models": [], "server": registry.slug, "problems": []} | changed
    registry.save()


def test_it_says_whether_the_gate_holds(cast, as_user, registry):
    assert "No gate was seen at this server." in page(as_user, cast.admin, registry)
    report(registry)
    assert "The gate refuses what nobody decided." in page(as_user, cast.admin, registry)
    report(registry, aliases=["staging"])
    assert "The gate does not hold all that the policies need." in page(as_user, cast.auditor, registry)


def test_a_gate_that_is_gone_does_not_hold_until_it_is_back(cast, as_user, registry):
    report(registry)
    seen = {**registry.gate, "form": REPORT_FORM, "single_use": True, "uses": []}
    judge_gate(registry, None)
    finding = Finding.objects.open().get()
    shown = page(as_user, cast.admin, Registry.objects.get())
    assert "The gate refuses what nobody decided." not in shown
    assert "The gate does not hold all that the policies need." in shown
    assert "What it said last" in shown
    finding.resolution, finding.state, finding.resolved_by = "accepted", "resolved", cast.reviewer
    finding.reason, finding.resolved_at = "It may stay so.", timezone.now()
    finding.save()
    judge_gate(Registry.objects.get(), None)
    assert "The gate refuses what nobody decided." not in page(as_user, cast.admin, Registry.objects.get())
    judge_gate(Registry.objects.get(), seen)
    assert "The gate refuses what nobody decided." in page(as_user, cast.admin, Registry.objects.get())


def test_of_a_server_that_is_not_read_nothing_is_claimed(cast, as_user, registry):
    report(registry)
    Registry.objects.update(tried_at=timezone.now() - timedelta(days=1))
    shown = page(as_user, cast.admin, Registry.objects.get())
    assert "The gate refuses what nobody decided." not in shown
    assert "Whether the gate holds is not known at the moment." in shown


def test_what_to_set_is_what_a_server_takes(cast, as_user, registry):
    """The lines on the page, read by the gate itself, lack nothing that the policies need."""
    lines = re.findall(r"export (\w+)=(.*)", page(as_user, cast.admin, registry))
    given = {name: shlex.split(html.unescape(value))[0] for name, value in lines}
    read = Configuration.read(given)
    assert given["SEKISHO_PUBLIC_KEY"] == active_key().public
    told = {"aliases": read.aliases, "models": read.models, "environment_models": read.closed, "server": read.server}
    assert read.problems == ()
    assert lacking(told, aliases=["champion", "staging"], patterns=[], live=[], slug=registry.slug) == []


def test_a_kit_is_withdrawn_with_a_reason_by_an_administrator(cast, as_user, registry, kit):
    assert cast.reviewer.name in page(as_user, cast.auditor, registry)
    address = f"{ADDRESS.format(registry.slug)}{kit.pk}/withdraw/"
    assert as_user(cast.auditor).post(address, {"reason": "Lost."}).status_code == 403
    empty = as_user(cast.admin).post(address, {"reason": " "})
    assert empty.status_code == 422
    assert "Nothing was changed." in empty.content.decode()
    assert as_user(cast.admin).post(address, {"reason": "Lost."}).status_code == 302
    assert as_user(cast.admin).post(address, {"reason": "Again."}).status_code == 409
    kit.refresh_from_db()
    assert kit.state == "revoked"
    assert Event.objects.filter(action="emergency.revoke").count() == 1
    assert "/withdraw/" not in page(as_user, cast.admin, registry)


def test_a_kit_that_has_ended_is_not_offered(cast, as_user, registry, kit):
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert "/withdraw/" not in page(as_user, cast.admin, registry)


def test_tokens_tell_what_they_let_through(cast, as_user, registry, model):
    soon = timezone.now() + timedelta(minutes=1)
    MintedToken.objects.create(
        action="alias.set", registry=registry, model=model.name, alias="champion", old="3", new="4", expires_at=soon
    )
    assert "3 → 4" in page(as_user, cast.admin, registry)
