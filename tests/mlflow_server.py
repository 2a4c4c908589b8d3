"""A real MLflow server for tests: one a process, started when first asked for, gone at the end.

Put ``from tests.mlflow_server import mlflow_server, trained`` where the fixtures are needed: however often it
is imported, it is the same server.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from portal.demo.mlflow_server import MlflowServer

ROOT = Path(__file__).parents[1]
PATIENCE = 240


@cache
def shared_server() -> MlflowServer:
    """The server of this process."""
    folder = tempfile.TemporaryDirectory(prefix="sekisho-mlflow-")
    server = MlflowServer(Path(folder.name)).start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop)  # runs first
    return server.wait()


@pytest.fixture(scope="session")
def mlflow_server() -> MlflowServer:
    """A running server with `address`, `home` and `log`."""
    return shared_server()


@cache
def _training(what: str, version: int) -> subprocess.Popen:
    """A training of the demo under way, as the demo starts it."""
    server = shared_server()
    command = [sys.executable, "-m", "portal.demo.training", "--tracking-uri", server.address]
    command += ["--home", str(server.home / "demo"), "--what", what, "--version", str(version)]
    log = (server.home / f"training-{what}-{version}.log").open("wb")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DJANGO", "MLFLOW"))}
    with log:
        return subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=log)


@cache
def _trained(what: str, version: int) -> dict:
    process = _training(what, version)
    output, _ = process.communicate(timeout=PATIENCE)
    log = shared_server().home / f"training-{what}-{version}.log"
    assert process.returncode == 0, log.read_text()[-2000:]
    return json.loads(output)


@pytest.fixture(scope="session")
def trained() -> Callable[..., dict]:
    """``trained("diabetes")`` trains and registers a model of the demo once, and says what came of it."""

    def train(what: str, version: int = 1) -> dict:
        for each in ("diabetes", "imaging"):  # nearly all tests want both, and they train side by side
            _training(each, 1)
        return _trained(what, version)

    return train
