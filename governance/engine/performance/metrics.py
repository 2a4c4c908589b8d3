"""Metrics of performance: their values, the cases they rest on, and each row's pull on them.

A metric is a function of weighted sums over rows. Its influence function is the first-order change of the value
when a row weighs a little more; its spread over the rows is the metric's standard error, whatever the metric
(Hampel 1974; for AUC this is DeLong's estimate, 1988). The same pulls give paired differences and slices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from governance.engine.performance.rows import BINARY, MULTICLASS, REGRESSION, Answers

HIGHER, LOWER, ZERO = "higher", "lower", "zero"
ROUNDING = 1e-6


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    tasks : tuple of str
    direction : {"higher", "lower", "zero"}
        Which way is better.
    family : {"proportion", "confusion", "loss", "moment", "rank"}
        What it is made of, which decides how its interval is found.
    scored : bool
        Whether it needs scores.
    """

    tasks: tuple[str, ...]
    direction: str
    family: str
    scored: bool = False


CLASSES = (BINARY, MULTICLASS)
METRICS: dict[str, Metric] = {
    "accuracy": Metric(CLASSES, HIGHER, "proportion"),
    "balanced_accuracy": Metric(CLASSES, HIGHER, "confusion"),
    "precision": Metric((BINARY,), HIGHER, "proportion"),
    "recall": Metric((BINARY,), HIGHER, "proportion"),
    "specificity": Metric((BINARY,), HIGHER, "proportion"),
    "f1": Metric((BINARY,), HIGHER, "confusion"),
    "macro_precision": Metric((MULTICLASS,), HIGHER, "confusion"),
    "macro_recall": Metric((MULTICLASS,), HIGHER, "confusion"),
    "macro_f1": Metric((MULTICLASS,), HIGHER, "confusion"),
    "auc": Metric(CLASSES, HIGHER, "rank", scored=True),
    "brier": Metric(CLASSES, LOWER, "loss", scored=True),
    "log_loss": Metric(CLASSES, LOWER, "loss", scored=True),
    "mae": Metric((REGRESSION,), LOWER, "loss"),
    "rmse": Metric((REGRESSION,), LOWER, "moment"),
    "mean_error": Metric((REGRESSION,), ZERO, "loss"),
    "r2": Metric((REGRESSION,), HIGHER, "moment"),
}
PROBABILITIES = ("brier", "log_loss")
# What people and libraries call them.
ALIASES = {
    "roc_auc": "auc",
    "auroc": "auc",
    "roc_auc_score": "auc",
    "area_under_the_curve": "auc",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "f1_score": "f1",
    "f1_macro": "macro_f1",
    "precision_score": "precision",
    "precision_macro": "macro_precision",
    "recall_score": "recall",
    "recall_macro": "macro_recall",
    "sensitivity": "recall",
    "true_positive_rate": "recall",
    "tpr": "recall",
    "true_negative_rate": "specificity",
    "tnr": "specificity",
    "brier_score": "brier",
    "brier_score_loss": "brier",
    "logloss": "log_loss",
    "cross_entropy": "log_loss",
    "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
    "bias": "mean_error",
    "r2_score": "r2",
    "r_squared": "r2",
    "r²": "r2",
}


def known_metric(name: str, task: str) -> str | None:
    """The metric that a name means for a task: ``"F1 score"`` is ``"f1"``, of many classes ``"macro_f1"``."""
    key = re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")
    key = ALIASES.get(key, key)
    for candidate in (key, f"macro_{key}"):
        if candidate in METRICS and task in METRICS[candidate].tasks:
            return candidate
    return None


def task_of(name: str) -> str | None:
    """``"regression"`` or ``"classification"``, where a metric's name tells."""
    if known_metric(name, REGRESSION):
        return REGRESSION
    return "classification" if known_metric(name, BINARY) or known_metric(name, MULTICLASS) else None


def metrics_for(answers: Answers) -> list[str]:
    """The metrics that can be measured on these answers."""
    fitting = [name for name, form in METRICS.items() if answers.task in form.tasks]
    if answers.score is None:
        return [name for name in fitting if not METRICS[name].scored]
    return fitting if are_probabilities(answers) else [name for name in fitting if name not in PROBABILITIES]


