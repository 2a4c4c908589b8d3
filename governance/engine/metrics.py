"""Metrics of a decision as closed forms of its confusion counts.

All but two are a count over a count, and so a binomial proportion: what the intervals of gaps rest on.
Where the denominator is 0 a metric is undefined (NaN), never 0: a group without positives has no true
positive rate, and a zero would fake a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TP, FP, FN, TN = range(4)


@dataclass(frozen=True)
class Rate:
    """A proportion: the cells counted above and below, in the order tp, fp, fn, tn."""

    above: tuple[int, int, int, int]
    below: tuple[int, int, int, int]


RATES: dict[str, Rate] = {
    "selection_rate": Rate((1, 1, 0, 0), (1, 1, 1, 1)),
    "true_positive_rate": Rate((1, 0, 0, 0), (1, 0, 1, 0)),
    "false_positive_rate": Rate((0, 1, 0, 0), (0, 1, 0, 1)),
    "false_negative_rate": Rate((0, 0, 1, 0), (1, 0, 1, 0)),
    "true_negative_rate": Rate((0, 0, 0, 1), (0, 1, 0, 1)),
    "precision": Rate((1, 0, 0, 0), (1, 1, 0, 0)),
    "accuracy": Rate((1, 0, 0, 1), (1, 1, 1, 1)),
}
METRICS: tuple[str, ...] = (*RATES, "balanced_accuracy", "f1")


def fraction(confusion: np.ndarray, rate: str) -> tuple[np.ndarray, np.ndarray]:
    """Cases counted and cases at stake of a rate, each of shape (...,), from counts of shape (..., 4)."""
    form = RATES[rate]
    return confusion @ np.array(form.above), confusion @ np.array(form.below)


def metric(confusion: np.ndarray, name: str) -> np.ndarray:
    """Values of a metric, NaN where it is undefined.

    Parameters
    ----------
    confusion : ndarray of int, shape (..., 4)
        True positives, false positives, false negatives, true negatives.
    name : str
        One of `METRICS`.

    Returns
    -------
    ndarray of float, shape (...,)

    Examples
    --------
    >>> metric(np.array([[8, 1, 2, 9]]), "true_positive_rate").tolist()
    [0.8]
    """
    if name in RATES:
        return _ratio(*fraction(confusion, name))
    if name == "balanced_accuracy":
        return (metric(confusion, "true_positive_rate") + metric(confusion, "true_negative_rate")) / 2
    if name == "f1":
        tp, fp, fn = confusion[..., TP], confusion[..., FP], confusion[..., FN]
        return _ratio(2 * tp, 2 * tp + fp + fn)
    raise KeyError(name)


def gradient(confusion: np.ndarray, name: str) -> np.ndarray:
    """Derivatives of a metric by true positives, false positives, false negatives and true negatives.

    Parameters
    ----------
    confusion : ndarray, shape (..., 4)
        Counts, or sums of weights.

    Returns
    -------
    ndarray of float, shape (..., 4)
        0 where the metric is undefined.
    """
    if name == "balanced_accuracy":
        return (gradient(confusion, "true_positive_rate") + gradient(confusion, "true_negative_rate")) / 2
    form = RATES.get(name, Rate((2, 0, 0, 0), (2, 1, 1, 0)))  # F1, counted twice
    above, below = np.array(form.above), np.array(form.below)
    stake = (confusion @ below)[..., None]
    value = np.nan_to_num(metric(confusion, name))[..., None]
    return np.divide(above - value * below, stake, out=np.zeros(np.shape(confusion)), where=stake > 0)


def cases(confusion: np.ndarray, name: str) -> np.ndarray:
    """How many cases a metric rests on, shape (...,): what the least size of a group is compared with."""
    if name in RATES:
        return fraction(confusion, name)[1]
    if name == "balanced_accuracy":
        return np.minimum(fraction(confusion, "true_positive_rate")[1], fraction(confusion, "true_negative_rate")[1])
    return confusion[..., TP] + confusion[..., FP] + confusion[..., FN]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
