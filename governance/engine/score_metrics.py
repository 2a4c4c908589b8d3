"""Metrics of scores by group, from the cube's histogram: area under the curve, Brier score, calibration.

The area counts pairs of a positive and a negative case in the right order, ties half. Pairs in one bin, unless
all its scores are equal, are of unknown order: half of their share bounds the error, and is published. The
variance is DeLong, DeLong and Clarke-Pearson's (1988), whose placements the histogram holds; its interval is on
the logit scale (Qin and Hotilovac 2008). With few cases, or no case out of order, that variance says too little:
there Newcombe's interval (2006, method 5) is used, which inverts a test and needs no variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from governance.engine.intervals import Limits, wilson
from governance.engine.quantities import Means
from governance.engine.scores import PARTS, STRIDE, TOP, Histogram
from governance.engine.weights import effective_cases

FEW = 10  # cases of the rarer class, under which DeLong's variance is not relied on
TENTHS = 10


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas under the curve of groups.

    Attributes
    ----------
    value, bound, variance : ndarray of float, shape (groups,)
        NaN where a class is absent; the area of the scores themselves lies within ``value ± bound``.
    positives, negatives : ndarray of float, shape (groups,)
        Effective cases.
    n : ndarray of int, shape (groups,)
        Rows with label and score.
    """

    name: str
    kept: np.ndarray
    value: np.ndarray
    bound: np.ndarray
    variance: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray
    n: np.ndarray
    bounded = True

    def only(self, kept: np.ndarray) -> Areas:
        arrays = (getattr(self, name)[kept] for name in ("value", "bound", "variance", "positives", "negatives", "n"))
        return Areas(self.name, kept, *arrays)

    def limits(self, z: float, factor: float = 1.0) -> Limits:
        rarer = np.minimum(self.positives, self.negatives) * factor
        inside = (self.value > 0) & (self.value < 1) & (self.variance > 0)
        value = np.where(inside, self.value, 0.5)
        logit = np.log(value / (1 - value))
        half = z * np.sqrt(self.variance / factor) / (value * (1 - value))
        delong = (_expit(logit - half), _expit(logit + half))
        newcombe = _newcombe(self.value, self.positives * factor, self.negatives * factor, z)
        relied = inside & (rarer >= FEW)
        low, high = (np.where(relied, a, b) for a, b in zip(delong, newcombe, strict=True))
        return np.clip(low - self.bound, 0, 1), np.clip(high + self.bound, 0, 1)


def areas(histogram: Histogram) -> Areas:
    """The area under the curve of each group."""
    positive, negative = histogram.w
    total_p, total_n = positive.sum(axis=1), negative.sum(axis=1)
    defined = (total_p > 0) & (total_n > 0)
    p, n = (np.where(defined, total, np.nan)[:, None] for total in (total_p, total_n))
    below = (np.cumsum(negative, axis=1) - negative / 2) / n  # placement of a positive case in each bin
    above = (p - np.cumsum(positive, axis=1) + positive / 2) / p  # placement of a negative case
    value = (positive * below).sum(axis=1) / p[:, 0]
    loose = np.where(histogram.tied, 0.0, positive * negative)
    bound = loose.sum(axis=1) / (2 * p * n)[:, 0]
    squares = zip(histogram.w2, histogram.cases, (below, above), (p, n), strict=True)
    variance = sum(
        (w2 * (placement - value[:, None]) ** 2).sum(axis=1) / total[:, 0] ** 2 * _sample(cases)
        for w2, cases, placement, total in squares
    )
    effective = [
        effective_cases(w.sum(axis=1), w2.sum(axis=1)) for w, w2 in zip(histogram.w, histogram.w2, strict=True)
    ]
    every = np.arange(len(value))
    return Areas("auc", every, value, bound, variance, *effective, histogram.cases.sum(axis=0))


