"""The sentences of gaps: what was found, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from portal.message import Message

Group = Mapping[str, str | None]


def group_message(group: Group) -> Message:
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


def found_message(
    verdict: str,
    name: str,
    kind: str,
    features: Sequence[str],
    rate: str,
    numbers: tuple[float, float, float],
    ends: tuple[Any, Any],
    tolerance: float,
    confidence: float,
) -> Message:
    """What a gap is, beside what is allowed, between which groups."""
    value, low, high = numbers
    highest, lowest = ends
    return Message(
        f"fairness.gap.{verdict}.{kind}",
        {
            "metric": metric_message(name),
            "feature": " × ".join(features),
            "rate": metric_message(rate),
            "value": value,
            "low": low,
            "high": high,
            "confidence": f"{100 * confidence:g}%",
            "bound": tolerance if kind == "difference" else 1 - tolerance,
            "highest": group_message(highest.group),
            "highest_value": highest.value,
            "highest_n": highest.n,
            "lowest": group_message(lowest.group),
            "lowest_value": lowest.value,
            "lowest_n": lowest.n,
        },
    )


def unknown_message(features: Sequence[str], *, lacking: str | None, undefined: str | None, min_group: int) -> Message:
    """Why a gap could not be measured."""
    feature = " × ".join(features)
    if lacking is not None:
        params = {"feature": feature, "min_group": min_group, "rate": metric_message(lacking)}
        return Message("fairness.gap.too_few", params)
    return Message("fairness.gap.all_zero", {"feature": feature, "rate": metric_message(str(undefined))})


def advice(
    verdict: str, kind: str, numbers: tuple[float, float, float], needed: Mapping[str, Any] | None, tolerance: float
) -> Message | None:
    """What would let the gap pass, or decide it, as far as the present interval tells."""
    value, _, high = numbers
    if verdict == "inconclusive":
        if needed is None:
            return Message("fairness.advice.too_close")
        return Message(f"fairness.advice.more_to_{needed['outcome']}", {k: needed[k] for k in ("factor", "cases")})
    if verdict == "fail" and kind == "difference":
        reach = tolerance - (high - value)
        if reach <= 0:
            return Message("fairness.advice.too_few")
        return Message("fairness.advice.difference", {"value": reach})
    return None
