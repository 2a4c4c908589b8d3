"""Whether a move may be made, and whether now: its turn, its window, what was approved, and what MLflow has."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.actions.approvals import because_of
from governance.in_force import rules_kept
from governance.models import UNDER_WAY, Move, MoveKind, MoveState, Placement
from governance.moves.ending import carried_out
from governance.moves.stopping import Changed, Later, Never, Overtaken
from governance.warrant import brand_of, lacking
from governance.windows import Opening, opening
from portal.ledger.models import Event
from portal.ledger.sequencer import number_events
from portal.ledger.signing import checkpoint_now, covering
from portal.message import Message


def wait_for_turn(move: Move) -> int:
    """The decision's number in the ledger, once a signed checkpoint covers it and no earlier one moves this alias.

    An earlier one that waits for its window, whether it has looked yet or not, holds up none that may be made now:
    it is overtaken by what was decided after it. What only puts back what stood overtakes nothing.
    """
    number_events()
    number = Event.objects.filter(uuid=move.event).values_list("seq", flat=True).first()
    if number is None:
        raise Later(Message("move.unnumbered"))
    checkpoint_now()
    if covering(number) is None:
        raise Later(Message("ledger.not_covered"))
    check_not_overtaken(move, number)
    others, now = _others(move), timezone.now()
    before = in_the_way(others, now) if _window(move, now).at == now else others.filter(state__in=UNDER_WAY)
    if earlier := _decided(before, seq__lt=number):
        raise Later(Message("move.turn", {"alias": move.alias}), until=earlier.not_before)
    return number


def check_not_overtaken(move: Move, number: int) -> None:
    """Nothing that was decided later stands there."""
    done = _others(move).filter(state=MoveState.DONE).exclude(kind=MoveKind.RESTORE)
    if later := _decided(done, seq__gt=number):
        raise Overtaken(later)


def in_the_way(moves: QuerySet[Move], now: datetime) -> list[Move]:
    """Those of some moves that are being made or may be made now: what waits for its window is in nobody's way."""
    under_way = moves.filter(state__in=UNDER_WAY).select_related("promotion__policy")
    return [one for one in under_way if one.state == MoveState.MOVING or _window(one, now).at == now]


def wait_for_window(move: Move) -> None:
    """Policies say when moves are made. What waits says until when and why, and its hours of retries have not begun.

    What was begun and not set waits like any other: it holds the alias no longer, which others may need meanwhile.
    """
    now = timezone.now()
    found = _window(move, now)
    if found.at is None:
        raise Never(found.because)
    waits = Message("move.window", {"moment": found.moment, "reason": found.because}) if found.at > now else None
    why = waits.to_json() if waits else None
    wants = {"why": why} | ({"not_before": found.at, "state": MoveState.WAITING} if waits else {})
    if why != move.why or (waits and move.state == MoveState.MOVING):
        Move.objects.filter(pk=move.pk, fence=move.fence, state=move.state).update(**wants)
    if waits:
        move.not_before, move.why = found.at, why
        raise Later(waits, until=found.at)


def check_right(move: Move) -> None:
    """What let it through still holds, and binds what stands in the database.

    What is to be put back still stands there by the records.
    """
    if move.kind == MoveKind.RESTORE:
        if not Placement.objects.filter(pk=move.restores_id, until=None).exists():
            raise Never(Message("move.restored-late"))
    elif because := lacking(move.promotion):
        raise Changed(because)


def check_remote(move: Move, remote) -> None:
    """The version is still there, and its files are those that were audited."""
    remote.version(move.model.name, move.number)
    digest = remote.model_files(move.model.name, move.number).digest
    if digest != carried_out(move).version.artifact_digest:
        raise Changed(because_of(["artifact"]), digest)


def _window(move: Move, now: datetime) -> Opening:
    """When it may be made. An emergency passage ends in hours, and what is put back stood already: both may now."""
    if move.kind == MoveKind.RESTORE or brand_of(move.promotion):
        return Opening(now)
    return opening(rules_kept(move.promotion), now)


def _others(move: Move) -> QuerySet[Move]:
    """The other moves of the same alias."""
    there = move.target_model or move.model
    into = Q(target_model=there) | Q(target_model=None, model=there)
    return Move.objects.filter(into, alias=move.alias).exclude(pk=move.pk)


def _decided(moves, **when) -> Move | None:
    """One of the moves whose decision has such a number."""
    by_event = {move.event: move for move in moves}
    first = Event.objects.filter(uuid__in=by_event, **when).order_by("seq").last()
    return by_event[first.uuid] if first else None
