"""Importance of features from SHAP values, with intervals, and ties shown as ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

REPLICATES = 1000
Z95 = 1.959963984540054
# Contributions below this share of the largest are rounding, not reliance.
NEGLIGIBLE = 1e-9
# More rows than these are resampled in blocks, which has the same law and a bounded cost.
MOST_BLOCKS = 1000
# Of which features the precision is asked: the first ten that carry more than a hundredth.
TOP = 10
TOP_SHARE = 0.01


@dataclass(frozen=True)
class Importance:
    """Importance of one feature.

    Attributes
    ----------
    feature : str
    mean_abs, low, high : float
        Mean absolute contribution, with its 95% interval over rows, in units of the explained output.
    share, share_low, share_high : float
        Of the sum over all features.
    direction : str or None
        ``"up"`` if larger values go with larger contributions, ``"down"`` for the opposite; None for text,
        and where the rows do not show one.
    rank : tuple of int
        First and last rank that the rows do not exclude, such as (3, 4).
    tied_with : tuple of str
        Features whose importance does not differ significantly from this one's.
    """

    feature: str
    mean_abs: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    direction: str | None
    rank: tuple[int, int]
    tied_with: tuple[str, ...]


def importances(values: np.ndarray, names: list[str], numbers: dict[str, np.ndarray], *, seed: int) -> list[Importance]:
    """Rank features by mean absolute contribution.

    Parameters
    ----------
    values : ndarray of float, shape (rows, features)
        SHAP values.
    names : list of str
    numbers : dict of str to ndarray of float, shape (rows,)
        Values of the numeric features, NaN where missing.
    seed : int
        Of the bootstrap.

    Returns
    -------
    list of Importance
        Largest first; equal ones in the order of the columns.

    Notes
    -----
    Two features are tied if the 95% interval of the mean difference of their absolute contributions, paired
    by row, holds zero. The rank then runs from one more than the number of features significantly above to
    the number of features not significantly below [1]_. Rows are not many enough to tell more.

    .. [1] Goldstein and Healy, "The graphical presentation of a collection of means", JRSS A 158 (1995).
    """
    import numpy as np

    size = np.abs(values)
    mean = size.mean(axis=0)
    drawn = resampled(size, seed)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    share_low, share_high = np.quantile(shares_of(drawn), [0.025, 0.975], axis=0)
    above = _significantly_above(size, mean)
    first, last = 1 + above.sum(axis=0), len(names) - above.sum(axis=1)
    tied = ~(above | above.T)
    shares = shares_of(mean)
    order = np.argsort(-mean, kind="stable")
    return [
        Importance(
            feature=names[i],
            mean_abs=float(mean[i]),
            low=float(min(low[i], mean[i])),
            high=float(max(high[i], mean[i])),
            share=float(shares[i]),
            share_low=float(min(share_low[i], shares[i])),
            share_high=float(max(share_high[i], shares[i])),
            direction=_direction(numbers.get(names[i]), values[:, i]),
            rank=(int(first[i]), int(last[i])),
            tied_with=tuple(names[j] for j in order if j != i and tied[i, j]),
        )
        for i in order
    ]


def resampled(size: np.ndarray, seed: int, replicates: int = REPLICATES) -> np.ndarray:
    """Means over rows drawn again.

    Parameters
    ----------
    size : ndarray of float, shape (rows, features)
    seed : int
    replicates : int

    Returns
    -------
    ndarray of float, shape (replicates, features)
    """
    import numpy as np

    rows, blocks = len(size), min(len(size), MOST_BLOCKS)
    edges = np.linspace(0, rows, blocks + 1).astype(int)
    sums = np.add.reduceat(size, edges[:-1], axis=0)
    counts = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), size=replicates)
    return counts @ sums / (counts @ np.diff(edges))[:, None]


def shares_of(means: np.ndarray) -> np.ndarray:
    """Means along the last axis as shares of their sum; zero where all are zero."""
    import numpy as np

    total = means.sum(axis=-1, keepdims=True)
    return np.divide(means, total, out=np.zeros_like(means), where=total > 0)


def reached_precision(values: np.ndarray) -> float | None:
    """Half-width of the 95% interval of the mean absolute contribution, relative to it: the worst leading feature's.

    Parameters
    ----------
    values : ndarray of float, shape (rows, features)

    Returns
    -------
    float or None
        Over the first `TOP` features that carry more than `TOP_SHARE`; None if none does.
    """
    import numpy as np

    size = np.abs(values)
    mean = size.mean(axis=0)
    leading = np.argsort(-mean, kind="stable")[:TOP]
    leading = leading[mean[leading] > TOP_SHARE * mean.sum()]
    if not len(leading) or len(values) < 2:
        return None
    half = Z95 * size[:, leading].std(axis=0, ddof=1) / np.sqrt(len(values))
    return float((half / mean[leading]).max())


def _significantly_above(size: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """``[i, j]``: the importance of i is above that of j beyond chance."""
    import numpy as np

    covariance = np.atleast_2d(np.cov(size, rowvar=False))
    variance = np.diag(covariance)
    error = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0) / len(size))
    difference = mean[:, None] - mean[None, :]
    return difference > np.maximum(Z95 * error, NEGLIGIBLE * max(mean.max(), 1e-300))


def _direction(numbers: np.ndarray | None, values: np.ndarray) -> str | None:
    """Sign of the correlation of value and contribution, if it differs from zero beyond chance."""
    import numpy as np

    if numbers is None:
        return None
    known = np.isfinite(numbers)
    n = int(known.sum())
    if n < 4 or np.ptp(numbers[known]) == 0 or np.ptp(values[known]) == 0:
        return None
    r = float(np.corrcoef(numbers[known], values[known])[0, 1])
    # Fisher's transformation; a perfect correlation has no finite one.
    if not abs(r) > np.tanh(Z95 / np.sqrt(n - 3)):
        return None
    return "up" if r > 0 else "down"
