"""The performance audit: how good is it, how sure are we, is it worse than what is live, and where is it worst?

Every metric has an interval, and scikit-learn must give the same value; what is undefined stays so. A live
version is compared on the same rows, and the metric that decides is measured in each slice of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.performance.authority import verify
from governance.engine.performance.calibration import calibration
from governance.engine.performance.cuts import MAX_COLUMNS, cuts
from governance.engine.performance.intervals import Limits, Sampling, limits
from governance.engine.performance.metrics import (
    METRICS,
    ZERO,
    basis,
    cases,
    counted,
    known_metric,
    metrics_for,
    task_of,
    value,
)
from governance.engine.performance.pairs import NOT_EVALUATED, compare
from governance.engine.performance.results import Comparison, Measured, PerformanceAudit
from governance.engine.performance.rows import CLASSIFICATION, REGRESSION, Columns, Rows, read_rows
from governance.engine.performance.slices import Found, Whole, find_slices
from governance.engine.performance.verdict import (
    MISSING_ALLOWED,
    compared,
    judge,
    metric_message,
    notes,
    worse_message,
    worst_message,
)
from governance.engine.tables import EvaluationDataError, file_digest
from governance.engine.texts import performance as _texts  # noqa: F401 - registers the sentences
from portal.message import Message

if TYPE_CHECKING:
    import ibis

LEAST_REPLICATES = 100
LIBRARIES = ("scikit-learn", "numpy", "scipy", "duckdb", "ibis-framework")


def audit_performance(
    source: str | Path | ibis.Table,
    *,
    label: str,
    prediction: str,
    score: str | Mapping[str, str] | None = None,
    weight: str | None = None,
    positive: str | int | float | bool | None = None,
    task: str | None = None,
    metric: str | None = None,
    direction: str | None = None,
    slices: Sequence[str] | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    baseline_prediction: str | None = None,
    baseline_score: str | Mapping[str, str] | None = None,
    baseline_name: Message | None = None,
    not_compared: Message | None = None,
    min_cases: int = 30,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> PerformanceAudit:
    """Audit predictions against labels.

    Parameters
    ----------
    source : path or ibis.Table
        Parquet, CSV, or a table of any Ibis backend.
    label, prediction : str
        Columns of what was true and of what was predicted: classes, or numbers.
    score : str or mapping, optional
        Column of the positive class's probability, or class → column.
    weight : str, optional
        Column of sample weights.
    positive : optional
        The positive class; 1 (or true) where the labels are 0 and 1.
    task : {"classification", "regression"}, optional
        By default found from the metric and the columns.
    metric : str, optional
        The metric that decides, by any of its usual names; accuracy or the mean absolute error if none.
    direction : {"higher", "lower"}, optional
        What was said of it. Metrics keep their own direction; a contradiction is noted.
    slices : sequence of str, optional
        Columns to cut by; None for all other columns, at most 40.
    bins : mapping of str to sequence of float, optional
        Edges of numeric columns: ``{"age": [30, 45]}``; by default quartiles.
    baseline_prediction, baseline_score : optional
        The columns of another model on the same rows.
    baseline_name : Message, optional
        What that model is called in sentences.
    not_compared : Message, optional
        Why there is no other model.
    min_cases : int
        Rows that a metric, or a slice's, needs.
    confidence : float
    replicates, seed : int
        Of the bootstrap.

    Raises
    ------
    EvaluationDataError
        Where the data or the settings allow no audit.
    InvalidEvidence
        Where scikit-learn disagrees.
    """
    settings = {
        "metric": metric or None,
        "direction": direction or None,
        "min_cases": int(min_cases),
        "confidence": float(confidence),
        "replicates": int(replicates),
        "seed": int(seed),
        "slices": None if slices is None else list(slices),
        "bins": {name: [float(edge) for edge in edges] for name, edges in (bins or {}).items()},
    }
    _check(settings, task)
    columns = Columns(label, prediction, score, weight, baseline_prediction, baseline_score)
    rows = read_rows(source, columns, slices=slices, positive=positive, task=task or task_of(metric or ""))
    sampling = Sampling(settings["confidence"], settings["replicates"], settings["seed"])
    agreement = verify([rows.own, *([rows.live] if rows.live else [])])
    measured = tuple(_measured(rows, name, sampling) for name in metrics_for(rows.own))
    primary, problem = _primary(rows, metric, measured)
    comparison = _comparison(rows, primary, sampling, baseline_name, not_compared, baseline_prediction)
    found, sliced = _sliced(rows, primary, settings, sampling)
    verdict, message = judge(rows, primary, comparison, problem, settings)
    calibrated = calibration(rows.own, settings["confidence"])
    return PerformanceAudit(
        verdict=verdict,
        message=message,
        worst=worst_message(found, sliced["metric"], sliced["value"], settings["min_cases"]),
        worse_than_live=worse_message(found, sliced["metric"], comparison.name),
        notes=(
            *notes(rows, measured, calibrated, bool(score)),
            *_direction_note(primary, direction),
            *_column_notes(sliced),
        ),
        task=rows.own.task,
        metric=primary.name if primary else None,
        rows=rows.total,
        n=rows.own.n,
        missing=rows.missing,
        columns=_named(rows, columns),
        settings=settings,
        metrics=measured,
        comparison=comparison,
        confusion=_confusion(rows),
        calibration=calibrated,
        slices=found.slices,
        sliced=sliced,
        method=_method(agreement, sampling, sliced),
        data=file_digest(source) if isinstance(source, str | Path) else None,
    )


def _check(settings: Mapping[str, Any], task: str | None) -> None:
    if not 0 < settings["confidence"] < 1:
        raise EvaluationDataError("data.confidence", value=settings["confidence"])
    if settings["min_cases"] < 2:
        raise EvaluationDataError("performance.least", value=settings["min_cases"])
    if settings["replicates"] < LEAST_REPLICATES:
        raise EvaluationDataError("performance.few_replicates", value=settings["replicates"], least=LEAST_REPLICATES)
    if task not in (None, CLASSIFICATION, REGRESSION):
        raise EvaluationDataError("performance.task", name=task)


def _measured(rows: Rows, name: str, sampling: Sampling) -> Measured:
    part = basis(rows.own, name)
    found = value(part, name)
    defined = bool(np.isfinite(found))
    ends = limits(part, name, sampling) if defined else Limits()
    known = float(found) if defined else None
    n = counted(part, name), cases(part, name)
    return Measured(name, known, ends.low, ends.high, *n, ends.method, METRICS[name].direction)


def _primary(rows: Rows, metric: str | None, measured: Sequence[Measured]) -> tuple[Measured | None, Message | None]:
    """The metric that decides, or why the one that was asked for cannot."""
    task = rows.own.task
    name = known_metric(metric, task) if metric else "mae" if task == REGRESSION else "accuracy"
    found = next((item for item in measured if item.name == name), None)
    if found:
        return found, None
    if name:
        return None, Message("performance.metric_needs_scores", {"metric": metric_message(name)})
    names = [metric_message(item.name) for item in measured]
    return None, Message("performance.metric_unknown", {"name": metric, "names": names})


def _comparison(
    rows: Rows,
    primary: Measured | None,
    sampling: Sampling,
    name: Message | None,
    not_compared: Message | None,
    column: str | None,
) -> Comparison:
    if rows.live is None or rows.paired is None:
        return Comparison(NOT_EVALUATED, not_compared or Message("performance.live.not_asked"))
    name = name or Message("performance.live.column", {"column": column})
    missing = rows.missing["live"]
    if missing / rows.own.n > MISSING_ALLOWED or not rows.live.n:
        params = {"name": name, "count": missing, "rows": rows.own.n}
        return Comparison(NOT_EVALUATED, Message("performance.live.missing", params), name, rows.live.n)
    own, live = rows.own.take(rows.paired), rows.live
    both = [metric for metric in metrics_for(own) if metric in metrics_for(live)]
    differences = {metric: compare(own, live, metric, sampling) for metric in both}
    n = differences[primary.name].n if primary and primary.name in differences else live.n
    outcome, message = compared(name, primary.name if primary else None, differences, n)
    if not own.classes:
        return Comparison(outcome, message, name, live.n, differences)
    right, other = own.prediction == own.label, live.prediction == live.label
    quarters = [int((a & b).sum()) for a in (right, ~right) for b in (other, ~other)]
    return Comparison(outcome, message, name, live.n, differences, *quarters)


def _sliced(
    rows: Rows, primary: Measured | None, settings: Mapping[str, Any], sampling: Sampling
) -> tuple[Found, dict[str, Any]]:
    """The slices by the metric that decides; R² by the squared error, since it depends on a slice's own spread."""
    name = "rmse" if primary and primary.name == "r2" else primary.name if primary else None
    nothing = Found((), 0, 0, 0, 0)
    about: dict[str, Any] = {"metric": name, "value": None, "columns": [], "left_out": []}
    if name is None or not rows.table.num_columns:
        return nothing, about | _counts(nothing)
    own, table, paired, live = (
        _scored_rows(rows) if METRICS[name].scored else (rows.own, rows.table, rows.paired, rows.live)
    )
    if live is not None and METRICS[name].scored and name not in metrics_for(live):
        live, paired = None, None
    columns, left_out = cuts(table, settings["bins"], named=settings["slices"] is not None)
    about |= {
        "columns": [cut.column for cut in columns],
        "left_out": [{"column": column, "reason": reason} for column, reason in left_out],
    }
    whole = Whole.of(own, live, paired, name, sampling, settings["min_cases"])
    found = find_slices(whole, columns) if np.isfinite(whole.found) else nothing
    return found, about | {"value": whole.found if np.isfinite(whole.found) else None} | _counts(found)


