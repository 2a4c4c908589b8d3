"""Computing the checks of an open promotion anew."""

from __future__ import annotations

from django.db import transaction

from governance.actions.approvals import lapse_changed, lapse_lost
from governance.actions.promotions.automatic import let_go
from governance.actions.promotions.writing import advance, computed, differs, locked, tell
from governance.models import Promotion, PromotionState
from governance.verdict import judge_request


def recompute(*, promotion: Promotion, by=None) -> Promotion:
    """Compute the checks of an open promotion anew; what changed lapses, and what asks for nobody goes."""
    with transaction.atomic():
        fresh = locked(promotion)
        if fresh.state != PromotionState.OPEN:
            return fresh
        judgement = judge_request(fresh)
        lapsed = lapse_lost(promotion=fresh, by=by)
        lapsed += lapse_changed(promotion=fresh, bound=judgement.bound, by=by)
        if not lapsed and not differs(fresh, judgement):
            Promotion.objects.filter(pk=fresh.pk).update(**computed(judgement))
        else:
            before = fresh.outcome
            advance(fresh, fresh.rev, None, **computed(judgement))
            outcomes = {"before": {"outcome": before}, "after": {"outcome": judgement.verdict.outcome}}
            tell("recompute", fresh, by, judgement=judgement, **outcomes)
        let_go(fresh, judgement)
    fresh.refresh_from_db()
    return fresh
