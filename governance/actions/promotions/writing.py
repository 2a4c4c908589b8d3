"""How a promotion's row is changed: held, at the revision that was looked at, with its event beside it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from governance.actions.approvals import subject_of
from governance.approving import check_state
from governance.models import Decision, DecisionKind, Move, MoveState, Promotion
from governance.moves import enqueue_move
from governance.places import outbox_fields
from governance.seats import Seat
from governance.verdict import Judgement, rules_kept
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Invalid


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


def computed(judgement: Judgement) -> dict[str, Any]:
    return {
        "outcome": judgement.verdict.outcome,
        "verdict": judgement.verdict.to_json(),
        "verdict_at": judgement.at,
        "bound": dict(judgement.bound),
    }


def differs(promotion: Promotion, judgement: Judgement) -> bool:
    """Whether an approval would bind other things, or a reader see another verdict; the same audit again is neither."""

    def seen(verdict: dict[str, Any] | None) -> list:
        results = (verdict or {}).get("results", ())
        return [(result["id"], result["outcome"], result["measured"], result["message"]) for result in results]

    if promotion.bound != dict(judgement.bound):
        return True
    return seen(promotion.verdict) != seen(judgement.verdict.to_json())


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("promotion.reason", {"reason": Message("promotion.reason")})


def check_rev(promotion: Promotion, rev: int) -> None:
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


def keep_decision(
    promotion: Promotion,
    kind: DecisionKind,
    reason: str,
    judgement: Judgement,
    by,
    *,
    seat: Seat | None = None,
    more: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
    fields: dict[str, Any] | None = None,
) -> Event:
    """Record a decision on what was judged, with `more` and `texts` for the ledger and `fields` for its row."""
    states = {"before": {"state": "open"}, "after": {"state": str(promotion.state)}}
    more = {**(seat.recorded() if seat else {}), **(more or {})}
    event = tell(str(kind), promotion, by, reason=reason, judgement=judgement, more=more, texts=texts, **states)
    Decision.objects.create(
        promotion=promotion,
        decision=kind,
        by=by,
        reason=reason,
        bound=dict(judgement.bound),
        event=event.uuid,
        **(seat.fields(rules_kept(promotion)) if seat else {}),
        **(fields or {}),
    )
    return event


def into_outbox(promotion: Promotion, event: Event, by) -> None:
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


def tell(
    what: str,
    promotion: Promotion,
    by,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    judgement: Judgement | None = None,
    more: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
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
        texts={"reason": reason, **(texts or {})},
        team=promotion.version.team,
    )
