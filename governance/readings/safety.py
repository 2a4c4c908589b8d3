"""What the safety audit says to a gate on its items, and to one on the replay.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from governance.policy import ReplayNeeds, SafetyNeeds, in_turn
from governance.readings.reading import (
    FAIL,
    INCONCLUSIVE,
    NOT_APPLICABLE,
    NOT_EVALUATED,
    PASS,
    Reading,
    of,
    run_again,
)
from portal.message import Message


def safety(needs: SafetyNeeds, result: Mapping[str, Any]) -> Reading:
    """Each required item passes, fails, or could not be found out."""
    items = {item["key"]: item for item in result["items"]}
    asked = [items.get(key, {"key": key, "outcome": NOT_EVALUATED}) for key in needs.items]
    failed = [item for item in asked if item["outcome"] == FAIL]
    unknown = [item for item in asked if item["outcome"] not in (PASS, FAIL)]
    measured = of(len(asked) - len(failed) - len(unknown), len(asked))
    if not failed and not unknown:
        return Reading(PASS, Message("gates.safety.pass", {"all": len(asked)}), measured)
    outcome, lacking = (FAIL, failed) if failed else (NOT_EVALUATED, unknown)
    found = [Message.from_json(item["found"]) for item in lacking if item.get("found")]
    named = {"items": [Message(f"safety.item.{item['key']}") for item in lacking]}
    told = [Message(f"gates.safety.{outcome}", named), *found[:1]]
    return Reading(outcome, in_turn(told), measured, _remedy(lacking))


def _remedy(items: Sequence[Mapping[str, Any]]) -> Message:
    """That a check is not for such a model, the policy says: no audit does."""
    if any(item["outcome"] == NOT_APPLICABLE for item in items):
        return Message("gates.fix.kinds")
    remedies = [Message.from_json(item["remedy"]) for item in items if item.get("remedy")]
    return in_turn(remedies) if remedies else run_again("safety")


def replay(needs: ReplayNeeds, result: Mapping[str, Any]) -> Reading:
    """The model gave the predictions that were supplied, on enough rows.

    Where none were supplied there is nothing to hold it against: every audit then rests on what the model itself
    answers, and it must give the same twice.
    """
    items = {item["key"]: item for item in result["items"]}
    done, own = result["replay"], False
    item = items["replay"]
    if item["outcome"] == NOT_APPLICABLE and done and done["kind"] == "none":
        item, own = items["repeatable"], True
    if item["outcome"] not in (PASS, FAIL) or not done:
        found = Message.from_json(item["found"]) if item.get("found") else Message("gates.replay.not-run")
        return Reading(NOT_EVALUATED, found, fix=_remedy([item]))
    rows, same = (int(done["rows"]), int(done["repeated"])) if own else (int(done["compared"]), int(done["equal"]))
    measured = Message("gates.rows", {"rows": rows})
    if item["outcome"] == FAIL:
        return Reading(FAIL, Message.from_json(item["found"]), measured, _remedy([item]))
    if not 0 <= same <= rows or same < rows:
        raise ValueError("a replay that passes has no row that differs")
    named = {"rows": rows, "least": needs.min_rows}
    if rows < needs.min_rows:
        return Reading(INCONCLUSIVE, Message("gates.replay.few", named), measured, Message("gates.fix.more-rows"))
    return Reading(PASS, Message("gates.replay.own" if own else "gates.replay.pass", named), measured)
