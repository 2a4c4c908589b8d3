"""What people decide on a promotion: approve, send back, refuse."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from governance.actions.approvals import lapse_all
from governance.actions.conditions import Condition, check_conditions, end_conditions, in_words, open_conditions
from governance.actions.promotions.computing import recompute
from governance.actions.promotions.writing import (
    advance,
    check_reason,
    check_rev,
    computed,
    differs,
    into_outbox,
    keep_decision,
    locked,
)
from governance.approving import check_can_approve, check_can_refuse, check_can_send_back, check_person
from governance.models import DecisionKind, Promotion, PromotionState
from governance.seats import progress_of, seat_for
from governance.verdict import judge_request
from portal.message import Message
from portal.web.errors import Conflict


def approve(
    *,
    promotion: Promotion,
    rev: int,
    reason: str = "",
    conditions: Sequence[Condition] = (),
    acting_for=None,
    by,
) -> Promotion:
    """Approve what stands in the database at this moment; the last approval puts the move in the outbox.

    Parameters
    ----------
    rev : int
        The revision that the approver looked at.
    conditions : sequence of Condition
        What has to be done later, by a member of the team; each becomes a finding.
    acting_for : User or None
        In whose place, where the approver is their deputy.

    Raises
    ------
    Forbidden, Conflict, Invalid
        With a sentence: who may not, which check is in the way, what has changed, or what is wrong with a condition.
    """
    deputy = {"acting_for": acting_for} if acting_for else {}
    check_person(promotion, by, **deputy)
    check_conditions(promotion, conditions)
    recompute(promotion=promotion)
    with transaction.atomic():
        fresh = locked(promotion)
        check_rev(fresh, rev)
        judgement = judge_request(fresh)
        if fresh.state == PromotionState.OPEN and differs(fresh, judgement):
            raise Conflict("promotion.changed-now")
        check_can_approve(fresh, by, **deputy)
        seat = seat_for(fresh, by, acting_for)
        last = progress_of(fresh, more=seat).complete
        advance(fresh, rev, "approve" if last else "agree", **computed(judgement))
        words = in_words(conditions)
        event = keep_decision(fresh, DecisionKind.APPROVE, reason, judgement, by, seat=seat, texts=words)
        open_conditions(fresh, conditions, event, by)
        if last:
            into_outbox(fresh, event, by)
    fresh.refresh_from_db()
    return fresh


def send_back(*, promotion: Promotion, rev: int, reason: str, by) -> Promotion:
    """Give it back to the team with a reason; it can be submitted again."""
    check_can_send_back(promotion, by)
    check_reason(reason)
    with transaction.atomic():
        fresh = locked(promotion)
        check_rev(fresh, rev)
        check_can_send_back(fresh, by)
        lapse_all(promotion=fresh, because=Message("promotion.lapsed.sent_back"), by=by)
        advance(fresh, rev, "send_back")
        keep_decision(fresh, DecisionKind.SEND_BACK, reason, judge_request(fresh), by)
    fresh.refresh_from_db()
    return fresh


def refuse(*, promotion: Promotion, rev: int, reason: str, by) -> Promotion:
    """Close it with a no and a reason."""
    check_can_refuse(promotion, by)
    check_reason(reason)
    with transaction.atomic():
        fresh = locked(promotion)
        check_rev(fresh, rev)
        check_can_refuse(fresh, by)
        advance(fresh, rev, "refuse", closed_at=timezone.now())
        end_conditions(fresh)
        keep_decision(fresh, DecisionKind.REFUSE, reason, judge_request(fresh), by)
    fresh.refresh_from_db()
    return fresh
