"""Where one machine is too small: the same expression on Spark gives the cells that DuckDB gives, every one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
COLUMNS = {"label": "hired", "prediction": "chosen", "sensitive": ["sex", "region", "age"], "bins": {"age": [30, 45]}}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """40,000 decisions with missing labels, groups and ages, and a group of one."""
    rng = np.random.default_rng(5)
    rows = 40_000
    age = rng.uniform(18, 75, rows)
    age[rng.random(rows) < 0.01] = np.nan
    table = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M", None], rows, p=[0.5, 0.48, 0.02]),
            "region": rng.choice(["north", "south", "離島", ""], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "age": age,
            "hired": rng.choice(["yes", "no", None], rows, p=[0.4, 0.58, 0.02]),
            "chosen": rng.choice(["yes", "no"], rows),
        }
    )
    table.loc[0, "region"] = "moon"
    path = tmp_path_factory.mktemp("data") / "decisions.parquet"
    table.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def on_spark(spark, path):
    import ibis

    return ibis.pyspark.connect(spark).read_parquet(str(path))


def cells(cube) -> dict[tuple, int]:
    """Counts by the names of what is counted, whatever order an engine gave them in."""
    names = [*cube.classes, None]
    return {
        (*(levels[code] for levels, code in zip(cube.levels, codes, strict=True)), names[label], names[prediction]): n
        for codes, label, prediction, n in zip(
            cube.codes.tolist(), cube.label.tolist(), cube.prediction.tolist(), cube.n.tolist(), strict=True
        )
    }


def test_the_cube_has_the_same_cells(path, on_spark):
    from governance.engine.cube import audit_cube

    ours, theirs = audit_cube(path, **COLUMNS), audit_cube(on_spark, **COLUMNS)
    assert (theirs.features, theirs.levels, theirs.classes) == (ours.features, ours.levels, ours.classes)
    assert cells(theirs) == cells(ours)
    assert len(cells(ours)) > 150
    assert ours.rows == 40_000


def test_the_audit_reaches_the_same_verdict_by_the_same_numbers(path, on_spark):
    from governance.engine.fairness.audit import audit_fairness

    options = {**COLUMNS, "positive": "yes", "replicates": 20}
    ours, theirs = (audit_fairness(source, **options).to_json() for source in (path, on_spark))
    assert theirs["message"] == ours["message"]
    assert theirs["gaps"] == ours["gaps"]
    assert theirs["missing"] == ours["missing"]


def test_drift_is_the_same(path, on_spark):
    import ibis

    from governance.engine.drift.audit import audit_drift

    current = pd.read_parquet(path).iloc[:9000]
    now = ibis.memtable(current.assign(age=current["age"] + 4))
    ours, theirs = (audit_drift(source, now).to_json() for source in (path, on_spark))
    assert json.dumps(theirs["columns"]) == json.dumps(ours["columns"])
    assert theirs["verdict"] == ours["verdict"]
