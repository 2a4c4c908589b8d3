"""Gaps between groups: what is compared, how far apart the groups are, and what that means for a tolerance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from governance.engine.cube import GroupCounts
from governance.engine.intervals import (
    Spread,
    difference_limits,
    normal_quantile,
    range_quantile,
    smallest_ratio,
    widest_difference,
    wilson,
)
from governance.engine.metrics import fraction
from portal.message import Message

PASS, FAIL, INCONCLUSIVE, NOT_EVALUATED = "pass", "fail", "inconclusive", "not_evaluated"
MAX_FACTOR = 1000.0  # beyond this many times the cases, "more cases" is no advice


@dataclass(frozen=True)
class GapMetric:
    """Which rates are compared, and how; of several rates the worst counts."""

    rates: tuple[str, ...]
    kind: str  # "difference" or "ratio"


GAPS: dict[str, GapMetric] = {
    "demographic_parity_difference": GapMetric(("selection_rate",), "difference"),
    "demographic_parity_ratio": GapMetric(("selection_rate",), "ratio"),
    "equal_opportunity_difference": GapMetric(("true_positive_rate",), "difference"),
    "equal_opportunity_ratio": GapMetric(("true_positive_rate",), "ratio"),
    "equalized_odds_difference": GapMetric(("true_positive_rate", "false_positive_rate"), "difference"),
    "equalized_odds_ratio": GapMetric(("true_positive_rate", "false_positive_rate"), "ratio"),
    "false_positive_rate_difference": GapMetric(("false_positive_rate",), "difference"),
    "precision_difference": GapMetric(("precision",), "difference"),
    "accuracy_difference": GapMetric(("accuracy",), "difference"),
}


@dataclass(frozen=True)
class Extreme:
    """The group at one end of a gap."""

    group: dict[str, str | None]
    value: float
    n: int


@dataclass(frozen=True)
class Comparison:
    """One group beside the highest."""

    group: dict[str, str | None]
    difference: float
    low: float
    high: float
    n: int
    verdict: str


@dataclass(frozen=True)
class Gap:
    """A gap over the groups of one or more features.

    Attributes
    ----------
    features : tuple of str
    metric : str
        One of `GAPS`.
    rate : str or None
        The rate that decides, where several are compared.
    value, low, high : float or None
        None where fewer than two groups can be judged.
    tolerance : float
        Largest difference allowed; a ratio must be at least ``1 - tolerance``.
    judged : bool
        Whether it counts for the audit's verdict.
    unjudged : int
        Groups with too few cases, which were left out before the extremes were chosen.
    needed : dict or None
        For an inconclusive gap: about how many ``cases`` would decide, ``factor`` times the present ones, and
        the ``outcome`` then.
    """

    features: tuple[str, ...]
    metric: str
    rate: str | None
    value: float | None
    low: float | None
    high: float | None
    tolerance: float
    judged: bool
    verdict: str
    highest: Extreme | None
    lowest: Extreme | None
    unjudged: int
    comparisons: tuple[Comparison, ...]
    needed: dict[str, Any] | None
    message: Message
    advice: Message | None


@dataclass(frozen=True)
class Settings:
    """What a gap is judged by."""

    tolerance: float
    min_group: int
    confidence: float


@dataclass(frozen=True, eq=False)
class _Rate:
    """One rate of the groups that have enough cases for it."""

    name: str
    kept: np.ndarray
    count: np.ndarray
    total: np.ndarray

    def spread(self, kind: str, confidence: float, families: int, factor: float = 1.0) -> Spread | None:
        function = widest_difference if kind == "difference" else smallest_ratio
        return function(self.count * factor, self.total * factor, confidence, families)


def evaluate_gap(counts: GroupCounts, name: str, settings: Settings, *, judged: bool) -> Gap:
    """Measure one gap and judge it.

    Passes if the whole interval is within the tolerance, fails if the whole interval is beyond it, and is
    inconclusive otherwise. Not evaluated where fewer than two groups have `min_group` cases for a rate, unless
    another rate fails already.

    Parameters
    ----------
    counts : GroupCounts
    name : str
        One of `GAPS`.
    settings : Settings
    judged : bool
        Whether the gap counts for the audit's verdict.
    """
    definition = GAPS[name]
    rates = [_enough(counts, rate, settings.min_group) for rate in definition.rates]
    unjudged = len(counts.groups) - min(len(rate.kept) for rate in rates)
    known = [rate for rate in rates if len(rate.kept) >= 2]
    families = len(definition.rates)
    spreads = {rate.name: rate.spread(definition.kind, settings.confidence, families) for rate in known}
    measured = [rate for rate in known if spreads[rate.name] is not None]
    worst, value, low, high = _worst(measured, spreads, definition.kind)
    verdict = _verdict(low, high, definition.kind, settings.tolerance)
    if len(measured) < families and verdict != FAIL:
        return _not_evaluated(counts, name, settings, judged, unjudged, known, measured)
    spread = spreads[worst.name]
    needed = None
    if verdict == INCONCLUSIVE:
        needed = _needed(measured, definition, settings)
    highest, lowest = (_extreme(counts, worst, at) for at in (spread.highest, spread.lowest))
    return Gap(
        features=counts.features,
        metric=name,
        rate=worst.name,
        value=value,
        low=low,
        high=high,
        tolerance=settings.tolerance,
        judged=judged,
        verdict=verdict,
        highest=highest,
        lowest=lowest,
        unjudged=unjudged,
        comparisons=_comparisons(counts, worst, spread, settings, families) if definition.kind == "difference" else (),
        needed=needed,
        message=_message(verdict, name, counts.features, worst.name, (value, low, high), highest, lowest, settings),
        advice=_advice(verdict, definition.kind, (value, low, high), needed, settings),
    )


def group_message(group: dict[str, str | None]) -> Message:
    """A group's name as a message, for a missing value has no name of its own."""
    parts = [
        Message("fairness.missing_level", {"feature": feature})
        if level is None
        else Message("fairness.level", {"feature": feature, "level": level})
        for feature, level in group.items()
    ]
    return reduce(lambda first, rest: Message("fairness.group", {"first": first, "rest": rest}), parts)


