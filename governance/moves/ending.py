"""The ends of a move: put in place, given up, overtaken, or opened again. Each is recorded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from governance import lifecycle
from governance.actions.approvals import lapse_all, subject_of
from governance.models import (
    UNDER_WAY,
    Finding,
    ModelVersion,
    Move,
    MoveKind,
    MoveState,
    Placement,
    Promotion,
    RegisteredModel,
)
from governance.moves.alias import holding, number_there
from governance.moves.copying import row_of_copy
from governance.moves.stopping import Changed, Later, Overtaken
from governance.verdict import judge_request
from governance.verdicts import outdate
from governance.warrant import brand_of
from portal.jobs.actions import enqueue
from portal.ledger.actions import record
from portal.message import Message


def finish(move: Move, number: int, seen=None, lost: Mapping[str, Sequence[str]] | None = None) -> None:
    """The one record of the move. Another worker that took it meanwhile makes it, and not this one.

    `seen` is what MLflow says of the copy, where one was made, and `lost` what another server did not take of it.
    """
    promotion, now = move.promotion, timezone.now()
    with transaction.atomic():
        if not holding(move).update(state=MoveState.DONE, done_at=now, error=None):
            raise Later(Message("move.fenced"))
        if promotion is None:
            return _restored(move, number)
        _advance(promotion, "place", closed_at=now)
        copy = row_of_copy(move, seen) if seen else None
        _place(move, number, now, copy)
        outdate(model=move.model)
        _mirror_alias(move)
        named = {"copy": str(copy)} if copy else {}
        if move.kind == MoveKind.TRANSFER:
            named["into_registry"] = move.target_model.registry.name
        _tell(
            "moved",
            promotion,
            before={"alias": move.alias, "version": move.replaced},
            after={"alias": move.alias, "version": number_there(move)},
            **named,
            **(lost or {}),
            decision=str(move.event),
            decision_number=number,
        )


def give_up(move: Move, message: Message) -> None:
    """The move is over, and the promotion waits for a person."""
    with transaction.atomic():
        if not _end(move, MoveState.FAILED, message):
            return
        if move.promotion is None:
            return _tell("restore_failed", carried_out(move), before={}, after={}, because=message.code)
        _advance(move.promotion, "fail")
        states = {"before": {"state": "approved"}, "after": {"state": "failed"}}
        _tell("move_failed", move.promotion, **states, because=message.code)


def overtake(move: Move, overtaken: Overtaken) -> None:
    """What was decided later is in place: this one is closed, and says by which."""
    with transaction.atomic():
        if not _end(move, MoveState.OVERTAKEN, overtaken.message) or move.promotion is None:
            return
        _advance(move.promotion, "overtake", closed_at=timezone.now())
        states = {"before": {"state": "approved"}, "after": {"state": "overtaken"}}
        later = overtaken.by.promotion_id
        _tell("overtaken", move.promotion, **states, because=overtaken.message.code, later=later)


def open_again(move: Move, changed: Changed, reason: Message) -> None:
    """The approvals lapse, and the checks are computed for whoever looks next."""
    promotion = move.promotion
    with transaction.atomic():
        if not _end(move, MoveState.FAILED, reason):
            return
        if promotion is None:  # other files than those approved are not put back; the digest check finds them too
            return _tell("restore_failed", carried_out(move), before={}, after={}, because=changed.because.code)
        if changed.artifact is not None:
            ModelVersion.objects.filter(pk=promotion.version_id).update(artifact_digest=changed.artifact)
            promotion.version.artifact_digest = changed.artifact
            outdate(version=promotion.version)
        lapse_all(promotion=promotion, because=changed.because)
        judgement = judge_request(promotion)
        verdict = {"outcome": judgement.verdict.outcome, "verdict": judgement.verdict.to_json()}
        _advance(promotion, "lapse", verdict_at=judgement.at, bound=dict(judgement.bound), **verdict)
        states = {"before": {"state": "approved"}, "after": {"state": "open"}}
        _tell("move_failed", promotion, **states, because=changed.because.code)


def carried_out(move: Move) -> Promotion:
    """The promotion that the move carries out, or that once put there what it puts back."""
    return move.promotion or move.restores.promotion


# -- below -------------------------------------------------------------------------------------------------


def _place(move: Move, number: int, now, copy: ModelVersion | None) -> None:
    """The version stands there from now on. A clock that was set back does not let the last one end before it began."""
    promotion = move.promotion
    places = Placement.objects.filter(model=move.model, environment=promotion.environment)
    last = places.filter(until=None).first()
    since = max(now, last.since) if last else now
    places.filter(until=None).update(until=since)
    placement = Placement.objects.create(
        model=move.model,
        environment=promotion.environment,
        version=promotion.version,
        promotion=promotion,
        branded=brand_of(promotion),
        copy=copy,
        seq=number,
        since=since,
    )
    # What went in past a gate is not passing from its first moment on, and nobody should wait a day to read that.
    about = {"subject": subject_of(promotion), "team": promotion.version.team}
    enqueue(kind="live.judge", params={"placement": placement.pk}, **about)
    # The review of an emergency was opened before anything had moved.
    Finding.objects.filter(promotion=promotion, kind="review", placement=None).update(placement=placement)


def _restored(move: Move, number: int) -> None:
    """The alias names again what stands there; no place is taken or left."""
    _mirror_alias(move)
    states = {
        "before": {"alias": move.alias, "version": move.replaced},
        "after": {"alias": move.alias, "version": move.number},
    }
    _tell("restored", carried_out(move), **states, decision=str(move.event), decision_number=number)


def _mirror_alias(move: Move) -> None:
    model = RegisteredModel.objects.select_for_update().get(pk=move.target_model_id or move.model_id)
    model.aliases = {**model.aliases, move.alias: number_there(move)}
    model.save(update_fields=["aliases"])


def _end(move: Move, state: MoveState, message: Message) -> bool:
    """Whether this worker ends it: no other has taken it since."""
    ours = Move.objects.filter(pk=move.pk, state__in=UNDER_WAY, fence=move.fence)
    return bool(ours.update(state=state, error=message.to_json()))


def _advance(promotion: Promotion, event: str, **fields) -> None:
    """Only the move's worker changes an approved promotion, and the move's row has just said that this is it."""
    state = lifecycle.check(promotion.state, event)
    Promotion.objects.filter(pk=promotion.pk, state=promotion.state).update(state=state, rev=F("rev") + 1, **fields)
    promotion.refresh_from_db(fields=["state", "rev"])


def _tell(what: str, promotion: Promotion, *, before: dict, after: dict, **params) -> None:
    """Record an event of the promotion that no person made."""
    record(
        action=f"promotion.{what}",
        by=None,
        subject=subject_of(promotion),
        before=before,
        after=after,
        params={"rev": promotion.rev, "environment": promotion.environment, **params},
        team=promotion.version.team,
    )
