"""The gate on `mlflow server` as it starts by itself: uvicorn, two workers."""

from __future__ import annotations

import pytest

from tests.gate.behaviour import Behaviour
from tests.gate.servers import GateServer

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
