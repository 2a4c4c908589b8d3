"""The fairness audit: from an evaluation table to a verdict with its reason.

Read once into a cube, computed in closed form, verified against fairlearn and scikit-learn, bounded by
intervals. A group too small to judge is named and left out before the extremes are chosen; what cannot be judged
is never a pass.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.cube import Cube, audit_cube
from governance.engine.errors import ErrorCube, error_cube
from governance.engine.fairness.authority_rows import verify_errors, verify_scores
from governance.engine.fairness.decisions import DecisionReport
from governance.engine.fairness.gaps import CLASS_GAPS, ERROR_GAPS, GAPS, SCORE_GAPS
from governance.engine.fairness.predicted_numbers import JUDGED_ERRORS, ErrorReport, with_scale
from governance.engine.fairness.results import FairnessAudit
from governance.engine.levels import MAX_LEVELS
from governance.engine.metrics import METRICS
from governance.engine.pooling import check_pool, merge, pooled
from governance.engine.tables import EvaluationDataError, file_digest, open_table, require_columns

if TYPE_CHECKING:
    import ibis

JUDGED = ("demographic_parity_difference", "equalized_odds_difference")
TASKS = ("auto", "classification", "regression")


def audit_fairness(
    source: str | Path | ibis.Table | Sequence[str | Path],
    *,
    label: str,
    prediction: str,
    sensitive: Sequence[str],
    positive: str | int | float | bool | None = None,
    weight: str | None = None,
    score: str | None = None,
    task: str = "auto",
    tolerance: float = 0.1,
    scale: float | None = None,
    min_group: int = 30,
    metrics: Sequence[str] = METRICS,
    judge: Sequence[str] | None = None,
    intersections: bool = True,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    bins: Mapping[str, Sequence[float]] | None = None,
    pool: Mapping[str, Mapping[str, Sequence[str | None]]] | None = None,
) -> FairnessAudit:
    """Audit decisions, scores or predicted numbers for fairness between groups.

    Parameters
    ----------
    source : path or ibis.Table, or a sequence of paths
        Parquet, CSV, or a table of any Ibis backend; several files are periods, counted apart and added.
    label, prediction : str
        Columns of the true and of the decided class, or of the true and the predicted number.
    sensitive : sequence of str
        One to four columns. Their missing values are a group of their own.
    positive : optional
        The favourable class; 1 (or true) where the labels are 0 and 1.
    weight : str, optional
        Column of sample weights.
    score : str, optional
        Column of the score for the positive class; higher speaks for it.
    task : str
        "classification", "regression", or "auto": regression where the label has more than 50 different
        numbers and the prediction is a number that is no class either.
    tolerance : float
        Largest difference allowed; ratios must be at least ``1 - tolerance``. For regression a share of `scale`.
    scale : float, optional
        Of a regression's tolerance: the label's standard deviation where None, 1 for the label's unit.
    min_group : int
        Cases a group needs, also among its positives or negatives for the rates of those.
    metrics : sequence of str
        Which of `METRICS` to report by group, for decisions.
    judge : sequence of str, optional
        Which gaps decide the verdict: `JUDGED`, or `JUDGED_ERRORS` for regression, where None.
    intersections : bool
        Judge the groups of all features together as well.
    confidence : float
    replicates, seed : int
        Of the bootstrap behind the intervals of single groups. Gaps have closed forms: no verdict depends on
        the seed.
    bins : mapping of str to sequence of float
        Edges that cut numeric features.
    pool : mapping
        Groups to put together, declared beforehand: ``{"race": {"other": ["A", "B"]}}``.

    Raises
    ------
    EvaluationDataError
        Where the data or the settings allow no audit.
    InvalidEvidence
        Where fairlearn or scikit-learn disagree.
    """
    settings = {
        "tolerance": float(tolerance),
        "scale": None if scale is None else float(scale),
        "min_group": int(min_group),
        "judge": None if judge is None else list(judge),
        "metrics": list(metrics),
        "intersections": bool(intersections),
        "confidence": float(confidence),
        "replicates": int(replicates),
        "seed": int(seed),
        "bins": {name: [float(edge) for edge in edges] for name, edges in (bins or {}).items()},
        "pool": check_pool(pool),
    }
    _check_settings(settings, task)
    sources = list(source) if isinstance(source, list | tuple) else [source]
    if not sources:
        raise EvaluationDataError("data.no_rows")
    columns = {"label": label, "prediction": prediction, "sensitive": list(sensitive), "weight": weight}
    if task == "auto":
        task = _task(sources[0], label, prediction)
    if task == "regression":
        if score:
            raise EvaluationDataError("data.score_of_number", column=score)
        cube = merge([error_cube(one, **columns, bins=bins) for one in sources])
        rows = [verify_errors(one, columns, bins) for one in sources]
    else:
        columns["score"] = score
        cube = merge([audit_cube(one, **columns, bins=bins) for one in sources])
        target = positive_class(cube, positive, label=label, prediction=prediction)
        rows = [verify_scores(one, columns, target, bins) for one in sources] if score else []
    return judge_cube(cube, settings=settings, columns=columns, positive=positive, rows=rows, data=_digest(sources))


def judge_cube(
    cube: Cube | ErrorCube,
    *,
    settings: Mapping[str, Any],
    columns: Mapping[str, Any],
    positive: Any = None,
    rows: Sequence[Mapping[str, Any]] = (),
    data: Mapping[str, Any] | None = None,
) -> FairnessAudit:
    """Judge a cube, such as a stored one or several merged, without its rows.

    Parameters
    ----------
    cube : Cube or ErrorCube
    settings : mapping
        As an audit's result holds them.
    columns : mapping
        ``label``, ``prediction``, ``sensitive``, ``weight`` and ``score``: what the cube was made of.
    positive : optional
    rows : sequence of mapping
        What was verified on rows, to be recorded.
    data : mapping, optional
        Digest of the rows, to be recorded.

    Raises
    ------
    EvaluationDataError, InvalidEvidence
    """
    numbers = isinstance(cube, ErrorCube)
    settings = {"scale": None, "pool": {}, **settings}
    settings["judge"] = settings["judge"] or list(JUDGED_ERRORS if numbers else JUDGED)
    judged = pooled(cube, settings["pool"])
    target = None
    if numbers:
        settings = with_scale(settings, judged)
        _check_numbers(judged, settings, columns)
    else:
        target = positive_class(judged, positive, label=columns["label"], prediction=columns["prediction"])
        _check_gaps(judged, settings)
    _check_groups(judged)
    report = ErrorReport(judged, cube, settings) if numbers else DecisionReport(judged, cube, settings, target)
    verdict, message, advice = report.verdict
    method = report.method()
    if rows:
        method["rows"] = {"authority": "scikit-learn", "checks": [dict(check) for check in rows]}
    return FairnessAudit(
        task="regression" if numbers else "classification",
        verdict=verdict,
        message=message,
        advice=advice,
        notes=tuple(report.notes()),
        rows=cube.rows,
        n=int(report.whole.n.sum()),
        missing=judged.missing,
        columns={
            "label": columns["label"],
            "prediction": columns["prediction"],
            "sensitive": list(columns["sensitive"]),
            "positive": target,
            "weight": columns.get("weight"),
            "score": columns.get("score"),
        },
        settings=settings,
        overall=report.overall(),
        groups=tuple(report.groups),
        gaps=tuple(report.gaps),
        method=method,
        data=dict(data) if data else None,
        cube=cube,
        scores=None if numbers else report.scores(),
        classes=None if numbers else report.classes(),
    )


def positive_class(cube: Cube, positive: Any, *, label: str, prediction: str) -> str:
    """The favourable class as the cube spells it, or a sentence that says why there is none.

    Raises
    ------
    EvaluationDataError
    """
    labels, decided = cube.label_classes(), cube.prediction_classes()
    if not labels:
        raise EvaluationDataError("data.no_complete_rows", label=label, prediction=prediction)
    if len(labels) == 1:
        raise EvaluationDataError("data.one_class", column=label, value=labels[0])
    strange = [value for value in decided if value not in labels]
    if strange:
        raise EvaluationDataError(
            "data.strange_prediction", prediction=prediction, label=label, value=strange[0], values=list(labels)
        )
    if positive is None:
        if set(labels) == {"0", "1"}:
            return "1"
        raise EvaluationDataError("data.no_positive", column=label, values=list(labels))
    wanted = str(int(positive)) if isinstance(positive, bool) else str(positive)
    spellings = {wanted}
    if set(labels) <= {"0", "1"}:
        spellings |= {{"true": "1", "false": "0", "1.0": "1", "0.0": "0"}.get(wanted.casefold(), wanted)}
    found = next((value for value in labels if value in spellings), None)
    if found is None:
        raise EvaluationDataError("data.strange_positive", column=label, value=wanted, values=list(labels))
    return found


def _task(source: str | Path | ibis.Table, label: str, prediction: str) -> str:
    """Regression where label and prediction are both numbers, and neither takes the values of classes."""
    with open_table(source) as table:
        require_columns(table, [label, prediction])
        for name in (prediction, label):
            kind = table[name].type()
            if not kind.is_numeric() or kind.is_boolean():
                return "classification"
            found = table.filter(table[name].notnull()).select(name).distinct().limit(MAX_LEVELS + 1).count()
            if found.to_pyarrow().as_py() <= MAX_LEVELS:
                return "classification"
    return "regression"


def _digest(sources: Sequence[Any]) -> dict[str, Any] | None:
    """What an approval binds: one file, or several as one."""
    if not all(isinstance(source, str | Path) for source in sources):
        return None
    files = [file_digest(source) for source in sources]
    if len(files) == 1:
        return files[0]
    together = hashlib.sha256("".join(file["sha256"] for file in files).encode()).hexdigest()
    name = ", ".join(file["name"] for file in files)
    return {"name": name, "bytes": sum(file["bytes"] for file in files), "sha256": together, "files": files}


def _check_settings(settings: Mapping[str, Any], task: str) -> None:
    if not settings["tolerance"] >= 0 or (task != "regression" and not settings["tolerance"] < 1):
        raise EvaluationDataError("data.tolerance", value=settings["tolerance"])
    if settings["scale"] is not None and not (math.isfinite(settings["scale"]) and settings["scale"] > 0):
        raise EvaluationDataError("data.scale", value=settings["scale"])
    if not 0 < settings["confidence"] < 1:
        raise EvaluationDataError("data.confidence", value=settings["confidence"])
    if settings["min_group"] < 1:
        raise EvaluationDataError("data.min_group", value=settings["min_group"])
    if settings["replicates"] < 0:
        raise EvaluationDataError("data.replicates", value=settings["replicates"])
    if task not in TASKS:
        raise EvaluationDataError("data.task", name=task, names=list(TASKS))
    for name in settings["metrics"]:
        if name not in METRICS:
            raise EvaluationDataError("data.metric", name=name, names=list(METRICS))
    known = [*GAPS, *CLASS_GAPS, *SCORE_GAPS, *ERROR_GAPS]
    for name in settings["judge"] or ():
        if name not in known:
            raise EvaluationDataError("data.gap", name=name, names=known)
    if settings["judge"] == []:
        raise EvaluationDataError("data.no_gap", names=known)


def _check_gaps(cube: Cube, settings: Mapping[str, Any]) -> None:
    """Refuse to judge what these data do not hold: a gap that is left out would be a pass."""
    possible = list(GAPS)
    if len(cube.label_classes()) > 2:
        possible += CLASS_GAPS
    if cube.scores is not None:
        possible += [name for name in SCORE_GAPS if name != "brier_difference" or cube.scores.probabilities]
    for name in settings["judge"]:
        if name not in possible:
            raise EvaluationDataError("data.gap_not_here", name=name, names=possible)


def _check_numbers(cube: ErrorCube, settings: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
    if not cube.n.any():
        raise EvaluationDataError("data.no_complete_rows", label=columns["label"], prediction=columns["prediction"])
    if not (settings["scale"] > 0 and math.isfinite(settings["tolerance"])):
        raise EvaluationDataError("data.constant_label", column=columns["label"])
    for name in settings["judge"]:
        if name not in ERROR_GAPS:
            raise EvaluationDataError("data.gap_not_here", name=name, names=list(ERROR_GAPS))


def _check_groups(cube: Cube | ErrorCube) -> None:
    for feature, levels in zip(cube.features, cube.levels, strict=True):
        named = [level for level in levels if level is not None]
        if not named:
            raise EvaluationDataError("data.no_group", column=feature)
        if len(named) == 1:
            raise EvaluationDataError("data.one_group", column=feature, value=named[0])
