"""Fairness of decisions by three string features, from Parquet to six metrics by group.

Each figure reads the file anew, in a process of its own: closed forms against fairlearn's MetricFrame on the rows,
in CPU and in memory; the same against a MetricFrame without its element-by-element `np.stack` over 1-D columns,
which makes it slow; and ours with MetricFrame on the cube as the check, against MetricFrame on the rows.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import Figure, in_process, size
from governance.engine.authority import metric_functions, verify
from governance.engine.cube import GroupCounts, audit_cube
from governance.engine.metrics import metric

ROWS = 1_000_000
FULL_ROWS = 10_000_000
FEATURES = ["sex", "region", "age"]
NAMES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "precision",
    "accuracy",
)
AGREEMENT = 1e-12


def run() -> list[Figure]:
    rows = size(ROWS, FULL_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.parquet"), Path(folder, "large.parquet")
        _decisions(10_000).to_parquet(small)
        write_decisions(large, rows)
        ours = in_process(closed_form, large, warm_up=(small,), repeat=7)
        once = in_process(closed_form, large, warm_up=(small,))  # as often as the baseline, whose memory is compared
        on_cube = in_process(metric_frame_on_cube, large, warm_up=(small,), repeat=3)
        on_rows = in_process(metric_frame, large, warm_up=(small,))
        patched = in_process(patched_metric_frame, large, warm_up=(small,))
    agreed, agreed_patched = (_same(ours.result, theirs.result) for theirs in (on_rows, patched))
    name, bare = "fairlearn MetricFrame", "MetricFrame without np.stack"
    goals = (1000, 100, 150, 150) if rows == FULL_ROWS else (300, 30, 20, 10)
    return [
        Figure("fairness", name, rows, "cpu", on_rows.cpu / ours.cpu, goals[0], agreed),
        Figure("fairness-verified", name, rows, "cpu", on_rows.cpu / on_cube.cpu, goals[1], agreed),
        Figure("fairness-patched", bare, rows, "cpu", patched.cpu / ours.cpu, goals[2], agreed_patched),
        Figure("fairness-memory", name, rows, "memory", on_rows.memory / once.memory, goals[3], agreed),
    ]


def closed_form(path: Path) -> tuple[GroupCounts, dict[str, np.ndarray]]:
    """Ours: cube, then arithmetic; the groups, and each metric's values in their order."""
    counts = _cube(path).counts(FEATURES, "1")
    return counts, {name: metric(counts.confusion, name) for name in NAMES}


def metric_frame_on_cube(path: Path) -> None:
    """Ours, verified: the cube, closed forms, and MetricFrame on the cube, asserted equal."""
    cube = _cube(path)
    verify(cube, [cube.counts(FEATURES, "1")], "1", NAMES)


def metric_frame(path: Path) -> pd.DataFrame:
    """fairlearn on the rows."""
    from fairlearn.metrics import MetricFrame

    rows = pd.read_parquet(path)
    functions = metric_functions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MetricFrame(
            metrics={name: functions[name] for name in NAMES},
            y_true=rows["label"],
            y_pred=rows["prediction"],
            sensitive_features=rows[FEATURES],
        ).by_group


def patched_metric_frame(path: Path) -> pd.DataFrame:
    with without_stacking():
        return metric_frame(path)


@contextmanager
def without_stacking() -> Iterator[None]:
    """MetricFrame as it would be if 1-D columns were passed as they are."""
    from fairlearn.metrics import _annotated_metric_function as module

    class Numpy:
        @staticmethod
        def stack(column: np.ndarray) -> np.ndarray:
            return column if column.dtype != object else np.stack(column)

    original, module.np = module.np, Numpy
    try:
        yield
    finally:
        module.np = original


def _cube(path: Path):
    return audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES)


def _same(ours: tuple[GroupCounts, dict[str, np.ndarray]], theirs: pd.DataFrame) -> bool:
    counts, values = ours
    ours = pd.DataFrame(values, index=pd.MultiIndex.from_tuples(counts.groups, names=FEATURES))
    difference = (ours - theirs.reindex(ours.index)[list(NAMES)].astype(float)).abs().to_numpy()
    return len(ours) == len(theirs) and bool((difference <= AGREEMENT).all())


def write_decisions(path: Path, rows: int) -> None:
    """Decisions as Parquet, a million rows at a time."""
    writer = None
    for seed, start in enumerate(range(0, rows, 1_000_000), start=7):
        part = pa.Table.from_pandas(_decisions(min(1_000_000, rows - start), seed), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    writer.close()


def _decisions(rows: int, seed: int = 7) -> pd.DataFrame:
    """Seeded decisions of 40 groups, whose base rates and errors differ."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["female", "male"], rows)
    region = rng.choice(["north", "east", "south", "west", "islands"], rows, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    age = rng.choice(["18-29", "30-44", "45-59", "60+"], rows, p=[0.2, 0.3, 0.3, 0.2])
    label = rng.random(rows) < 0.3 + 0.1 * (sex == "male") + 0.05 * (age == "45-59")
    wrong = rng.random(rows) < 0.15 + 0.05 * (region == "islands")
    return pd.DataFrame(
        {
            "sex": sex,
            "region": region,
            "age": age,
            "label": label.astype(int),
            "prediction": (label ^ wrong).astype(int),
        }
    )
