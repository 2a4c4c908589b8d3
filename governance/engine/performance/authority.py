"""scikit-learn as the authority: our values are evidence only while its functions agree with them."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from governance.engine.authority import TOLERANCE, InvalidEvidence
from governance.engine.performance.metrics import METRICS, basis, metrics_for, value
from governance.engine.performance.rows import BINARY, Answers


def verify(models: list[Answers]) -> dict[str, Any]:
    """Compare every metric of some answers with scikit-learn's.

    Parameters
    ----------
    models : list of Answers

    Returns
    -------
    dict
        ``values`` compared, and the ``largest_difference`` found, relative where a value exceeds 1.

    Raises
    ------
    InvalidEvidence
        Where a defined value differs by more than 1e-12.
    """
    compared, largest = 0, 0.0
    for answers in models:
        for name in metrics_for(answers):
            part = basis(answers, name)
            ours = value(part, name)
            if not np.isfinite(ours):
                continue
            theirs = reference(part, name)
            difference = abs(ours - theirs) / max(1.0, abs(theirs))
            if not difference <= TOLERANCE:  # NaN is a disagreement too
                raise InvalidEvidence("performance.disagreement", metric=name, difference=float(difference))
            compared += 1
            largest = max(largest, float(difference))
    return {"values": compared, "largest_difference": largest}


def reference(answers: Answers, name: str) -> float:
    """scikit-learn's value of a metric that is defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are never predicted
        if METRICS[name].scored:
            return float(_of_scores(answers, name))
        if answers.classes:
            return float(_of_classes(answers, name))
        return float(_of_numbers(answers, name))


def _of_classes(answers: Answers, name: str) -> float:
    """On the cells of the confusion, each with its weight: the same as on the rows."""
    from sklearn import metrics as sk

    label, prediction = (side.ravel() for side in np.indices(answers.confusion.shape))
    weights = answers.confusion.ravel().astype(float)
    used = weights > 0
    given: dict[str, Any] = {"sample_weight": weights[used]}
    label, prediction = label[used], prediction[used]
    if name in ("accuracy", "balanced_accuracy"):
        return getattr(sk, f"{name}_score")(label, prediction, **given)
    if name == "specificity":
        return sk.recall_score(label != answers.positive, prediction != answers.positive, zero_division=0, **given)
    if answers.task == BINARY:
        function = getattr(sk, f"{name}_score")
        return function(label == answers.positive, prediction == answers.positive, zero_division=0, **given)
    function = getattr(sk, f"{name.removeprefix('macro_')}_score")
    return function(label, prediction, labels=np.unique(label), average="macro", zero_division=0, **given)


def _of_scores(answers: Answers, name: str) -> float:
    from sklearn import metrics as sk

    score, weights = answers.score, answers.weight
    if score.ndim == 1:
        true = answers.label == answers.positive
        functions = {"auc": sk.roc_auc_score, "brier": sk.brier_score_loss, "log_loss": sk.log_loss}
        return functions[name](true, score, sample_weight=weights)
    every = np.arange(score.shape[1])
    if name == "log_loss":
        return sk.log_loss(answers.label, score, labels=every, sample_weight=weights)
    if name == "brier":
        return sk.brier_score_loss(answers.label, score, labels=every, sample_weight=weights, scale_by_half=False)
    targets = np.unique(answers.label)
    each = [sk.roc_auc_score(answers.label == k, score[:, k], sample_weight=weights) for k in targets]
    return float(np.mean(each))


def _of_numbers(answers: Answers, name: str) -> float:
    from sklearn import metrics as sk

    label, prediction, weights = answers.label, answers.prediction, answers.weight
    if name == "mean_error":  # scikit-learn has none: the exactly rounded sum
        return math.fsum(answers.weights * (prediction - label)) / math.fsum(answers.weights)
    functions = {"mae": sk.mean_absolute_error, "rmse": sk.root_mean_squared_error, "r2": sk.r2_score}
    return functions[name](label, prediction, sample_weight=weights)
