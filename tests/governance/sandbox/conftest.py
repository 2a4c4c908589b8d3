"""Models for tests of the sandbox, without the seconds that logging one takes."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest


@pytest.fixture
def estimator(tmp_path):
    """A logged scikit-learn model made of the given source, whose `Model` is pickled by reference."""

    def make(source: str) -> Path:
        folder = tmp_path / "model"
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "own_model.py").write_text(textwrap.dedent(source), "utf-8")
        (folder / "model.pkl").write_bytes(b"cown_model\nModel\n(tR.")
        flavor = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "code": "code"}
        (folder / "MLmodel").write_text(json.dumps({"flavors": {"sklearn": flavor}}), "utf-8")
        return folder

    return make