def are_probabilities(answers: Answers) -> bool:
    """Whether the scores lie between 0 and 1, and add up to 1 where there is one for each class."""
    score = answers.scored.score
    if score is None or not score.size or score.min() < 0 or score.max() > 1:
        return False
    return score.ndim == 1 or bool(np.abs(score.sum(axis=1) - 1).max() <= ROUNDING)


def basis(answers: Answers, name: str) -> Answers:
    """The rows that a metric is computed on: those with a score, where it needs one."""
    return answers.scored if METRICS[name].scored else answers


def value(answers: Answers, name: str) -> float:
    """The metric's value on its `basis`; NaN where it is undefined."""
    if not answers.n:
        return float("nan")
    return float(_evaluate(answers, name)[0])


def influence(answers: Answers, name: str) -> tuple[float, np.ndarray]:
    """The value, and each row's pull on it, shape (n,), with a weighted mean of 0."""
    found, pull = _evaluate(answers, name)
    return float(found), pull()


def standard_error(pull: np.ndarray, weights: np.ndarray) -> float:
    """The standard error of a metric, from the pulls of its rows."""
    n = len(pull)
    if n < 2:
        return float("nan")
    return float(np.sqrt(np.sum((weights * pull) ** 2) * n / (n - 1)) / weights.sum())


def cases(answers: Answers, name: str) -> int:
    """How many rows a metric rests on, of the rarest class where all classes count: what must not be too few."""
    if not answers.n:
        return 0
    if name in ("recall", "precision", "specificity", "f1"):
        return int(_counted(answers, name)[1].astype(bool).sum())
    if name in ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "auc"):
        counts = np.bincount(answers.label, minlength=len(answers.classes))
        if answers.task == BINARY:
            positives = counts[answers.positive]
            return int(min(positives, counts.sum() - positives))
        return int(counts[counts > 0].min())
    return answers.n


def counted(answers: Answers, name: str) -> int:
    """How many rows a metric is a share or a mean of: the positives for recall, all for balanced accuracy."""
    return cases(answers, name) if METRICS[name].family == "proportion" or name == "f1" else answers.n


def errors(answers: Answers, name: str) -> np.ndarray:
    """What is averaged, shape (n,): the loss of each row."""
    if name in PROBABILITIES:
        return _probability_loss(answers, name)
    error = answers.prediction - answers.label
    return {"mae": np.abs(error), "rmse": error**2, "mean_error": error}[name]


def _evaluate(answers: Answers, name: str) -> tuple[float, Callable[[], np.ndarray]]:
    family = METRICS[name].family
    if family == "proportion" or name == "f1":
        return _ratio(*_counted(answers, name), answers.weights)
    if family == "confusion":
        return _mean_of_classes(answers, name)
    if family == "rank":
        return _auc(answers)
    if name == "r2":
        return _r2(answers)
    loss, weights = errors(answers, name), answers.weights
    mean = np.average(loss, weights=weights)
    if name == "rmse":
        root = np.sqrt(mean)
        return root, lambda: (loss - mean) / (2 * root) if root > 0 else np.zeros_like(loss)
    return mean, lambda: loss - mean


