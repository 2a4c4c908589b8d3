"""Drift of 24 numeric features, a million rows against a million, from Parquet to KS, Wasserstein and PSI.

Two figures, each with its own reading of the files: both tables sorted anew, and the reference sorted once and
kept in a file. Ours is the whole audit, its check by scipy included, but for the digests of the two files, which the
baseline does not take either. The baseline reads with pandas and asks scipy for each column, and no more.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import Figure, cpu_seconds
from governance.engine.drift.audit import DriftAudit, audit_drift
from governance.engine.drift.reference import Reference
from governance.engine.tables import open_table

ROWS = 1_000_000
FEATURES = 24
EDGES = np.arange(1, 10) / 10
AGREEMENT = 1e-12  # relative, of Wasserstein and PSI; KS must be the same double


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        before, now, kept = (Path(folder, name) for name in ("reference.parquet", "current.parquet", "kept.npz"))
        for rows in (2_000, ROWS):  # first a warm-up: imports, compilation, the database's start
            _measurements(rows, 1).to_parquet(before)
            _measurements(rows, 2).to_parquet(now)
            Reference.of(before).save(kept)
            repeat = 3 if rows == ROWS else 1
            ours, found = cpu_seconds(lambda: audit(before, now), repeat=repeat)
            again, from_kept = cpu_seconds(lambda: audit(kept, now), repeat=repeat)
            theirs, expected = cpu_seconds(lambda: with_scipy(before, now))
    agreed, agreed_kept = (_same(audit.to_json(), expected) for audit in (found, from_kept))
    return [
        Figure("drift", "scipy and pandas", ROWS, "cpu", theirs / ours, 13, agreed),
        Figure("drift-kept", "scipy and pandas", ROWS, "cpu", theirs / again, 20, agreed_kept),
    ]


def audit(before: Path, now: Path) -> DriftAudit:
    """Ours, from open tables: a path would be hashed too."""
    with ExitStack() as stack:
        current = stack.enter_context(open_table(now))
        kept = before.suffix == ".npz"
        return audit_drift(Reference.load(before) if kept else stack.enter_context(open_table(before)), current)


def with_scipy(before: Path, now: Path) -> dict[str, tuple[float, float, float]]:
    """KS, Wasserstein and PSI of each column."""
    from scipy.stats import ks_2samp, wasserstein_distance

    reference, current = pd.read_parquet(before), pd.read_parquet(now)
    found = {}
    for name in reference:
        first, second = reference[name].to_numpy(), current[name].to_numpy()
        ks = ks_2samp(first, second, method="asymp").statistic
        found[name] = (float(ks), float(wasserstein_distance(first, second)), _psi(first, second))
    return found


def _psi(first: np.ndarray, second: np.ndarray) -> float:
    edges = np.quantile(first, EDGES, method="inverted_cdf")
    p, q = (
        np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) / len(values)
        for values in (first, second)
    )
    return float(((q - p) * np.log(q / p)).sum())


def _same(ours: dict[str, Any], theirs: dict[str, tuple[float, float, float]]) -> bool:
    compared = {item["column"]: item for item in ours["columns"]}
    for name, (ks, area, psi) in theirs.items():
        item = compared[name]
        near = [abs(item["wasserstein"] - area) <= AGREEMENT * area, abs(item["psi"] - psi) <= AGREEMENT + 1e-9 * psi]
        if item["distance"] != ks or not all(near):
            return False
    return len(compared) == len(theirs)


def _measurements(rows: int, seed: int) -> pd.DataFrame:
    """Seeded columns of four shapes, those of three shapes stretched in the second table."""
    rng = np.random.default_rng(seed)
    shapes = [
        lambda: rng.normal(size=rows),
        lambda: rng.gamma(2.0, 3.0, size=rows),
        lambda: rng.integers(0, 60, size=rows).astype(float),
        lambda: rng.lognormal(size=rows),
    ]
    return pd.DataFrame(
        {f"x{i:02}": shapes[i % 4]() * (1 + 0.02 * i if seed == 2 and i % 4 != 2 else 1) for i in range(FEATURES)}
    )
