"""A hundred bootstraps by three features: cells drawn from a multinomial law, against MetricFrame with `n_boot`.

Both give quantiles of a metric by group from as many replicates. They are the same law if fairlearn's quantiles
lie among ours of other seeds as one of them: the z-scores of all groups have a spread of about 1, and no drift.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import Figure, in_process, size
from benchmarks.fairness import FEATURES, NAMES, write_decisions
from governance.engine.authority import metric_functions
from governance.engine.cube import audit_cube
from governance.engine.fairness.bootstrap import percentile_limits

ROWS, LARGE = 10_000, 1_000_000
SEEDS = 200


def run() -> list[Figure]:
    replicates = size(25, 100)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.parquet"), Path(folder, "large.parquet")
        write_decisions(small, ROWS)
        write_decisions(large, LARGE)
        ours = in_process(resample, small, replicates, warm_up=(small, 2), repeat=5)
        many = in_process(resample, large, replicates, warm_up=(small, 2), repeat=5)
        theirs = in_process(metric_frame_bootstrap, small, replicates, warm_up=(small, 2))
        agreed = same_law(small, replicates, theirs.result)
    baseline = f"MetricFrame with n_boot={replicates}"
    return [
        Figure("bootstrap", baseline, ROWS, "cpu", theirs.cpu / ours.cpu, 1000, agreed),
        Figure("bootstrap-large", f"{baseline} on {ROWS:,} rows", LARGE, "cpu", theirs.cpu / many.cpu, 100, agreed),
    ]


def resample(path: Path, replicates: int, seed: int = 0) -> dict[str, tuple]:
    """Ours, from Parquet."""
    counts = audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES).counts(FEATURES, "1")
    return percentile_limits(counts.confusion, NAMES, confidence=0.95, size=replicates, seed=(seed,))


def metric_frame_bootstrap(path: Path, replicates: int) -> list[pd.DataFrame]:
    """fairlearn's quantiles by group, low and high."""
    from fairlearn.metrics import MetricFrame

    rows = pd.read_parquet(path)
    functions = metric_functions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = MetricFrame(
            metrics={name: functions[name] for name in NAMES},
            y_true=rows["label"],
            y_pred=rows["prediction"],
            sensitive_features=rows[FEATURES],
            n_boot=replicates,
            ci_quantiles=[0.025, 0.975],
            random_state=3,
        )
        return frame.by_group_ci


def same_law(path: Path, replicates: int, theirs: list[pd.DataFrame]) -> bool:
    """Whether fairlearn's quantiles are a draw from the distribution of ours."""
    counts = audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES).counts(FEATURES, "1")
    index = pd.MultiIndex.from_tuples(counts.groups, names=FEATURES)
    options = {"confidence": 0.95, "size": replicates}
    drawn = [percentile_limits(counts.confusion, NAMES, **options, seed=(seed,)) for seed in range(SEEDS)]
    scores = []
    for end, frame in enumerate(theirs):
        for name in NAMES:
            ours = np.array([limits[name][end] for limits in drawn])
            spread = ours.std(axis=0)
            known = (counts.n >= 100) & (spread > 0)
            expected = frame.reindex(index)[name].to_numpy(dtype=float)
            scores.append(((expected - ours.mean(axis=0)) / np.where(spread > 0, spread, 1))[known])
    z = np.concatenate(scores)
    return bool(np.isfinite(z).all() and 0.75 < z.std() < 1.25 and abs(z.mean()) < 0.35)