def metric_message(name: str) -> Message:
    return Message(f"fairness.metric.{name}")


def _enough(counts: GroupCounts, rate: str, min_group: int) -> _Rate:
    above, below = fraction(counts.confusion, rate)
    kept = np.flatnonzero((below >= min_group) & (counts.n >= min_group))
    return _Rate(rate, kept, above[kept], below[kept])


def _worst(
    rates: Sequence[_Rate], spreads: dict[str, Spread | None], kind: str
) -> tuple[_Rate | None, float | None, float | None, float | None]:
    """The rate that is farthest apart, and the limits of the worst of them all."""
    if not rates:
        return None, None, None, None
    pick = max if kind == "difference" else min
    found = [spreads[rate.name] for rate in rates]
    worst = pick(rates, key=lambda rate: spreads[rate.name].value)
    return worst, spreads[worst.name].value, pick(s.low for s in found), pick(s.high for s in found)


def _verdict(low: float | None, high: float | None, kind: str, tolerance: float) -> str:
    if low is None or high is None:
        return NOT_EVALUATED
    if kind == "ratio":
        low, high = 1 - high, 1 - low
    if high <= tolerance:
        return PASS
    return FAIL if low > tolerance else INCONCLUSIVE


def _needed(rates: Sequence[_Rate], definition: GapMetric, settings: Settings) -> dict[str, Any] | None:
    """About how many cases decide if the rates stay as they are: the least factor, by bisection of its logarithm."""

    def outcome(factor: float) -> str:
        spreads = {
            rate.name: rate.spread(definition.kind, settings.confidence, len(definition.rates), factor)
            for rate in rates
        }
        _, _, low, high = _worst(rates, spreads, definition.kind)
        return _verdict(low, high, definition.kind, settings.tolerance)

    if sum(len(rate.kept) for rate in rates) > 1000 or outcome(MAX_FACTOR) == INCONCLUSIVE:
        return None
    few, enough = 0.0, math.log(MAX_FACTOR)
    for _ in range(12):
        middle = (few + enough) / 2
        few, enough = (few, middle) if outcome(math.exp(middle)) != INCONCLUSIVE else (middle, enough)
    factor = math.exp(enough)
    cases = math.ceil(factor * max(int(rate.total.sum()) for rate in rates))
    return {"factor": factor, "cases": cases, "outcome": outcome(factor)}


