"""What the lineage audit says to a gate.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.policy import LineageNeeds, in_turn
from governance.readings.reading import FAIL, NOT_EVALUATED, PASS, Reading, of, run_again
from portal.message import Message


def lineage(needs: LineageNeeds, result: Mapping[str, Any]) -> Reading:
    """Each required item is on record, is missing, or could not be read."""
    items = {item["key"]: item for item in result["items"]}
    asked = [items.get(key, {"key": key, "outcome": NOT_EVALUATED}) for key in needs.items]
    missing = [item for item in asked if item["outcome"] == FAIL]
    unread = [item for item in asked if item["outcome"] not in (PASS, FAIL)]
    measured = of(len(asked) - len(missing) - len(unread), len(asked))
    if not missing and not unread:
        return Reading(PASS, Message("gates.lineage.pass", {"all": len(asked)}), measured)
    outcome, lacking = (FAIL, missing) if missing else (NOT_EVALUATED, unread)
    named = {"items": [Message(f"lineage.item.{item['key']}") for item in lacking]}
    remedies = [Message.from_json(item["remedy"]) for item in lacking if item.get("remedy")]
    fix = in_turn(remedies) if remedies else run_again("lineage")
    return Reading(outcome, Message(f"gates.lineage.{outcome}", named), measured, fix)
