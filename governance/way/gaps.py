"""What would bring the gaps between groups within a tolerance: the whole interval, not the value alone.

The groups' counts are those that the audit kept, the intervals the engine's own (`engine.intervals`). Where they
do not give the audit's interval back, as with weighted rows, nothing is said about single groups.

Pure: no Django.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from governance.policy import FairnessNeeds
from governance.readings.reading import figure
from governance.suppression.fairness import hidden_groups, key_of
from portal.message import Message

RATES = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("true_positive_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
    "false_positive_rate_difference": ("false_positive_rate",),
    "precision_difference": ("precision",),
    "accuracy_difference": ("accuracy",),
}
LOWER_IS_BETTER = frozenset({"false_positive_rate"})
SAME = 1e-6  # two computations of one limit
MOST_FACTOR = 1000
MOST_NAMED = 2  # groups of one gap


@dataclass(frozen=True)
class Counts:
    """One rate of the groups that were judged: how many of how many, with the groups' names."""

    rate: str
    groups: tuple[Mapping[str, str | None], ...]
    counts: tuple[int, ...]
    totals: tuple[int, ...]


def gap_steps(needs: FairnessNeeds, result: Mapping[str, Any], least: int) -> list[Message]:
    """What each gap that is not within the tolerance needs; `least` is the least number of cases that is told."""
    confidence = float(result["settings"]["confidence"])
    hidden = hidden_groups(result["groups"], least)
    kept_back = hidden.all | hidden.rates
    found: list[Message] = []
    beyond = [gap for gap in result["gaps"] if gap["metric"] in needs.measures and _is_beyond(gap, needs.tolerance)]
    for gap in sorted(beyond, key=lambda gap: -gap["value"]):
        names = sorted(RATES[gap["metric"]], key=lambda name: name != gap["rate"])
        rates = [counts for name in names if (counts := _counts(name, gap, result["groups"]))]
        known = [one for one in rates if len(one.totals) > 1]
        if not known or abs(max(upper(one.counts, one.totals, confidence) for one in known) - gap["high"]) > SAME:
            found.append(_at_this_width(gap, needs.tolerance))
            continue
        for one in known:
            found += _of_rate(one, needs.tolerance, confidence, gap, kept_back)
    return _once(found)


def unjudged_steps(needs: FairnessNeeds, result: Mapping[str, Any], least: int) -> list[Message]:
    """How many cases the groups lack that are too small to be judged."""
    hidden = hidden_groups(result["groups"], least).all
    found = []
    for group in result["groups"]:
        if group["judged"] or group["n"] >= needs.min_group:
            continue
        named = {"group": named_group(group["group"]), "least": needs.min_group}
        if key_of(group["group"]) in hidden:
            found.append(Message("way.group.few", named))
        else:
            found.append(Message("way.group.cases", named | {"now": group["n"], "more": needs.min_group - group["n"]}))
    return found


def upper(counts: Sequence[int], totals: Sequence[int], confidence: float) -> float:
    """The upper limit of the widest gap between the groups, as the audit computes it."""
    return float(min(_uppers(counts, totals, confidence).max(), 1.0))


