"""What groups are compared by: rates, means and areas under the curve, each with limits at any critical value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from governance.engine.cube import GroupCounts
from governance.engine.intervals import Limits, normal_quantile, range_quantile, wilson
from governance.engine.metrics import fraction
from governance.engine.weights import effective_fraction


class Quantity(Protocol):
    """A quantity of the groups that have enough cases for it.

    Attributes
    ----------
    name : str
    kept : ndarray of int
        Indexes of those groups.
    value : ndarray of float, shape (kept,)
    n : ndarray of int, shape (kept,)
        Rows that the value rests on.
    bounded : bool
        Whether values lie between 0 and 1.
    """

    name: str
    kept: np.ndarray
    value: np.ndarray
    n: np.ndarray
    bounded: bool

    def limits(self, z: float, factor: float = 1.0) -> Limits:
        """Limits at a two-sided normal critical value, had there been `factor` times as many cases."""


@dataclass(frozen=True, eq=False)
class Proportions:
    """Rates: cases counted over cases at stake, both effective where there are weights."""

    name: str
    kept: np.ndarray
    count: np.ndarray
    total: np.ndarray
    n: np.ndarray
    bounded = True

    @property
    def value(self) -> np.ndarray:
        return self.count / self.total

    def limits(self, z: float, factor: float = 1.0) -> Limits:
        return wilson(self.count * factor, self.total * factor, z)


@dataclass(frozen=True, eq=False)
class Means:
    """Means with the variance of each; Student's t with the (effective) cases of the group less one."""

    name: str
    kept: np.ndarray
    value: np.ndarray
    variance: np.ndarray
    cases: np.ndarray
    n: np.ndarray
    least: float = -np.inf
    bounded: bool = False

    def only(self, kept: np.ndarray) -> Means:
        arrays = (getattr(self, name)[kept] for name in ("value", "variance", "cases", "n"))
        return Means(self.name, kept, *arrays, self.least, self.bounded)

    def limits(self, z: float, factor: float = 1.0) -> Limits:
        freedom = self.cases * factor - 1
        half = np.where(freedom > 0, student(z, freedom) * np.sqrt(self.variance / factor), np.inf)
        return np.maximum(self.value - half, self.least), self.value + half


def student(z: float, freedom: np.ndarray) -> np.ndarray:
    """Student's critical values with the tails of a normal one; at least one degree of freedom is taken."""
    from scipy.special import ndtr, stdtrit

    return -stdtrit(np.maximum(freedom, 1.0), ndtr(-z))


def proportions(counts: GroupCounts, rate: str, min_group: int) -> Proportions:
    """A rate of the groups that have `min_group` cases, of which as many count for it."""
    count, total, n = rate_cases(counts, rate)
    return enough(rate, count, total, n, counts.n, min_group)


def rate_cases(counts: GroupCounts, rate: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cases counted and at stake, effective where there are weights; and the rows at stake."""
    above, below = fraction(counts.confusion, rate)
    if counts.w is None:
        return above, below, below
    weighted, squares = fraction(counts.w, rate), fraction(counts.w2, rate)
    count, total = effective_fraction(*zip(weighted, squares, strict=True))
    return count, total, below


def enough(
    name: str, count: np.ndarray, total: np.ndarray, n: np.ndarray, rows: np.ndarray, min_group: int
) -> Proportions:
    kept = np.flatnonzero((total >= min_group) & (rows >= min_group))
    return Proportions(name, kept, count[kept], total[kept], n[kept])


def each_and_together(
    quantity: Quantity, confidence: float, families: int, factor: float = 1.0
) -> tuple[Limits, Limits]:
    """A quantity's limits by group, and those that hold for all pairs at once (see `intervals`)."""
    z = range_quantile(len(quantity.kept), 1 - (1 - confidence) / families)
    return quantity.limits(normal_quantile(confidence), factor), quantity.limits(z, factor)
