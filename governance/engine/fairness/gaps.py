"""Gaps between groups: what is compared, how far apart the groups are, and what that means for a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from governance.engine.fairness.gap_words import advice, found_message, group_message, metric_message, unknown_message
from governance.engine.intervals import Spread, difference_limits, smallest, widest
from governance.engine.quantities import Quantity, each_and_together
from portal.message import Message

__all__ = ["GAPS", "Gap", "Settings", "evaluate_gap", "group_message", "metric_message"]

PASS, FAIL, INCONCLUSIVE, NOT_EVALUATED = "pass", "fail", "inconclusive", "not_evaluated"
MAX_FACTOR = 1000.0  # beyond this many times the cases, "more cases" is no advice


@dataclass(frozen=True)
class GapMetric:
    """Which quantities are compared, and how; of several the worst counts.

    Attributes
    ----------
    rates : tuple of str
    kind : str
        "difference" or "ratio".
    tolerance : float or None
        Where the gap has a tolerance of its own; a ratio must be at least ``1 - tolerance``.
    """

    rates: tuple[str, ...]
    kind: str
    tolerance: float | None = None


# Of decisions
GAPS: dict[str, GapMetric] = {
    "demographic_parity_difference": GapMetric(("selection_rate",), "difference"),
    "demographic_parity_ratio": GapMetric(("selection_rate",), "ratio"),
    "four_fifths": GapMetric(("selection_rate",), "ratio", 0.2),
    "equal_opportunity_difference": GapMetric(("true_positive_rate",), "difference"),
    "equal_opportunity_ratio": GapMetric(("true_positive_rate",), "ratio"),
    "equalized_odds_difference": GapMetric(("true_positive_rate", "false_positive_rate"), "difference"),
    "equalized_odds_ratio": GapMetric(("true_positive_rate", "false_positive_rate"), "ratio"),
    "predictive_parity_difference": GapMetric(("precision",), "difference"),
    "predictive_parity_ratio": GapMetric(("precision",), "ratio"),
    "false_positive_rate_difference": GapMetric(("false_positive_rate",), "difference"),
    "precision_difference": GapMetric(("precision",), "difference"),
    "accuracy_difference": GapMetric(("accuracy",), "difference"),
}
# Of decisions between more than two classes
CLASS_GAPS = {"multiclass_accuracy_difference": GapMetric(("multiclass_accuracy",), "difference")}
# Of scores
SCORE_GAPS = {
    "auc_difference": GapMetric(("auc",), "difference"),
    "brier_difference": GapMetric(("brier",), "difference"),
}
# Of predicted numbers
ERROR_GAPS = {
    "mean_error_difference": GapMetric(("mean_error",), "difference"),
    "mae_difference": GapMetric(("mae",), "difference"),
}
ALL_GAPS = GAPS | CLASS_GAPS | SCORE_GAPS | ERROR_GAPS


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
        One of `ALL_GAPS`.
    kind : str
        "difference" or "ratio".
    rate : str or None
        The quantity that decides, where several are compared.
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
    bootstrap : dict or None
        Percentiles ``low`` and ``high`` of the resampled gap: reported, never judged by.
    """

    features: tuple[str, ...]
    metric: str
    kind: str
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
    bootstrap: dict[str, float] | None
    message: Message
    advice: Message | None


@dataclass(frozen=True)
class Settings:
    """What a gap is judged by."""

    tolerance: float
    min_group: int
    confidence: float


Groups = Sequence[tuple[str | None, ...]]


def evaluate_gap(
    name: str,
    features: tuple[str, ...],
    groups: Groups,
    quantities: Mapping[str, Quantity],
    settings: Settings,
    *,
    judged: bool,
    bootstrap: tuple[float | None, float | None] = (None, None),
) -> Gap:
    """Measure one gap and judge it.

    Passes if the whole interval is within the tolerance, fails if the whole interval is beyond it, and is
    inconclusive otherwise. Not evaluated where fewer than two groups have `min_group` cases for a rate, unless
    another rate fails already.

    Parameters
    ----------
    name : str
        One of `ALL_GAPS`.
    features, groups
        What the groups are.
    quantities : mapping of str to Quantity
        The quantities that the gap compares, of the groups that have enough cases.
    settings : Settings
    judged : bool
        Whether the gap counts for the audit's verdict.
    bootstrap : pair of float or None
        The resampled gap, to be reported.
    """
    definition = ALL_GAPS[name]
    kind, families = definition.kind, len(definition.rates)
    tolerance = settings.tolerance if definition.tolerance is None else definition.tolerance
    rates = [quantities[rate] for rate in definition.rates]
    unjudged = len(groups) - min(len(rate.kept) for rate in rates)
    known = [rate for rate in rates if len(rate.kept) >= 2]
    spreads = {rate.name: spread(rate, kind, settings.confidence, families) for rate in known}
    measured = [rate for rate in known if spreads[rate.name] is not None]
    worst, value, low, high = _worst(measured, spreads, kind)
    verdict = _verdict(low, high, kind, tolerance)
    common = {
        "features": features,
        "metric": name,
        "kind": kind,
        "tolerance": tolerance,
        "judged": judged,
        "unjudged": unjudged,
    }
    if len(measured) < families and verdict != FAIL:
        names = {rate.name for rate in known}
        lacking = next((rate for rate in definition.rates if rate not in names), None)
        undefined = next((rate.name for rate in known if rate not in measured), None)
        why = unknown_message(features, lacking=lacking, undefined=undefined, min_group=settings.min_group)
        return _not_evaluated(common, why)
    needed = _needed(measured, definition, settings.confidence, tolerance) if verdict == INCONCLUSIVE else None
    found = spreads[worst.name]
    ends = tuple(
        Extreme(_group(features, groups, worst.kept[at]), float(worst.value[at]), int(worst.n[at]))
        for at in (found.highest, found.lowest)
    )
    numbers = (value, low, high)
    said = (verdict, name, kind, features, worst.name, numbers, ends, tolerance, settings.confidence)
    return Gap(
        **common,
        rate=worst.name,
        value=value,
        low=low,
        high=high,
        verdict=verdict,
        highest=ends[0],
        lowest=ends[1],
        comparisons=_comparisons(features, groups, worst, found, settings.confidence, families, tolerance)
        if kind == "difference"
        else (),
        needed=needed,
        bootstrap=None if bootstrap[0] is None else {"low": bootstrap[0], "high": bootstrap[1]},
        message=found_message(*said),
        advice=advice(verdict, kind, numbers, needed, tolerance),
    )


