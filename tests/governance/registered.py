"""Small models in a real MLflow server, made with the plain client in another process."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.mlflow_server import shared_server

MAKE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])
experiment = client.create_experiment("moves")
run = client.create_run(experiment).info
for number in ("1", "2", "3"):
    client.log_text(run.run_id, "artifact_path: model " + number, f"model{number}/MLmodel")
for name in sys.argv[2:]:
    client.create_registered_model(name)
    for number in ("1", "2", "3"):
        client.create_model_version(name, f"{run.artifact_uri}/model{number}", run.run_id)
"""
NAMES = [f"moved-{i}" for i in range(48)]


# Imports MLflow once; then one program a line, each with names and output of its own.
SERVING = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    program, sys.argv = json.loads(line)
    said, failure = io.StringIO(), ""
    with contextlib.redirect_stdout(said):
        try:
            exec(program, {"__name__": "__main__"})
        except BaseException:
            failure = traceback.format_exc()
    print(json.dumps([said.getvalue(), failure]), flush=True)
"""


@cache
def _plain_client() -> subprocess.Popen:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "MLFLOW"))}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", SERVING], env=clean, text=True, **pipes)
    atexit.register(process.communicate)  # it ends with its input
    return process


def plain_client(program: str, *words: str) -> str:
    """Run a program with the plain MLflow client, in another process, which lives as long as this one."""
    process = _plain_client()
    process.stdin.write(json.dumps([program, ["-c", shared_server().address, *words]]) + "\n")
    process.stdin.flush()
    said, failure = json.loads(process.stdout.readline())
    assert not failure, failure[-2000:]
    return said


@cache
def _names():
    plain_client(MAKE, *NAMES)
    return itertools.cycle(NAMES)


@pytest.fixture
def registered_name(mlflow_server) -> str:
    """The name of a model with three versions in the server, which no other test uses."""
    return next(_names())


def alias_by_plain_client(name: str) -> dict[str, str]:
    """All aliases of a model, as MlflowClient reads them."""
    program = (
        "import json, sys; from mlflow import MlflowClient; "
        "print(json.dumps(MlflowClient(sys.argv[1], sys.argv[1]).get_registered_model(sys.argv[2]).aliases))"
    )
    return json.loads(plain_client(program, name).strip().splitlines()[-1])
