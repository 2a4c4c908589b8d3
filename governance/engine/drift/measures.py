"""How far two samples of a column lie apart, and how sure that is.

The distance that is judged lies between 0 and 1 for every kind of column, and does not grow with the number of
rows: the Kolmogorov-Smirnov distance of numbers (the largest difference of the distribution functions) and the
total variation of levels (the share of cases that would have to change level). Its limits need no resampling:

- upper: both distances are convex in the two empirical distributions, so their expectations are no smaller than
  the truth, and one row moves them by 1/n at most (McDiarmid 1989).
- lower, numbers: Dvoretzky-Kiefer-Wolfowitz with Massart's constant (1990) for each sample.
- lower, levels: McDiarmid again, less the bias, which is at most half of sqrt((k - 1) / n) for k levels.

A pass of all columns asks each one's own upper limit; a fail of any asks lower limits that hold for all columns
together (Bonferroni). The limits hold for every distribution and every size, so they are wider than they might be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from governance.engine.drift.merge import merge, merge_weighted
from governance.engine.drift.samples import LevelSample, NumericSample
from governance.engine.intervals import difference_limits, normal_quantile, wilson

PSI_BINS = 10
PICTURE_BINS = 20
PICTURE_LEVELS = 12
LISTED_LEVELS = 20
LIMIT_LAW = 5_000  # rows from which the p-value of a KS distance follows its limit, as it does to three digits
LEAST_NAMED = 5  # cases that a level needs to be named: a name may be a person's
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def compare_numbers(reference: NumericSample, current: NumericSample) -> dict[str, Any]:
    """Distances of two numeric samples, neither empty; see docs/drift.md for each key."""
    ks, area = distances(reference, current)
    edges = np.unique(reference.quantiles(np.arange(1, PSI_BINS) / PSI_BINS))
    psi, noise = stability_index(_binned(reference, edges), _binned(current, edges), reference.size, current.size)
    spread = reference.spread() if math.isfinite(area) else math.nan
    return {
        "distance": ks,
        "wasserstein": area if math.isfinite(area) else None,
        "wasserstein_scaled": area / spread if spread > 0 else None,
        "psi": psi,
        "psi_noise": noise,
        "p_value": _ks_p_value(ks, reference.size, current.size),
        "quantiles": {
            "levels": list(QUANTILES),
            "reference": [_finite(value) for value in reference.quantiles(QUANTILES)],
            "current": [_finite(value) for value in current.quantiles(QUANTILES)],
        },
        "picture": _number_picture(reference, current),
    }


def compare_levels(reference: LevelSample, current: LevelSample) -> dict[str, Any]:
    """Distances of two categorical samples, neither empty."""
    levels = list(dict.fromkeys([*reference.levels, *current.levels]))
    before, after = aligned(reference, levels), aligned(current, levels)
    shares = before / before.sum(), after / after.sum()
    psi, noise = stability_index(*shares, reference.size, current.size)
    statistic, freedom, p_value = _chi_squared(shares[0] * reference.size, shares[1] * current.size)
    return {
        "distance": float(np.abs(shares[0] - shares[1]).sum() / 2),
        "levels": len(levels),
        "psi": psi,
        "psi_noise": noise,
        "chi2": {"statistic": statistic, "degrees_of_freedom": freedom},
        "p_value": p_value,
        "new_levels": _listed(levels, before, shares[1], current.size),
        "vanished_levels": _listed(levels, after, shares[0], reference.size),
        "picture": _level_picture(levels, *shares, np.maximum(shares[0] * reference.size, shares[1] * current.size)),
    }


def distances(reference: NumericSample, current: NumericSample) -> tuple[float, float]:
    """Kolmogorov-Smirnov and Wasserstein distance, weighted or not."""
    if reference.shares is None and current.shares is None:
        return merge(reference.values, current.values)
    return merge_weighted(reference.values, _shares(reference), current.values, _shares(current))


def aligned(sample: LevelSample, levels: Sequence[str]) -> np.ndarray:
    """Counts of a sample in the order of some levels, 0 where it lacks one."""
    counts = dict(zip(sample.levels, sample.counts, strict=True))
    return np.array([counts.get(level, 0.0) for level in levels])


def stability_index(before: np.ndarray, after: np.ndarray, n: float, m: float) -> tuple[float, float]:
    """The population stability index, and what chance alone would give on average.

    Parameters
    ----------
    before, after : ndarray, shape (bins,)
        Shares. An empty bin counts as half a case, for a logarithm of 0 would be no number.
    n, m : float
        Cases behind the shares.
    """
    before, after = np.maximum(before, 0.5 / n), np.maximum(after, 0.5 / m)
    return float(((after - before) * np.log(after / before)).sum()), (len(before) - 1) * (1 / n + 1 / m)


def distance_limits(
    value: float, n: float, m: float, *, confidence: float, families: int, levels: int | None = None
) -> tuple[float, float]:
    """Limits of a distance: the lower one holds with those of all `families`, the upper one by itself.

    Parameters
    ----------
    value : float
        Kolmogorov-Smirnov distance, or total variation if `levels` says over how many levels.
    n, m : float
        Cases of the two samples.
    """
    side = (1 - confidence) / 2
    together = (1 / n + 1 / m) / 2
    high = value + math.sqrt(math.log(1 / side) * together)
    side /= families
    if levels is None:
        low = value - sum(math.sqrt(math.log(4 / side) / (2 * size)) for size in (n, m))
    else:
        bias = sum(math.sqrt((levels - 1) / size) for size in (n, m)) / 2
        low = value - bias - math.sqrt(math.log(1 / side) * together)
    return max(low, 0.0), min(high, 1.0)


def missing_change(reference: float, current: float, n: float, m: float, *, confidence: float, families: int) -> dict:
    """Change of the share of missing values, with Newcombe's limits; those of its size are judged.

    Returns
    -------
    dict
        ``reference``, ``current``, ``change``, its ``low`` and ``high``, and ``size`` as (low, high) of its amount:
        the lower one corrected for `families`.
    """
    rate, total = np.array([current, reference]), np.array([m, n])
    at = np.array([0]), np.array([1])

    def limits(level: float) -> tuple[float, float]:
        found = difference_limits(rate, wilson(rate * total, total, normal_quantile(level)), *at)
        return float(found[0][0]), float(found[1][0])

    low, high = limits(confidence)
    sure = limits(1 - (1 - confidence) / families)
    size = max(sure[0], -sure[1], 0.0), max(high, -low)
    return {
        "reference": reference,
        "current": current,
        "change": current - reference,
        "low": low,
        "high": high,
        "size": size,
    }


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values corrected for being many (Holm 1979); None stays None."""
    known = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, at) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[at] = largest
    return corrected


