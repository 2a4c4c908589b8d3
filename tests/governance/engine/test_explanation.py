"""The explanation audit: exact where it says so, honest about ties, and never a pass it did not earn."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from governance.engine.explanation import audit as explanation
from governance.engine.explanation.audit import audit_explanation
from governance.engine.explanation.importance import importances
from governance.engine.explanation.rows import choose_rows
from governance.engine.tables import EvaluationDataError
from governance.sandbox import Limits, SandboxFailure
from governance.sandbox.kernels import Kernel
from portal.message import Message

LIMITS = Limits(wall_seconds=180.0)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 400
    return pd.DataFrame(
        {
            "income": rng.normal(50, 10, n),
            "age": rng.integers(18, 80, n),
            "noise": rng.random(n),
            "sex": rng.choice(["F", "M"], n),
            "region": pd.Categorical(rng.choice(list("abc"), n)),
        }
    )


@pytest.fixture(scope="module")
def approved(people):
    return ((people.income - 50) / 10 + (people.sex == "M") * 1.0 - (people.region == "c") > 0.3).astype(int)


def log(folder: Path, estimator, columns) -> Path:
    """Write a model's folder as MLflow does."""
    import cloudpickle

    folder.mkdir()
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(estimator))
    inputs = json.dumps([{"name": name, "type": "double", "required": True} for name in columns])
    flavor = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle"}
    model = {"flavors": {"sklearn": flavor}, "signature": {"inputs": inputs}}
    (folder / "MLmodel").write_text(json.dumps(model), "utf-8")
    return folder


def audit(model, table, **options):
    options = {"rows": 12, "background": 10, "limits": LIMITS} | options
    return audit_explanation(model_dir=model, features=pa.Table.from_pandas(table, preserve_index=False), **options)


def test_a_linear_pipeline_is_exact_on_its_original_columns(people, approved, tmp_path):
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = make_column_transformer(
        (StandardScaler(), ["income", "age", "noise"]), (OneHotEncoder(drop="first"), ["sex", "region"])
    )
    model = make_pipeline(columns, LogisticRegression()).fit(people, approved)
    postcode = people.assign(postcode=np.where(people.sex == "M", "1", "2"))
    found = audit(log(tmp_path / "m", model, people.columns), postcode, sensitive=["sex", "postcode"])
    assert (found.verdict, found.method, found.output, found.output_class) == ("pass", "linear", "margin", 1)
    assert found.max_error <= found.tolerance
    assert found.background == len(people), "the whole background, not shap's hundred rows"
    assert found.kernel == "closed form"
    assert found.authority.rows == 12
    assert 0 < found.authority.tolerance <= 1e-6
    assert found.authority.max_error < found.authority.tolerance

    sample = choose_rows(
        pa.Table.from_pandas(people, preserve_index=False), columns=None, rows=12, background=10_000, seed=0
    )
    matrix, weights = columns.transform(people), model[-1].coef_[0]
    parts = (matrix[sample.numbers] - matrix.mean(axis=0)) * weights
    expected = {
        "income": parts[:, 0], "age": parts[:, 1], "noise": parts[:, 2],
        "sex": parts[:, 3], "region": parts[:, 4] + parts[:, 5],
    }  # fmt: skip
    for item in found.importance:
        assert item.mean_abs == pytest.approx(np.abs(expected[item.feature]).mean(), abs=1e-9)
    reliance = np.abs(expected["sex"]).mean() / sum(np.abs(v).mean() for v in expected.values())
    assert found.sensitive_reliance == pytest.approx(reliance)
    assert [(item.feature, item.used) for item in found.sensitive] == [("sex", True), ("postcode", False)]
    local = found.local[0]
    assert local.row == sample.numbers[0]
    assert local.base + sum(part for _, _, part in local.contributions) == pytest.approx(local.prediction)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_forest_as_mlflow_logs_it_by_default_is_explained_exactly(people, approved, tmp_path, monkeypatch):
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    monkeypatch.chdir(tmp_path)  # not a project with a lock file to export
    frame = people.drop(columns="region")
    encode = make_column_transformer((OrdinalEncoder(), ["sex"]), remainder="passthrough")
    model = make_pipeline(encode, RandomForestClassifier(10, max_depth=4, random_state=0)).fit(frame, approved)
    mlflow.sklearn.save_model(
        model,
        str(tmp_path / "m"),
        signature=infer_signature(frame, model.predict(frame)),
        pip_requirements=["scikit-learn"],
        skops_trusted_types=[
            "sklearn.compose._column_transformer._RemainderColsList", "numpy.dtype", "sklearn.tree._tree.Tree",
        ],
    )  # fmt: skip
    assert "skops" in (tmp_path / "m" / "MLmodel").read_text()
    found = audit(tmp_path / "m", people.assign(approved=approved), rows=30)
    assert (found.verdict, found.method, found.output, found.background) == ("pass", "tree", "probability", 0)
    assert (found.kernel, found.authority.rows) == ("treeshap", 20)
    assert found.authority.max_error < 1e-9
    assert found.stability is None
    assert found.importance[0].feature == "income"
    assert found.importance[0].direction == "up"
    assert {item.feature for item in found.importance} == set(frame.columns)
    probability = model.predict_proba(frame)[found.local[0].row, 1]
    assert found.local[0].prediction == pytest.approx(probability)


