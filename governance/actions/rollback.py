"""Going back to an earlier approved version, in one step where the policy asks nobody."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from governance.actions.approvals import subject_of
from governance.actions.promotions.computing import recompute
from governance.actions.promotions.requesting import ask_for_audits, frozen
from governance.actions.promotions.writing import advance, computed, into_outbox, locked
from governance.in_force import stood_by_approval
from governance.models import (
    Decision,
    DecisionKind,
    ModelVersion,
    Placement,
    Promotion,
    PromotionKind,
    PromotionState,
)
from governance.rollbacks import check_can_roll_back, rules_back, under_way
from governance.verdict import Judgement, judge, judge_request
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def rollback(*, version: ModelVersion, environment: str, reason: str, by) -> Promotion:
    """Bring an earlier version back to where it stood.

    If its checks pass and the policy asks nobody, the move is in the outbox when this returns. Else the request
    is open: it waits for its approvals, or for audits, after which this is asked again.

    Raises
    ------
    Forbidden, Invalid, Conflict
        Not by this person, not without a reason, or the version never stood there, stands there now or is gone.
    """
    rules = rules_back(version, environment)
    check_can_roll_back(version.model, environment, rules, by)
    if not reason.strip():
        raise Invalid("rollback.reason", {"reason": Message("rollback.reason")})
    standing = _check_there(version, environment)
    try:
        with transaction.atomic():
            judgement = judge(version, environment, rules, asked_by={by.pseudonym})
            promotion = _open(version, environment, reason, judgement, standing, by)
            _carry_out(promotion, reason, standing, by)
    except IntegrityError as error:
        raise Conflict("promotion.active", environment=environment) from error
    promotion.refresh_from_db()
    return promotion


def _check_there(version: ModelVersion, environment: str) -> Placement | None:
    """What stands there now, which is not this version; and this one stood there by a regular approval."""
    if version.deleted_at or version.model.deleted_at:
        raise Conflict("promotion.gone")
    standing = Placement.objects.filter(model=version.model, environment=environment, until=None)
    now = standing.select_related("version", "promotion").first()
    if now and now.version_id == version.pk:
        raise Conflict("promotion.there", environment=environment)
    if not stood_by_approval(environment).filter(version=version).exists():
        raise Conflict("rollback.never-there", environment=environment)
    return now


def _open(
    version: ModelVersion, environment: str, reason: str, judgement: Judgement, standing: Placement | None, by
) -> Promotion:
    """The request with its rules frozen; one that is open already goes on."""
    known = under_way(version, environment)
    if known is not None:
        if known.kind != PromotionKind.ROLLBACK or known.state != PromotionState.OPEN:
            raise Conflict("promotion.active", environment=environment)
        return locked(known)
    made = Promotion.objects.create(
        version=version,
        environment=environment,
        kind=PromotionKind.ROLLBACK,
        **frozen(version, judgement),
        reason=reason,
        requested_by=by,
        **computed(judgement),
    )
    _tell("rollback_asked", made, judgement, standing, reason, by, after={"state": "open"})
    ask_for_audits(made, judgement, by)
    return locked(made)


def _carry_out(promotion: Promotion, reason: str, standing: Placement | None, by) -> None:
    """Approve it without a person, if its rules ask for none and its checks pass."""
    judgement = judge_request(promotion)
    if not judgement.verdict.passes or judgement.verdict.needs:
        recompute(promotion=promotion, by=by)
        return
    advance(promotion, promotion.rev, "automatic", **computed(judgement))
    states = {"before": {"state": "open"}, "after": {"state": "approved"}}
    event = _tell("rollback", promotion, judgement, standing, reason, by, **states)
    Decision.objects.create(
        promotion=promotion,
        decision=DecisionKind.AUTOMATIC,
        reason=reason,
        bound=dict(judgement.bound),
        event=event.uuid,
    )
    into_outbox(promotion, event, by)


def _tell(
    what: str, promotion: Promotion, judgement: Judgement, standing: Placement | None, reason: str, by, **states
) -> Event:
    named = {"instead_of": standing.version.number, "earlier": standing.promotion_id} if standing else {}
    judged = {"outcome": judgement.verdict.outcome, "bound": dict(judgement.bound)}
    return record(
        action=f"promotion.{what}",
        by=by,
        subject=subject_of(promotion),
        params={"rev": promotion.rev, "environment": promotion.environment, **judged, **named},
        texts={"reason": reason},
        team=promotion.version.team,
        **states,
    )
