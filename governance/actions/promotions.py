"""Every change of a promotion until its move: asking, computing, deciding, withdrawing."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from governance.actions.approvals import lapse_all, lapse_changed, lapse_lost, subject_of
from governance.actions.audits import request_audits
from governance.approving import (
    check_can_approve,
    check_can_refuse,
    check_can_resubmit,
    check_can_retry,
    check_can_send_back,
    check_can_withdraw,
    check_person,
    check_state,
)
from governance.environment_roles import check_may_ask
from governance.in_force import known_of
from governance.models import (
    Decision,
    DecisionKind,
    ModelVersion,
    Move,
    MoveState,
    Placement,
    Promotion,
    PromotionKind,
    PromotionState,
)
from governance.moves import enqueue_move
from governance.places import outbox_fields
from governance.rollbacks import rules_again
from governance.seats import Seat, progress_of, seat_for
from governance.verdict import Judgement, judge, judge_request, rules_kept
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def request(*, version: ModelVersion, environment: str, reason: str = "", by) -> Promotion:
    """Ask to bring a version into an environment. The policy in force is frozen; audits that are due are asked for."""
    if version.deleted_at or version.model.deleted_at:
        raise Conflict("promotion.gone")
    if not version.team_id:
        raise Conflict("promotion.no-team")
    require(by, "promotion.request", version)
    judgement = judge(version, environment)
    check_may_ask(version, judgement.rules, by)
    if Placement.objects.filter(version=version, environment=environment, until=None).exists():
        raise Conflict("promotion.there", environment=environment)
    try:
        with transaction.atomic():
            promotion = Promotion.objects.create(
                version=version,
                environment=environment,
                **_frozen(version, judgement),
                reason=reason,
                requested_by=by,
                **_computed(judgement),
            )
            _tell("request", promotion, by, after={"state": "open"}, reason=reason, judgement=judgement)
            _ask_for_audits(promotion, judgement, by)
    except IntegrityError as error:
        raise Conflict("promotion.active", environment=environment) from error
    return promotion


def recompute(*, promotion: Promotion, by=None) -> Promotion:
    """Compute the checks of an open promotion anew; approvals of what has changed lapse."""
    with transaction.atomic():
        fresh = locked(promotion)
        if fresh.state != PromotionState.OPEN:
            return fresh
        judgement = _judge(fresh)
        lapsed = lapse_lost(promotion=fresh, by=by)
        lapsed += lapse_changed(promotion=fresh, bound=judgement.bound, by=by)
        if not lapsed and not _differs(fresh, judgement):
            Promotion.objects.filter(pk=fresh.pk).update(**_computed(judgement))
        else:
            before = fresh.outcome
            advance(fresh, fresh.rev, None, **_computed(judgement))
            outcomes = {"before": {"outcome": before}, "after": {"outcome": judgement.verdict.outcome}}
            _tell("recompute", fresh, by, judgement=judgement, **outcomes)
    fresh.refresh_from_db()
    return fresh


def approve(*, promotion: Promotion, rev: int, reason: str = "", acting_for=None, by) -> Promotion:
    """Approve what stands in the database at this moment; the last approval puts the move in the outbox.

    Parameters
    ----------
    rev : int
        The revision that the approver looked at.
    acting_for : User or None
        In whose place, where the approver is their deputy.

    Raises
    ------
    Forbidden, Conflict
        With a sentence: who may not, which check is in the way, or what has changed.
    """
    deputy = {"acting_for": acting_for} if acting_for else {}
    check_person(promotion, by, **deputy)
    recompute(promotion=promotion)
    with transaction.atomic():
        fresh = locked(promotion)
        _check_rev(fresh, rev)
        judgement = _judge(fresh)
        if fresh.state == PromotionState.OPEN and _differs(fresh, judgement):
            raise Conflict("promotion.changed-now")
        check_can_approve(fresh, by, **deputy)
        seat = seat_for(fresh, by, acting_for)
        last = progress_of(fresh, more=seat).complete
        advance(fresh, rev, "approve" if last else "agree", **_computed(judgement))
        event = _decide(fresh, DecisionKind.APPROVE, reason, judgement, by, seat=seat)
        if last:
            _into_outbox(fresh, event, by)
    fresh.refresh_from_db()
    return fresh


def send_back(*, promotion: Promotion, rev: int, reason: str, by) -> Promotion:
    """Give it back to the team with a reason; it can be submitted again."""
    check_can_send_back(promotion, by)
    _check_reason(reason)
    with transaction.atomic():
        fresh = locked(promotion)
        _check_rev(fresh, rev)
        check_can_send_back(fresh, by)
        lapse_all(promotion=fresh, because=Message("promotion.lapsed.sent_back"), by=by)
        advance(fresh, rev, "send_back")
        _decide(fresh, DecisionKind.SEND_BACK, reason, _judge(fresh), by)
    fresh.refresh_from_db()
    return fresh


def refuse(*, promotion: Promotion, rev: int, reason: str, by) -> Promotion:
    """Close it with a no and a reason."""
    check_can_refuse(promotion, by)
    _check_reason(reason)
    with transaction.atomic():
        fresh = locked(promotion)
        _check_rev(fresh, rev)
        check_can_refuse(fresh, by)
        advance(fresh, rev, "refuse", closed_at=timezone.now())
        _decide(fresh, DecisionKind.REFUSE, reason, _judge(fresh), by)
    fresh.refresh_from_db()
    return fresh


def resubmit(*, promotion: Promotion, reason: str = "", by) -> Promotion:
    """Submit again what was sent back, under the policy that is in force now."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_resubmit(fresh, by)
        judgement = judge(fresh.version, fresh.environment, rules_again(fresh))
        if fresh.kind == PromotionKind.MOVE:
            check_may_ask(fresh.version, judgement.rules, by)
        more = {"reason": reason} if reason else {}
        advance(fresh, fresh.rev, "resubmit", **_frozen(fresh.version, judgement), **more, **_computed(judgement))
        states = {"before": {"state": "sent_back"}, "after": {"state": "open"}}
        _tell("resubmit", fresh, by, reason=reason, judgement=judgement, **states)
        _ask_for_audits(fresh, judgement, by)
    fresh.refresh_from_db()
    return fresh


