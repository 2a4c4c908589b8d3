"""Intervals of rates, and of the widest gap between groups.

A gap is the largest of many differences, so its resampled values are biased upwards: noise alone makes the
highest group higher and the lowest lower. The limits here are sound instead:

- upper: the gap belongs to one pair of groups, unknown but fixed, and that pair's own upper limit covers it;
  the largest upper limit over all pairs is no smaller (intersection-union; Berger 1982). A pass is therefore
  wrong with at most (1 - confidence) / 2, however many groups there are.
- lower: the gap is at least each pair's difference, so the largest lower limit is sound if all hold together.
  Tukey and Kramer's studentised range gives the critical value, conservative for unequal variances (Hayter 1984).

The pairs' own limits are Newcombe's hybrid score intervals (1998) on Wilson's (1927), which hold at rates of
0 and 1 and in small groups; those of ratios follow Donner and Zou (2012). Means and areas under the curve take
the same path with limits of their own (MOVER; Zou and Donner 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

BLOCK = 512  # rows of the matrix of pairs held at once

Limits = tuple[np.ndarray, np.ndarray]


def normal_quantile(confidence: float) -> float:
    """Two-sided critical value of the normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


@lru_cache
def range_quantile(groups: int, confidence: float) -> float:
    """Critical value at which all pairs of `groups` rates hold together, on the scale of a normal quantile."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(confidence, max(groups, 2), np.inf) / np.sqrt(2))


def wilson(count: np.ndarray, total: np.ndarray, z: float) -> Limits:
    """Wilson's score interval of a rate; NaN where there is no case.

    Parameters
    ----------
    count, total : ndarray, shape (...,)
    z : float
        Critical value.
    """
    total = np.where(total > 0, total, np.nan)
    rate = count / total
    centre = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    # At 0 and 1 the limit is the rate itself; rounding must not put it on the other side.
    return np.clip(np.minimum(centre - half, rate), 0, 1), np.clip(np.maximum(centre + half, rate), 0, 1)


def clopper_pearson(count: np.ndarray, total: np.ndarray, confidence: float) -> Limits:
    """Clopper and Pearson's exact interval (1934) of a rate; NaN where there is no case.

    For the rare side of a rate, where Wilson's covers too little (Brown, Cai and DasGupta 2001). With effective
    cases, which need not be whole, it is Korn and Graubard's (1998).
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, betaincinv(np.maximum(count, 1e-12), total - count + 1, tail), 0.0)
        high = np.where(count < total, betaincinv(count + 1, np.maximum(total - count, 1e-12), 1 - tail), 1.0)
    return np.where(total > 0, low, np.nan), np.where(total > 0, high, np.nan)


@dataclass(frozen=True)
class Spread:
    """The widest gap between groups and its interval.

    Attributes
    ----------
    value, low, high : float
    highest, lowest : int
        Indexes of the groups with the highest and the lowest rate.
    """

    value: float
    low: float
    high: float
    highest: int
    lowest: int


def widest_difference(count: np.ndarray, total: np.ndarray, confidence: float, families: int = 1) -> Spread:
    """Highest rate minus lowest, with its interval; at least two groups, each with a case.

    Parameters
    ----------
    count, total : ndarray, shape (groups,)
    confidence : float
    families : int
        How many rates the caller takes the worst of: their lower limits must hold together (Bonferroni).
    """
    spread = widest(count / total, *_rate_limits(count, total, confidence, families))
    return replace(spread, high=min(spread.high, 1.0))


def smallest_ratio(count: np.ndarray, total: np.ndarray, confidence: float, families: int = 1) -> Spread | None:
    """Lowest rate over highest, with its interval; None where the highest is 0. See `widest_difference`."""
    return smallest(count / total, *_rate_limits(count, total, confidence, families))


def widest(value: np.ndarray, each: Limits, together: Limits) -> Spread:
    """The widest difference of values with limits by group, and with limits that hold for all pairs at once."""
    highest, lowest = int(np.argmax(value)), int(np.argmin(value))
    low = _over_pairs(len(value), lambda g, h: difference_limits(value, together, g, h)[0], np.max)
    high = _over_pairs(len(value), lambda g, h: difference_limits(value, each, g, h)[1], np.max)
    return Spread(float(value[highest] - value[lowest]), max(low, 0.0), high, highest, lowest)


def smallest(rate: np.ndarray, each: Limits, together: Limits) -> Spread | None:
    """The smallest ratio of rates; None where the highest is 0. See `widest`."""
    highest, lowest = int(np.argmax(rate)), int(np.argmin(rate))
    if not rate[highest] > 0:
        return None
    low = _over_pairs(len(rate), lambda g, h: ratio_limits(rate, each, g, h)[0], np.min)
    high = _over_pairs(len(rate), lambda g, h: ratio_limits(rate, together, g, h)[1], np.min)
    return Spread(float(rate[lowest] / rate[highest]), max(low, 0.0), min(high, 1.0), highest, lowest)


def _rate_limits(count: np.ndarray, total: np.ndarray, confidence: float, families: int) -> tuple[Limits, Limits]:
    z = range_quantile(len(count), 1 - (1 - confidence) / families)
    return wilson(count, total, normal_quantile(confidence)), wilson(count, total, z)


def difference_limits(rate: np.ndarray, limits: Limits, g: np.ndarray, h: np.ndarray) -> Limits:
    """Newcombe's limits of ``rate[g] - rate[h]`` for two independent groups."""
    low, high = limits
    difference = rate[g] - rate[h]
    below = np.sqrt((rate[g] - low[g]) ** 2 + (high[h] - rate[h]) ** 2)
    above = np.sqrt((high[g] - rate[g]) ** 2 + (rate[h] - low[h]) ** 2)
    return difference - below, difference + above


def ratio_limits(rate: np.ndarray, limits: Limits, g: np.ndarray, h: np.ndarray) -> Limits:
    """Donner and Zou's limits of ``rate[g] / rate[h]``; 0 and infinity where the data set none."""
    low, high = limits
    product = rate[g] * rate[h]
    with np.errstate(divide="ignore", invalid="ignore"):
        below = product**2 - low[g] * high[h] * (2 * rate[g] - low[g]) * (2 * rate[h] - high[h])
        above = product**2 - high[g] * low[h] * (2 * rate[g] - high[g]) * (2 * rate[h] - low[h])
        lower = (product - np.sqrt(np.maximum(below, 0))) / (high[h] * (2 * rate[h] - high[h]))
        upper = (product + np.sqrt(np.maximum(above, 0))) / (low[h] * (2 * rate[h] - low[h]))
    bounded = 2 * rate[h] > high[h]
    return np.where(bounded, lower, 0.0), np.where(low[h] > 0, upper, np.inf)


def _over_pairs(groups: int, limit: Callable[[np.ndarray, np.ndarray], np.ndarray], extreme: Callable) -> float:
    """The extreme of a limit over all ordered pairs of different groups, in blocks."""
    every = np.arange(groups)
    found = []
    for start in range(0, groups, BLOCK):
        g, h = np.meshgrid(every[start : start + BLOCK], every, indexing="ij")
        different = g != h
        found.append(extreme(limit(g[different], h[different])))
    return float(extreme(np.array(found)))