SCORE = """
    import numpy as np
    class Model:
        feature_names_in_ = ["income", "sex", "region"]
        def predict(self, table):
            late = (table["region"].astype(str) == "c").to_numpy(float)
            return table["income"].to_numpy() * np.where(table["sex"] == "M", 2.0, 1.0) - 30 * late
"""


@pytest.fixture
def source_model(tmp_path):
    def make(source: str) -> Path:
        folder = tmp_path / "source"
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "own_model.py").write_text(textwrap.dedent(source), "utf-8")
        (folder / "model.pkl").write_bytes(b"cown_model\nModel\n(tR.")
        flavor = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "code": "code"}
        (folder / "MLmodel").write_text(json.dumps({"flavors": {"sklearn": flavor}}), "utf-8")
        return folder

    return make


def test_any_other_model_gets_the_shapley_values_of_its_original_columns(people, source_model):
    """Text and category columns included; against the definition, over all coalitions."""
    found = audit(source_model(SCORE), people, rows=4, background=6, drop=["noise"])
    assert (found.verdict, found.method, found.output, found.background) == ("pass", "permutation", "prediction", 6)

    names = ["income", "sex", "region"]
    sample = choose_rows(
        pa.Table.from_pandas(people, preserve_index=False), columns=None, rows=4, background=10_000, seed=0
    )
    table = sample.table.to_pandas()
    rows, behind = table.iloc[:4], table.iloc[4:10]
    space: dict = {}
    exec(textwrap.dedent(SCORE), space)
    model = space["Model"]()

    def worth(row, known) -> float:
        mixed = behind.copy()
        for name in known:
            mixed[name] = pd.Series([row[name]] * len(mixed), index=mixed.index).astype(behind[name].dtype)
        return float(model.predict(mixed).mean())

    for local, (_, row) in zip(found.local, rows.iterrows(), strict=True):
        for name, value, part in local.contributions:
            others = [n for n in names if n != name]
            expected = sum(
                math.factorial(k) * math.factorial(2 - k) / 6 * (worth(row, (*c, name)) - worth(row, c))
                for k in range(3)
                for c in itertools.combinations(others, k)
            )
            assert part == pytest.approx(expected, abs=1e-9)
            assert value == row[name]


def test_a_model_that_answers_otherwise_each_time_fails(people, source_model):
    source = """
        import numpy as np
        class Model:
            def predict(self, table): return np.random.default_rng().random(len(table))
    """
    found = audit(source_model(source), people)
    assert found.verdict == "fail"
    assert found.max_error > found.tolerance
    assert found.message.code == "explanation.fail"