def _scored_rows(rows: Rows):
    """Rows, their columns, and the pairs with the other model, where there is a score."""
    own = rows.own
    known = ~np.isnan(own.score.reshape(own.n, -1)).any(axis=1)
    if rows.live is None or rows.paired is None:
        return own.take(known), rows.table.filter(known), None, None
    place = np.cumsum(known) - 1
    kept = known[rows.paired]
    return own.take(known), rows.table.filter(known), place[rows.paired[kept]], rows.live.take(kept)


def _counts(found: Found) -> dict[str, Any]:
    return {
        "tested": found.tested,
        "small": found.small,
        "pairs_tried": found.pairs_tried,
        "pairs_possible": found.pairs_possible,
        "worse": sum(item.worse for item in found.slices),
        "worse_than_live": sum(item.worse_than_live for item in found.slices),
    }


def _direction_note(primary: Measured | None, direction: str | None) -> list[Message]:
    if primary is None or not direction or primary.direction in (direction, ZERO):
        return []
    return [Message("performance.note.direction", {"metric": metric_message(primary.name)})]


def _column_notes(sliced: Mapping[str, Any]) -> list[Message]:
    reasons: dict[str, list[str]] = {}
    for item in sliced["left_out"]:
        reasons.setdefault(item["reason"], []).append(item["column"])
    found = []
    if "too_many_values" in reasons:
        found.append(Message("performance.note.columns_left_out", {"columns": reasons["too_many_values"][:10]}))
    if "too_many_columns" in reasons:
        found.append(Message("performance.note.too_many_columns", {"limit": MAX_COLUMNS}))
    return found