def spread(quantity: Quantity, kind: str, confidence: float, families: int, factor: float = 1.0) -> Spread | None:
    """The gap of one quantity with its interval."""
    function = widest if kind == "difference" else smallest
    return function(quantity.value, *each_and_together(quantity, confidence, families, factor))


def _worst(
    rates: Sequence[Quantity], spreads: Mapping[str, Spread | None], kind: str
) -> tuple[Quantity | None, float | None, float | None, float | None]:
    """The rate that is farthest apart, and the limits of the worst of them all."""
    if not rates:
        return None, None, None, None
    pick = max if kind == "difference" else min
    found = [spreads[rate.name] for rate in rates]
    worst = pick(rates, key=lambda rate: spreads[rate.name].value)
    high = pick(s.high for s in found)
    if kind == "difference" and all(rate.bounded for rate in rates):
        high = min(high, 1.0)
    return worst, spreads[worst.name].value, pick(s.low for s in found), high


def _verdict(low: float | None, high: float | None, kind: str, tolerance: float) -> str:
    if low is None or high is None:
        return NOT_EVALUATED
    if kind == "ratio":
        low, high = 1 - high, 1 - low
    if high <= tolerance:
        return PASS
    return FAIL if low > tolerance else INCONCLUSIVE


def _needed(
    rates: Sequence[Quantity], definition: GapMetric, confidence: float, tolerance: float
) -> dict[str, Any] | None:
    """About how many cases decide if all stays as it is: the least factor, by bisection of its logarithm."""
    kind = definition.kind

    def outcome(factor: float) -> str:
        spreads = {rate.name: spread(rate, kind, confidence, len(definition.rates), factor) for rate in rates}
        _, _, low, high = _worst(rates, spreads, kind)
        return _verdict(low, high, kind, tolerance)

    if sum(len(rate.kept) for rate in rates) > 1000 or outcome(MAX_FACTOR) == INCONCLUSIVE:
        return None
    few, enough = 0.0, math.log(MAX_FACTOR)
    for _ in range(12):
        middle = (few + enough) / 2
        few, enough = (few, middle) if outcome(math.exp(middle)) != INCONCLUSIVE else (middle, enough)
    factor = math.exp(enough)
    cases = math.ceil(factor * max(int(rate.n.sum()) for rate in rates))
    return {"factor": factor, "cases": cases, "outcome": outcome(factor)}


def _comparisons(
    features: tuple[str, ...],
    groups: Groups,
    rate: Quantity,
    found: Spread,
    confidence: float,
    families: int,
    tolerance: float,
) -> tuple[Comparison, ...]:
    """Each judged group beside the highest, by the same limits as the gap itself."""
    value = rate.value
    others = np.flatnonzero(np.arange(len(value)) != found.highest)
    top = np.full(len(others), found.highest)
    each, together = each_and_together(rate, confidence, families)
    low = difference_limits(value, together, top, others)[0]
    high = difference_limits(value, each, top, others)[1]
    if rate.bounded:
        high = np.minimum(high, 1.0)
    return tuple(
        Comparison(
            group=_group(features, groups, rate.kept[at]),
            difference=float(value[found.highest] - value[at]),
            low=float(low[i]),
            high=float(high[i]),
            n=int(rate.n[at]),
            verdict=_verdict(float(low[i]), float(high[i]), "difference", tolerance),
        )
        for i, at in enumerate(others)
    )


def _group(features: Sequence[str], groups: Groups, at: int) -> dict[str, str | None]:
    return dict(zip(features, groups[at], strict=True))


def _not_evaluated(common: Mapping[str, Any], message: Message) -> Gap:
    return Gap(
        **common,
        rate=None,
        value=None,
        low=None,
        high=None,
        verdict=NOT_EVALUATED,
        highest=None,
        lowest=None,
        comparisons=(),
        needed=None,
        bootstrap=None,
        message=message,
        advice=None,
    )
