"""The gate on `mlflow server` as it starts by itself: uvicorn, two workers."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.gate.behaviour import Behaviour, aliases, made, move, refused, token
from tests.gate.servers import GateServer
from tests.gate.test_emergency import run

pytestmark = [pytest.mark.mlflow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = GateServer(tmp_path_factory.mktemp("uvicorn"))
    try:
        yield server.start()
    finally:
        server.stop()


class TestUvicorn(Behaviour):
    """All of it."""

    def test_it_is_uvicorn(self, server):
        assert "Uvicorn running" in server.log


def test_two_custodians_move_an_alias_while_the_portal_is_down(server, tmp_path):
    """There and back again, and then the kit is used up; the gate tells of it."""
    from governance.mlflow_gate.emergency import new_passphrase, seal

    name = made(server, versions=3)
    first = token("alias.set", name, "champion", None, "1")
    assert move(server, name, "champion", "1", X_Sekisho_Token=first)[0] == 200
    passphrases = {"Ono": new_passphrase(), "Ito": new_passphrase()}
    sealed = [token("alias.set", name, "champion", "*", "*", life=86_400) for _ in range(2)]
    path = tmp_path / "kit.json"
    path.write_text(json.dumps(seal({name: sealed}, passphrases, address=server.address, alias="champion")), "utf-8")
    both = "\n".join(passphrases.values()) + "\n"
    for version in ("2", "1"):
        done = run(str(path), "--version", version, passphrases=both)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"The alias champion of {name} stands at version {version}.\n"
        assert aliases(server, name) == {"champion": version}
    done = run(str(path), "--version", "3", passphrases=both)
    assert done.returncode == 1
    assert "The token was used already." in done.stderr
    assert aliases(server, name) == {"champion": "1"}
    uses = [use for use in server.gate()["uses"] if use["model"] == name and use["emergency"]]
    assert [(use["old"], use["new"], use["status"]) for use in uses] == [("2", "1", 200), ("1", "2", 200)]


def test_ways_round_that_the_gate_does_not_see(server):
    """Direct SQL and the artifact store pass it by: the portal looks for them afterwards."""
    name = made(server)
    with sqlite3.connect(server.database) as database:
        row = ("default", name, "champion", 2)
        database.execute(
            "INSERT INTO registered_model_aliases (workspace, name, alias, version) VALUES (?, ?, ?, ?)", row
        )
    database.close()
    assert aliases(server, name) == {"champion": "2"}
    status, _ = server.call("/api/2.0/mlflow-artifacts/artifacts/1/models/m-x/artifacts/model.pkl", b"x", method="PUT")
    assert status == 200
    # What was smuggled in does not make a token good that starts from what was decided.
    decided = token("alias.set", name, "champion", None, "1")
    assert refused(move(server, name, "champion", "1", X_Sekisho_Token=decided), "other-change")


@pytest.mark.django_db
def test_a_promotions_move_carries_its_token(server, cast, monkeypatch):
    """The portal's own worker passes, with the key that the server knows; without a token it would not."""
    from governance.connections import connect
    from governance.models import MintedToken, Registry
    from governance.moves import alias
    from governance.registry import Denied
    from portal.ledger import keyring
    from portal.ledger.key_actions import ensure_key
    from tests.gate.test_tokens import PRIVATE
    from tests.governance.promotions_made import approved, audited, make_model, make_version

    monkeypatch.setattr(keyring.secrets, "token_bytes", lambda size: PRIVATE)
    ensure_key()
    name = made(server)
    model = make_model(cast, name, server.address)
    Registry.objects.filter(pk=model.registry_id).update(slug="mlflow-main")
    model.registry.refresh_from_db()
    promotion = approved(cast, audited(make_version(model, 1)))
    remote, underway = connect(model.registry), promotion.move
    with pytest.raises(Denied):
        remote.set_alias(name, underway.alias, 1)
    assert aliases(server, name) == {}
    alias.take(underway, None)
    alias.set_and_read_back(underway, remote)
    assert aliases(server, name) == {"champion": "1"}
    assert MintedToken.objects.get().move == underway