def test_an_explanation_that_hangs_on_its_background_is_no_pass(people, source_model):
    found = audit(source_model(SCORE), people, rows=3, background=1, drop=["noise", "age"])
    assert (found.verdict, found.message.code) == ("inconclusive", "explanation.unstable")
    assert found.stability.largest_change > 0.1
    assert found.to_json()["stability"]["stable"] is False
    assert found.max_error <= found.tolerance, "it adds up, and is still no evidence"


def test_an_answer_that_is_not_finite_is_not_evaluated(people, source_model):
    found = audit(source_model("class Model:\n    def predict(self, t): return [float('nan')] * len(t)"), people)
    assert found.verdict == "not_evaluated"
    assert found.message.params["why"].code in ("sandbox.not_finite", "sandbox.explain_failed")
    assert found.to_json()["importance"] == []


def test_without_a_sandbox_nothing_runs_and_nothing_passes(people, source_model, monkeypatch):
    monkeypatch.setattr(explanation, "find_sandbox", lambda: None)
    monkeypatch.setattr(explanation, "run", lambda *a, **k: pytest.fail("the model was run"))
    found = audit(source_model(SCORE), people)
    assert found.verdict == "not_evaluated"
    assert "No sandbox works on this host" in str(found.message)
    assert found.sensitive_reliance is None
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["schema"] == "sekisho.explanation/1"


def test_the_kernel_is_compiled_for_the_interpreter_that_runs_the_model(people, source_model, monkeypatch):
    asked = []

    def run(*args, **given):
        asked.append(given["interpreter"])
        raise SandboxFailure(Message("sandbox.none"))

    monkeypatch.setattr(explanation, "tree_kernel", lambda sandbox, interpreter: asked.append(interpreter) or Kernel())
    monkeypatch.setattr(explanation, "run", run)
    audit(source_model(SCORE), people, interpreter="/opt/other/bin/python")
    assert asked == ["/opt/other/bin/python"] * 2


@pytest.mark.parametrize(
    ("change", "arrays"),
    [
        ({"method": "trust me"}, {}),
        ({"columns": ["income", "income"]}, {}),
        ({"columns": ["income", "password"]}, {}),
        ({}, {"values": np.zeros((12, 3))}),
        ({}, {"values": np.full((12, 2), np.inf)}),
        ({}, {"output": np.zeros(11)}),
        ({}, {"base": None}),
        ({"rows": 1}, {}),
        ({"rows": 13}, {}),
        ({"rows": True}, {}),
        ({"kernel": "magic"}, {}),
        ({"class": "x" * 10_000}, {}),
        ({"class": ["x"]}, {}),
        ({"method": ["tree"]}, {}),
        ({}, {"authority_values": None}),
        ({}, {"authority_base": np.zeros(0), "authority_values": np.zeros((0, 2))}),
        ({}, {"authority_values": np.full((3, 2), np.nan)}),
        ({"method": "linear", "kernel": "closed form"}, {}),
        ({"method": "linear", "kernel": "closed form"}, {"repeats": np.zeros((3, 0, 2))}),
        ({"method": "linear", "kernel": "closed form"}, {"repeats": np.zeros((3, 13, 2))}),
        ({"method": "permutation", "kernel": "shap"}, {"repeats": np.zeros((3, 12, 3))}),
    ],
)
def test_a_forged_explanation_is_not_believed(people, source_model, monkeypatch, change, arrays):
    from governance.sandbox import Outcome

    payload = {
        "method": "tree", "kernel": "treeshap", "columns": ["income", "sex"], "kind": "margin", "class": 1, "rows": 12,
        "verdict": "pass",
    }  # fmt: skip
    zeros = {"base": (12,), "values": (12, 2), "output": (12,), "authority_base": (3,), "authority_values": (3, 2)}
    made = {name: np.zeros(shape) for name, shape in zeros.items()} | arrays
    outcome = Outcome(payload | change, {k: v for k, v in made.items() if v is not None}, "", "bubblewrap", 1.0)
    monkeypatch.setattr(explanation, "run", lambda *a, **k: outcome)
    assert audit(source_model(SCORE), people).verdict == "not_evaluated"


