"""The outbox's worker: it brings one move to its end, or comes back later."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance import promotion_texts  # noqa: F401  (registers the sentences)
from governance.actions.approvals import subject_of
from governance.connections import connect
from governance.models import UNDER_WAY, Move, MoveKind, MoveState, PromotionState
from governance.moves import alias, checks, copying, ending, transferring
from governance.moves.ending import carried_out
from governance.moves.stopping import Changed, Later, Never, Overtaken
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.jobs.models import Job
from portal.ledger.hold import counted_from, current_hold
from portal.message import Message
from portal.web.errors import Conflict, Unavailable

FIRST_WAIT, LONGEST_WAIT = 5, 300  # seconds
TURN_WAIT = 5
LOOK_AGAIN = 900  # while a window is waited for, what was approved is looked at so often
STEPS = 3


def enqueue_move(move: Move, *, by=None, key: str = "", **more) -> Job:
    """Ask a worker for the move, within the transaction that put it into the outbox."""
    return enqueue(
        kind="move.run",
        params={"move": move.pk, "tries": more.pop("tries", 0)},
        by=by,
        team=carried_out(move).version.team,
        subject=subject_of(carried_out(move)),
        key=key or f"move:{move.pk}",
        **more,
    )


@job_kind("move.run", title=_("Move of an alias"), lease=30, deadline=3600, max_attempts=20)
def run(job: Job, progress) -> dict:
    """Job: bring one move to its end, or come back later."""
    move = _load(job.params["move"])
    if not _under_way(move):
        return {"state": move.state}
    if current_hold():  # it stays where it is: `watch` calls for it after the release
        Move.objects.filter(pk=move.pk, state__in=UNDER_WAY).update(error=Message("hold.waits").to_json())
        return {"state": move.state, "held": True}
    try:
        _make(move, progress)
    except Later as later:
        return _come_back(job, move, later)
    except Overtaken as overtaken:
        ending.overtake(move, overtaken)
        return {"state": MoveState.OVERTAKEN}
    except Never as never:
        ending.give_up(move, never.message)
        raise Conflict(never.message) from never
    except Changed as changed:
        reason = Message("move.changed", {"reason": changed.because})
        ending.open_again(move, changed, reason)
        raise Conflict(reason) from changed
    return {"state": MoveState.DONE, "alias": move.alias, "number": move.number, "replaced": move.replaced}


@every(30, name="moves.watch")
def watch() -> int:
    """Call a worker for moves that nobody works on; how many there were."""
    called = 0
    if current_hold():
        return called
    waiting = Q(promotion__state=PromotionState.APPROVED) | Q(kind=MoveKind.RESTORE)
    for move in Move.objects.filter(waiting, state__in=UNDER_WAY):
        with transaction.atomic():
            kind, number, _label = subject_of(carried_out(move))
            if not Job.objects.active().filter(kind="move.run").about(kind, number).exists():
                enqueue_move(move)
                called += 1
    return called


# -- the steps ---------------------------------------------------------------------------------------------


def _make(move: Move, progress) -> None:
    from governance.registry import NotFound, RegistryError

    lost: dict[str, list[str]] = {}
    progress(1, STEPS, Message("move.checking"))
    number = checks.wait_for_turn(move)
    checks.check_right(move)
    if move.kind != MoveKind.RESTORE and move.state == MoveState.WAITING:
        checks.wait_for_window(move)
    try:
        source = connect(move.model.registry)
        checks.check_remote(move, source)
        remote = _make_room(move, source)
        here = remote.get_alias(alias.name_there(move), move.alias)
        if move.promotion and move.state == MoveState.MOVING and here != str(alias.number_there(move)):
            checks.wait_for_window(move)
        alias.take(move, here)
        if move.kind == MoveKind.COPY:
            progress(2, STEPS, Message("move.copying", {"name": move.target_model.name}))
            copying.copy(move, remote)
        elif move.kind == MoveKind.TRANSFER:
            lost = transferring.transfer(move, source, remote, lambda message: progress(2, STEPS, message))
        # The alias is held from here on; until it was, files were read, and others may have been faster.
        checks.check_not_overtaken(move, number)
        checks.check_right(_load(move.pk))
        progress(2, STEPS, Message("move.setting", {"alias": move.alias, "number": alias.number_there(move)}))
        alias.set_and_read_back(move, remote)
        progress(3, STEPS, Message("move.recording"))
        seen = remote.version(move.target_model.name, move.target_number) if move.target_model_id else None
    except NotFound as error:
        raise Never(Message("move.gone")) from error
    except (RegistryError, Unavailable) as error:
        raise Later(Message("move.retry", {"reason": error.message}), failed=True) from error
    ending.finish(move, number, seen, lost)


def _make_room(move: Move, source):
    """The registry in which the alias is set, and in it the model, where that is not the one that was promoted."""
    if move.kind == MoveKind.TRANSFER:
        remote = connect(move.target_model.registry)
        transferring.make_room(move, remote)
        return remote
    if move.kind == MoveKind.COPY:
        copying.make_room(move, source)
    return source


def _come_back(job: Job, move: Move, later: Later) -> dict:
    """Queue the next try, later each time; after the deadline a failure is final."""
    now = timezone.now()
    begun = max(move.created_at, move.not_before or move.created_at)  # not while it waits for a window
    waited = now - counted_from(begun)
    if later.failed and waited > timedelta(hours=settings.MOVE_HOURS):
        reason = later.message.params.get("reason", later.message)
        message = Message("move.given-up", {"minutes": int(waited.total_seconds() // 60), "reason": reason})
        ending.give_up(move, message)
        raise Conflict(message)
    tries = int(job.params.get("tries", 0))
    wait = min(FIRST_WAIT * 2**tries, LONGEST_WAIT) if later.failed else _until(later.until, now)
    with transaction.atomic():
        if not Move.objects.filter(pk=move.pk, state__in=UNDER_WAY).update(error=later.message.to_json()):
            move.refresh_from_db(fields=["state"])
            return {"state": move.state}  # another worker has brought it to its end
        enqueue_move(
            move,
            by=job.created_by,
            key=f"move:{move.pk}:{job.pk}",  # its own, since this job is still under the other
            tries=tries + 1 if later.failed else tries,
            not_before=now + timedelta(seconds=wait),
        )
    return {"state": move.state, "again_in": wait, "waits_for": later.message.to_json()}


def _until(until: datetime | None, now: datetime) -> int:
    """Seconds until it is worth looking again."""
    if until is None:
        return TURN_WAIT
    return min(max(int((until - now).total_seconds()) + 1, 1), LOOK_AGAIN)


# -- below -------------------------------------------------------------------------------------------------


def _load(pk: int) -> Move:
    whole = "model__registry", "target_model__registry", "promotion__version__model__profile"
    whole += ("promotion__version__model__team", "promotion__version__model__registry")
    restored = "restores__promotion__version__model__team", "restores__version", "restores__copy"
    return Move.objects.select_related(*whole, *restored, "promotion__policy").get(pk=pk)


def _under_way(move: Move) -> bool:
    return move.state in UNDER_WAY and (not move.promotion or move.promotion.state == PromotionState.APPROVED)
