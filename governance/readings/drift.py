"""What the drift audit says to a gate.

Pure: no Django.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from governance.policy import DriftNeeds, percent
from governance.readings.reading import (
    FAIL,
    GRAVITY,
    INCONCLUSIVE,
    NOT_EVALUATED,
    PASS,
    Reading,
    figure,
    items_said,
    within,
)
from portal.message import Message


def drift(needs: DriftNeeds, result: Mapping[str, Any]) -> Reading:
    """Each column's distance and change in missing values against the policy's tolerance; the gravest decides."""
    found = [(column, *_judged(needs, column)) for column in _asked(needs, result)]
    retyped = [item["column"] for item in result["schema_changes"]["types"] if _is_asked(needs, item)]
    unjudged = [_name(column) for column, outcome, _size in found if outcome == NOT_EVALUATED]
    unjudged += _uncompared(needs, result, {column["column"] for column, *_rest in found} | set(retyped))
    judged = [(outcome, size, column) for column, outcome, size in found if outcome != NOT_EVALUATED]
    if retyped:
        told = Message("gates.drift.types", {"columns": items_said(retyped)})
        return Reading(FAIL, told, Message("gates.drift.columns", {"count": len(retyped)}), _fix(FAIL))
    if not judged:
        return Reading(NOT_EVALUATED, Message("gates.drift.nothing"), fix=_fix(NOT_EVALUATED))
    outcome, size, column = max(judged, key=lambda one: (GRAVITY[one[0]], one[1]))
    reading = _told(needs, outcome, size, column, len(judged), sum(one[0] == outcome for one in judged))
    if unjudged and needs.unjudged == "block" and outcome != FAIL:
        named = {"columns": items_said(unjudged)}
        return Reading(NOT_EVALUATED, Message("gates.drift.unjudged", named), reading.measured, _fix(NOT_EVALUATED))
    return reading


def _asked(needs: DriftNeeds, result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [column for column in result["columns"] if _is_asked(needs, column)]


def _is_asked(needs: DriftNeeds, item: Mapping[str, Any]) -> bool:
    return needs.columns is None or item["column"] in needs.columns


def _uncompared(needs: DriftNeeds, result: Mapping[str, Any], known: set[str]) -> Iterator[Any]:
    """Columns that the audit left out, and those that the policy names and the audit does not know."""
    skipped = {item["column"]: item for item in result["skipped"] if _is_asked(needs, item)}
    yield from (_name(item) for item in skipped.values())
    yield from (name for name in needs.columns or () if name not in known and name not in skipped)


def _name(item: Mapping[str, Any]) -> Message | str:
    """Predictions are the model's answer, whatever they are called."""
    return Message("drift.answer") if item["role"] == "prediction" else item["column"]


def _judged(needs: DriftNeeds, column: Mapping[str, Any]) -> tuple[str, float]:
    """The outcome of one column by the policy's tolerance, and how far it has moved."""
    missing = column["missing"]
    if column["distance_verdict"] == NOT_EVALUATED or missing["verdict"] == NOT_EVALUATED:
        return NOT_EVALUATED, 0.0
    low, high, moved = (float(column[name]) for name in ("low", "high", "distance"))
    down, up, change = (float(missing[name]) for name in ("low", "high", "change"))
    if not (_ordered(low, moved, high) and _ordered(down, change, up)):
        raise ValueError("not an interval")
    by_missing = within(max(down, -up, 0.0), max(up, -down), None, needs.tolerance)
    outcome = max(within(low, high, None, needs.tolerance), by_missing, key=GRAVITY.__getitem__)
    return outcome, max(moved, abs(change))


def _ordered(low: float, value: float, high: float) -> bool:
    return all(map(math.isfinite, (low, value, high))) and low <= value <= high


def _told(needs: DriftNeeds, outcome: str, size: float, column: Mapping[str, Any], judged: int, alike: int) -> Reading:
    limit, missing = needs.tolerance, column["missing"]
    by_missing = abs(missing["change"]) >= column["distance"] and outcome != PASS
    named = {"column": _name(column), "limit": figure(limit), "judged": judged, "count": alike}
    if by_missing:
        shares = {"before": percent(missing["reference"]), "now": percent(missing["current"])}
        told = Message(f"gates.drift.missing.{outcome}", named | shares)
    else:
        ends = {end: figure(float(column[end]), limit) for end in ("low", "high")}
        told = Message(f"gates.drift.{outcome}", named | ends | {"value": figure(float(column["distance"]), limit)})
    return Reading(outcome, told, Message("gates.figure", {"value": figure(size, limit)}), _fix(outcome))


def _fix(outcome: str) -> Message | None:
    codes = {FAIL: "gates.fix.drift", INCONCLUSIVE: "gates.fix.more-rows", NOT_EVALUATED: "gates.fix.drift-columns"}
    return Message(codes[outcome]) if outcome in codes else None