def raised(counts: Sequence[int], totals: Sequence[int], limit: float, confidence: float) -> list[int] | None:
    """Counts at which the whole interval of the gap is within the limit: of the groups that are too low no more than
    must be, all others as they are. None where these numbers of cases are too few for it."""
    found = list(counts)
    for _round in range(4 * len(found)):
        worst = _uppers(found, totals, confidence).max(axis=0)
        at = int(worst.argmax())
        if worst[at] <= limit:
            return found
        low, high = found[at], totals[at]

        def clears(count: int, at: int = at) -> bool:
            tried = [*found[:at], count, *found[at + 1 :]]
            return bool(_uppers(tried, totals, confidence)[:, at].max() <= limit)

        if not clears(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if clears(middle) else (middle, high)
        found[at] = high
    return None


def cases_needed(counts: Sequence[int], totals: Sequence[int], limit: float, confidence: float) -> list[int] | None:
    """About how many cases of each group decide, if the rates stay as they are: more of the small groups first.

    None where a rate is beyond the limit already, or so close to it that no number would do.
    """
    if max(_rates(counts, totals)) - min(_rates(counts, totals)) > limit:
        return None
    rates, found = _rates(counts, totals), list(totals)
    for _round in range(200):
        uppers = _uppers([rate * n for rate, n in zip(rates, found, strict=True)], found, confidence)
        if uppers.max() <= limit:
            return found
        pair = divmod(int(uppers.argmax()), len(found))
        small = min(pair, key=lambda at: found[at])
        found[small] = math.ceil(found[small] * 1.1)
        if found[small] > totals[small] * MOST_FACTOR:
            return None
    return None


def named_group(group: Mapping[str, str | None]) -> list[Message]:
    """A group by its levels, as sentences name it."""
    return [
        Message("fairness.missing_level", {"feature": feature})
        if level is None
        else Message("fairness.level", {"feature": feature, "level": str(level)})
        for feature, level in group.items()
    ]


# -- below ---------------------------------------------------------------------------------------------------


def _is_beyond(gap: Mapping[str, Any], limit: float) -> bool:
    return gap["high"] is not None and gap["high"] > limit


def _of_rate(one: Counts, limit: float, confidence: float, gap: Mapping[str, Any], kept_back: set) -> list[Message]:
    if upper(one.counts, one.totals, confidence) <= limit:
        return []
    if more := cases_needed(one.counts, one.totals, limit, confidence):
        return [
            _more_cases(one, at, n - one.totals[at], limit, kept_back)
            for at, n in enumerate(more)
            if n > one.totals[at]
        ][:MOST_NAMED]
    falling = one.rate in LOWER_IS_BETTER
    counts = [n - k for k, n in zip(one.counts, one.totals, strict=True)] if falling else list(one.counts)
    wanted = raised(counts, one.totals, limit, confidence)
    if wanted is None:
        return [_too_few(one, limit, kept_back)]
    changed = [at for at, count in enumerate(wanted) if count != counts[at]]
    changed.sort(key=lambda at: counts[at] / one.totals[at])
    told = [_count_needed(one, at, one.totals[at] - wanted[at] if falling else wanted[at], kept_back) for at in changed]
    rest = len(told) - MOST_NAMED
    return told if rest <= 0 else [*told[:MOST_NAMED], Message("way.groups.more", {"count": rest})]


def _count_needed(one: Counts, at: int, wanted: int, kept_back: set) -> Message:
    named = {"group": named_group(one.groups[at]), "rate": Message(f"fairness.metric.{one.rate}")}
    if key_of(one.groups[at]) in kept_back:
        return Message("way.group.nearer", named)
    total = one.totals[at]
    figures = {"wanted": wanted, "total": total, "now": one.counts[at], "value": figure(wanted / total)}
    return Message("way.group.at-most" if one.rate in LOWER_IS_BETTER else "way.group.at-least", named | figures)


def _more_cases(one: Counts, at: int, more: int, limit: float, kept_back: set) -> Message:
    named = {"group": named_group(one.groups[at]), "rate": Message(f"fairness.metric.{one.rate}")}
    if key_of(one.groups[at]) in kept_back:
        return Message("way.group.more-words", named)
    return Message("way.group.more", named | {"more": _rounded(more), "now": one.totals[at]})


def _too_few(one: Counts, limit: float, kept_back: set) -> Message:
    """No count would do: the smallest group's interval alone is wider than the tolerance."""
    at = min(range(len(one.totals)), key=lambda at: one.totals[at])
    named = {"group": named_group(one.groups[at]), "rate": Message(f"fairness.metric.{one.rate}")}
    if key_of(one.groups[at]) in kept_back:
        return Message("way.group.more-words", named)
    return Message("way.group.too-few", named | {"now": one.totals[at], "limit": figure(limit)})


def _at_this_width(gap: Mapping[str, Any], limit: float) -> Message:
    """What the value may be while the interval stays as wide as it is."""
    reach = limit - (float(gap["high"]) - float(gap["value"]))
    named = {"rate": Message(f"fairness.metric.{gap['rate']}"), "feature": gap["feature"]}
    if reach <= 0:
        return Message("way.gap.too-wide", named | {"limit": figure(limit)})
    return Message("way.gap.value", named | {"value": figure(reach, limit), "now": figure(float(gap["value"]))})


def _counts(rate: str, gap: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> Counts | None:
    """The counts of the groups that the gap is between; None where they are not whole numbers, as with weights."""
    features, found = tuple(gap["features"]), []
    for group in groups:
        estimate = (group.get("metrics") or {}).get(rate)
        if tuple(group["group"]) != features or not estimate or not estimate["judged"]:
            continue
        n, value = estimate["n"], estimate["value"]
        count = round(value * n)
        if abs(count - value * n) > SAME * max(n, 1):
            return None
        found.append((group["group"], count, n))
    if not found:
        return None
    named, counts, totals = zip(*found, strict=True)
    return Counts(rate, named, counts, totals)


def _uppers(counts: Sequence[float], totals: Sequence[int], confidence: float):
    """The upper limit of each group's rate less each other's: ndarray, shape (groups, groups)."""
    import numpy as np

    from governance.engine.intervals import difference_limits, wilson

    count, total = np.asarray(counts, dtype=float), np.asarray(totals, dtype=float)
    limits = wilson(count, total, NormalDist().inv_cdf(0.5 + confidence / 2))
    g, h = np.meshgrid(np.arange(len(total)), np.arange(len(total)), indexing="ij")
    found = difference_limits(count / total, limits, g, h)[1]
    np.fill_diagonal(found, -1.0)
    return found


def _rates(counts: Sequence[int], totals: Sequence[int]) -> list[float]:
    return [count / total for count, total in zip(counts, totals, strict=True)]


def _rounded(number: int) -> int:
    """Upwards, to two digits: such a number is an estimate."""
    step = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / step) * step


def _once(found: Iterable[Message]) -> list[Message]:
    said: list[Message] = []
    for message in found:
        if message not in said:
            said.append(message)
    return said
