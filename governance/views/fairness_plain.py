"""The gap that decides a fairness audit, in whole numbers of a hundred: for readers who are no statisticians."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.views.fairness_figures import COMPARED
from portal.message import Message

HUNDRED = 100


@dataclass(frozen=True)
class Plain:
    """Of a hundred in each of two groups, so many; how far apart they may be, and how far apart they really are.

    ``least`` and ``most`` are rounded outwards, so that no reader is surer than the interval.
    ``enough`` is how far apart they may be found, about, to pass on as many cases; None if that is unknown.
    """

    rate: str
    verdict: str
    positive: str
    highest: Any
    lowest: Any
    of_highest: int
    of_lowest: int
    allowed: str
    least: int
    most: int
    enough: int | None = None


def headline(message: Mapping[str, Any]) -> Message | None:
    """The verdict in a line, where it rests on one gap between rates; the whole sentence stands below it."""
    decisive = message.get("params", {}).get("decisive")
    verdict = message["code"].removeprefix("fairness.")
    if not decisive or verdict not in ("pass", "fail", "inconclusive") or "rate" not in decisive["params"]:
        return None
    return Message(f"fairness.headline.{verdict}", {key: decisive["params"][key] for key in ("rate", "feature")})


def plain_words(result: Mapping[str, Any], gap: Mapping[str, Any] | None) -> Plain | None:
    """The decisive gap in whole numbers; None where it is not a difference of two rates."""
    if not gap or gap["value"] is None or gap["rate"] not in COMPARED or not gap["metric"].endswith("_difference"):
        return None
    if gap["verdict"] not in ("pass", "fail", "inconclusive"):
        return None
    named = gap["message"]["params"]
    advice = gap.get("advice") or {}
    passing = advice["params"]["value"] if advice.get("code") == "fairness.advice.difference" else None
    return Plain(
        rate=gap["rate"],
        verdict=gap["verdict"],
        positive=str(result.get("positive", "")),
        highest=named["highest"],
        lowest=named["lowest"],
        of_highest=round(HUNDRED * gap["highest"]["value"]),
        of_lowest=round(HUNDRED * gap["lowest"]["value"]),
        allowed=f"{HUNDRED * gap['tolerance']:g}",
        least=math.floor(HUNDRED * gap["low"] + 1e-9),
        most=math.ceil(HUNDRED * gap["high"] - 1e-9),
        enough=None if passing is None else math.floor(HUNDRED * passing + 1e-9),
    )
