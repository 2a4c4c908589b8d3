"""The gate on `mlflow server --gunicorn-opts`: two workers, and then one without a key."""

from __future__ import annotations

import pytest

from tests.gate.behaviour import REST, Behaviour, aliases, made, move, refused, token
from tests.gate.servers import GateServer, opened

pytestmark = [pytest.mark.mlflow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = GateServer(tmp_path_factory.mktemp("gunicorn"), gunicorn=True)
    try:
        yield server.start()
    finally:
        server.stop()


class TestGunicorn(Behaviour):
    """All of it."""

    def test_it_is_gunicorn(self, server):
        assert "Booting worker" in server.log


class TestWithoutAKey:
    """The same server, started again with no key and nowhere to note used tokens."""

    @pytest.fixture(scope="class")
    def closed(self, server):
        name = made(server)
        assert (
            move(server, name, "champion", "1", X_Sekisho_Token=token("alias.set", name, "champion", None, "1"))[0]
            == 200
        )
        server.stop()
        server.workers = 1  # each imports all of MLflow, and without a key there is nothing that two would share
        server.environ |= {"SEKISHO_PUBLIC_KEY": "", "SEKISHO_STATE": ""}
        server.start()
        return server, name

    def test_every_governed_change_is_refused(self, closed):
        server, name = closed
        good = token("alias.set", name, "champion", "1", "2")
        assert refused(move(server, name, "champion", "2"), "closed")
        assert refused(move(server, name, "champion", "2", X_Sekisho_Token=good), "closed")
        alias = {"name": name, "alias": "champion"}
        assert refused(server.call(f"{REST}/registered-models/alias", alias, method="DELETE"), "closed")
        version = {"name": name, "version": "2"}
        assert refused(server.call(f"{REST}/model-versions/delete", version, method="DELETE"), "closed")
        stage = version | {"stage": "Production", "archive_existing_versions": False}
        assert refused(server.call(f"{REST}/model-versions/transition-stage", stage), "closed")
        assert refused(server.call(f"{REST}/registered-models/rename", {"name": name, "new_name": "x"}), "closed")
        assert refused(server.call(f"{REST}/registered-models/delete", {"name": name}, method="DELETE"), "closed")
        tag = version | {"key": "sekisho.move", "value": "x"}
        assert refused(server.call(f"{REST}/model-versions/set-tag", tag), "closed")
        assert aliases(server, name) == {"champion": "1"}

    def test_everything_else_goes_on(self, closed):
        server, name = closed
        client = opened(server.address)
        client.set_registered_model_alias(name, "challenger", "2")
        prompt = client.register_prompt(f"{name}-prompt", "Say {{ word }}.")
        client.set_prompt_alias(prompt.name, "champion", prompt.version)
        assert made(server)

    def test_it_says_so(self, closed):
        server, _ = closed
        report = server.gate()
        assert report["keys"] == []
        assert report["single_use"] is False
        assert len(report["problems"]) == 2
        assert "SEKISHO_PUBLIC_KEY is not set" in server.log
