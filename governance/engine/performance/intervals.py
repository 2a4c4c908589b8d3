"""Intervals of metrics of performance, each by the method that is sound for what it is made of.

- Proportions (accuracy, recall, precision, specificity): Wilson's score interval (1927). F1 is 2J / (1 + J) of a
  proportion J, the hits among all rows that are positive or called so, and takes J's limits through that.
- Means of the recalls of classes: Zou and Donner's (2008) combination of the classes' Wilson limits.
- AUC: DeLong (1988), on the logit scale so that it stays within 0 and 1.
- The rest: the percentile bootstrap, of the cells of the confusion or of the rows' losses. More than 2,500 rows
  are first summed into that many random groups, whose resampling has the same spread (Wolter 2007, ch. 2).

With weights a proportion's interval rests on the effective number of rows, (Σw)² / Σw² (Kish 1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governance.engine.intervals import normal_quantile, wilson
from governance.engine.performance.metrics import (
    METRICS,
    basis,
    class_rates,
    errors,
    influence,
    of_confusion,
    standard_error,
)
from governance.engine.performance.rows import Answers

MOST_UNITS = 2_500
BLOCK = 4_000_000  # numbers held at once while resampling
FEW = 10  # mistakes under which resampling says too little
METHODS = ("wilson", "zou-donner", "delong", "bootstrap", "normal")


@dataclass(frozen=True)
class Sampling:
    """How resampling is done: the confidence of intervals, the number of replicates, the seed."""

    confidence: float = 0.95
    replicates: int = 1000
    seed: int = 0

    @property
    def z(self) -> float:
        return normal_quantile(self.confidence)

    @property
    def tails(self) -> tuple[float, float]:
        tail = (1 - self.confidence) / 2
        return tail, 1 - tail


@dataclass(frozen=True)
class Limits:
    """An interval, and how it was found; None where there is none."""

    low: float | None = None
    high: float | None = None
    method: str | None = None


NO_LIMITS = Limits()


def limits(answers: Answers, name: str, sampling: Sampling) -> Limits:
    """The interval of a metric on all rows."""
    answers = basis(answers, name)
    quick = quick_limits(answers, name, sampling)
    if quick.method in ("wilson", "zou-donner", "delong"):
        return quick
    if METRICS[name].family == "confusion":
        mistakes = int((answers.label != answers.prediction).sum())
        if min(mistakes, answers.n - mistakes) < FEW:
            return _averaged(answers, name, sampling.z)
    return _percentiles(replicates_of([answers], name, sampling)[0], sampling)


def quick_limits(answers: Answers, name: str, sampling: Sampling) -> Limits:
    """The interval without resampling, for the many slices: where no closed form fits, from the standard error."""
    z = sampling.z
    if not answers.n:
        return NO_LIMITS
    if METRICS[name].family == "proportion" or name == "f1":
        return _wilson(answers, name, z)
    if name in ("balanced_accuracy", "macro_recall"):
        return _of_recalls(answers, z)
    found, pull = influence(answers, name)
    spread = standard_error(pull, answers.weights)
    if name == "auc":
        return _delong(answers, found, spread, z)
    if not spread > 0:
        return NO_LIMITS
    if name == "rmse":  # the square is a mean
        half = 2 * found * spread * z
        return _limits(np.sqrt(max(found**2 - half, 0.0)), np.sqrt(found**2 + half), "normal")
    low, high = found - z * spread, found + z * spread
    if name.startswith("macro_"):
        low, high = max(low, 0.0), min(high, 1.0)
    if name in ("mae", "brier", "log_loss"):
        low = max(low, 0.0)
    return _limits(low, high, "normal")


def replicates_of(models: Sequence[Answers], name: str, sampling: Sampling) -> list[np.ndarray]:
    """Bootstrap replicates of a metric for one or more models on the same rows, drawn together.

    Returns
    -------
    list of ndarray of float, each of shape (replicates,)
    """
    units, shares, draws = _units(models, name, sampling)
    width = units.shape[1] // len(models)
    rng = np.random.default_rng([sampling.seed, list(METRICS).index(name)])
    found: list[list[np.ndarray]] = [[] for _ in models]
    step = max(1, BLOCK // max(len(units), units.shape[1]))
    for start in range(0, sampling.replicates, step):
        size = min(step, sampling.replicates - start)
        sums = _draw(rng, shares, draws, size) @ units
        for model, values in enumerate(found):
            part = sums[:, model * width : (model + 1) * width]
            values.append(_of_sums(part, name, models[model]))
    return [np.concatenate(values) for values in found]


def _units(models: Sequence[Answers], name: str, sampling: Sampling) -> tuple[np.ndarray, np.ndarray | None, int]:
    """What is resampled: rows of sums, how likely each is drawn (None: all alike), and how many are drawn."""
    first = models[0]
    if METRICS[name].family in ("loss", "moment"):
        return (*_grouped(np.column_stack([_moments(model, name) for model in models]), sampling.seed),)
    size = len(first.classes)
    cells = np.column_stack([model.label * size + model.prediction for model in models])
    if first.weight is None:
        present, counts = np.unique(cells, axis=0, return_counts=True)
        return _one_hot(present, size * size), counts / first.n, first.n
    groups = min(first.n, max(200, MOST_UNITS // (size * size)))
    group = _random_groups(first.n, groups, sampling.seed)
    sums = [
        np.bincount(group * size * size + cells[:, i], weights=first.weight, minlength=groups * size * size)
        for i in range(len(models))
    ]
    return np.hstack([column.reshape(groups, size * size) for column in sums]), None, groups


def _one_hot(cells: np.ndarray, width: int) -> np.ndarray:
    units = np.zeros((len(cells), cells.shape[1] * width))
    for model in range(cells.shape[1]):
        units[np.arange(len(cells)), model * width + cells[:, model]] = 1
    return units


def _moments(answers: Answers, name: str) -> np.ndarray:
    """The weighted sums that a loss is made of, row by row: weight, loss, and for R² the label's spread."""
    loss = errors(answers, "rmse" if name == "r2" else name)
    columns = [np.ones(answers.n), loss]
    if name == "r2":
        centred = answers.label - np.average(answers.label, weights=answers.weights)
        columns += [centred, centred**2]
    return np.column_stack(columns) * answers.weights[:, None]