def _named(rows: Rows, columns: Columns) -> dict[str, Any]:
    positive = rows.own.classes[rows.own.positive] if rows.own.positive >= 0 else None
    return {
        "label": columns.label,
        "prediction": columns.prediction,
        "score": columns.score if isinstance(columns.score, str) or not columns.score else dict(columns.score),
        "weight": columns.weight,
        "baseline": columns.live,
        "positive": positive,
    }


def _confusion(rows: Rows) -> dict[str, Any] | None:
    """Rows by true and predicted class; a row of the matrix is a true class."""
    own = rows.own
    if not own.classes:
        return None
    size = len(own.classes)
    counts = np.bincount(own.label * size + own.prediction, minlength=size * size).reshape(size, size)
    used = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    return {"classes": [own.classes[k] for k in used], "counts": counts[np.ix_(used, used)].tolist()}


def _method(agreement: Mapping[str, Any], sampling: Sampling, sliced: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "authority": {"name": "scikit-learn", **agreement},
        "comparison": "bonett-price and mcnemar, delong, paired bootstrap",
        "correction": {"columns": "holm", "pairs": "bonferroni", "pairs_counted": sliced["pairs_possible"]},
        "confidence": sampling.confidence,
        "replicates": sampling.replicates,
        "seed": sampling.seed,
        "versions": {name: version(name) for name in LIBRARIES},
    }
