"""The tree kernel behind the walls: compiled once and for all, compared with shap, and absent without harm."""

from __future__ import annotations

import shutil
import sys

import pytest

from governance.sandbox import Limits, Outcome, find_sandbox, kernels, run
from governance.sandbox.kernels import Kernel, tree_kernel
from governance.sandbox.run import INSIDE

pytestmark = pytest.mark.sandbox
PROGRAM = """
import json, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import answer
answer.claim_output()
task = json.load(open(sys.argv[1]))
sys.path.extend(task["packages"])
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
import trees
from trees import tree_values

X = np.random.default_rng(0).normal(size=(300, 5))
forest = RandomForestClassifier(10, random_state=0).fit(X, X[:, 0] * X[:, 1] > 0)
found = tree_values(forest, X, authority_rows=20)
said = {"kernel": found.kernel, "unasked": tree_values(forest, X, authority_rows=0).authority}
arrays = {"values": found.values[:, :, 1], "base": found.base_values, "output": forest.predict_proba(X)[:, 1]}
arrays["authority"] = found.authority.values[:, :, 1]
try:
    exponential = HistGradientBoostingRegressor(loss="poisson", max_iter=2).fit(X, np.exp(X[:, 0]))
    tree_values(exponential, X, authority_rows=5)
    said["exponential"] = "explained"
except Exception as refusal:
    said["exponential"] = type(refusal).__name__
try:
    halved = GradientBoostingClassifier(loss="exponential", n_estimators=2).fit(X, X[:, 0] > 1)
    tree_values(halved, X, authority_rows=5)
except ValueError as refusal:
    said["unchecked"] = "base value" in str(refusal)
from treeshap.kernel import run
from treeshap.program import _lay_out
said["compiled"] = sum(sum(f.stats.cache_misses.values()) for f in (run, _lay_out))
said["loaded"] = sum(sum(f.stats.cache_hits.values()) for f in (run, _lay_out))
trees.load_kernel = lambda: None
trees._prepared.clear()
alone = tree_values(forest, X[:5])
said["alone"] = [alone.kernel, alone.authority]
arrays["alone"] = alone.values[:, :, 1]
answer.answer(said, arrays)
"""


@pytest.fixture(scope="module")
def here():
    """The sandbox that audits use here; the walls of each backend are tested by themselves."""
    found = find_sandbox()
    assert found is not None
    return found


def test_a_run_loads_the_compiled_kernel_and_is_compared_with_shap(here, tmp_path):
    inside, kernel = tmp_path / "inside", tree_kernel(here)
    shutil.copytree(INSIDE, inside, ignore=shutil.ignore_patterns("__pycache__"))
    (inside / "forest.py").write_text(PROGRAM, "utf-8")
    limits = Limits(wall_seconds=180.0)
    outcome = run(kernel.task, sandbox=here, binds=kernel.binds, code=inside, program="forest.py", limits=limits)
    assert outcome.payload == {
        "kernel": "treeshap", "unasked": None, "exponential": "NotAdditive", "unchecked": True,
        "compiled": 0, "loaded": 2,
        "alone": ["shap", None],
    }  # fmt: skip
    values, theirs = outcome.arrays["values"], outcome.arrays["authority"]
    assert theirs.shape == (20, 5)
    assert abs(values[:20] - theirs).max() < 1e-9
    assert abs(outcome.arrays["alone"] - theirs[:5]).max() < 1e-12
    assert abs(outcome.arrays["base"][1] + values.sum(axis=1) - outcome.arrays["output"]).max() < 1e-12


def test_a_changed_kernel_or_interpreter_has_a_cache_of_its_own(here, tmp_path, monkeypatch):
    first = kernels._key(here, None)
    assert kernels._key(here, None) == first
    assert kernels._key(here, "/usr/bin/python3") != first
    changed = tmp_path / "treeshap"
    shutil.copytree(kernels.PACKAGE, changed)
    (changed / "lanes.py").write_text("LANES = 16", "utf-8")
    monkeypatch.setattr(kernels, "PACKAGE", changed)
    assert kernels._key(here, None) != first


def test_a_kernel_that_does_not_compile_is_left_out(here, tmp_path, monkeypatch, caplog):
    broken = tmp_path / "treeshap"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('broken')", "utf-8")
    monkeypatch.setattr(kernels, "PACKAGE", broken)
    monkeypatch.setattr(kernels, "_cache_folder", lambda: tmp_path)
    assert tree_kernel(here) == Kernel()
    assert "could not be compiled" in caplog.text


@pytest.fixture
def compiled(here, tmp_path, monkeypatch):
    """What comes of an answer of the compiling process, in a cache behind a link."""
    package, cache = tmp_path / "treeshap", tmp_path / "elsewhere"
    package.mkdir()
    cache.mkdir()
    (tmp_path / "cache").symlink_to(cache)
    monkeypatch.setattr(kernels, "PACKAGE", package)
    monkeypatch.setattr(kernels, "_cache_folder", lambda: tmp_path / "cache")

    def compiled(payload) -> Kernel:
        answer = Outcome(payload, {}, "", "", 0.0)
        monkeypatch.setattr(sys.modules["governance.sandbox.run"], "run", lambda *_, **__: answer)
        return tree_kernel(here)

    return compiled


@pytest.mark.parametrize(
    "payload", [{"files": {"../../outside": "aGk="}}, {"files": {"outside": 7}}, {"files": ["outside"]}, {}]
)
def test_files_of_a_cache_stay_within_their_folder(compiled, tmp_path, payload):
    """What the interpreter behind the walls says is not believed."""
    assert compiled(payload) == Kernel()
    assert not list(tmp_path.rglob("outside"))


def test_a_cache_behind_a_link_is_used(compiled):
    kernel = compiled({"files": {"kernel/part.nbi": "aGk="}})
    assert (kernel.binds[kernels.KERNEL_CACHE] / "kernel" / "part.nbi").read_bytes() == b"hi"
