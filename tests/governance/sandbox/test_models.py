"""What models answer through the walls, and what is said of broken ones; `test_battery` has the hostile ones."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from governance.sandbox import Limits, SandboxFailure, predict, read_model_file
from governance.sandbox.limits import MEBIBYTE
from governance.sandbox.probe import find_sandbox

FEATURES = pa.table({"a": [1.0, 2.0, 3.0], "b": ["x", "y", None]})
LIMITS = Limits(memory=1024 * MEBIBYTE, wall_seconds=30.0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return [1, 2]", "sandbox.wrong_length"),
        ("return [1.0, float('nan'), 3.0]", "sandbox.not_finite"),
        ("raise SystemExit(0)", "sandbox.predict_failed"),
        ("raise MemoryError", "sandbox.out_of_memory"),
        ("return [[1, 2], [3, 4], [5, 6]]", "sandbox.predict_failed"),
    ],
)
def test_an_answer_that_is_none(estimator, body, code):
    model = estimator(f"class Model:\n    def predict(self, table):\n        {body}")
    with pytest.raises(SandboxFailure) as failure:
        predict(model, FEATURES, limits=LIMITS)
    assert failure.value.message.code == code
    assert "%(" not in str(failure.value)


def test_a_model_that_does_not_load_says_why(estimator):
    with pytest.raises(SandboxFailure) as failure:
        predict(estimator("import package_that_is_not_here"), FEATURES, limits=LIMITS)
    assert failure.value.message.code == "sandbox.load_failed"
    assert "package_that_is_not_here" in str(failure.value)


def test_columns_that_the_model_lacks_are_named(estimator):
    source = """
        class Model:
            feature_names_in_ = ["a", "income"]
            def predict(self, table): return [1] * len(table)
    """
    with pytest.raises(SandboxFailure) as failure:
        predict(estimator(source), FEATURES, limits=LIMITS)
    assert failure.value.message.to_json() == {"code": "sandbox.missing_columns", "params": {"columns": ["income"]}}


def test_texts_and_scores_come_back_in_order(estimator):
    source = """
        import numpy as np
        class Model:
            classes_ = np.array(["no", "yes"])
            def predict(self, table): return np.where(table["a"] > 1.5, "yes", "no")
            def predict_proba(self, table): return np.column_stack([1 - table["a"] / 4, table["a"] / 4])
    """
    found = predict(estimator(source), FEATURES, limits=LIMITS)
    assert found.labels.to_pylist() == ["no", "yes", "yes"]
    assert found.classes == ("no", "yes")
    assert found.scores[:, 1].tolist() == [0.25, 0.5, 0.75]
    assert found.backend == find_sandbox().backend


def test_files_that_only_their_owner_may_read_are_still_given(estimator):
    model = estimator("class Model:\n    def predict(self, table): return [7] * len(table)")
    for path in [model, *model.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert predict(model, FEATURES, limits=LIMITS).labels.to_pylist() == [7, 7, 7]


@pytest.mark.parametrize(
    "text",
    [
        "", "- a list", "flavors: 3", "a: &a [*a, *a", "x" * 100, "flavors: {x: &a [1], y: *a}",
        "flavors: " + "[" * 2000 + "]" * 2000, "flavors: {x: [" + "1," * 250_000 + "]}",
        "flavors: {}\nsize: " + "9" * 10**7,
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_folder_without_a_readable_mlmodel_is_no_model(tmp_path, text):
    (tmp_path / "MLmodel").write_text(text, "utf-8")
    with pytest.raises(SandboxFailure) as failure:
        read_model_file(tmp_path)
    assert failure.value.message.code == "sandbox.not_a_model"


def test_the_signature_names_the_columns_and_those_that_may_be_missing(tmp_path):
    inputs = json.dumps([{"name": "a", "type": "double"}, {"name": "b", "type": "string", "required": False}])
    (tmp_path / "MLmodel").write_text(json.dumps({"flavors": {"x": {}}, "signature": {"inputs": inputs}}), "utf-8")
    assert read_model_file(tmp_path).inputs == ("a", "b")
    assert read_model_file(tmp_path).required == {"a"}