def _grouped(rows: np.ndarray, seed: int) -> tuple[np.ndarray, None, int]:
    """Rows as they are, or summed into random groups."""
    if len(rows) <= MOST_UNITS:
        return rows, None, len(rows)
    group = _random_groups(len(rows), MOST_UNITS, seed)
    sums = [np.bincount(group, weights=column, minlength=MOST_UNITS) for column in rows.T]
    return np.column_stack(sums), None, MOST_UNITS


def _random_groups(n: int, groups: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, n]).permutation(n) % groups


def _draw(rng: np.random.Generator, shares: np.ndarray | None, draws: int, size: int) -> np.ndarray:
    """How often each unit is drawn, shape (size, units)."""
    if shares is not None:
        return rng.multinomial(draws, shares, size=size).astype(float)
    drawn = rng.integers(0, draws, size=(size, draws)) + np.arange(size)[:, None] * draws
    return np.bincount(drawn.ravel(), minlength=size * draws).reshape(size, draws).astype(float)


def _of_sums(sums: np.ndarray, name: str, answers: Answers) -> np.ndarray:
    family = METRICS[name].family
    if family in ("proportion", "confusion"):
        size = len(answers.classes)
        return of_confusion(sums.reshape(-1, size, size), name, answers.positive)
    mean = sums[:, 1] / sums[:, 0]
    if name == "rmse":
        return np.sqrt(mean)
    if name == "r2":
        spread = sums[:, 3] / sums[:, 0] - (sums[:, 2] / sums[:, 0]) ** 2
        return 1 - np.divide(mean, spread, out=np.full(len(mean), np.nan), where=spread > 0)
    return mean


def _percentiles(values: np.ndarray, sampling: Sampling) -> Limits:
    """None where a replicate is undefined, or none differs: such an interval would look surer than it is."""
    if not len(values) or np.isnan(values).any() or np.ptp(values) == 0:
        return NO_LIMITS
    low, high = np.quantile(values, sampling.tails)
    return _limits(low, high, "bootstrap")


def effective(answers: Answers, counted: np.ndarray | None = None) -> float:
    """How many equally weighted rows would say as much."""
    weights = answers.weights if counted is None else answers.weights[counted]
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def _wilson(answers: Answers, name: str, z: float) -> Limits:
    true, chosen = answers.label == answers.positive, answers.prediction == answers.positive
    right = answers.label == answers.prediction
    counted = {
        "accuracy": np.ones(answers.n, dtype=bool),
        "recall": true,
        "precision": chosen,
        "specificity": ~true,
        "f1": true | chosen,
    }[name]
    weights = answers.weights[counted]
    if not len(weights):
        return NO_LIMITS
    total = effective(answers, counted)
    share = float(weights[right[counted]].sum() / weights.sum())
    low, high = (float(end) for end in wilson(np.array(share * total), np.array(total), z))
    if name == "f1":
        low, high = 2 * low / (1 + low), 2 * high / (1 + high)
    return _limits(low, high, "wilson")


def _of_recalls(answers: Answers, z: float) -> Limits:
    """The mean of independent rates, each with its own limits."""
    size = len(answers.classes)
    present = np.flatnonzero(np.bincount(answers.label, minlength=size))
    above, below = (part[present] for part in class_rates(answers.confusion, "recall"))
    total = np.array([effective(answers, answers.label == target) for target in present])
    rate = above / below
    low, high = wilson(rate * total, total, z)
    mean = rate.mean()
    down, up = (np.sqrt(((rate - end) ** 2).sum()) / len(rate) for end in (low, high))
    return _limits(max(mean - down, 0.0), min(mean + up, 1.0), "zou-donner")


def _averaged(answers: Answers, name: str, z: float) -> Limits:
    """The mean of the classes' own limits: wide, as if all classes erred together."""
    rate = name.removeprefix("macro_")
    above, below = class_rates(answers.confusion, rate)
    labelled = answers.confusion.sum(axis=1) > 0
    share = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)[labelled]
    total = np.maximum((below / 2 if rate == "f1" else below)[labelled], 1e-9)
    total = total * effective(answers) / answers.weights.sum()
    low, high = wilson(share * total, total, z)
    return _limits(low.mean(), high.mean(), "wilson")


def _delong(answers: Answers, found: float, spread: float, z: float) -> Limits:
    if not np.isfinite(found):
        return NO_LIMITS
    if not 0 < found < 1 or not spread > 0:  # all in order: what the rarer side alone can show
        rarer = np.bincount(answers.label)
        total = np.array(float(rarer[rarer > 0].min()))
        low, high = wilson(found * total, total, z)
        return _limits(low, high, "wilson")
    middle, half = np.log(found / (1 - found)), z * spread / (found * (1 - found))
    return _limits(*(1 / (1 + np.exp(-end)) for end in (middle - half, middle + half)), "delong")


def _limits(low: float, high: float, method: str) -> Limits:
    if not (np.isfinite(low) and np.isfinite(high)):
        return NO_LIMITS
    return Limits(float(low), float(high), method)