def test_values_that_differ_from_shaps_are_no_evidence(people, source_model, monkeypatch):
    from governance.sandbox import Outcome

    payload = {
        "method": "tree", "kernel": "treeshap", "columns": ["income", "sex"], "kind": "margin", "class": 1, "rows": 12,
    }  # fmt: skip
    values = np.array([[0.5, -0.5]] * 12)
    arrays = {"base": np.zeros(12), "values": values, "output": np.zeros(12), "authority_base": np.zeros(2)}
    arrays["authority_values"] = values[:2] + np.array([[0, 0], [0, 1e-5]])
    monkeypatch.setattr(explanation, "run", lambda *a, **k: Outcome(payload, arrays, "", "bubblewrap", 1.0))
    found = audit(source_model(SCORE), people)
    assert (found.verdict, found.message.code) == ("fail", "explanation.disagrees")
    assert found.authority.max_error == pytest.approx(1e-5)


def test_the_sample_ends_when_the_importance_is_known_well_enough(tmp_path):
    """Of many rows some; the reached precision is computed here, and the error of those left out is as small."""
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(0, 1, (12_000, 3)), columns=list("abc"))
    weights = {"a": 3.0, "b": -2.0, "c": 1.0}
    model = LinearRegression().fit(table, table @ list(weights.values()))
    found = audit(log(tmp_path / "m", model, list("abc")), table, rows=12_000, precision=0.05, background=100)
    assert (found.verdict, found.sampling.stopped) == ("pass", "precision")
    assert 200 <= found.rows_used < 3_000
    assert 0 < found.sampling.reached <= 0.05
    true = {name: (weight * (table[name] - table[name].mean())).abs().mean() for name, weight in weights.items()}
    for item in found.importance:
        assert item.mean_abs == pytest.approx(true[item.feature], rel=0.05)
        assert item.low <= item.mean_abs <= item.high
    assert found.background_digest.startswith("sha256:")
    assert {local.why for local in found.local} == {"sample", "lowest", "highest"}


def test_ties_are_shown_as_ties():
    rng = np.random.default_rng(0)
    twins = rng.normal(0, 1, (300, 2))
    values = np.column_stack([twins[:, 0], rng.normal(0, 5, 300), twins[:, 1], np.zeros(300), np.zeros(300)])
    ranked = importances(values, list("abcde"), {}, seed=0)
    assert ranked[0].feature == "b"
    assert ranked[0].rank == (1, 1)
    by_name = {item.feature: item for item in ranked}
    assert by_name["a"].rank == by_name["c"].rank == (2, 3)
    assert by_name["a"].tied_with == ("c",)
    assert by_name["d"].rank == (4, 5)
    assert by_name["e"].low == by_name["e"].high == 0.0
    assert all(item.low <= item.mean_abs <= item.high for item in ranked)
    assert sum(item.share for item in ranked) == pytest.approx(1)


def test_intervals_hold_the_true_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    true = math.sqrt(2 / math.pi)
    held = 0
    for seed in range(200):
        item = importances(rng.normal(0, 1, (100, 1)), ["a"], {}, seed=seed)[0]
        held += item.low <= true <= item.high
    assert 0.88 <= held / 200 <= 0.99


def test_direction_is_the_sign_of_the_correlation_or_nothing():
    x = np.arange(50.0)
    values = np.column_stack([x - 25, 25 - x, np.abs(x - 24.5), x])
    ranked = importances(values, list("abcd"), {"a": x, "b": x, "c": x}, seed=0)
    assert {item.feature: item.direction for item in ranked} == {"a": "up", "b": "down", "c": None, "d": None}


