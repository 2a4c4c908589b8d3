"""Where is it worst: one metric in each part of the data, beside all rows and beside the other model.

Many slices are looked at, so that the lowest looks low by chance alone. A slice is called worse only where its
difference survives the correction: Holm's (1979) over the single columns, Bonferroni's over all pairs of columns
that could have been tried, each with half of the error that is allowed. Proportions are compared by Fisher's
exact test, others by the pulls of their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from governance.engine.performance.cuts import Cut, Level, rows_by
from governance.engine.performance.intervals import Limits, Sampling, quick_limits
from governance.engine.performance.metrics import (
    HIGHER,
    METRICS,
    ZERO,
    cases,
    counted,
    influence,
    value,
)
from governance.engine.performance.pairs import Difference, compare, one_sided
from governance.engine.performance.rows import Answers

PAIRED_COLUMNS = 4  # whose pairs are tried: those with the strongest slices
SHOWN_SMALL = 20
SHOWN_PAIRS = 20
SHOWN = 200


@dataclass(frozen=True)
class Slice:
    """One part of the data.

    Attributes
    ----------
    where : tuple of Level
        One or two.
    rows, n, cases : int
        Rows, those that the metric is a share or a mean of, and the scarcest of what it rests on.
    value, low, high : float or None
    interval : str or None
        The method of the limits.
    judged : bool
        Whether there are enough cases.
    difference : float or None
        The slice's value minus that of all rows.
    certainly : float or None
        By how much it is worse than all rows, at the near end of that difference's interval: what slices are
        ordered by.
    p : float or None
        Corrected for the number of slices.
    worse : bool
        Worse than the other rows beyond chance.
    live : Difference or None
        Beside the other model on the slice's rows.
    live_p : float or None
        Corrected too.
    worse_than_live : bool
    """

    where: tuple[Level, ...]
    rows: int
    n: int
    cases: int
    value: float | None
    low: float | None
    high: float | None
    interval: str | None
    judged: bool
    difference: float | None = None
    certainly: float | None = None
    p: float | None = None
    worse: bool = False
    live: Difference | None = None
    live_p: float | None = None
    worse_than_live: bool = False


@dataclass(frozen=True)
class Found:
    """All slices, the worst first, and how many were looked at."""

    slices: tuple[Slice, ...]
    tested: int
    small: int
    pairs_tried: int
    pairs_possible: int


@dataclass(frozen=True, eq=False)
class Whole:
    """What every slice is held against: all rows, their value, and the pulls on it."""

    own: Answers
    live: Answers | None
    live_at: np.ndarray | None
    name: str
    found: float
    pull: np.ndarray
    sampling: Sampling
    least: int

    @classmethod
    def of(
        cls, own: Answers, live: Answers | None, paired: np.ndarray | None, name: str, sampling: Sampling, least: int
    ):
        found, pull = influence(own, name)
        live_at = None
        if live is not None and paired is not None:
            live_at = np.full(own.n, -1, dtype=np.int64)
            live_at[paired] = np.arange(len(paired))
        return cls(own, live, live_at, name, found, pull, sampling, least)


def find_slices(whole: Whole, columns: Sequence[Cut]) -> Found:
    """Measure each slice of each column, and pairs of the columns that cut deepest."""
    singles = [
        _measure(whole, (level,), at)
        for cut in columns
        for level, at in zip(cut.levels, cut.rows(), strict=True)
        if len(at)
    ]
    possible = sum(len(a.levels) * len(b.levels) for a, b in combinations(columns, 2))
    share = 0.5 if possible else 1.0
    tail = whole.sampling.tails[0]
    judged = [item for item in singles if item.judged]
    judged = _corrected(judged, "p", "worse", tail, share, _holm)
    judged = _corrected(judged, "live_p", "worse_than_live", tail, share, _holm)
    tried = _pairs(whole, _deepest(judged, columns))
    new = [item for item in tried if item.judged and _says_more(item, singles, whole.name)]
    for key, flag in (("p", "worse"), ("live_p", "worse_than_live")):
        new = _corrected(new, key, flag, tail, 1 - share, lambda values: np.minimum(values * possible, 1.0))
    listed = sorted([*judged, *sorted(new, key=_order)[:SHOWN_PAIRS]], key=_order)[:SHOWN]
    small = sorted((item for item in singles if not item.judged), key=lambda item: -item.rows)
    return Found((*listed, *small[:SHOWN_SMALL]), len(judged), len(small), len(tried), possible)


def _measure(whole: Whole, where: tuple[Level, ...], at: np.ndarray) -> Slice:
    part = whole.own.take(at)
    rests_on = cases(part, whole.name)
    found = value(part, whole.name)
    limits = quick_limits(part, whole.name, whole.sampling) if np.isfinite(found) else Limits()
    known = float(found) if np.isfinite(found) else None
    judged = bool(rests_on >= whole.least and known is not None)
    made = Slice(
        where, part.n, counted(part, whole.name), rests_on, known, limits.low, limits.high, limits.method, judged
    )
    if not judged:
        return made
    change, spread = _beside_all(whole, part, at)
    harm = _harm(whole.name, found, whole.found)
    certainly = harm - whole.sampling.z * spread
    made = replace(made, difference=float(change), certainly=float(certainly), p=_chance(whole, part, at, harm, spread))
    if whole.live is None or whole.live_at is None:
        return made
    both = whole.live_at[at] >= 0
    live = compare(part.take(both), whole.live.take(whole.live_at[at][both]), whole.name, whole.sampling, quick=True)
    return replace(made, live=live, live_p=one_sided(live, whole.name, whole.sampling.z))


def _harm(name: str, found: float, reference: float) -> float:
    """How much worse a value is than another; below 0 if it is better."""
    direction = METRICS[name].direction
    if direction == ZERO:
        return abs(found) - abs(reference)
    return reference - found if direction == HIGHER else found - reference


def _beside_all(whole: Whole, part: Answers, at: np.ndarray) -> tuple[float, float]:
    """The slice's value minus that of all rows, of which it is one part, and the standard error of that."""
    found, pull = influence(part, whole.name)
    weights, mine = whole.own.weights, part.weights
    here = mine * pull / mine.sum()
    there = weights * whole.pull / weights.sum()
    inside = float(((here - there[at]) ** 2).sum())
    outside = max(float((there**2).sum() - (there[at] ** 2).sum()), 0.0)
    return found - whole.found, float(np.sqrt(inside + outside))


