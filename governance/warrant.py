"""What an approved promotion goes by: approvals, the policy alone, or two people in an emergency; and whether it holds.

It is asked right before the move, whatever was true when the decision was made.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from governance.actions.approvals import because_of, changed_parts
from governance.groups import Belonging
from governance.models import Brand, Decision, DecisionKind, Promotion, PromotionKind
from governance.policy import group_name
from governance.seats import letting, lost, progress_of
from governance.verdict import Judgement, judge_request, rules_kept
from portal.message import Message

# An emergency passage goes past what the gates say, never past what goes and by which rules.
BOUND_IN_AN_EMERGENCY = ("artifact", "policy", "profile")


def lacking(promotion: Promotion) -> Message | None:
    """Why an approved promotion may not go now; None where it may."""
    rows = list(letting(promotion).select_related("by"))
    if not rows:
        return Message("move.no-decision")
    judgement = judge_request(promotion)
    emergency = [one for one in rows if one.decision == DecisionKind.BREAK_GLASS]
    if emergency:
        return _passage_lacks(promotion, emergency, judgement)
    parts = {part: None for one in rows for part in changed_parts(one.bound, judgement.bound)}
    if parts:
        return because_of(list(parts))
    automatic = any(one.decision == DecisionKind.AUTOMATIC for one in rows)
    if automatic and promotion.kind == PromotionKind.MOVE:
        return None if judgement.verdict.automatic else Message("promotion.lapsed.automatic")
    for _approval, because in lost(promotion):
        return because
    if not progress_of(promotion).complete:
        return Message("move.no-decision")
    if not judgement.verdict.passes:
        return Message("promotion.lapsed.verdict", {"verdict": judgement.verdict.message})
    return None


def brand_of(promotion: Promotion) -> Brand:
    """What a placement by this promotion is marked with."""
    passages = letting(promotion).filter(decision=DecisionKind.BREAK_GLASS)
    return Brand.BREAK_GLASS if passages.exists() else Brand.NONE


def _passage_lacks(promotion: Promotion, rows: Sequence[Decision], judgement: Judgement) -> Message | None:
    now, glass = timezone.now(), rules_kept(promotion).break_glass
    if glass is None or len({one.by_id for one in rows}) < 2:
        return Message("move.no-decision")
    if any(one.expires_at is None or one.expires_at <= now for one in rows):
        return Message("promotion.lapsed.passage")
    parts = {part: None for one in rows for part in changed_parts(one.bound, judgement.bound)}
    if changed := [part for part in parts if part in BOUND_IN_AN_EMERGENCY]:
        return because_of(changed)
    belongs = Belonging([one.by_id for one in rows], now)
    for one in rows:
        if glass.group not in belongs.of(one.by_id, promotion.version.model.team_id, promotion.environment):
            return Message("promotion.lapsed.role", {"group": group_name(glass.group)})
    return None
