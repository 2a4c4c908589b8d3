"""What a pipeline has told, against a gate.

Pure: no Django. The evidence is plain: ``{"schema": "sekisho.fact/1", "key": "load_test.p95_ms", "value": 180}``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from governance.policy import FactNeeds
from governance.policy.words import limits_of, plain
from governance.readings.reading import FAIL, NOT_EVALUATED, PASS, Reading, within
from portal.message import Message

SCHEMA = "sekisho.fact/1"
SHOWN = 80


def fact(needs: FactNeeds, result: Mapping[str, Any]) -> Reading:
    """The value is the one that is asked for, or within the limits; one of another type says nothing."""
    if result["key"] != needs.key:
        raise ValueError("another fact")
    value = result["value"]
    named = {"key": needs.key, "value": plain(value)[:SHOWN], "limits": limits_of(needs)}
    measured, fix = Message("gates.figure", {"value": named["value"]}), Message("gates.fix.fact", {"key": needs.key})
    if not _comparable(needs, value):
        return Reading(NOT_EVALUATED, Message("gates.fact.type", named), measured, fix)
    if needs.equals is not None:
        outcome = PASS if value == needs.equals else FAIL
    else:
        outcome = within(value, value, needs.at_least, needs.at_most)
    return Reading(outcome, Message(f"gates.fact.{outcome}", named), measured, None if outcome == PASS else fix)


def _comparable(needs: FactNeeds, value: Any) -> bool:
    """Numbers with numbers, texts with texts; true is no 1."""
    asked = needs.equals if needs.equals is not None else 0
    if isinstance(asked, bool) or isinstance(value, bool):
        return isinstance(asked, bool) and isinstance(value, bool)
    if isinstance(asked, str):
        return isinstance(value, str)
    return isinstance(value, int | float) and math.isfinite(value)