def _shares(sample: NumericSample) -> np.ndarray:
    if sample.shares is not None:
        return sample.shares
    return np.arange(1, len(sample.values) + 1) / len(sample.values)


def _binned(sample: NumericSample, edges: np.ndarray) -> np.ndarray:
    """Share of the present rows in the bins that some edges cut; a value at an edge lies below it."""
    return np.diff(sample.below(edges), prepend=0.0, append=1.0)


def _ks_p_value(distance: float, n: float, m: float) -> float:
    from scipy.special import kolmogorov
    from scipy.stats import kstwo

    size = n * m / (n + m)
    if size > LIMIT_LAW:
        return float(kolmogorov(math.sqrt(size) * distance))
    return float(np.clip(kstwo.sf(distance, max(1, round(size))), 0, 1))


def _chi_squared(before: np.ndarray, after: np.ndarray) -> tuple[float, int, float | None]:
    """Pearson's statistic of two rows of counts; its p-value is None where there is one level only."""
    from scipy.stats import chi2

    total = before + after
    n, m = before.sum(), after.sum()
    expected = np.array([total * (n / (n + m)), total * (m / (n + m))])
    used = total > 0
    statistic = float((((np.array([before, after]) - expected) ** 2)[:, used] / expected[:, used]).sum())
    freedom = int(used.sum()) - 1
    return statistic, freedom, float(chi2.sf(statistic, freedom)) if freedom > 0 else None


def _listed(levels: Sequence[str], other: np.ndarray, shares: np.ndarray, size: float) -> dict[str, Any]:
    """Levels that the other sample lacks: how many, their share, and the most frequent of those with enough cases."""
    lacking = [at for at in np.argsort(-shares, kind="stable") if other[at] == 0 and shares[at] > 0]
    return {
        "count": len(lacking),
        "share": float(shares[lacking].sum()),
        "most": [levels[at] for at in lacking[:LISTED_LEVELS] if shares[at] * size >= LEAST_NAMED - 0.5],
    }


def _number_picture(reference: NumericSample, current: NumericSample) -> dict[str, Any]:
    """Both distributions over equal bins between the outermost percentiles; the tails lie in the outer bins."""
    ends = np.concatenate([reference.quantiles([0.01, 0.99]), current.quantiles([0.01, 0.99])])
    ends = ends[np.isfinite(ends)]
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, PICTURE_BINS + 1)
    inner = edges[1:-1]
    return {
        "low": low,
        "high": high,
        "reference": _binned(reference, inner).tolist(),
        "current": _binned(current, inner).tolist(),
    }


def _level_picture(levels: Sequence[str], before: np.ndarray, after: np.ndarray, cases: np.ndarray) -> dict[str, Any]:
    """The most frequent levels with their shares, and the rest as one."""
    order = np.argsort(-np.maximum(before, after), kind="stable")
    named = [at for at in order if cases[at] >= LEAST_NAMED - 0.5]
    shown = np.array(named[:PICTURE_LEVELS], dtype=np.int64)
    rest = np.setdiff1d(order, shown)
    return {
        "levels": [levels[at] for at in shown],
        "others": len(rest),
        "reference": [*before[shown].tolist(), *([float(before[rest].sum())] if len(rest) else [])],
        "current": [*after[shown].tolist(), *([float(after[rest].sum())] if len(rest) else [])],
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
