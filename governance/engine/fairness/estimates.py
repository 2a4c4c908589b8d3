"""A group's metrics with their intervals: which method where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from governance.engine.cube import GroupCounts
from governance.engine.fairness.bootstrap import Resampled
from governance.engine.fairness.multiclass import MACRO
from governance.engine.fairness.results import Estimate
from governance.engine.intervals import Limits, clopper_pearson, normal_quantile, wilson
from governance.engine.metrics import RATES, cases, gradient, metric
from governance.engine.quantities import Proportions, Quantity, rate_cases
from governance.engine.weights import effective_cases

FEW = 10  # cases on the rarer side of a rate, under which Wilson's interval replaces the bootstrap's
TINY = 4  # and under which the exact one replaces Wilson's
Estimates = dict[str, list[Estimate]]


def count_estimates(counts: GroupCounts, resampled: Resampled, settings: Mapping[str, Any]) -> Estimates:
    """Metrics of decisions, a list over the groups for each name."""
    return {name: _counted(counts, name, resampled, settings) for name in settings["metrics"]}


def _counted(counts: GroupCounts, name: str, resampled: Resampled, settings: Mapping[str, Any]) -> list[Estimate]:
    value = metric(counts.mass, name)
    n = cases(counts.confusion, name)
    effective = n if counts.w is None else effective_cases(counts.w.sum(axis=1), counts.w2.sum(axis=1))
    if counts.w is not None:
        low, high = linearised(counts, name, settings["confidence"])
        methods = np.where(np.isnan(low), None, "linearised")
    else:
        low, high = resampled.limits(name)
        methods = np.where(np.isnan(low), None, "bootstrap")
    if name in RATES:
        count, total, _ = rate_cases(counts, name)
        effective = total
        few = (np.minimum(count, total - count) < FEW) | np.isnan(low) | (counts.w is not None)
        (low, high), methods = _by_count(count, total, (low, high), methods, few, settings["confidence"])
    least = settings["min_group"]
    judged = (np.minimum(n, effective) >= least) & (counts.n >= least)
    return estimates(value, (low, high), n, judged, methods)


def share_estimates(share: Proportions, groups: int, settings: Mapping[str, Any]) -> list[Estimate]:
    """A rate that is no function of a confusion matrix; `share` holds all groups with a case."""
    every = (np.full(groups, np.nan), np.full(groups, np.nan))
    count, total = np.zeros(groups), np.zeros(groups)
    n = np.zeros(groups, dtype=np.int64)
    count[share.kept], total[share.kept], n[share.kept] = share.count, share.total, share.n
    methods = np.full(groups, None)
    few = np.ones(groups, dtype=bool)
    limits, methods = _by_count(count, total, every, methods, few, settings["confidence"])
    value = np.divide(count, total, out=np.full(groups, np.nan), where=total > 0)
    return estimates(value, limits, n, total >= settings["min_group"], methods)


def quantity_estimates(quantity: Quantity, enough: np.ndarray, method: str, confidence: float) -> list[Estimate]:
    """A quantity of every group, with its own limits."""
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = quantity.limits(normal_quantile(confidence))
    unknown = ~(np.isfinite(low) & np.isfinite(high) & np.isfinite(quantity.value))
    limits = (np.where(unknown, np.nan, low), np.where(unknown, np.nan, high))
    return estimates(quantity.value, limits, quantity.n, enough, np.where(unknown, None, method))


def macro_estimates(values: Mapping[str, np.ndarray], n: np.ndarray, least: int) -> Estimates:
    """Macro averages: values without intervals."""
    none = (np.full(len(n), np.nan),) * 2
    methods = np.full(len(n), None)
    return {name: estimates(values[name], none, n, n >= least, methods) for name in MACRO}


def estimates(
    value: np.ndarray, limits: Limits, n: np.ndarray, judged: np.ndarray, methods: Sequence[str | None]
) -> list[Estimate]:
    """Arrays over groups as a list of estimates."""
    return [
        Estimate(number(v), number(lo), number(hi), int(k), bool(j) and not np.isnan(v), m)
        if not np.isnan(lo)
        else Estimate(number(v), None, None, int(k), bool(j) and not np.isnan(v), None)
        for v, lo, hi, k, j, m in zip(value, *limits, n, judged, methods, strict=True)
    ]


def linearised(counts: GroupCounts, name: str, confidence: float) -> Limits:
    """Limits of a weighted metric on the logit scale, by its gradient (Binder 1983); NaN at 0 and 1."""
    value = metric(counts.w, name)
    variance = (gradient(counts.w, name) ** 2 * counts.w2).sum(axis=1)
    n = counts.n
    variance = variance * np.divide(n, n - 1, out=np.zeros(len(n)), where=n > 1)
    inside = (value > 0) & (value < 1) & (variance > 0)
    safe = np.where(inside, value, 0.5)
    logit = np.log(safe / (1 - safe))
    half = normal_quantile(confidence) * np.sqrt(np.where(inside, variance, 0.0)) / (safe * (1 - safe))
    low, high = (1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1))
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _by_count(
    count: np.ndarray, total: np.ndarray, limits: Limits, methods: np.ndarray, few: np.ndarray, confidence: float
) -> tuple[Limits, np.ndarray]:
    """Wilson's interval where the rarer side is small, the exact one where it is tiny."""
    tiny = few & (np.minimum(count, total - count) < TINY)
    exact = clopper_pearson(count, total, confidence)
    score = wilson(count, total, normal_quantile(confidence))
    low, high = (np.select([tiny, few], [e, w], own) for e, w, own in zip(exact, score, limits, strict=True))
    methods = np.select([tiny, few], ["exact", "wilson"], methods.astype(object))
    return (low, high), np.where(np.isnan(low), None, methods)
