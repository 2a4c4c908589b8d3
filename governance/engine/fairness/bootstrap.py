"""The bootstrap of a cube: to resample rows is to draw its cells from a multinomial distribution.

So a thousand replicates of a million rows cost as much as of a thousand. The draw is made in two steps, the
groups' sizes and then the cells within each group, which is the same law and lets memory stay flat.

Where rows have weights that law does not hold. Then each cell's Σw is drawn from the gamma distribution with the
mean Σw and the variance Σw² that a Poisson bootstrap of its rows has (Hanley and MacGibbon 2006), each apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from governance.engine.cube import GroupCounts
from governance.engine.metrics import metric

BLOCK = 4_000_000  # counts held at once
UNDEFINED = (None, None)


def replicates(confusion: np.ndarray, *, size: int, rng: np.random.Generator) -> Iterable[tuple[slice, np.ndarray]]:
    """Resampled confusion counts, in blocks of groups.

    Parameters
    ----------
    confusion : ndarray of int, shape (groups, 4)
    size : int
        Number of replicates.
    rng : numpy.random.Generator

    Yields
    ------
    groups : slice
    counts : ndarray of int, shape (size, groups of the block, 4)
    """
    n = confusion.sum(axis=1)
    total = int(n.sum())
    sizes = rng.multinomial(total, n / total, size=size)
    shares = np.divide(confusion, n[:, None], out=np.full(confusion.shape, 0.25), where=n[:, None] > 0)
    for block in _blocks(len(n), size):
        yield block, rng.multinomial(sizes[:, block], shares[block])


def weighted_replicates(
    w: np.ndarray, w2: np.ndarray, *, size: int, rng: np.random.Generator
) -> Iterable[tuple[slice, np.ndarray]]:
    """Resampled sums of weights, in blocks of groups; see `replicates`.

    Parameters
    ----------
    w, w2 : ndarray of float, shape (groups, 4)
        Σw and Σw² of each cell.
    """
    for block in _blocks(len(w), size):
        shape = np.divide(w[block] ** 2, w2[block], out=np.zeros_like(w[block]), where=w2[block] > 0)
        scale = np.divide(w2[block], w[block], out=np.zeros_like(w[block]), where=w[block] > 0)
        yield block, rng.standard_gamma(shape, (size, *shape.shape)) * scale


def resampled(
    counts: GroupCounts, names: Sequence[str], *, confidence: float, size: int, seed: Sequence[int]
) -> Resampled:
    """Resample a grouping once, for its groups and all its gaps together."""
    rng = np.random.default_rng(list(seed))
    found = Resampled({name: np.full((size, len(counts.groups)), np.nan) for name in names}, confidence)
    if not size or not counts.n.sum():
        return found
    if counts.w is None:
        draws = replicates(counts.confusion, size=size, rng=rng)
    else:
        draws = weighted_replicates(counts.w, counts.w2, size=size, rng=rng)
    for block, drawn in draws:
        for name in names:
            found.values[name][:, block] = metric(drawn, name)
    return found


class Resampled:
    """Values of metrics in each replicate.

    Attributes
    ----------
    values : dict of str to ndarray of float, shape (size, groups)
    """

    def __init__(self, values: Mapping[str, np.ndarray], confidence: float) -> None:
        self.values = dict(values)
        self.tails = [(1 - confidence) / 2, (1 + confidence) / 2]

    def limits(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Percentile limits by group.

        A group whose metric is undefined in any replicate has none (NaN): dropping those replicates would make
        it look surer than it is.
        """
        values = self.values[name]
        if not len(values):
            return np.full((2, values.shape[1]), np.nan)
        return np.quantile(values, self.tails, axis=0)

    def gap(self, kept: Mapping[str, np.ndarray], kind: str) -> tuple[float | None, float | None]:
        """Percentile limits of the widest difference, or of the smallest ratio, of the worst of several rates.

        The rates are taken from the same replicates, so equalized odds is resampled as one quantity. Reported
        beside the closed form, never judged by: the resampled extreme is biased towards a gap.
        """
        extremes = []
        for name, groups in kept.items():
            values = self.values[name][:, groups]
            high, low = values.max(axis=1, initial=-np.inf), values.min(axis=1, initial=np.inf)
            if kind == "difference":
                extremes.append(high - low)
            else:
                extremes.append(np.divide(low, high, out=np.full_like(low, np.nan), where=high > 0))
        if not extremes or not len(extremes[0]):
            return UNDEFINED
        worst = np.max(extremes, axis=0) if kind == "difference" else np.min(extremes, axis=0)
        low, high = np.quantile(worst, self.tails)
        return (float(low), float(high)) if np.isfinite(low) and np.isfinite(high) else UNDEFINED


def percentile_limits(
    confusion: np.ndarray, names: Sequence[str], *, confidence: float, size: int, seed: Sequence[int]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Percentile intervals of metrics by group; see `Resampled.limits`.

    Parameters
    ----------
    confusion : ndarray of int, shape (groups, 4)
    names : sequence of str
        Metrics.
    confidence : float
    size : int
        Number of replicates.
    seed : sequence of int

    Returns
    -------
    dict of str to (low, high), each an ndarray of float, shape (groups,)
    """
    groups = tuple((str(i),) for i in range(len(confusion)))
    counts = GroupCounts(("group",), groups, confusion, np.zeros(len(confusion), dtype=np.int64))
    found = resampled(counts, names, confidence=confidence, size=size, seed=seed)
    return {name: tuple(found.limits(name)) for name in names}


def _blocks(groups: int, size: int) -> Iterable[slice]:
    step = max(1, BLOCK // (4 * max(size, 1)))
    return (slice(start, start + step) for start in range(0, groups, step))
