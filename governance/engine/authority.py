"""fairlearn as the authority: the closed forms are evidence only while MetricFrame agrees with them.

The cube's cells are rows with weights (counts, or sums of sample weights), so MetricFrame computes on them what
it would on the table itself, in a fraction of the time. Empty denominators, where it answers 0 or half a value,
are left out: we say undefined.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from governance.engine.cube import Cube, GroupCounts
from governance.engine.metrics import METRICS, cases, metric
from portal.message import Message

TOLERANCE = 1e-12
MAX_CLASSES_COMPARED = 50  # groups of one grouping
MAX_COMPARED = 400  # groups of one grouping, the largest: MetricFrame takes milliseconds for each


class InvalidEvidence(Exception):
    """Two computations of one number disagree: the audit must not be used."""

    def __init__(self, code: str, **params: Any) -> None:
        self.message = Message(code, params)
        super().__init__(str(self.message))


def metric_functions() -> dict[str, Callable[..., float]]:
    """fairlearn's and scikit-learn's functions for our metrics, on 0 and 1."""
    from fairlearn import metrics as fl
    from sklearn import metrics as sk

    def silent(function: Callable[..., float]) -> Callable[..., float]:
        def score(y_true, y_pred, sample_weight=None):
            return function(y_true, y_pred, sample_weight=sample_weight, zero_division=0)

        return score

    functions = {
        "selection_rate": fl.selection_rate,
        "true_positive_rate": fl.true_positive_rate,
        "false_positive_rate": fl.false_positive_rate,
        "false_negative_rate": fl.false_negative_rate,
        "true_negative_rate": fl.true_negative_rate,
        "precision": silent(sk.precision_score),
        "accuracy": sk.accuracy_score,
        "balanced_accuracy": sk.balanced_accuracy_score,
        "f1": silent(sk.f1_score),
    }
    return {name: functions[name] for name in METRICS}


def verify(cube: Cube, groupings: Sequence[GroupCounts], positive: str, names: Sequence[str]) -> dict[str, Any]:
    """Compare closed forms with MetricFrame on the cube.

    Parameters
    ----------
    cube : Cube
    groupings : sequence of GroupCounts
        The counts that the audit used.
    positive : str
    names : sequence of str
        Metrics to compare.

    Returns
    -------
    dict
        ``values`` compared, ``groups_left_out`` beyond the 400 largest, the ``largest_difference`` found.

    Raises
    ------
    InvalidEvidence
        Where a defined value differs by more than 1e-12.
    """
    target = cube.classes.index(positive)
    compared, left_out, largest = 0, 0, 0.0
    for counts in groupings:
        kept = np.argsort(-counts.n, kind="stable")[:MAX_COMPARED]
        left_out += len(counts.groups) - len(kept)
        theirs = _metric_frame(cube, counts.features, kept, target, names)
        for name in names:
            ours = metric(counts.mass[kept], name)
            defined = cases(counts.mass[kept], name) > 0
            difference = np.abs(ours - theirs.reindex(kept)[name].to_numpy(dtype=float))[defined]
            # NaN is a disagreement too.
            wrong = ~(difference <= TOLERANCE)
            if wrong.any():
                worst = float(np.nanmax(np.where(np.isnan(difference), np.inf, difference)))
                raise InvalidEvidence("fairness.disagreement", metric=name, difference=worst)
            compared += int(defined.sum())
            largest = max(largest, float(difference.max(initial=0.0)))
    return {"values": compared, "groups_left_out": left_out, "largest_difference": largest}


def _metric_frame(cube: Cube, features: Sequence[str], kept: np.ndarray, target: int, names: Sequence[str]):
    """MetricFrame's values by index of the group, a data frame with a column for each metric."""
    from fairlearn.metrics import MetricFrame

    index = cube.group_index(features)[1]
    weight = cube.n.astype(float) if cube.w is None else cube.w
    used = cube.complete & np.isin(index, kept) & (weight > 0)
    functions = metric_functions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined metrics, which are not compared
        frame = MetricFrame(
            metrics={name: functions[name] for name in names},
            y_true=(cube.label[used] == target).astype(int),
            y_pred=(cube.prediction[used] == target).astype(int),
            sensitive_features=index[used],
            sample_params={name: {"sample_weight": weight[used]} for name in names},
        )
        return frame.by_group


def verify_classes(cube: Cube, features: Sequence[str], values: Mapping[str, np.ndarray]) -> float:
    """Compare accuracy and macro averages over all classes with scikit-learn on the cube; the largest difference.

    Parameters
    ----------
    values : mapping of str to ndarray of float, shape (groups,)
        ``multiclass_accuracy`` and the macro averages; NaN where undefined.

    Raises
    ------
    InvalidEvidence
    """
    from sklearn import metrics as sk

    weight = cube.n.astype(float) if cube.w is None else cube.w
    index = cube.group_index(features)[1]
    labels = np.unique(cube.label[cube.complete])
    averages = {"macro_true_positive_rate": 1, "macro_precision": 0, "macro_f1": 2}
    largest = 0.0
    for group in range(min(len(values["multiclass_accuracy"]), MAX_CLASSES_COMPARED)):
        used = cube.complete & (index == group) & (weight > 0)
        if not used.any():
            continue
        data = {"y_true": cube.label[used], "y_pred": cube.prediction[used], "sample_weight": weight[used]}
        macro = sk.precision_recall_fscore_support(**data, labels=labels, average="macro", zero_division=0)
        theirs = {name: macro[at] for name, at in averages.items()}
        theirs["multiclass_accuracy"] = sk.accuracy_score(**data)
        for name, expected in theirs.items():
            difference = abs(expected - float(values[name][group]))
            if difference > TOLERANCE:  # what is undefined is not compared
                raise InvalidEvidence("fairness.disagreement", metric=name, difference=difference)
            largest = max(largest, 0.0 if np.isnan(difference) else difference)
    return largest