def _chance(whole: Whole, part: Answers, at: np.ndarray, harm: float, spread: float) -> float:
    """The one-sided chance of a slice as bad as this, if it were like the rest."""
    from scipy.special import ndtr
    from scipy.stats import hypergeom

    if METRICS[whole.name].family == "proportion" and whole.own.weight is None:
        stake, right = _stakes(whole.own, whole.name)
        inside, hits = int(stake[at].sum()), int((stake & right)[at].sum())
        return float(hypergeom.cdf(hits, int(stake.sum()), int((stake & right).sum()), inside))
    return float(ndtr(-harm / spread)) if spread > 0 else 1.0


def _stakes(answers: Answers, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a proportion counts, and those that are right."""
    stake = {
        "accuracy": np.ones(answers.n, dtype=bool),
        "recall": answers.label == answers.positive,
        "specificity": answers.label != answers.positive,
        "precision": answers.prediction == answers.positive,
    }[name]
    return stake, answers.label == answers.prediction


def _corrected(slices: list[Slice], key: str, flag: str, tail: float, share: float, correct: Any) -> list[Slice]:
    """The slices with corrected chances, and a flag on those that stay below the part of the error that is theirs."""
    at = [i for i, item in enumerate(slices) if getattr(item, key) is not None]
    if not at:
        return slices
    chances = np.minimum(correct(np.array([getattr(slices[i], key) for i in at])) / share, 1.0)
    made = list(slices)
    for i, chance in zip(at, chances, strict=True):
        made[i] = replace(slices[i], **{key: float(chance), flag: bool(chance <= tail)})
    return made


def _holm(chances: np.ndarray) -> np.ndarray:
    order = np.argsort(chances)
    steps = np.maximum.accumulate(chances[order] * (len(chances) - np.arange(len(chances))))
    corrected = np.empty(len(chances))
    corrected[order] = np.minimum(steps, 1.0)
    return corrected


def _deepest(judged: Sequence[Slice], columns: Sequence[Cut]) -> list[Cut]:
    """The columns with the slices that are most certainly worse."""
    deepest: dict[str, float] = {}
    for item in judged:
        name = item.where[0].column
        deepest[name] = max(deepest.get(name, -np.inf), item.certainly or 0.0)
    names = sorted(deepest, key=lambda name: -deepest[name])[:PAIRED_COLUMNS]
    return [cut for cut in columns if cut.column in names]


def _pairs(whole: Whole, columns: Sequence[Cut]) -> list[Slice]:
    tried = []
    for first, second in combinations(columns, 2):
        size = len(second.levels)
        crossed = rows_by(first.codes * size + second.codes, len(first.levels) * size)
        for code, at in enumerate(crossed):
            if len(at) >= whole.least:
                tried.append(_measure(whole, (first.levels[code // size], second.levels[code % size]), at))
    return tried


def _says_more(pair: Slice, singles: Sequence[Slice], name: str) -> bool:
    """Whether a pair is worse than either of its parts by more than its own interval."""
    if pair.low is None or pair.high is None:
        return False
    parts = [item.value for item in singles if item.where[0] in pair.where and item.value is not None]
    return all(_harm(name, pair.value, part) > 0 and not pair.low <= part <= pair.high for part in parts)


def _order(item: Slice) -> tuple[bool, float]:
    return not item.worse, -(item.certainly if item.certainly is not None else -np.inf)
