"""Approval by the policy alone: a clean pass of a team whose official level is high enough needs no person."""

from __future__ import annotations

from django.utils import timezone

from governance.actions.promotions.writing import advance, computed, into_outbox, keep_decision
from governance.material import denied
from governance.maturity import evidence_of
from governance.models import DecisionKind, Promotion, PromotionKind, PromotionState
from governance.readings import level_of
from governance.verdict import Judgement


def let_go(promotion: Promotion, judgement: Judgement) -> bool:
    """Approve what asks for nobody, within the caller's transaction; whether it was so."""
    if promotion.state != PromotionState.OPEN or promotion.kind != PromotionKind.MOVE:
        return False
    if not judgement.verdict.automatic:
        return False
    if (promotion.version_id, promotion.environment) in denied([promotion.version]):  # since it was judged
        return False
    levels = _levels(promotion, judgement)
    seen = {"team_level_seen": min(levels.values())}
    advance(promotion, promotion.rev, "automatic", **computed(judgement), **seen)
    event = keep_decision(
        promotion,
        DecisionKind.AUTOMATIC,
        "",
        judgement,
        None,
        more={"levels": [f"{name} {level}" for name, level in levels.items()]},
    )
    into_outbox(promotion, event, None)
    return True


def _levels(promotion: Promotion, judgement: Judgement) -> dict[str, int]:
    """The levels by which it goes; the bound evidence has their digest."""
    rules = judgement.rules
    known = evidence_of(promotion.version, rules.gates, timezone.now(), rules.maturity_rules)["maturity"].result
    return {
        f"{rule.framework}/{rule.dimension}" if rule.dimension else rule.framework: level_of(rule, known)
        for rule in rules.automatic
    }
