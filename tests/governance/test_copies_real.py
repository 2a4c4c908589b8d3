"""Copies, rollbacks and restorations in a real MLflow server."""

from __future__ import annotations

import json

import pytest

from governance.actions import policies
from governance.actions.places import set_place
from governance.actions.rollback import rollback
from governance.connections import connect
from governance.in_force import in_force
from governance.mirror import sync
from governance.models import Finding, ModelVersion, RegisteredModel
from portal.jobs.runner import drain
from tests.governance.promotions_made import approved
from tests.governance.registered import alias_by_plain_client, plain_client, registered_name  # noqa: F401
from tests.governance.test_moves import alias, model, moved_events, version  # noqa: F401
from tests.mlflow_server import mlflow_server  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]
READ = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1], sys.argv[1])
found = client.search_model_versions(f"name = '{sys.argv[2]}'")
print(json.dumps([[int(one.version), one.source, one.tags.get("sekisho.move"), one.run_id] for one in found]))
"""


def versions(name: str) -> list:
    return sorted(json.loads(plain_client(READ, name).strip().splitlines()[-1]))


def test_a_rollback_sets_the_alias_back(cast, model, version):  # noqa: F811
    one = version(1)
    approved(cast, one)
    drain()
    approved(cast, version(2))
    drain()
    assert alias(model) == "2"
    promotion = rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member)
    drain()
    promotion.refresh_from_db()
    assert (promotion.state, alias_by_plain_client(model.name)) == ("done", {"champion": "1"})
    assert len(moved_events(promotion)) == 1


def test_promoted_versions_are_copied_into_the_environments_own_model(cast, model, version):  # noqa: F811
    there = f"prod.{model.name}"
    set_place(
        registry=model.registry, environment="production", kind="model", name_pattern="prod.{name}", by=cast.admin
    )
    one = version(1)
    first = approved(cast, one)
    drain()
    first.refresh_from_db()
    assert (first.state, first.move.target_number) == ("done", 1)
    assert alias_by_plain_client(there) == {"champion": "1"}
    assert alias_by_plain_client(model.name) == {}
    ((number, _source, mark, run),) = versions(there)
    original = connect(model.registry).version(model.name, 1)
    assert (number, mark, run) == (1, str(first.move.tag), original.run_id)
    files = connect(model.registry).model_files
    assert files(there, 1).digest == files(model.name, 1).digest == one.artifact_digest

    second = approved(cast, version(2))
    drain()
    assert alias_by_plain_client(there) == {"champion": "2"}
    back = rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member)
    drain()
    back.refresh_from_db()
    assert back.state == "done"
    assert alias_by_plain_client(there) == {"champion": "1"}
    assert [number for number, *_rest in versions(there)] == [1, 2]
    second.refresh_from_db()

    # Nothing of it looks strange to the next sweep, and the copies keep where they come from.
    sync(model.registry, connect(model.registry))
    target = RegisteredModel.objects.get(name=there)
    assert (target.origin, target.aliases, target.deleted_at) == (model, {"champion": 1}, None)
    copies = ModelVersion.objects.filter(model=target).order_by("number")
    assert [copy.copied_from.number for copy in copies] == [1, 2]
    about = Finding.objects.open().filter(model=model)
    assert [finding.kind for finding in about] == []


def test_a_worker_whose_answer_was_lost_finds_its_copy(cast, model, version, monkeypatch):  # noqa: F811
    from governance.registry import Connection
    from portal.message import Message

    set_place(
        registry=model.registry, environment="production", kind="model", name_pattern="live.{name}", by=cast.admin
    )
    promotion = approved(cast, version(1))
    real = Connection.create_version

    def lost(self, *args, **more):
        from governance.registry import TimedOut

        real(self, *args, **more)
        raise TimedOut(Message("registry.timeout", {"address": self.address, "seconds": 1.0}))

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "create_version", lost)
        from tests.governance.test_moves import again

        again(promotion)
        promotion.refresh_from_db()
        assert promotion.move.error["code"] == "move.retry"
    again(promotion)
    promotion.refresh_from_db()
    assert promotion.state == "done"
    assert len(versions(f"live.{model.name}")) == 1


def test_an_alias_moved_by_hand_is_found_and_put_back(cast, model, version):  # noqa: F811
    version(2)
    approved(cast, version(1))
    drain()
    text = in_force()[0].text
    policies.publish(text=text.replace("    alias: champion\n", "    alias: champion\n    restore: auto\n"), by=None)
    sync(model.registry, connect(model.registry))
    connect(model.registry).set_alias(model.name, "champion", 2)
    sync(model.registry, connect(model.registry))
    about = Finding.objects.open().filter(model=model, kind="alias_moved")
    assert about.count() == 1
    drain()
    assert alias_by_plain_client(model.name) == {"champion": "1"}
    sync(model.registry, connect(model.registry))
    assert not about.exists()
