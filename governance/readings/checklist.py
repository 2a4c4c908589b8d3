"""What people have confirmed, and what of it counts for a gate.

Pure: no Django. The evidence is plain::

    {"schema": "sekisho.checklist/1",
     "marks": [{"item": "model-card", "by": "Yui Mori", "groups": ["owner", "model-risk"],
                "at": "2026-11-20T09:00:00+00:00", "artifact": "sha256:…", "profile": "sha256:…"}]}

``groups`` are those that the signer belongs to now: who has left a group signs no longer for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from governance.policy import ChecklistItem, ChecklistNeeds, group_name
from governance.policy.words import both
from governance.readings.reading import NOT_EVALUATED, PASS, Reading, Standpoint, items_said, of
from portal.message import Message

SCHEMA = "sekisho.checklist/1"


def checklist(needs: ChecklistNeeds, result: Mapping[str, Any], about: Standpoint) -> Reading:
    """Each item has a mark of a named signer, of these files and this profile, that is not too old."""
    marks = list(result["marks"])
    found = {item.id: _newest(item, marks, about) for item in needs.items}
    open_ = [item for item in needs.items if found[item.id] is None]
    measured = of(len(needs.items) - len(open_), len(needs.items))
    since = min((at for at in found.values() if at), default=None)
    if not open_:
        return Reading(PASS, Message("gates.checklist.pass", {"all": len(needs.items)}), measured, since=since)
    named = {"items": items_said([both(item.title) for item in open_])}
    groups = dict.fromkeys(group for item in open_ for group in item.signers)
    fix = Message("gates.fix.checklist", {"groups": [group_name(group) for group in groups]})
    return Reading(NOT_EVALUATED, Message("gates.checklist.open", named), measured, fix, since)


def _newest(item: ChecklistItem, marks: list[Mapping[str, Any]], about: Standpoint) -> datetime | None:
    """When it was confirmed last, if it was."""
    moments = [_moment(mark) for mark in marks if mark["item"] == item.id and _counts(item, mark, about)]
    return max(moments, default=None)


def _counts(item: ChecklistItem, mark: Mapping[str, Any], about: Standpoint) -> bool:
    """What the signer saw is what is there now, and the signer may sign; what is not known is neither."""
    at = _moment(mark)
    return (
        bool(mark["by"])
        and not set(item.signers).isdisjoint(mark["groups"])
        and bool(about.artifact_digest)
        and mark["artifact"] == about.artifact_digest
        and mark["profile"] == about.profile_digest
        and (about.oldest is None or at >= about.oldest)
        and (about.newest is None or at <= about.newest)
    )


def _moment(mark: Mapping[str, Any]) -> datetime:
    at = datetime.fromisoformat(mark["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return at
