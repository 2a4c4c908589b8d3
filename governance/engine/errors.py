"""The cube of predicted numbers: moments of the errors by group, centred, from which metrics and intervals follow.

Naive sums of squares lose their digits where errors share a large offset. So the moments are summed about the
table's own means, found in a first pass, and kept about each cell's mean; cells add up without loss (Chan,
Golub and LeVeque 1983).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.levels import (
    MAX_GROUPS,
    Grouped,
    binned,
    blame_column,
    check_names,
    feature_levels,
    sorted_edges,
)
from governance.engine.quantities import Means
from governance.engine.tables import EvaluationDataError, open_table, require_columns
from governance.engine.weights import check_weights, effective_cases, numeric, weight_sums

if TYPE_CHECKING:
    import ibis

SCHEMA = "sekisho.cube/1"
MOMENTS = ("error", "absolute", "squared")
ERROR_METRICS = ("mean_error", "mae", "rmse")
_ARRAYS = ("n", "label_missing", "prediction_missing", "left_out", "w", "w2", "mean", "linear", "square", "label_mean")


@dataclass(frozen=True, eq=False)
class ErrorCube(Grouped):
    """Moments of errors (prediction less label) by sensitive features.

    Attributes
    ----------
    features, levels, codes
        See `Grouped`.
    n : ndarray of int, shape (cells,)
        Rows with label and prediction.
    label_missing, prediction_missing, left_out : ndarray of int, shape (cells,)
    w, w2 : ndarray of float, shape (cells,)
        Σw and Σw²; both are n without weights.
    mean : ndarray of float, shape (cells, 3)
        Weighted means of error, absolute error and squared error; 0 where n is 0.
    linear, square : ndarray of float, shape (cells, 3)
        Σw²(z − mean) and Σw²(z − mean)², for their variance.
    label_mean, label_square : ndarray of float, shape (cells,)
        Mean of the label, and Σ(y − mean)², unweighted: the scale of what is predicted.
    weighted : bool
    """

    n: np.ndarray
    label_missing: np.ndarray
    prediction_missing: np.ndarray
    left_out: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    mean: np.ndarray
    linear: np.ndarray
    square: np.ndarray
    label_mean: np.ndarray
    label_square: np.ndarray
    weighted: bool = False

    @property
    def rows(self) -> int:
        return int(self.n.sum() + self.left_out.sum())

    @property
    def missing(self) -> dict[str, Any]:
        return {
            "label": int(self.label_missing.sum()),
            "prediction": int(self.prediction_missing.sum()),
            "left_out": int(self.left_out.sum()),
            "sensitive": self.missing_levels(self.n + self.left_out),
        }

    @property
    def label_deviation(self) -> float:
        """Standard deviation of the label over all complete rows."""
        whole = self.grouped(())
        return float(np.sqrt(whole.label_square[0] / whole.n[0])) if whole.n[0] else 0.0

    def grouped(self, features: Sequence[str]) -> ErrorCube:
        """The moments of the groups that some features span; no features give the whole."""
        groups, index = self.group_index(features)
        size = len(groups)

        def total(amount: np.ndarray) -> np.ndarray:
            return np.bincount(index, amount, minlength=size)

        def mean_of(values: np.ndarray, by: np.ndarray) -> np.ndarray:
            # about the mean of all, so that a large offset takes no digits
            offset = np.average(values, weights=by) if by.any() else 0.0
            return offset + np.divide(total(by * (values - offset)), total(by), out=np.zeros(size), where=total(by) > 0)

        mean = np.column_stack([mean_of(self.mean[:, k], self.w) for k in range(len(MOMENTS))])
        away = self.mean - mean[index]
        linear = self.linear + self.w2[:, None] * away
        square = self.square + 2 * away * self.linear + self.w2[:, None] * away**2
        label_mean = mean_of(self.label_mean, self.n.astype(float))
        label_square = self.label_square + self.n * (self.label_mean - label_mean[index]) ** 2
        counted = ("n", "label_missing", "prediction_missing", "left_out")
        codes = np.zeros((size, len(self.features)), dtype=np.int64)
        for i, feature in enumerate(features):
            levels = self.levels[self.features.index(feature)]
            codes[:, self.features.index(feature)] = [levels.index(group[i]) for group in groups]
        return ErrorCube(
            self.features,
            self.levels,
            codes,
            *(total(getattr(self, name)).astype(np.int64) for name in counted),
            total(self.w),
            total(self.w2),
            mean,
            *(np.column_stack([total(moment[:, k]) for k in range(len(MOMENTS))]) for moment in (linear, square)),
            label_mean,
            total(label_square),
            self.weighted,
        )

    def means(self, moment: str) -> Means:
        """The mean of one of `MOMENTS` in each cell; call it on what `grouped` gives."""
        k = MOMENTS.index(moment)
        defined = self.w > 0
        value = np.where(defined, self.mean[:, k], np.nan)
        cases = effective_cases(self.w, self.w2)
        sample = np.divide(cases, cases - 1, out=np.zeros(len(cases)), where=cases > 1)
        variance = np.divide(np.maximum(self.square[:, k], 0), self.w**2, out=np.zeros(len(cases)), where=defined)
        name = {"error": "mean_error", "absolute": "mae", "squared": "mean_squared_error"}[moment]
        least = -np.inf if moment == "error" else 0.0
        return Means(name, np.arange(len(self.n)), value, variance * sample, cases, self.n, least)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "task": "regression",
            "features": list(self.features),
            "levels": [list(levels) for levels in self.levels],
            "codes": self.codes.tolist(),
            "weighted": self.weighted,
            **{name: getattr(self, name).tolist() for name in (*_ARRAYS, "label_square")},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ErrorCube:
        features = tuple(data["features"])
        arrays = [np.array(data[name]) for name in (*_ARRAYS, "label_square")]
        codes = np.array(data["codes"], dtype=np.int64).reshape(-1, len(features))
        levels = tuple(tuple(levels) for levels in data["levels"])
        return cls(features, levels, codes, *arrays, bool(data["weighted"]))


def error_cube(
    source: str | Path | ibis.Table,
    *,
    label: str,
    prediction: str,
    sensitive: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None = None,
    weight: str | None = None,
) -> ErrorCube:
    """Sum the errors of predicted numbers by sensitive features.

    Raises
    ------
    EvaluationDataError
    """
    edges = sorted_edges(bins)
    extra = [weight] if weight else []
    check_names([label, prediction, *extra], sensitive, edges)
    with open_table(source) as table:
        require_columns(table, [label, prediction, *sensitive, *extra])
        for name in sensitive:
            if table[name].type().is_nested():
                raise EvaluationDataError("data.nested", column=name)
        keys = {f"s{i}": binned(table, name, edges.get(name)) for i, name in enumerate(sensitive)}
        sums, centre = _sums(table, label, prediction, weight)
        cells = table.group_by(**keys).agg(**sums).limit(MAX_GROUPS + 1).to_pyarrow()
        if len(cells) > MAX_GROUPS:
            blame_column(table, (), sensitive, edges)
    if not len(cells):
        raise EvaluationDataError("data.no_rows")
    if weight:
        check_weights({name: cells[f"all_{name}"] for name in ("w", "w2", "bad")}, weight)
    levels, codes = zip(
        *(feature_levels(cells[f"s{i}"], name, edges.get(name)) for i, name in enumerate(sensitive)), strict=True
    )
    order = np.lexsort(codes[::-1])  # threads count the groups in any order
    return _cube(tuple(sensitive), levels, np.column_stack(codes)[order], cells.take(order), centre, bool(weight))


def _sums(
    table: ibis.Table, label: str, prediction: str, weight: str | None
) -> tuple[dict[str, Any], dict[str, float]]:
    """Aggregates about the means of all rows, and those means."""
    import ibis

    y, p = numeric(table, label), numeric(table, prediction)
    e = p - y
    values = {"error": e, "absolute": e.abs(), "squared": e * e}
    first = table.aggregate(**{k: v.mean() for k, v in values.items()}, y=y.mean()).to_pyarrow().to_pylist()
    centre = {name: value if value is not None and np.isfinite(value) else 0.0 for name, value in first[0].items()}
    known = e.notnull()
    one = ibis.literal(1.0)
    w = ibis.ifelse(known, numeric(table, weight) if weight else one, ibis.null("float64"))
    sums = {
        "n": e.count(),
        "all": table.count(),
        "no_y": y.isnull().cast("int64").sum(),
        "no_p": p.isnull().cast("int64").sum(),
        "w": w.sum(),
        "w2": (w * w).sum(),
        "centre_y": (ibis.ifelse(known, y, ibis.null("float64")) - centre["y"]).sum(),
        "square_y": ((ibis.ifelse(known, y, ibis.null("float64")) - centre["y"]) ** 2).sum(),
    }
    for name, value in values.items():
        z = value - centre[name]
        sums |= {f"m_{name}": (w * z).sum(), f"l_{name}": (w * w * z).sum(), f"q_{name}": (w * w * z * z).sum()}
    if weight:
        sums |= {f"all_{name}": value for name, value in weight_sums(table, weight).items()}
    return sums, centre


def _cube(
    features: tuple, levels: tuple, codes: np.ndarray, cells: Any, centre: Mapping[str, float], weighted: bool
) -> ErrorCube:
    """From sums about the table's means to moments about each cell's mean."""

    def column(name: str) -> np.ndarray:
        return np.nan_to_num(np.array(cells[name].to_pylist(), dtype=float), nan=0.0, posinf=np.inf)

    n, rows = column("n").astype(np.int64), column("all").astype(np.int64)
    w, w2 = column("w"), column("w2")
    mean, linear, square = (np.zeros((len(n), len(MOMENTS))) for _ in range(3))
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
        for k, name in enumerate(MOMENTS):
            shift = np.divide(column(f"m_{name}"), w, out=np.zeros(len(n)), where=w > 0)
            mean[:, k] = centre[name] + shift
            linear[:, k] = column(f"l_{name}") - shift * w2
            square[:, k] = column(f"q_{name}") - 2 * shift * column(f"l_{name}") + shift**2 * w2
        shift = np.divide(column("centre_y"), n, out=np.zeros(len(n)), where=n > 0)
        label_square = np.maximum(column("square_y") - n * shift**2, 0)
    if not all(np.isfinite(a).all() for a in (mean, linear, square, label_square)):
        raise EvaluationDataError("data.too_wide")
    missing = (column(name).astype(np.int64) for name in ("no_y", "no_p"))
    known = (w, w2, mean, linear, square, centre["y"] + shift, label_square)
    return ErrorCube(features, levels, codes, n, *missing, rows - n, *known, weighted)
