"""Two models on the same rows: is one better, is one worse, or can they not be told apart?

Accuracy, recall and specificity count the same rows for both, so their differences rest on the rows where one is
right and the other wrong: Bonett and Price's interval (2012), and McNemar's exact test, which must agree before
anything is called certain. AUC is compared by DeLong's paired variance, the rest by bootstrapping both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from governance.engine.performance.intervals import FEW, Sampling, replicates_of
from governance.engine.performance.metrics import LOWER, METRICS, ZERO, basis, influence, standard_error, value
from governance.engine.performance.rows import REGRESSION, Answers

BETTER, WORSE, SAME, IDENTICAL, NOT_EVALUATED = "better", "worse", "not_distinguishable", "identical", "not_evaluated"
ON_LABELS = ("accuracy", "recall", "specificity")  # whose denominators no model can change


@dataclass(frozen=True)
class Difference:
    """A metric of the one minus that of the other, on the same rows.

    Attributes
    ----------
    own, live, value, low, high : float or None
        The mean error's `value` is that of its sizes: nearer to 0 is better.
    differing : int
        Rows that the metric rests on and where the two do not answer alike.
    p : float or None
        McNemar's exact, two-sided, where it applies.
    method : str or None
        "bonett-price", "delong", "bootstrap" or "normal".
    verdict : str
        "better", "worse", "not_distinguishable", "identical" or "not_evaluated".
    """

    own: float | None
    live: float | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    differing: int
    p: float | None
    method: str | None
    verdict: str


def compare(own: Answers, live: Answers, name: str, sampling: Sampling, *, quick: bool = False) -> Difference:
    """Compare one metric on rows that both have answered.

    Parameters
    ----------
    own, live : Answers
        The same rows in the same order.
    quick : bool
        From standard errors instead of resampling, for the many slices.
    """
    own, live = _both_scored(own, live, name)
    mine, theirs = value(own, name), value(live, name)
    if not (np.isfinite(mine) and np.isfinite(theirs)):
        return Difference(_known(mine), _known(theirs), None, None, None, own.n, 0, None, None, NOT_EVALUATED)
    change = abs(mine) - abs(theirs) if METRICS[name].direction == ZERO else mine - theirs
    differing = int(_differing(own, live, name).sum())
    found: dict[str, Any] = {"own": mine, "live": theirs, "value": change, "n": own.n, "differing": differing}
    if not differing:
        return Difference(**found, low=None, high=None, p=None, method=None, verdict=IDENTICAL)
    p = None
    if name in ON_LABELS and own.weight is None:
        low, high, p = _mcnemar(own, live, name, sampling.z)
        method = "bonett-price"
    elif name == "auc" or quick or name in ON_LABELS:
        low, high = _from_pulls(own, live, name, change, sampling.z)
        method = "delong" if name == "auc" else "normal"
    else:
        low, high = _resampled(own, live, name, sampling)
        method = "bootstrap"
    if not (np.isfinite(low) and np.isfinite(high)):
        return Difference(**found, low=None, high=None, p=p, method=None, verdict=NOT_EVALUATED)
    enough = p <= 1 - sampling.confidence if p is not None else differing >= FEW
    verdict = _verdict(low, high, name) if enough else SAME
    return Difference(**found, low=float(low), high=float(high), p=p, method=method, verdict=verdict)


def one_sided(difference: Difference, name: str, z: float) -> float:
    """The chance of a change for the worse as large as this if there were none; 1 where it cannot be told."""
    from scipy.special import ndtr

    if difference.low is None or difference.high is None or difference.value is None:
        return 1.0
    worse = difference.value if METRICS[name].direction != "higher" else -difference.value
    if difference.p is not None:
        return difference.p / 2 if worse > 0 else 1.0
    spread = (difference.high - difference.low) / (2 * z)
    return float(ndtr(-worse / spread)) if spread > 0 and difference.differing >= FEW else 1.0


def _verdict(low: float, high: float, name: str) -> str:
    if low <= 0 <= high:
        return SAME
    return BETTER if (high < 0) == (METRICS[name].direction in (LOWER, ZERO)) else WORSE


def _both_scored(own: Answers, live: Answers, name: str) -> tuple[Answers, Answers]:
    if not METRICS[name].scored:
        return own, live
    if own.score is None or live.score is None:
        none = np.zeros(0, dtype=np.int64)
        return own.take(none), live.take(none)
    known = ~np.isnan(own.score.reshape(own.n, -1)).any(axis=1) & ~np.isnan(live.score.reshape(live.n, -1)).any(axis=1)
    return basis(own.take(known), name), basis(live.take(known), name)


def _differing(own: Answers, live: Answers, name: str) -> np.ndarray:
    if METRICS[name].scored:
        return (own.score != live.score).reshape(own.n, -1).any(axis=1)
    differing = own.prediction != live.prediction
    if own.task == REGRESSION or name not in ON_LABELS:
        return differing
    return differing & _at_stake(own, name) & ((own.prediction == own.label) | (live.prediction == live.label))


def _at_stake(answers: Answers, name: str) -> np.ndarray:
    if name == "accuracy":
        return np.ones(answers.n, dtype=bool)
    return (answers.label == answers.positive) == (name == "recall")


def discordant(own: Answers, live: Answers, name: str) -> tuple[int, int, int]:
    """Rows at stake, those where only the one is right, and those where only the other is."""
    stake = _at_stake(own, name)
    right, other = own.prediction == own.label, live.prediction == live.label
    return int(stake.sum()), int((stake & right & ~other).sum()), int((stake & ~right & other).sum())


def _mcnemar(own: Answers, live: Answers, name: str, z: float) -> tuple[float, float, float]:
    from scipy.stats import binomtest

    n, gained, lost = discordant(own, live, name)
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = z * np.sqrt((up + down - (up - down) ** 2) / (n + 2))
    p = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return max(up - down - half, -1.0), min(up - down + half, 1.0), p


def _from_pulls(own: Answers, live: Answers, name: str, change: float, z: float) -> tuple[float, float]:
    (mine, pull), (theirs, other) = influence(own, name), influence(live, name)
    if METRICS[name].direction == ZERO:
        pull, other = pull * np.sign(mine), other * np.sign(theirs)
    half = z * standard_error(pull - other, own.weights)
    return change - half, change + half


def _resampled(own: Answers, live: Answers, name: str, sampling: Sampling) -> tuple[float, float]:
    mine, theirs = replicates_of([own, live], name, sampling)
    change = np.abs(mine) - np.abs(theirs) if METRICS[name].direction == ZERO else mine - theirs
    if not len(change) or np.isnan(change).any():
        return np.nan, np.nan
    low, high = np.quantile(change, sampling.tails)
    return float(low), float(high)


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
