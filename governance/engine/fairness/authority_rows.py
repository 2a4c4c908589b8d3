"""scikit-learn as the authority for scores and errors, on the table's first rows.

The cube of those rows must give what scikit-learn computes from the rows themselves: the area under the curve
within its certified bound, all else to rounding. Areas of all rows are compared on the cube's own bins as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.authority import InvalidEvidence
from governance.engine.cube import audit_cube
from governance.engine.errors import error_cube
from governance.engine.levels import Grouped, class_codes, feature_levels
from governance.engine.score_metrics import Areas, areas, brier
from governance.engine.scores import Histogram
from governance.engine.tables import open_table

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

ROWS = 20_000
GROUPS = 50  # of a grouping, the largest
ROUNDING = 1e-9  # relative


def verify_areas(histogram: Histogram, found: Areas) -> float:
    """Compare areas with scikit-learn's on the same bins; the largest difference.

    Raises
    ------
    InvalidEvidence
    """
    from sklearn.metrics import roc_auc_score

    largest = 0.0
    bins = np.arange(len(histogram.bins), dtype=float)
    for group in np.argsort(-found.n, kind="stable")[:GROUPS]:
        if np.isnan(found.value[group]):
            continue
        weight = histogram.w[:, group].ravel()
        used = weight > 0
        outcome = np.repeat([1, 0], len(bins))
        theirs = roc_auc_score(outcome[used], np.tile(bins, 2)[used], sample_weight=weight[used])
        largest = max(largest, _compare("auc", float(found.value[group]), theirs))
    return largest


def verify_scores(
    source: str | Path | ibis.Table, columns: Mapping[str, Any], positive: str, bins: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Compare areas and Brier scores of the first rows with scikit-learn's, whole and by the first feature.

    Raises
    ------
    InvalidEvidence
    """
    from sklearn.metrics import brier_score_loss, roc_auc_score

    rows = _first_rows(source, columns)
    cube = _cube_of(audit_cube, rows, columns, bins)
    found = {"rows": rows.num_rows, "values": 0, "largest_difference": 0.0, "auc_difference": 0.0}
    if positive not in cube.classes:
        return found
    classes, (codes,) = class_codes(["label"], [rows[columns["label"]]])
    outcome = np.array([*(name == positive for name in classes), False])[codes]
    scores = _floats(rows, columns["score"])
    weight = _floats(rows, columns["weight"]) if columns.get("weight") else np.ones(len(scores))
    for features in ((), (columns["sensitive"][0],)):
        histogram = cube.histogram(features, positive)
        ours, squares = areas(histogram), brier(histogram)
        for at, part in _parts(cube, features, rows, bins):
            known = part & (codes >= 0) & np.isfinite(scores)
            if np.isnan(ours.value[at]):
                continue
            data = (outcome[known], scores[known])
            difference = abs(roc_auc_score(*data, sample_weight=weight[known]) - float(ours.value[at]))
            if not difference <= ours.bound[at] + ROUNDING:
                raise InvalidEvidence("fairness.disagreement_rows", metric="auc", difference=difference)
            found["auc_difference"] = max(found["auc_difference"], difference)
            found["values"] += 1
            if cube.scores.probabilities:
                theirs = brier_score_loss(*data, sample_weight=weight[known])
                _keep_largest(found, _compare("brier", float(squares.value[at]), theirs))
    return found


def verify_errors(
    source: str | Path | ibis.Table, columns: Mapping[str, Any], bins: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Compare errors of the first rows with scikit-learn's, whole and by the first feature.

    Raises
    ------
    InvalidEvidence
    """
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    rows = _first_rows(source, columns)
    cube = _cube_of(error_cube, rows, columns, bins)
    found = {"rows": rows.num_rows, "values": 0, "largest_difference": 0.0}
    y, p = (_floats(rows, columns[name]) for name in ("label", "prediction"))
    weight = _floats(rows, columns["weight"]) if columns.get("weight") else np.ones(len(y))
    for features in ((), (columns["sensitive"][0],)):
        moments = cube.grouped(features)
        for at, part in _parts(cube, features, rows, bins):
            known = part & np.isfinite(y) & np.isfinite(p)
            if not moments.w[at] > 0:
                continue
            data, w = (y[known], p[known]), weight[known]
            expected = {
                "absolute": mean_absolute_error(*data, sample_weight=w),
                "squared": mean_squared_error(*data, sample_weight=w),
                "error": float(np.average(p[known] - y[known], weights=w)),
            }
            for name, theirs in expected.items():
                scale = max(expected["absolute"], abs(theirs))
                _keep_largest(found, _compare(name, float(moments.means(name).value[at]), theirs, scale))
    return found


def _first_rows(source: Any, columns: Mapping[str, Any]) -> pa.Table:
    names = [columns["label"], columns["prediction"], *columns["sensitive"]]
    names += [columns[name] for name in ("score", "weight") if columns.get(name)]
    with open_table(source) as table:
        return table.select(names).limit(ROWS).to_pyarrow()


def _cube_of(function: Any, rows: pa.Table, columns: Mapping[str, Any], bins: Mapping[str, Any] | None) -> Any:
    import ibis

    return function(ibis.memtable(rows), **columns, bins=bins)


def _floats(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].cast("float64").fill_null(np.nan).to_numpy()


def _parts(
    cube: Grouped, features: tuple[str, ...], rows: pa.Table, bins: Mapping[str, Any] | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Each group's index and its rows; none where the feature is cut into bins."""
    if features and features[0] in (bins or {}):
        return
    groups, _ = cube.group_index(features)
    if not features:
        yield 0, np.ones(rows.num_rows, dtype=bool)
        return
    levels, codes = feature_levels(rows[features[0]], features[0], None)
    for at, (level,) in enumerate(groups):
        yield at, codes == levels.index(level)


def _keep_largest(found: dict[str, Any], difference: float) -> None:
    found["values"] += 1
    found["largest_difference"] = max(found["largest_difference"], difference)


def _compare(name: str, ours: float, theirs: float, scale: float = 1.0) -> float:
    """The difference relative to `scale`, which must be rounding."""
    difference = abs(ours - theirs) / scale if scale else abs(ours - theirs)
    if not difference <= ROUNDING:
        raise InvalidEvidence("fairness.disagreement_rows", metric=name, difference=difference)
    return difference
