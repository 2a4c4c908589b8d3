"""What the requester's side does later: taking the request back, and trying the move again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from governance.actions.conditions import end_conditions
from governance.actions.promotions.writing import advance, locked, tell
from governance.approving import check_can_retry, check_can_withdraw
from governance.models import Move, MoveState, Promotion
from governance.moves import enqueue_move


def withdraw(*, promotion: Promotion, reason: str = "", by) -> Promotion:
    """Take the request back."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_withdraw(fresh, by)
        before = str(fresh.state)
        advance(fresh, fresh.rev, "withdraw", closed_at=timezone.now())
        end_conditions(fresh)
        tell("withdraw", fresh, by, before={"state": before}, after={"state": "withdrawn"}, reason=reason)
    fresh.refresh_from_db()
    return fresh


def retry_move(*, promotion: Promotion, by) -> Promotion:
    """Try the move of an approved promotion again; the worker checks once more that nothing has changed."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_retry(fresh, by)
        advance(fresh, fresh.rev, "retry")
        Move.objects.filter(promotion=fresh).update(state=MoveState.WAITING, error=None, created_at=timezone.now())
        tell("retry", fresh, by, before={"state": "failed"}, after={"state": "approved"})
        enqueue_move(Move.objects.get(promotion=fresh), by=by)
    fresh.refresh_from_db()
    return fresh