def test_a_sample_is_the_same_from_a_table_and_from_files(people, tmp_path):
    table = pa.Table.from_pandas(people.assign(region=people.region.astype(str)), preserve_index=False)
    people.to_parquet(tmp_path / "p.parquet")
    table.to_pandas().to_csv(tmp_path / "p.csv", index=False)
    options = {"columns": ["income", "age"], "rows": 20, "background": 50, "seed": 5}
    drawn = [choose_rows(source, **options) for source in (table, tmp_path / "p.parquet", tmp_path / "p.csv")]
    for rows in drawn:
        assert rows.numbers.tolist() == drawn[0].numbers.tolist()
        assert rows.table["income"].to_pylist() == pytest.approx(drawn[0].table["income"].to_pylist())
        assert rows.table.num_rows == 70
        assert rows.total == 400
    values = people.income.to_numpy()[drawn[0].numbers]
    assert drawn[0].table["income"].to_pylist()[:20] == values.tolist()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rows": 1}, "explanation.rows"),
        ({"background": 0}, "explanation.background"),
        ({"drop": ["income", "age", "noise", "sex", "region"]}, "explanation.no_columns"),
        ({"features": "nowhere.parquet"}, "data.no_file"),
    ],
)
def test_bad_input_is_told_in_a_sentence(people, source_model, change, code):
    options = {"features": pa.Table.from_pandas(people), "model_dir": source_model(SCORE)} | change
    with pytest.raises(EvaluationDataError) as error:
        audit_explanation(**options)
    assert error.value.message.code == code
    assert "%(" not in str(error.value.message)


def test_columns_of_the_signature_that_the_data_lacks_are_named(people, tmp_path):
    with pytest.raises(EvaluationDataError) as error:
        audit(log(tmp_path / "m", None, ["income", "savings"]), people)
    assert error.value.message == Message("explanation.missing_columns", {"columns": ["savings"]})


def test_the_command_prints_the_audit_and_what_it_read(people, approved, source_model, tmp_path, capsys):
    import io

    from governance.commands import explain

    data = tmp_path / "people.parquet"
    people.assign(approved=approved).to_parquet(data)
    options = {
        "model": str(source_model(SCORE)), "data": str(data), "rows": 5, "background": 100, "label": "approved",
        "drop": "noise, age", "sensitive": "sex", "proxies": "", "positive": None, "seed": 1, "seconds": 120.0,
        "precision": 0.05, "row": ["7", "income=" + str(people.income[9])], "evaluations": 10_000, "live": None,
    }  # fmt: skip
    result = explain.run(options)
    assert result["verdict"] == "pass"
    assert result["rows"] == {"used": 5, "of": 400}
    assert result["inputs"]["model"]["digest"].startswith("sha256:")
    out = io.StringIO()
    explain.describe(result, out)
    assert out.getvalue().startswith("PASS\n")
    assert "sensitive: sex" in out.getvalue()
    assert [local["row"] for local in result["local"]][:2] == [7, 9]
    assert "\nrow 9: base" in out.getvalue()
    for model, code in ((str(tmp_path), "sandbox.not_a_model"), ("nowhere", "explanation.model_place")):
        with pytest.raises(EvaluationDataError) as error:
            explain.run(options | {"model": model})
        assert error.value.message.code == code


def test_a_model_of_a_server_that_is_not_there_is_told_in_a_sentence(monkeypatch):
    from governance.commands import explain

    monkeypatch.setitem(os.environ, "MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    parser = argparse.ArgumentParser()
    explain.add_arguments(parser)
    options = vars(parser.parse_args(["--model", "models:/churn/1", "--data", "nowhere.csv"]))
    with pytest.raises(EvaluationDataError) as error:
        explain.run(options)
    assert error.value.message.code == "explanation.model_address"
    assert "models:/churn/1" in str(error.value.message)
