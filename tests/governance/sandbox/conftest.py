"""Programs and models that do what a hostile author would, and the sandboxes of this host."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import pytest

from governance.sandbox import Limits, run
from governance.sandbox.limits import MEBIBYTE
from governance.sandbox.probe import BACKENDS, candidate, holds

QUICK = Limits(
    memory=512 * MEBIBYTE, wall_seconds=8.0, cpu_seconds=8, output_bytes=4 * MEBIBYTE, scratch_bytes=8 * MEBIBYTE
)
PREAMBLE = """
import json, os, socket, sys
task = json.load(open("/sekisho/input/task.json"))
out = os.fdopen(os.dup(1), "wb"); os.dup2(2, 1)
def answer(**payload):
    text = json.dumps(payload).encode()
    out.write(b"result %d\\n" % len(text) + text); out.close()
def tried(action):
    try:
        return repr(action())
    except BaseException as error:
        return type(error).__name__
"""


@pytest.fixture(scope="session", params=BACKENDS)
def sandbox(request):
    """Each backend in turn; one that does not work here fails the tests and is not passed over."""
    found = candidate(request.param)
    assert found is not None, f"{request.param} is not installed"
    assert holds(found), f"{request.param} does not work on this host"
    return found


@pytest.fixture
def attack(sandbox, tmp_path):
    """Run a program of the attacker in the place of ours, and return what it reports."""

    def run_program(program: str, limits: Limits = QUICK, **task):
        code, model = tmp_path / "code", tmp_path / "model"
        for folder in (code, model):
            folder.mkdir(exist_ok=True)
        (code / "child.py").write_text(PREAMBLE + textwrap.dedent(program), "utf-8")
        return run(task, model_dir=model, code=code, sandbox=sandbox, limits=limits)

    return run_program


@pytest.fixture(scope="session")
def secret(tmp_path_factory) -> Path:
    """A file that only its owner may read."""
    folder = tmp_path_factory.mktemp("private")
    folder.chmod(0o700)
    path = folder / "secret.txt"
    path.write_text("hunter2", "utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def estimator(tmp_path):
    """A logged scikit-learn model made of the given source, whose `Model` is pickled by reference."""

    def make(source: str) -> Path:
        folder = tmp_path / "hostile"
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "hostile_model.py").write_text(textwrap.dedent(source), "utf-8")
        (folder / "model.pkl").write_bytes(b"chostile_model\nModel\n(tR.")
        flavor = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "code": "code"}
        (folder / "MLmodel").write_text(json.dumps({"flavors": {"sklearn": flavor}}), "utf-8")
        return folder

    return make


def running(marker: str) -> list[int]:
    """Processes of this machine whose command line holds a marker."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if marker.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found
