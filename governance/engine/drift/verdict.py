"""From a column's limits to its verdict, to its words, and to what would decide it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from governance.engine.drift.measures import distance_limits
from governance.engine.drift.samples import PREDICTION
from governance.engine.fairness.gaps import FAIL, INCONCLUSIVE, MAX_FACTOR, PASS
from portal.message import Message


def verdict_of(low: float, high: float, tolerance: float) -> str:
    if high <= tolerance:
        return PASS
    return FAIL if low > tolerance else INCONCLUSIVE


def size(result: Mapping[str, Any]) -> float:
    return max(result["distance"] or 0.0, abs(result["missing"]["change"]))


def column_name(item: Mapping[str, Any]) -> str | Message:
    """What sentences call a column: predictions are the model's answer, whatever they are called."""
    return Message("drift.answer") if item["role"] == PREDICTION else item["column"]


def describe(result: Mapping[str, Any]) -> Message:
    """What the sentence says of a column: its distance, or that its values are missing."""
    missing = result["missing"]
    column = column_name(result)
    by_missing = missing["verdict"] == result["verdict"] and result["distance_verdict"] != result["verdict"]
    if by_missing and abs(missing["change"]) > 0:
        shares = {key: f"{100 * missing[key]:.3g}%" for key in ("reference", "current")}
        return Message("drift.missing_changed", {"column": column, **shares})
    numbers = {"value": result["distance"], "low": result["low"], "high": result["high"]}
    return Message("drift.moved", {"column": column, **numbers})


def type_message(item: Mapping[str, str]) -> Message:
    kinds = {side: Message(f"drift.kind.{item[side]}") for side in ("reference", "current")}
    return Message("drift.type_changed", {"column": column_name(item), **kinds})


def needed(
    result: Mapping[str, Any], n: float, m: float, settings: Mapping[str, Any], families: int
) -> dict[str, Any] | None:
    """About how many rows decide if the distance stays as it is: more current ones, or else more of both."""

    def decided(factor: float, both: bool) -> bool:
        limits = distance_limits(
            result["distance"],
            n * factor if both else n,
            m * factor,
            confidence=settings["confidence"],
            families=families,
            levels=result.get("levels"),
        )
        return verdict_of(*limits, settings["tolerance"]) != INCONCLUSIVE

    for both in (False, True):
        if decided(MAX_FACTOR, both):
            few, enough = 0.0, math.log(MAX_FACTOR)
            for _ in range(12):
                middle = (few + enough) / 2
                few, enough = (few, middle) if decided(math.exp(middle), both) else (middle, enough)
            factor = math.exp(enough)
            return {"factor": factor, "both": both, "rows": math.ceil(factor * (max(n, m) if both else m))}
    return None


def advice_for(found: Sequence[Mapping[str, Any]]) -> Message:
    each = [result.get("needed") for result in found]
    if not each or not all(each):
        return Message("drift.advice.too_close")
    most = max(each, key=lambda item: item["rows"])
    return Message(f"drift.advice.{'both' if most['both'] else 'current'}", {"rows": most["rows"]})