def _comparisons(
    counts: GroupCounts, rate: _Rate, spread: Spread, settings: Settings, families: int
) -> tuple[Comparison, ...]:
    """Each judged group beside the highest, by the same limits as the gap itself."""
    value = rate.count / rate.total
    others = np.flatnonzero(np.arange(len(value)) != spread.highest)
    top = np.full(len(others), spread.highest)
    each = wilson(rate.count, rate.total, normal_quantile(settings.confidence))
    together = wilson(rate.count, rate.total, range_quantile(len(value), 1 - (1 - settings.confidence) / families))
    low = difference_limits(value, together, top, others)[0]
    high = difference_limits(value, each, top, others)[1]
    return tuple(
        Comparison(
            group=_group(counts, rate.kept[at]),
            difference=float(value[spread.highest] - value[at]),
            low=float(low[i]),
            high=min(float(high[i]), 1.0),
            n=int(rate.total[at]),
            verdict=_verdict(float(low[i]), float(high[i]), "difference", settings.tolerance),
        )
        for i, at in enumerate(others)
    )


def _group(counts: GroupCounts, at: int) -> dict[str, str | None]:
    return dict(zip(counts.features, counts.groups[at], strict=True))


def _extreme(counts: GroupCounts, rate: _Rate, at: int) -> Extreme:
    value = float(rate.count[at] / rate.total[at])
    return Extreme(_group(counts, rate.kept[at]), value, int(rate.total[at]))


def _not_evaluated(
    counts: GroupCounts,
    name: str,
    settings: Settings,
    judged: bool,
    unjudged: int,
    known: Sequence[_Rate],
    measured: Sequence[_Rate],
) -> Gap:
    definition = GAPS[name]
    lacking = [rate for rate in definition.rates if rate not in [k.name for k in known]]
    if lacking:
        params = {"feature": " × ".join(counts.features), "min_group": settings.min_group}
        message = Message("fairness.gap.too_few", {**params, "rate": metric_message(lacking[0])})
    else:
        rate = next(rate.name for rate in known if rate not in measured)
        params = {"feature": " × ".join(counts.features), "rate": metric_message(rate)}
        message = Message("fairness.gap.all_zero", params)
    return Gap(
        features=counts.features,
        metric=name,
        rate=None,
        value=None,
        low=None,
        high=None,
        tolerance=settings.tolerance,
        judged=judged,
        verdict=NOT_EVALUATED,
        highest=None,
        lowest=None,
        unjudged=unjudged,
        comparisons=(),
        needed=None,
        message=message,
        advice=None,
    )


def _message(
    verdict: str,
    name: str,
    features: Sequence[str],
    rate: str,
    numbers: tuple[float, float, float],
    highest: Extreme,
    lowest: Extreme,
    settings: Settings,
) -> Message:
    value, low, high = numbers
    kind = GAPS[name].kind
    return Message(
        f"fairness.gap.{verdict}.{kind}",
        {
            "metric": metric_message(name),
            "feature": " × ".join(features),
            "rate": metric_message(rate),
            "value": value,
            "low": low,
            "high": high,
            "confidence": f"{100 * settings.confidence:g}%",
            "bound": settings.tolerance if kind == "difference" else 1 - settings.tolerance,
            "highest": group_message(highest.group),
            "highest_value": highest.value,
            "highest_n": highest.n,
            "lowest": group_message(lowest.group),
            "lowest_value": lowest.value,
            "lowest_n": lowest.n,
        },
    )


def _advice(
    verdict: str, kind: str, numbers: tuple[float, float, float], needed: dict[str, Any] | None, settings: Settings
) -> Message | None:
    """What would let the gap pass, or decide it, as far as the present interval tells."""
    value, _, high = numbers
    if verdict == INCONCLUSIVE:
        if needed is None:
            return Message("fairness.advice.too_close")
        return Message(f"fairness.advice.more_to_{needed['outcome']}", {k: needed[k] for k in ("factor", "cases")})
    if verdict == FAIL and kind == "difference":
        reach = settings.tolerance - (high - value)
        if reach <= 0:
            return Message("fairness.advice.too_few")
        return Message("fairness.advice.difference", {"value": reach})
    return None
