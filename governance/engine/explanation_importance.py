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


@dataclass(frozen=True)
class Importance:
    """Importance of one feature.

    Attributes
    ----------
    feature : str
    mean_abs, low, high : float
        Mean absolute contribution, with its 95% interval over rows, in units of the explained output.
    share : float
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
    low, high = _bootstrap(size, seed)
    above = _significantly_above(size, mean)
    first, last = 1 + above.sum(axis=0), len(names) - above.sum(axis=1)
    tied = ~(above | above.T)
    total = mean.sum()
    shares = mean / total if total > 0 else np.zeros_like(mean)
    order = np.argsort(-mean, kind="stable")
    return [
        Importance(
            feature=names[i],
            mean_abs=float(mean[i]),
            low=float(low[i]),
            high=float(high[i]),
            share=float(shares[i]),
            direction=_direction(numbers.get(names[i]), values[:, i]),
            rank=(int(first[i]), int(last[i])),
            tied_with=tuple(names[j] for j in order if j != i and tied[i, j]),
        )
        for i in order
    ]


def _bootstrap(size: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of the mean over rows drawn again."""
    import numpy as np

    rows = len(size)
    counts = np.random.default_rng(seed).multinomial(rows, np.full(rows, 1 / rows), size=REPLICATES)
    low, high = np.quantile(counts @ size / rows, [0.025, 0.975], axis=0)
    return low, high


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
