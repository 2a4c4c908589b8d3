"""What would bring one measured figure within its limit: performance, drift, reliance.

Pure: no Django.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from governance.policy import DriftNeeds, ExplanationNeeds, PerformanceNeeds, percent
from governance.policy.words import limits_of, metric_name
from governance.readings.reading import figure
from portal.message import Message

SAME = 1e-6
MOST_COLUMNS = 3
MOST_FACTOR = 1000


def floor_steps(needs: PerformanceNeeds, result: Mapping[str, Any], least: int) -> list[Message]:
    """The metric's floor or ceiling: how many right of how many, else which value, at this number of cases."""
    name = needs.metric or result["metric"]
    found = next(item for item in result["metrics"] if item["name"] == name)
    if found["value"] is None or found["low"] is None or found["high"] is None:
        return []
    value, low, high = (float(found[end]) for end in ("value", "low", "high"))
    named = {"metric": metric_name(name), "limits": limits_of(needs)}
    said = []
    if needs.at_least is not None and low < needs.at_least:
        said.append(_least(found, value, low, needs.at_least, float(result["settings"]["confidence"]), named, least))
    if needs.at_most is not None and high > needs.at_most:
        reach = needs.at_most - (high - value)
        if value <= needs.at_most:
            said.append(_more_rows(found, (high - value) / (needs.at_most - value), named))
        else:
            said.append(Message("way.value.at-most", named | {"value": figure(reach), "now": figure(value)}))
    return said


def compared_steps(needs: PerformanceNeeds, result: Mapping[str, Any]) -> list[Message]:
    """Not worse than what is live: how much better on the same rows, so that the two cannot be told apart."""
    name = needs.metric or result["metric"]
    difference = (result["comparison"].get("differences") or {}).get(name) or {}
    if difference.get("verdict") != "worse":
        return []
    low, high = difference["low"], difference["high"]
    margin = min(abs(low), abs(high)) if low is not None and high is not None else None
    named = {"metric": metric_name(name)}
    return [Message("way.live", named | {"by": figure(margin)}) if margin else Message("way.live.words", named)]


def drift_steps(needs: DriftNeeds, result: Mapping[str, Any]) -> list[Message]:
    """Each column that is beyond the tolerance, with the distance that would be within it; the farthest first."""
    limit, said = needs.tolerance, []
    asked = [c for c in result["columns"] if needs.columns is None or c["column"] in needs.columns]
    beyond = [c for c in asked if c["high"] is not None and float(c["high"]) > limit]
    for column in sorted(beyond, key=lambda c: -float(c["distance"])):
        named = {"column": Message("drift.answer") if column["role"] == "prediction" else column["column"]}
        now, high, rows = float(column["distance"]), float(column["high"]), column.get("needed")
        if now <= limit and rows and result["settings"]["tolerance"] == limit:
            said.append(Message("way.drift.rows", named | {"rows": rows["rows"]}))
        elif (reach := limit - (high - now)) > 0:
            said.append(Message("way.drift.value", named | {"value": figure(reach, limit), "now": figure(now)}))
    rest = len(said) - MOST_COLUMNS
    return said if rest <= 0 else [*said[:MOST_COLUMNS], Message("way.columns.more", {"count": rest})]


def reliance_steps(needs: ExplanationNeeds, result: Mapping[str, Any]) -> list[Message]:
    """The share of the explanation on sensitive columns that would be within the limit at this interval's width."""
    share, interval = result.get("sensitive_reliance"), result.get("sensitive_interval")
    if share is None:
        return []
    high = float(interval[1]) if interval else float(share)
    reach = needs.max_reliance - (high - float(share))
    if high <= needs.max_reliance or reach <= 0:
        return []
    return [Message("way.reliance", {"share": percent(reach), "now": percent(float(share))})]


def least_right(total: int, limit: float, confidence: float) -> int | None:
    """The least number of right ones of `total` of which the whole interval is at or above the limit."""
    low, high = math.ceil(limit * total), total
    if low > high or _wilson_low(high, total, confidence) < limit:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _wilson_low(middle, total, confidence) >= limit else (middle + 1, high)
    return high


def _least(
    found: Mapping[str, Any],
    value: float,
    low: float,
    limit: float,
    confidence: float,
    named: dict[str, Any],
    least: int,
) -> Message:
    if value >= limit:
        if value == limit:
            return Message("way.value.above", named | {"limit": figure(limit)})
        return _more_rows(found, (value - low) / (value - limit), named)
    total, right = int(found["n"]), round(value * int(found["n"]))
    counted = found.get("method") == "wilson" and total and abs(right - value * total) < SAME * total
    if counted and abs(_wilson_low(right, total, confidence) - low) < SAME and min(right, total - right) >= least:
        wanted = least_right(total, limit, confidence)
        if wanted is None:
            return Message("way.value.too-few", named | {"total": total})
        figures = {"wanted": wanted, "total": total, "now": right, "value": figure(wanted / total)}
        return Message("way.count.at-least", named | figures)
    reach = limit + (value - low)
    return Message("way.value.at-least", named | {"value": figure(reach, limit), "now": figure(value, limit)})


def _more_rows(found: Mapping[str, Any], times: float, named: dict[str, Any]) -> Message:
    """An interval's width goes with the root of the number of cases."""
    factor = times**2
    if not 1 < factor <= MOST_FACTOR:
        return Message("way.rows.too-close", named)
    rows = math.ceil(factor * int(found["cases"]))
    step = 10 ** max(0, len(str(rows)) - 2)
    return Message("way.rows", named | {"rows": math.ceil(rows / step) * step, "factor": f"{factor:.1f}"})


def _wilson_low(right: int, total: int, confidence: float) -> float:
    import numpy as np

    from governance.engine.intervals import wilson

    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return float(wilson(np.array(float(right)), np.array(float(total)), z)[0])
