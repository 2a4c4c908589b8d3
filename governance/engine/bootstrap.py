"""The bootstrap of a cube: to resample rows is to draw its cells from a multinomial distribution.

So a thousand replicates of a million rows cost as much as of a thousand. The draw is made in two steps, the
groups' sizes and then the cells within each group, which is the same law and lets memory stay flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from governance.engine.metrics import metric

BLOCK = 4_000_000  # counts held at once


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
    step = max(1, BLOCK // (4 * size))
    for start in range(0, len(n), step):
        block = slice(start, start + step)
        yield block, rng.multinomial(sizes[:, block], shares[block])


def percentile_limits(
    confusion: np.ndarray, names: Sequence[str], *, confidence: float, size: int, seed: Sequence[int]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Percentile intervals of metrics by group.

    A group whose metric is undefined in any replicate has no interval (NaN): dropping those replicates would
    make it look surer than it is.

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
    tail = (1 - confidence) / 2
    limits = {name: np.full((2, len(confusion)), np.nan) for name in names}
    if size and confusion.sum():
        for block, counts in replicates(confusion, size=size, rng=np.random.default_rng(list(seed))):
            for name in names:
                limits[name][:, block] = np.quantile(metric(counts, name), [tail, 1 - tail], axis=0)
    return {name: (low, high) for name, (low, high) in limits.items()}