def withdraw(*, promotion: Promotion, reason: str = "", by) -> Promotion:
    """Take the request back."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_withdraw(fresh, by)
        before = str(fresh.state)
        advance(fresh, fresh.rev, "withdraw", closed_at=timezone.now())
        _tell("withdraw", fresh, by, before={"state": before}, after={"state": "withdrawn"}, reason=reason)
    fresh.refresh_from_db()
    return fresh


def retry_move(*, promotion: Promotion, by) -> Promotion:
    """Try the move of an approved promotion again; the worker checks once more that nothing has changed."""
    with transaction.atomic():
        fresh = locked(promotion)
        check_can_retry(fresh, by)
        advance(fresh, fresh.rev, "retry")
        Move.objects.filter(promotion=fresh).update(state=MoveState.WAITING, error=None, created_at=timezone.now())
        _tell("retry", fresh, by, before={"state": "failed"}, after={"state": "approved"})
        enqueue_move(Move.objects.get(promotion=fresh), by=by)
    fresh.refresh_from_db()
    return fresh


# -- below -------------------------------------------------------------------------------------------------


def locked(promotion: Promotion) -> Promotion:
    """The promotion as it stands in the database, held until the transaction ends."""
    Promotion.objects.select_for_update().get(pk=promotion.pk)
    whole = "version__model__registry", "version__model__team", "version__model__profile", "policy"
    return Promotion.objects.select_related(*whole).get(pk=promotion.pk)


def advance(promotion: Promotion, rev: int, event: str | None, **fields: Any) -> None:
    """Change the row if state and revision are still those that were looked at; without an event the state stays."""
    state = check_state(promotion, event) if event else promotion.state
    seen = Promotion.objects.filter(pk=promotion.pk, state=promotion.state, rev=rev)
    try:
        with transaction.atomic():
            written = seen.update(state=state, rev=F("rev") + 1, **fields)
    except IntegrityError as error:
        raise Conflict("promotion.active", environment=promotion.environment) from error
    if not written:
        raise Conflict("promotion.changed-now")
    promotion.refresh_from_db(fields=["state", "rev", *fields])


def _judge(promotion: Promotion) -> Judgement:
    return judge_request(promotion)


def _frozen(version: ModelVersion, judgement: Judgement) -> dict[str, Any]:
    """The rules as the request keeps them, and the risk; the list is only for several policies."""
    return {
        "policy": judgement.policy,
        "rules": judgement.frozen if len(judgement.frozen) > 1 else [],
        "risk_at_request": known_of(version)[1],
    }


def _computed(judgement: Judgement) -> dict[str, Any]:
    return {
        "outcome": judgement.verdict.outcome,
        "verdict": judgement.verdict.to_json(),
        "verdict_at": judgement.at,
        "bound": dict(judgement.bound),
    }


def _differs(promotion: Promotion, judgement: Judgement) -> bool:
    """Whether an approval would bind other things, or a reader see another verdict; the same audit again is neither."""

    def seen(verdict: dict[str, Any] | None) -> list:
        results = (verdict or {}).get("results", ())
        return [(result["id"], result["outcome"], result["measured"], result["message"]) for result in results]

    if promotion.bound != dict(judgement.bound):
        return True
    return seen(promotion.verdict) != seen(judgement.verdict.to_json())


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("promotion.reason", {"reason": Message("promotion.reason")})


def _check_rev(promotion: Promotion, rev: int) -> None:
    """Refuse who looked at an older state, and say what has happened since."""
    if promotion.rev == rev:
        return
    since = dict.fromkeys(
        event.action.partition(".")[2]
        for event in Event.objects.about("promotion", promotion.pk).order_by("id")
        if event.content["params"].get("rev", 0) > rev
    )
    if not since:
        raise Conflict("promotion.changed-now")
    raise Conflict("promotion.changed", changes=[Message(f"promotion.change.{what}") for what in since])


def _ask_for_audits(promotion: Promotion, judgement: Judgement, by) -> None:
    if kinds := judgement.verdict.audits_due:
        request_audits(version=promotion.version, by=by, kinds=kinds)


def _decide(
    promotion: Promotion, kind: DecisionKind, reason: str, judgement: Judgement, by, *, seat: Seat | None = None
) -> Event:
    states = {"before": {"state": "open"}, "after": {"state": str(promotion.state)}}
    more = seat.recorded() if seat else {}
    event = _tell(str(kind), promotion, by, reason=reason, judgement=judgement, more=more, **states)
    Decision.objects.create(
        promotion=promotion,
        decision=kind,
        by=by,
        reason=reason,
        bound=dict(judgement.bound),
        event=event.uuid,
        **(seat.fields(rules_kept(promotion)) if seat else {}),
    )
    return event


def _into_outbox(promotion: Promotion, event: Event, by) -> None:
    """What the worker shall do, in the transaction of the decision that says so."""
    move, _ = Move.objects.update_or_create(
        promotion=promotion,
        defaults={
            "model": promotion.version.model,
            **outbox_fields(promotion, rules_kept(promotion)),
            "number": promotion.version.number,
            "replaced": None,
            "state": MoveState.WAITING,
            "error": None,
            "event": event.uuid,
            "created_at": timezone.now(),
            "done_at": None,
        },
    )
    enqueue_move(move, by=by)


def _tell(
    what: str,
    promotion: Promotion,
    by,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    judgement: Judgement | None = None,
    more: dict[str, Any] | None = None,
) -> Event:
    """Record an event of the promotion: the revision it made, and what was judged."""
    params: dict[str, Any] = {"rev": promotion.rev, "environment": promotion.environment, **(more or {})}
    if judgement:
        params |= {"outcome": judgement.verdict.outcome, "bound": dict(judgement.bound)}
    return record(
        action=f"promotion.{what}",
        by=by,
        subject=subject_of(promotion),
        before=before,
        after=after,
        params=params,
        texts={"reason": reason},
        team=promotion.version.team,
    )
