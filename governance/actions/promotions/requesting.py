"""Asking for a promotion, and asking again for what was sent back."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from governance.actions.audits import request_audits
from governance.actions.promotions.automatic import let_go
from governance.actions.promotions.writing import advance, computed, locked, tell
from governance.approving import check_can_resubmit
from governance.environment_roles import check_may_ask
from governance.in_force import known_of
from governance.models import ModelVersion, Placement, Promotion, PromotionKind
from governance.requesters import requesters_of
from governance.rollbacks import rules_again
from governance.verdict import Judgement, judge
from portal.accounts.permissions import require
from portal.web.errors import Conflict


def request(*, version: ModelVersion, environment: str, reason: str = "", by) -> Promotion:
    """Ask to bring a version into an environment. The policy in force is frozen; audits that are due are asked for."""
    if version.deleted_at or version.model.deleted_at:
        raise Conflict("promotion.gone")
    if not version.team_id:
        raise Conflict("promotion.no-team")
    require(by, "promotion.request", version)
    judgement = judge(version, environment, asked_by={by.pseudonym})
    check_may_ask(version, judgement.rules, by)
    if Placement.objects.filter(version=version, environment=environment, until=None).exists():
        raise Conflict("promotion.there", environment=environment)
    try:
        with transaction.atomic():
            promotion = Promotion.objects.create(
                version=version,
                environment=environment,
                **frozen(version, judgement),
                reason=reason,
                requested_by=by,
                **computed(judgement),
            )
            tell("request", promotion, by, after={"state": "open"}, reason=reason, judgement=judgement)
            ask_for_audits(promotion, judgement, by)
            let_go(promotion, judgement)
    except IntegrityError as error:
        raise Conflict("promotion.active", environment=environment) from error
    return promotion


def resubmit(*, promotion: Promotion, reason: str = "", by) -> Promotion:
    """Submit again what was sent back, under the policy that is in force now."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_resubmit(fresh, by)
        asked_by = requesters_of(fresh) | {by.pseudonym}
        judgement = judge(fresh.version, fresh.environment, rules_again(fresh), asked_by=asked_by)
        if fresh.kind == PromotionKind.MOVE:
            check_may_ask(fresh.version, judgement.rules, by)
        more = {"reason": reason} if reason else {}
        advance(fresh, fresh.rev, "resubmit", **frozen(fresh.version, judgement), **more, **computed(judgement))
        states = {"before": {"state": "sent_back"}, "after": {"state": "open"}}
        tell("resubmit", fresh, by, reason=reason, judgement=judgement, **states)
        ask_for_audits(fresh, judgement, by)
        let_go(fresh, judgement)
    fresh.refresh_from_db()
    return fresh


def frozen(version: ModelVersion, judgement: Judgement) -> dict[str, Any]:
    """The rules as the request keeps them, and the risk; the list is only for several policies."""
    return {
        "policy": judgement.policy,
        "rules": judgement.frozen if len(judgement.frozen) > 1 else [],
        "risk_at_request": known_of(version)[1],
    }


def ask_for_audits(promotion: Promotion, judgement: Judgement, by) -> None:
    if kinds := judgement.verdict.audits_due:
        request_audits(version=promotion.version, by=by, kinds=kinds)
