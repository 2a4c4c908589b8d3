"""What the gate at a server says of itself: what it lacks is a finding, and so is a token that nobody signed."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from governance import gate_watch
from governance.actions.findings import resolve
from governance.actions.policies import ensure_default_policy
from governance.gate_report import shortcomings
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


def sealed(cast, registry) -> EmergencyKit:
    soon = timezone.now() + timedelta(hours=1)
    return EmergencyKit.objects.create(
        registry=registry, model_names=["credit-limit"], alias="champion", sealed="x", made_by=cast.admin,
        custodians=[str(cast.reviewer.pseudonym), str(cast.manager.pseudonym)], expires_at=soon, event=uuid.uuid4(),
    )  # fmt: skip


def signed(registry, jti: str, kit: EmergencyKit | None = None) -> MintedToken:
    given = {"action": "alias.set", "registry": registry, "model": "credit-limit", "alias": "champion"}
    return MintedToken.objects.create(jti=jti, kit=kit, expires_at=timezone.now() + timedelta(minutes=1), **given)


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


@pytest.fixture
def server_says(monkeypatch):
    """`server_says(report)`: what the server answers where its gate is asked."""

    def say(answer: dict) -> SimpleNamespace:
        monkeypatch.setattr("governance.registry.http.call_json", lambda *_args, **_more: answer)
        return SimpleNamespace(deadline=9.0, address="http://127.0.0.1:9", endpoint=None)

    return say


def check(registry) -> tuple[str, int]:
    """What `manage.py gate check` prints, and its exit status."""
    out = StringIO()
    try:
        call_command("gate", "check", "--registry", registry.slug, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


NONSENSE = [
    *({"aliases": 5}, {"uses": [5]}, {"keys": [["x"]]}, {"problems": ["x" * 9999]}, {"version": ["x"]}),
    *({"server": "\x00"}, {"uses": [{"jti": "x", "new": "x" * 9999}]}, {"single_use": {}}, {"form": "another/1"}),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_report_of_another_form_is_no_gate(registry, server_says, nonsense):
    registry.gate = {"server": registry.slug}
    registry.save()
    remote = server_says(report(registry, **nonsense))
    told, status = check(registry)
    assert (told, status) == (str(shortcomings(registry, None)[0]), 1)
    assert kinds() == ["gate_off"]
    watch_gate(registry, remote)
    assert kinds() == ["gate_off"]


def test_the_command_reads_a_gate_as_a_poll_does(cast, registry, server_says):
    """An emergency that the command meets first has its review all the same."""
    make.make_model(cast.team, registry=registry)
    kit, jti = sealed(cast, registry), str(uuid.uuid4())
    signed(registry, jti, kit)
    remote = server_says(report(registry, uses=[use(jti, emergency=True)]))
    told, status = check(registry)
    assert "An emergency kit was used: champion of credit-limit to version 2." in told
    assert (status, kinds()) == (0, ["review"])
    watch_gate(registry, remote, always=True)
    assert kinds() == ["review"]


def test_a_key_has_one_name_in_the_list_of_keys_the_check_and_the_page(cast, as_user, registry, server_says):
    name, listed = active_key().key_id, StringIO()
    call_command("keys", "list", stdout=listed)
    assert listed.getvalue().startswith(f"{name} ")
    server_says(report(registry, keys=[*report(registry)["keys"], "deadbeef"]))
    told, _status = check(registry)
    assert f"keys{'':<16}{name}, deadbeef (no key of this ledger)\n" in told
    page = as_user(cast.admin).get(f"/connections/{registry.slug}/gate/").content.decode()
    assert f"<code>{name}</code>, <code>deadbeef</code>" in page
    assert page.count("no key of this ledger") == 1
    assert report(registry)["keys"][0] not in told + page


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
    signed(registry, ours)
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
    jti = str(uuid.uuid4())
    signed(registry, jti, sealed(cast, registry))
    said = report(registry, uses=[use(jti, emergency=True)])
    judge_gate(registry, said)
    judge_gate(registry, said)
    found = Finding.objects.get()
    assert (found.kind, found.severity, found.model.name) == ("review", "critical", "credit-limit")
    assert found.environment == "production"  # so that the period pack of production tells of it
    given = {"resolution": "justified", "reason": "It was needed."}
    with pytest.raises(Forbidden):
        resolve(finding=found, by=cast.reviewer, **given)
    other = type(cast.reviewer).objects.create_user("other@example.org", "x", name="Other", is_reviewer=True)
    resolve(finding=found, by=other, **given)
    judge_gate(registry, said)
    assert kinds() == []
