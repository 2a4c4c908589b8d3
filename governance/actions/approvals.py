"""Approvals that lapse: what they bind has changed, or the promotion went back.

The caller makes the promotion's next revision right after, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from governance.actions.conditions import end_conditions
from governance.models import Promotion
from governance.seats import letting, lost, standing
from governance.verdict import BOUND
from portal.ledger.actions import record
from portal.message import Message


def subject_of(promotion: Promotion) -> tuple[str, int, str]:
    """How the ledger names a promotion."""
    return "promotion", promotion.pk, str(promotion)


def changed_parts(bound: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which of the bound digests differ from those of now."""
    return [part for part in BOUND if bound.get(part) != now.get(part)]


def lapse_changed(*, promotion: Promotion, bound: Mapping[str, str], by=None) -> list[str]:
    """Let approvals lapse that bind other digests; the parts that changed, over all of them."""
    found: dict[str, None] = {}
    for decision in standing(promotion):
        if parts := changed_parts(decision.bound, bound):
            _lapse(promotion, decision, because_of(parts), by)
            found.update(dict.fromkeys(parts))
    return list(found)


def lapse_lost(*, promotion: Promotion, by=None) -> list[str]:
    """Let approvals lapse whose time is over, or whose approver has no part in the group any more."""
    found = lost(promotion)
    for decision, because in found:
        _lapse(promotion, decision, because, by)
    return [because.code for _decision, because in found]


def lapse_all(*, promotion: Promotion, because: Message, by=None) -> None:
    """Let every approval lapse, and whatever else let it through."""
    for decision in letting(promotion):
        _lapse(promotion, decision, because, by)


def because_of(parts: list[str]) -> Message:
    return Message("promotion.lapsed", {"what": [Message(f"promotion.bound.{part}") for part in parts]})


def _lapse(promotion: Promotion, decision, because: Message, by) -> None:
    decision.lapsed_at, decision.lapsed_because = timezone.now(), because.to_json()
    decision.save(update_fields=["lapsed_at", "lapsed_because"])
    end_conditions(promotion, decision)
    approver = {"approver": str(decision.by.pseudonym)} if decision.by else {}
    record(
        action="promotion.lapse",
        by=by,
        subject=subject_of(promotion),
        before={"approval": str(decision.event)},
        after={"approval": None},
        params={"rev": promotion.rev + 1, "because": because.code, **approver},
        team=promotion.version.team,
    )