def brier(histogram: Histogram) -> Means:
    """The mean squared difference of score and outcome; exact, from Σw, Σws and Σws².

    Its variance takes the scores of a bin for their mean: that moves an interval's width by less than a bin's.
    """
    w, s1 = histogram.w.sum(axis=2), histogram.s1.sum(axis=2)
    total = w.sum(axis=0)
    sums = histogram.s2.sum(axis=0) - 2 * s1[0] + w[0]
    value = _ratio(sums, total)
    centre = _ratio(histogram.s1, histogram.w, 0.0)
    outcome = np.array([1.0, 0.0])[:, None, None]
    spread = histogram.w2 * ((centre - outcome) ** 2 - value[:, None]) ** 2
    rows = histogram.cases.sum(axis=0)
    variance = _ratio(spread.sum(axis=(0, 2)), total**2) * _sample(rows)
    cases = effective_cases(total, histogram.w2.sum(axis=(0, 2)))
    return Means("brier", np.arange(len(value)), value, variance, cases, rows, 0.0, True)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores beside outcomes by tenths of the score.

    Attributes
    ----------
    n : ndarray of int, shape (groups, 10)
    score, observed : ndarray of float, shape (groups, 10)
        Mean score and share of positives; NaN where no case is.
    low, high : ndarray of float, shape (groups, 10)
        Wilson's interval of the share.
    error : ndarray of float, shape (groups,)
        Expected calibration error: the mean distance of both (Naeini, Cooper and Hauskrecht 2015). It is biased
        upwards in small groups, so it is shown and never judged.
    """

    n: np.ndarray
    score: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray

    def bins(self, group: int) -> list[dict[str, Any]]:
        """A group's tenths as JSON."""
        found = []
        for i in np.flatnonzero(self.n[group]).tolist():
            item = {"from": i / TENTHS, "to": (i + 1) / TENTHS, "n": int(self.n[group, i])}
            for name in ("score", "observed", "low", "high"):
                value = float(getattr(self, name)[group, i])
                item[name] = None if np.isnan(value) else value
            found.append(item)
        return found


def calibration(histogram: Histogram, z: float) -> Calibration | None:
    """Calibration by tenths; None where scores are no probabilities."""
    if not len(histogram.bins) or histogram.bins.min() < 0 or histogram.bins.max() >= TOP:
        return None
    tenth = histogram.bins // STRIDE * TENTHS // PARTS

    def by_tenth(amount: np.ndarray) -> np.ndarray:
        found = np.zeros((*amount.shape[:-1], TENTHS))
        np.add.at(np.moveaxis(found, -1, 0), tenth, np.moveaxis(amount, -1, 0))
        return found

    n, w, w2, s1 = (by_tenth(getattr(histogram, name)) for name in ("n", "w", "w2", "s1"))
    total = w.sum(axis=0)
    score, observed = _ratio(s1.sum(axis=0), total), _ratio(w[0], total)
    cases = effective_cases(total, w2.sum(axis=0))
    low, high = wilson(np.nan_to_num(observed) * cases, cases, z)
    share = _ratio(total, total.sum(axis=1, keepdims=True), 0.0)
    error = np.where(total.sum(axis=1) > 0, np.nansum(share * np.abs(score - observed), axis=1), np.nan)
    return Calibration(n.sum(axis=0).astype(np.int64), score, observed, low, high, error)


def _newcombe(area: np.ndarray, m: np.ndarray, n: np.ndarray, z: float) -> Limits:
    """Areas θ at which the one observed lies z standard errors away, by bisection."""
    pairs = np.where((m > 0) & (n > 0), m * n, np.nan)
    mean = (m + n) / 2

    def error(theta: np.ndarray) -> np.ndarray:
        spread = 1 + (mean - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return np.sqrt(np.maximum(theta * (1 - theta) * spread / pairs, 0))

    low, high = (np.zeros_like(area), area.copy()), (area.copy(), np.ones_like(area))
    for _ in range(50):
        middle = (low[0] + low[1]) / 2
        beyond = area - middle > z * error(middle)
        low = (np.where(beyond, middle, low[0]), np.where(beyond, low[1], middle))
        middle = (high[0] + high[1]) / 2
        beyond = middle - area > z * error(middle)
        high = (np.where(beyond, high[0], middle), np.where(beyond, middle, high[1]))
    unknown = np.isnan(pairs)
    return np.where(unknown, np.nan, low[0]), np.where(unknown, np.nan, high[1])


def _expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _sample(cases: np.ndarray) -> np.ndarray:
    """From the variance of a population to that of a sample; 0 for a single case, which has none."""
    return np.divide(cases, cases - 1, out=np.zeros(np.shape(cases)), where=cases > 1)


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(np.shape(below), otherwise), where=below > 0)
