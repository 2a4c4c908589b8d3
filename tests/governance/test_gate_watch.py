"""What the gate at a server says of itself: what it lacks is a finding, and so is a token that nobody signed."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from governance import gate_watch
from governance.actions.findings import resolve
from governance.actions.policies import ensure_default_policy
from governance.gate_watch import judge_gate, watch_gate
from governance.mlflow_gate.gate import REPORT_FORM
from governance.mlflow_gate.tokens import key_id
from governance.models import EmergencyKit, Finding, MintedToken
from governance.registry.errors import Unreachable
from portal.ledger.keyring import active_key
from portal.ledger.signing import checkpoint_now
from portal.message import Message
from portal.web.errors import Forbidden
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry(cast):
    ensure_default_policy()
    checkpoint_now()  # makes the key
    return make.make_registry()


def report(registry, **changes) -> dict:
    key = key_id(base64.b64decode(active_key().public))
    return {
        "form": REPORT_FORM, "version": "1", "keys": [key], "aliases": ["*"], "models": ["*"],
        "environment_models": [], "server": registry.slug, "single_use": True, "problems": [], "uses": [],
    } | changes  # fmt: skip


def use(jti: str, **changes) -> dict:
    given = {"jti": jti, "action": "alias.set", "model": "credit-limit", "alias": "champion", "old": "1", "new": "2"}
    return given | {"emergency": False, "at": 1, "status": 200} | changes


def kinds() -> list[str]:
    return sorted(Finding.objects.open().values_list("kind", flat=True))


def test_a_server_without_a_gate_lacks_none_until_one_was_seen(registry):
    judge_gate(registry, None)
    assert kinds() == []
    judge_gate(registry, report(registry))
    assert kinds() == []
    registry.refresh_from_db()
    assert registry.gate["server"] == registry.slug
    judge_gate(registry, None)
    assert kinds() == ["gate_off"]
    judge_gate(registry, report(registry))
    assert kinds() == []


@pytest.mark.parametrize("lack", [{"keys": []}, {"aliases": []}, {"server": "another"}, {"problems": ["disk"]}])
def test_what_a_gate_lacks_is_one_finding(registry, lack):
    judge_gate(registry, report(registry, **lack))
    judge_gate(registry, report(registry, **lack))
    found = Finding.objects.get()
    assert (found.kind, found.severity, len(found.detail["reasons"])) == ("gate_off", "high", 1)


@pytest.mark.parametrize("nonsense", [{"aliases": 5}, {"uses": [5]}, {"keys": [["x"]]}, {"problems": ["x" * 9999]}])
def test_a_report_of_another_form_is_no_gate(registry, monkeypatch, nonsense):
    registry.gate = {"server": registry.slug}
    monkeypatch.setattr(gate_watch, "fetch", lambda remote: report(registry, **nonsense))
    watch_gate(registry, None)
    assert kinds() == ["gate_off"]


def test_a_server_that_does_not_answer_is_not_judged(registry, monkeypatch):
    def down(remote):
        raise Unreachable(Message("registry.unreachable", {"address": "x", "detail": "y"}))

    registry.gate = {"server": registry.slug}
    monkeypatch.setattr(gate_watch, "fetch", down)
    watch_gate(registry, None, always=True)
    assert kinds() == []


def test_a_poll_asks_only_where_a_gate_was_seen(registry, monkeypatch):
    asked = []
    monkeypatch.setattr(gate_watch, "fetch", lambda remote: asked.append(remote))
    watch_gate(registry, "poll")
    watch_gate(registry, "sweep", always=True)
    registry.gate = {"server": registry.slug}
    watch_gate(registry, "poll")
    assert asked == ["sweep", "poll"]


def test_a_token_that_was_not_signed_here_is_told_once(cast, registry):
    make.make_model(cast.team, registry=registry)
    ours, theirs, failed = (str(uuid.uuid4()) for _ in range(3))
    soon = timezone.now() + timedelta(minutes=1)
    MintedToken.objects.create(
        jti=ours, action="alias.set", registry=registry, model="credit-limit", alias="champion", expires_at=soon
    )
    said = report(registry, uses=[use(ours), use(theirs), use(failed, status=404), use("no-uuid")])
    judge_gate(registry, said)
    judge_gate(registry, said)
    found = list(Finding.objects.all())
    assert [one.kind for one in found] == ["token_unknown", "token_unknown"]
    assert {one.severity for one in found} == {"critical"}
    assert {one.model.team for one in found} == {cast.team}
    assert MintedToken.objects.get().used_at


def test_an_emergency_is_reviewed_by_others_than_its_custodians(cast, registry):
    make.make_model(cast.team, registry=registry)
    soon, jti = timezone.now() + timedelta(hours=1), str(uuid.uuid4())
    kit = EmergencyKit.objects.create(
        registry=registry, model_names=["credit-limit"], alias="champion", sealed="x", made_by=cast.admin,
        custodians=[str(cast.reviewer.pseudonym), str(cast.manager.pseudonym)], expires_at=soon, event=uuid.uuid4(),
    )  # fmt: skip
    MintedToken.objects.create(
        jti=jti, action="alias.set", registry=registry, model="credit-limit", alias="champion", kit=kit, expires_at=soon
    )
    said = report(registry, uses=[use(jti, emergency=True)])
    judge_gate(registry, said)
    judge_gate(registry, said)
    found = Finding.objects.get()
    assert (found.kind, found.severity, found.model.name) == ("review", "critical", "credit-limit")
    assert found.environment == "production"  # so that the period pack of production tells of it
    given = {"resolution": "reviewed", "reason": "It was needed."}
    with pytest.raises(Forbidden):
        resolve(finding=found, by=cast.reviewer, **given)
    other = type(cast.reviewer).objects.create_user("other@example.org", "x", name="Other", is_reviewer=True)
    resolve(finding=found, by=other, **given)
    judge_gate(registry, said)
    assert kinds() == []
