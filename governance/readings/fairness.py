"""What the fairness audit says to a gate.

Pure: no Django.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from governance.policy import FairnessNeeds, percent
from governance.readings.reading import (
    FAIL,
    GRAVITY,
    INCONCLUSIVE,
    MOST_NAMED,
    NOT_EVALUATED,
    PASS,
    ROUNDING,
    Reading,
    figure,
    run_again,
)
from portal.message import Message


def fairness(needs: FairnessNeeds, result: Mapping[str, Any]) -> Reading:
    """Every gap of the policy's measures against the policy's own tolerance; the worst decides."""
    share = result["missing"]["left_out"] / result["rows"]
    gaps = [gap for gap in result["gaps"] if gap["metric"] in needs.measures]
    absent = [measure for measure in needs.measures if measure not in {gap["metric"] for gap in gaps}]
    if absent:
        named = {"measures": [Message(f"gates.measure.{measure}") for measure in absent]}
        return Reading(NOT_EVALUATED, Message("gates.fairness.absent", named), fix=run_again("fairness"))
    if unfit := _unsure(needs, result) or _judged_too_small(needs, result):
        return unfit
    readings = [_gap(needs, gap, result) for gap in gaps]
    worst = max(readings, key=lambda reading: (GRAVITY[reading[0].outcome], reading[1]))[0]
    if worst.outcome != PASS:
        return worst
    if share > needs.max_missing:
        named = {"share": percent(share), "allowed": percent(needs.max_missing)}
        return Reading(INCONCLUSIVE, Message("gates.fairness.missing", named), worst.measured, _label_more())
    if needs.unjudged_groups == "block" and any(gap["unjudged"] for gap in gaps):
        return _unjudged(needs, result, worst)
    return worst


def _gap(needs: FairnessNeeds, gap: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[Reading, float]:
    """One gap, and how large it is."""
    limit = needs.tolerance
    if gap["value"] is None:
        return Reading(NOT_EVALUATED, Message.from_json(gap["message"]), fix=_label_more()), 0.0
    value, low, high = (float(gap[name]) for name in ("value", "low", "high"))
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError("not an interval")
    outcome = PASS if high <= limit else FAIL if low > limit else INCONCLUSIVE
    named = {
        "rate": Message(f"fairness.metric.{gap['rate']}"),
        "feature": gap["feature"],
        "value": figure(value, limit),
        "limit": figure(limit),
        "low": figure(low, limit),
        "high": figure(high, limit),
        "confidence": percent(result["settings"]["confidence"]),
        **{f"{end}{part}": text for end in ("highest", "lowest") for part, text in _extreme(gap[end]).items()},
    }
    measured = Message("gates.figure", {"value": figure(value, limit)})
    fix = _gap_fix(outcome, gap, limit)
    return Reading(outcome, Message(f"gates.fairness.{outcome}", named), measured, fix), value


def _extreme(extreme: Mapping[str, Any]) -> dict[str, Any]:
    levels = [
        Message("fairness.missing_level", {"feature": feature})
        if level is None
        else Message("fairness.level", {"feature": feature, "level": str(level)})
        for feature, level in extreme["group"].items()
    ]
    return {"": levels, "_value": figure(extreme["value"]), "_n": extreme["n"]}


def _gap_fix(outcome: str, gap: Mapping[str, Any], limit: float) -> Message | None:
    """The audit's own advice holds where it judged by the same tolerance."""
    if outcome == PASS:
        return None
    if gap.get("advice") and gap["tolerance"] == limit:
        return Message.from_json(gap["advice"])
    return Message("gates.fix.gap") if outcome == FAIL else _label_more()


def _unsure(needs: FairnessNeeds, result: Mapping[str, Any]) -> Reading | None:
    """Intervals that are narrower than the policy's confidence makes them."""
    had = float(result["settings"]["confidence"])
    if needs.confidence is None or had >= needs.confidence - ROUNDING:
        return None
    named = {"had": percent(had), "wanted": percent(needs.confidence)}
    return Reading(NOT_EVALUATED, Message("gates.fairness.confidence", named), fix=run_again("fairness"))


def _judged_too_small(needs: FairnessNeeds, result: Mapping[str, Any]) -> Reading | None:
    """Groups that the audit judged, though they are smaller than the policy wants."""
    least = result["settings"]["min_group"]
    if not any(least <= group["n"] < needs.min_group for group in result["groups"]):
        return None
    named = {"least": least, "wanted": needs.min_group}
    return Reading(NOT_EVALUATED, Message("gates.fairness.min-group", named), fix=_label_more())


def _unjudged(needs: FairnessNeeds, result: Mapping[str, Any], worst: Reading) -> Reading:
    small = [_extreme({"value": 0.0, **group})[""] for group in result["groups"] if not group["judged"]]
    named: dict[str, Any] = {"n": needs.min_group}
    if small:
        named["groups"] = [Message("fairness.group", {"levels": levels}) for levels in small[:MOST_NAMED]]
    code = "gates.fairness.unjudged" if small else "gates.fairness.unjudged-rate"
    return Reading(INCONCLUSIVE, Message(code, named), worst.measured, _label_more())


def _label_more() -> Message:
    return Message("gates.fix.cases")