def _counted(answers: Answers, name: str, target: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What counts above and below the line of a ratio, by row."""
    target = answers.positive if target is None else target
    if name == "accuracy":
        return (answers.label == answers.prediction).astype(float), np.ones(answers.n)
    true, chosen = answers.label == target, answers.prediction == target
    above, below = {
        "recall": (true & chosen, true),
        "precision": (true & chosen, chosen),
        "specificity": (~true & ~chosen, ~true),
        "f1": (2.0 * (true & chosen), true.astype(float) + chosen),
    }[name]
    return above.astype(float), below.astype(float)


def _ratio(above: np.ndarray, below: np.ndarray, weights: np.ndarray) -> tuple[float, Callable[[], np.ndarray]]:
    total = float((weights * below).sum())
    if not total > 0:
        return float("nan"), lambda: np.full(len(above), np.nan)
    found = float((weights * above).sum()) / total
    return found, lambda: (above - found * below) * (weights.sum() / total)


def _mean_of_classes(answers: Answers, name: str) -> tuple[float, Callable[[], np.ndarray]]:
    """The mean over the classes that labels have; a class that is never predicted counts with precision 0."""
    rate = "recall" if name == "balanced_accuracy" else name.removeprefix("macro_")
    targets = np.flatnonzero(answers.confusion.sum(axis=1) > 0)
    parts = [_ratio(*_counted(answers, rate, target), answers.weights) for target in targets]
    defined = [np.nan_to_num(found, nan=0.0) for found, _ in parts]
    return float(np.mean(defined)), lambda: np.mean([np.nan_to_num(pull()) for _, pull in parts], axis=0)


def class_rates(confusion: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Weight above and below the line of each class's rate, each of shape (..., classes)."""
    hit = np.diagonal(confusion, axis1=-2, axis2=-1)
    label, chosen = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return {"recall": (hit, label), "precision": (hit, chosen), "f1": (2 * hit, label + chosen)}[name]


def of_confusion(confusion: np.ndarray, name: str, positive: int) -> np.ndarray:
    """Values of a proportion or of a mean over classes, shape (...,), from confusions of shape (..., K, K)."""
    if name == "accuracy":
        above, below = np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1))
        return _divide(above, below)
    if name == "specificity":
        rest = np.arange(confusion.shape[-1]) != positive
        return _divide(
            confusion[..., rest, :][..., rest].sum(axis=(-2, -1)), confusion[..., rest, :].sum(axis=(-2, -1))
        )
    if name in ("precision", "recall", "f1"):
        above, below = class_rates(confusion, name)
        return _divide(above[..., positive], below[..., positive])
    rate = "recall" if name == "balanced_accuracy" else name.removeprefix("macro_")
    labelled = confusion.sum(axis=-1) > 0
    rates = np.where(labelled, np.nan_to_num(_divide(*class_rates(confusion, rate))), 0.0)
    return _divide(rates.sum(axis=-1), labelled.sum(axis=-1))


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def _probability_loss(answers: Answers, name: str) -> np.ndarray:
    score = answers.score
    if score.ndim == 1:
        true = answers.label == answers.positive
        if name == "brier":
            return (score - true) ** 2
        chance = np.where(true, score, 1 - score)
    else:
        truth = answers.label[:, None] == np.arange(score.shape[1])
        if name == "brier":
            return ((score - truth) ** 2).sum(axis=1)
        chance = score[np.arange(len(score)), answers.label]
    smallest = np.finfo(float).eps
    return -np.log(np.clip(chance, smallest, 1 - smallest))


def _r2(answers: Answers) -> tuple[float, Callable[[], np.ndarray]]:
    weights = answers.weights
    around = (answers.label - np.average(answers.label, weights=weights)) ** 2
    square = errors(answers, "rmse")
    spread = np.average(around, weights=weights)
    if not spread > 0:
        return float("nan"), lambda: np.full(answers.n, np.nan)
    left = np.average(square, weights=weights) / spread
    return 1 - left, lambda: -(square - left * around) / spread


def _auc(answers: Answers) -> tuple[float, Callable[[], np.ndarray]]:
    """The chance that a case of the class scores above another; with many classes the mean of each against the rest."""
    weights = answers.weights
    if answers.score.ndim == 1:
        return _auc_of(answers.score, answers.label == answers.positive, weights)
    targets = np.unique(answers.label)
    parts = [_auc_of(answers.score[:, target], answers.label == target, weights) for target in targets]
    return float(np.mean([found for found, _ in parts])), lambda: np.mean([pull() for _, pull in parts], axis=0)


def _auc_of(score: np.ndarray, true: np.ndarray, weights: np.ndarray) -> tuple[float, Callable[[], np.ndarray]]:
    mass, rest = weights[true].sum(), weights[~true].sum()
    if not (mass > 0 and rest > 0):
        return float("nan"), lambda: np.full(len(score), np.nan)
    above = _share_below(score[~true], weights[~true], score[true])
    found = float((weights[true] * above).sum() / mass)

    def pull() -> np.ndarray:
        pulls = np.empty(len(score))
        total = mass + rest
        pulls[true] = (above - found) * (total / mass)
        pulls[~true] = (1 - _share_below(score[true], weights[true], score[~true]) - found) * (total / rest)
        return pulls

    return found, pull


def _share_below(others: np.ndarray, weights: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The share of the others' weight below each score, ties by half."""
    order = np.argsort(others, kind="stable")
    others, mass = others[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    below, upto = (mass[np.searchsorted(others, score, side)] for side in ("left", "right"))
    return (below + upto) / (2 * mass[-1])
