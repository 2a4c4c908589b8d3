"""Small models in a real MLflow server, made with the plain client in a process of its own."""

from __future__ import annotations

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


def plain_client(program: str, *words: str) -> str:
    """Run a program with the plain MLflow client."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "MLFLOW"))}
    command = [sys.executable, "-c", program, shared_server().address, *words]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


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
