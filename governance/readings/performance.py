"""What the performance audit says to a gate: a floor, and not worse than what is live.

Pure: no Django. No sentence here counts the cases of a part of the data: those may be few.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from governance.policy import PerformanceNeeds, percent
from governance.policy.words import limits_of, metric_name
from governance.readings.reading import (
    FAIL,
    INCONCLUSIVE,
    NOT_EVALUATED,
    PASS,
    Reading,
    Standpoint,
    figure,
    run_again,
    within,
    worst,
)
from portal.message import Message

MISSING_ALLOWED = 0.05  # share of rows without label, prediction or score, as the audit allows
SCORED = frozenset({"auc", "brier", "log_loss"})  # that rest on a score for each row
NOBODY_LIVE = "performance.live.none"
NOT_WORSE = ("better", "not_distinguishable", "identical")


def performance(needs: PerformanceNeeds, result: Mapping[str, Any], about: Standpoint) -> Reading:
    """The floor by the metric's whole interval, the comparison by what the audit was certain of; the worst decides."""
    name = needs.metric or result["metric"]
    found = next((item for item in result["metrics"] if item["name"] == name), None)
    if found is None:
        lacking = Message("gates.performance.absent", {"metric": metric_name(name)})
        return Reading(NOT_EVALUATED, lacking, fix=Message("gates.fix.metric"))
    readings = [_measured(needs, found, result)]
    if needs.not_worse:
        readings.append(_compared(needs, name, result, about))
    if needs.slices and readings[-1].outcome == PASS and not _alone(needs, result):
        readings.append(_slices(name, result))
    worse = worst(readings)
    if worse.outcome != PASS:
        return worse
    said = {"first": readings[0].message, "rest": readings[-1].message}
    return Reading(PASS, Message("gates.both", said) if len(readings) > 1 else worse.message, readings[0].measured)


def _measured(needs: PerformanceNeeds, found: Mapping[str, Any], result: Mapping[str, Any]) -> Reading:
    """The metric beside its limits; without limits it still has to be measured soundly."""
    named: dict[str, Any] = {"metric": metric_name(found["name"])}
    lost = result["missing"]["left_out"] + (result["missing"].get("score", 0) if found["name"] in SCORED else 0)
    if not result["rows"] > 0 or lost < 0:
        raise ValueError("not a count of rows")
    if lost / result["rows"] > MISSING_ALLOWED:
        named |= {"share": percent(lost / result["rows"]), "allowed": percent(MISSING_ALLOWED)}
        return Reading(
            INCONCLUSIVE, Message("gates.performance.missing", named), fix=Message("gates.fix.rows-complete")
        )
    least = int(result["settings"]["min_cases"])
    if found["cases"] < least:
        return Reading(
            INCONCLUSIVE, Message("gates.performance.few", named | {"least": least}), fix=Message("gates.fix.more-rows")
        )
    if found["value"] is None or found["low"] is None or found["high"] is None:
        return Reading(
            INCONCLUSIVE, Message("gates.performance.no-interval", named), fix=Message("gates.fix.more-rows")
        )
    value, low, high = (float(found[end]) for end in ("value", "low", "high"))
    if not (all(map(math.isfinite, (value, low, high))) and low <= value <= high):
        raise ValueError("not an interval")
    beside = next((limit for limit in (needs.at_least, needs.at_most) if limit is not None), None)
    named |= {
        "value": figure(value, beside),
        "low": figure(low, beside),
        "high": figure(high, beside),
        "confidence": percent(float(result["settings"]["confidence"])),
    }
    measured = Message("gates.figure", {"value": figure(value, beside)})
    if beside is None:
        return Reading(PASS, Message("gates.performance.measured", named), measured)
    outcome = within(low, high, needs.at_least, needs.at_most)
    fix = None if outcome == PASS else Message(f"gates.fix.{'floor' if outcome == FAIL else 'more-rows'}")
    told = Message(f"gates.performance.{outcome}", named | {"limits": limits_of(needs)})
    return Reading(outcome, told, measured, fix)


def _alone(needs: PerformanceNeeds, result: Mapping[str, Any]) -> bool:
    """Whether nothing is live to compare with, and the policy lets that pass."""
    return needs.not_worse == "if_live" and result["comparison"]["message"]["code"] == NOBODY_LIVE


def _compared(needs: PerformanceNeeds, name: str, result: Mapping[str, Any], about: Standpoint) -> Reading:
    """The audit's comparison with the live version, if that is still the live one."""
    comparison = result["comparison"]
    if about.live is not None and about.live != about.compared_with:
        code = "gates.other-live" if about.live else "gates.no-live-now"
        numbers = {"live": about.live, "compared": about.compared_with or Message("gates.none")}
        return Reading(NOT_EVALUATED, Message(code, numbers), fix=run_again("performance"))
    if comparison["outcome"] == NOT_EVALUATED and _alone(needs, result):
        return Reading(PASS, Message("gates.performance.alone"))
    outcome, message = comparison["outcome"], Message.from_json(comparison["message"])
    if name != result["metric"]:
        outcome = (comparison["differences"].get(name) or {"verdict": NOT_EVALUATED})["verdict"]
        message = Message(f"gates.performance.live.{outcome}", {"metric": metric_name(name)})
    if outcome == "worse":
        return Reading(FAIL, message, fix=Message("gates.fix.worse"))
    if outcome in NOT_WORSE:
        return Reading(PASS, message)
    return Reading(NOT_EVALUATED, message, fix=run_again("performance"))


def _slices(name: str, result: Mapping[str, Any]) -> Reading:
    """Parts of the data that are worse than the live version beyond chance; none may be, and some must be known."""
    if name != result["sliced"]["metric"]:
        other = Message("gates.performance.slices.other", {"metric": metric_name(result["sliced"]["metric"])})
        return Reading(NOT_EVALUATED, other, fix=Message("gates.fix.metric"))
    judged = [item for item in result["slices"] if item["judged"]]
    worse = sum(bool(item["worse_than_live"]) for item in judged)
    measured = Message("gates.performance.parts", {"count": worse})
    if worse:
        told = Message("gates.performance.slices.fail", {"count": worse, "judged": len(judged)})
        return Reading(FAIL, told, measured, Message("gates.fix.slices"))
    compared = [item for item in judged if item["live"] and item["live"]["verdict"] != NOT_EVALUATED]
    if not compared or len(compared) < len(judged) or len(judged) < result["sliced"]["tested"]:
        unknown = {"judged": len(compared), "all": max(len(judged), int(result["sliced"]["tested"]))}
        return Reading(
            NOT_EVALUATED, Message("gates.performance.slices.unknown", unknown), fix=run_again("performance")
        )
    return Reading(PASS, Message("gates.performance.slices.pass", {"judged": len(judged)}), measured)
