"""Sample weights: their sums in the cube, and what they leave of the number of cases.

A weighted rate is a ratio of sums. Its variance by linearisation (Binder 1983) gives an effective number of
cases, on which the intervals of unweighted rates rest, as Korn and Graubard (1998) propose; Franco, Little,
Louis and Slud (2019) find Wilson's interval with it to hold. A multinomial bootstrap on Σw would take a row of
weight 100 for 100 rows, so weighted counts are resampled otherwise (`governance.engine.fairness.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.tables import EvaluationDataError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa


def numeric(table: ibis.Table, name: str) -> ibis.Value:
    """A column as floating point, null where it is not finite."""
    import ibis

    column = table[name]
    if not column.type().is_numeric() or column.type().is_boolean():
        raise EvaluationDataError("data.not_numeric", column=name)
    value = column.cast("float64")
    if column.type().is_floating():
        value = ibis.ifelse(value.isnan() | value.isinf(), ibis.null("float64"), value)
    return value


def weight_sums(table: ibis.Table, name: str) -> dict[str, Any]:
    """Aggregates of a weight column: Σw, Σw², and the rows whose weight is missing, infinite or negative."""
    w = numeric(table, name)
    bad = (w.isnull() | (w < 0.0)).fill_null(True)
    return {"w": w.sum(), "w2": (w * w).sum(), "bad": bad.cast("int64").sum()}


def check_weights(cells: pa.Table | Mapping[str, Any], name: str) -> None:
    """Refuse weights that are missing, negative or all zero."""
    bad = int(np.nansum(cells["bad"].to_numpy()))
    if bad:
        raise EvaluationDataError("data.bad_weights", column=name, count=bad)
    total = float(np.sum(cells["w"].to_numpy()))
    if not 0 < total < np.inf or not np.isfinite(cells["w2"].to_numpy()).all():
        raise EvaluationDataError("data.no_weight", column=name)


def effective_cases(w: np.ndarray, w2: np.ndarray) -> np.ndarray:
    """Kish's effective number of cases, (Σw)² / Σw²; 0 where there is no weight."""
    return np.divide(w * w, w2, out=np.zeros(np.shape(w)), where=w2 > 0)


def effective_fraction(
    above: tuple[np.ndarray, np.ndarray], below: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The cases counted and at stake of an unweighted rate that would be known as well as a weighted one.

    Parameters
    ----------
    above, below : pair of ndarray, shape (groups,)
        Σw and Σw² of the cases counted, and of the cases at stake.

    Returns
    -------
    count, total : ndarray of float, shape (groups,)
        ``count / total`` is the weighted rate.
    """
    w, w2 = below
    kish = effective_cases(w, w2)
    rate = np.divide(above[0], w, out=np.full(np.shape(w), np.nan), where=w > 0)
    variance = above[1] * (1 - rate) ** 2 + (w2 - above[1]) * rate**2
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = rate * (1 - rate) * w * w / variance
    total = np.where((variance > 0) & (rate > 0) & (rate < 1), np.minimum(kish, linear), kish)
    total = np.where(w > 0, total, 0.0)
    return np.where(w > 0, rate * total, 0.0), total
