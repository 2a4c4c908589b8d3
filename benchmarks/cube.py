"""The audit cube against DuckDB's scan of the same columns, and a further metric from the stored cube.

The scan is the least that any audit must do: DuckDB reads the five columns and sums lengths and numbers. Then every
metric of every grouping is computed from the cube as stored, in JSON, without a row.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import Figure, in_process, size
from benchmarks.fairness import FEATURES, write_decisions
from governance.engine.cube import Cube, audit_cube
from governance.engine.metrics import METRICS, metric

ROWS, FULL_ROWS = 2_000_000, 10_000_000


def run() -> list[Figure]:
    rows = size(ROWS, FULL_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.parquet"), Path(folder, "large.parquet")
        write_decisions(small, 10_000)
        write_decisions(large, rows)
        ours = in_process(stored_cube, large, warm_up=(small,), repeat=5)
        scanned = in_process(scan, large, warm_up=(small,), repeat=5)
        again = in_process(from_store, ours.result, warm_up=(ours.result,), repeat=5)
        fresh = in_process(from_rows, large, warm_up=(small,), repeat=3)
    counted = Cube.from_json(json.loads(ours.result)).rows == rows == scanned.result
    same = np.array_equal(again.result, fresh.result, equal_nan=True)
    return [
        Figure("cube", "DuckDB's scan of the same columns", rows, "cpu", scanned.cpu / ours.cpu, 0.5, counted),
        Figure("cube-stored", "the same metrics from rows", rows, "cpu", fresh.cpu / again.cpu, 10, same),
    ]


def stored_cube(path: Path) -> str:
    """The cube as it is stored."""
    return json.dumps(audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES).to_json())


def scan(path: Path) -> int:
    """DuckDB reads every value, and does little with it; maxima and counts would come from the file's statistics."""
    import duckdb

    sums = [f"sum(length({name}))" for name in FEATURES] + ["sum(label)", "sum(prediction)", "count(*)"]
    with duckdb.connect() as database:
        return database.execute(f"select {', '.join(sums)} from read_parquet(?)", [str(path)]).fetchone()[-1]


def from_store(text: str) -> np.ndarray:
    return _every_metric(Cube.from_json(json.loads(text)))


def from_rows(path: Path) -> np.ndarray:
    return _every_metric(audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES))


def _every_metric(cube: Cube) -> np.ndarray:
    spans = [(), *((feature,) for feature in FEATURES), FEATURES]
    return np.concatenate(
        [metric(cube.counts(span, "1").confusion, name) for span in spans for name in METRICS], dtype=float
    )
