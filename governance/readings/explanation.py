"""What the explanation audit says to a gate.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.policy import ExplanationNeeds, percent
from governance.readings.reading import FAIL, INCONCLUSIVE, PASS, ROUNDING, Reading
from portal.message import Message

LEAST_EXPLAINED = 20  # rows under which the interval of a share says too little


def explanation(needs: ExplanationNeeds, outcome: str, message: Message, result: Mapping[str, Any]) -> Reading:
    """The explanation must hold by its own audit; then what rests on sensitive columns, its whole interval
    considered, is within the limit."""
    if outcome != PASS:
        return Reading(outcome, message, fix=Message("gates.fix.explanation"))
    limit, reliance = needs.max_reliance, float(result["sensitive_reliance"])
    low, high = _reliance_limits(result, reliance)
    if not 0 <= low <= reliance <= high <= 1 + ROUNDING:
        raise ValueError("not a share with its interval")
    measured = Message("gates.figure", {"value": percent(reliance)})
    named = {"share": percent(reliance), "limit": percent(limit)}
    if result.get("sampling") and (rows := int(result["rows"]["used"])) < LEAST_EXPLAINED:
        few = Message("gates.explanation.few", {"rows": rows, "least": LEAST_EXPLAINED})
        return Reading(INCONCLUSIVE, few, measured, Message("gates.fix.rows"))
    if high <= limit:
        return Reading(PASS, Message("gates.explanation.pass", named), measured)
    if low > limit:
        return Reading(FAIL, Message("gates.explanation.fail", named), measured, Message("gates.fix.reliance"))
    doubt = {"low": percent(low), "high": percent(high), "confidence": percent(float(result["confidence"]))}
    told = Message("gates.explanation.inconclusive", named | doubt)
    return Reading(INCONCLUSIVE, told, measured, Message("gates.fix.reliance"))


def _reliance_limits(result: Mapping[str, Any], reliance: float) -> tuple[float, float]:
    """The interval over rows; a share of nothing has none, nor has what was kept before intervals were."""
    if not result.get("sensitive_interval"):
        return reliance, reliance
    low, high = (float(end) for end in result["sensitive_interval"])
    if not low <= high:
        raise ValueError("not an interval")
    return min(low, reliance), max(high, reliance)
