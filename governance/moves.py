"""The move of an alias: the outbox's worker. It checks once more, sets, reads back, and records.

MLflow has no compare-and-set, so the moves of a model's alias go one at a time, in the order in which the ledger
numbered their decisions. A move may stop anywhere and run again: what it finds done it records once.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance import lifecycle, promotion_texts  # noqa: F401  (registers the sentences)
from governance.actions.approvals import because_of, changed_parts, lapse_all, subject_of
from governance.connections import connect
from governance.models import ModelVersion, Move, MoveState, Placement, Promotion, PromotionState, RegisteredModel
from governance.seats import lost, progress_of, standing
from governance.verdict import judge_request
from governance.verdicts import outdate
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.ledger.keyring import current_signer
from portal.ledger.models import Event
from portal.ledger.sequencer import number_events
from portal.ledger.signing import checkpoint_now, covering
from portal.message import Message
from portal.web.errors import Conflict, Unavailable

UNDER_WAY = (MoveState.WAITING, MoveState.MOVING)
RETRY_FOR = timedelta(hours=1)
FIRST_WAIT, LONGEST_WAIT = 5, 300  # seconds
TURN_WAIT = 5
STEPS = 3


class Later(Exception):
    """Not now: the message says what is waited for."""

    def __init__(self, message: Message, *, failed: bool) -> None:
        self.message, self.failed = message, failed


class Never(Exception):
    """The move cannot be made; the promotion waits for a person."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Changed(Exception):
    """What was approved is not what would go: the promotion opens again."""

    def __init__(self, because: Message, artifact: str | None = None) -> None:
        self.because, self.artifact = because, artifact


def enqueue_move(move: Move, *, by=None, key: str = "", **more) -> Job:
    """Ask a worker for the move, within the transaction that put it into the outbox."""
    return enqueue(
        kind="move.run",
        params={"move": move.pk, "tries": more.pop("tries", 0)},
        by=by,
        team=move.promotion.version.team,
        subject=subject_of(move.promotion),
        key=key or f"move:{move.pk}",
        **more,
    )


@job_kind("move.run", title=_("Move of an alias"), lease=30, deadline=1200, max_attempts=20)
def run(job: Job, progress) -> dict:
    """Job: bring one move to its end, or come back later."""
    move = _load(job.params["move"])
    if not _under_way(move):
        return {"state": move.state}
    try:
        _make(move, progress)
    except Later as later:
        return _come_back(job, move, later)
    except Never as never:
        _give_up(move, never.message)
        raise Conflict(never.message) from never
    except Changed as changed:
        reason = Message("move.changed", {"reason": changed.because})
        _open_again(move, changed, reason)
        raise Conflict(reason) from changed
    return {"state": MoveState.DONE, "alias": move.alias, "number": move.number, "replaced": move.replaced}


@every(30, name="moves.watch")
def watch() -> int:
    """Call a worker for moves that nobody works on; how many there were."""
    called = 0
    for move in Move.objects.filter(state__in=UNDER_WAY, promotion__state=PromotionState.APPROVED):
        with transaction.atomic():
            kind, number, _label = subject_of(move.promotion)
            if not Job.objects.active().filter(kind="move.run").about(kind, number).exists():
                enqueue_move(move)
                called += 1
    return called


# -- the steps ---------------------------------------------------------------------------------------------


def _make(move: Move, progress) -> None:
    from governance.registry import NotFound, RegistryError

    progress(1, STEPS, Message("move.checking"))
    number = _wait_for_turn(move)
    _check_bound(move)
    try:
        remote = connect(move.model.registry)
        _check_remote(move, remote)
        _take(move, remote.get_alias(move.model.name, move.alias))
        progress(2, STEPS, Message("move.setting", {"alias": move.alias, "number": move.number}))
        _set(move, remote)
        progress(3, STEPS, Message("move.recording"))
    except NotFound as error:
        raise Never(Message("move.gone")) from error
    except (RegistryError, Unavailable) as error:
        raise Later(Message("move.retry", {"reason": error.message}), failed=True) from error
    _record(move, number)


def _wait_for_turn(move: Move) -> int:
    """The decision's number in the ledger, once a signed checkpoint covers it and no earlier one moves this alias."""
    number_events()
    number = Event.objects.filter(uuid=move.event).values_list("seq", flat=True).first()
    if number is None:
        raise Later(Message("move.unnumbered"), failed=False)
    checkpoint_now()
    if covering(number) is None:
        raise Later(Message("ledger.not_covered"), failed=False)
    others = Move.objects.filter(model=move.model, alias=move.alias).exclude(pk=move.pk)

    def decided(moves, **when) -> bool:
        return Event.objects.filter(uuid__in=moves.values("event"), **when).exists()

    if decided(others.filter(state=MoveState.DONE), seq__gt=number):
        raise Never(Message("move.overtaken"))
    if decided(others.filter(state__in=UNDER_WAY), seq__lt=number):
        raise Later(Message("move.turn", {"alias": move.alias}), failed=False)
    return number


def _check_bound(move: Move) -> None:
    """What the approvals bind is what stands in the database, and it still passes."""
    promotion = move.promotion
    approvals = list(standing(promotion))
    if not approvals:
        raise Changed(Message("move.no-decision"))
    judgement = judge_request(promotion)
    parts = {part: None for approval in approvals for part in changed_parts(approval.bound, judgement.bound)}
    if parts:
        raise Changed(because_of(list(parts)))
    for _approval, because in lost(promotion):
        raise Changed(because)
    if not progress_of(promotion).complete:
        raise Changed(Message("move.no-decision"))
    if not judgement.verdict.passes:
        raise Changed(Message("promotion.lapsed.verdict", {"verdict": judgement.verdict.message}))


def _check_remote(move: Move, remote) -> None:
    """The version is still there, and its files are those that were audited."""
    remote.version(move.model.name, move.number)
    digest = remote.model_files(move.model.name, move.number).digest
    if digest != move.promotion.version.artifact_digest:
        raise Changed(because_of(["artifact"]), digest)


def _take(move: Move, found: str | None) -> None:
    """Hold the alias: the database lets one move at a time. What it pointed at is kept before it is changed."""
    found = int(found) if found else None
    if move.state == MoveState.MOVING:
        # Taken up again: where the alias is set already, what it replaced is on record.
        fields = {"replaced": found} if found != move.number else {}
    else:
        fields = {"replaced": found}
    try:
        with transaction.atomic():
            held = Move.objects.filter(pk=move.pk, state__in=UNDER_WAY).update(state=MoveState.MOVING, **fields)
    except IntegrityError as error:
        raise Later(Message("move.turn", {"alias": move.alias}), failed=False) from error
    if not held:
        raise Later(Message("move.turn", {"alias": move.alias}), failed=False)
    move.refresh_from_db(fields=["state", "replaced"])


def _set(move: Move, remote) -> None:
    name, number = move.model.name, str(move.number)
    if (here := remote.get_alias(name, move.alias)) != number:
        remote.set_alias(name, move.alias, number, token=_token(move, here))
    found = remote.get_alias(name, move.alias)
    if found != number:
        params = {"alias": move.alias, "found": found or "–", "number": move.number}
        raise Later(Message("move.retry", {"reason": Message("move.not-set", params)}), failed=True)


def _token(move: Move, here: str | None) -> str:
    """What lets this one change pass a gate at the server; "" where no key lies on this host."""
    from governance.minting import mint

    if current_signer() is None:
        return ""
    wanted = {"alias": move.alias, "old": here, "new": str(move.number)}
    return mint(action="alias.set", registry=move.model.registry, model=move.model.name, move=move, **wanted)


# -- the ends ----------------------------------------------------------------------------------------------


def _record(move: Move, number: int) -> None:
    """The one record of the move; a second attempt finds it made."""
    promotion, now = move.promotion, timezone.now()
    with transaction.atomic():
        ours = Move.objects.filter(pk=move.pk, state=MoveState.MOVING)
        if not ours.update(state=MoveState.DONE, done_at=now, error=None):
            return
        _advance(promotion, "place", closed_at=now)
        places = Placement.objects.filter(model=move.model, environment=promotion.environment)
        places.filter(until=None).update(until=now)
        Placement.objects.create(
            model=move.model,
            environment=promotion.environment,
            version=promotion.version,
            promotion=promotion,
            since=now,
        )
        outdate(model=move.model)
        _mirror_alias(move)
        _tell(
            "moved",
            promotion,
            before={"alias": move.alias, "version": move.replaced},
            after={"alias": move.alias, "version": move.number},
            decision=str(move.event),
            decision_number=number,
        )


def _mirror_alias(move: Move) -> None:
    model = RegisteredModel.objects.select_for_update().get(pk=move.model_id)
    model.aliases = {**model.aliases, move.alias: move.number}
    model.save(update_fields=["aliases"])


def _come_back(job: Job, move: Move, later: Later) -> dict:
    """Queue the next try, later each time; after the deadline a failure is final."""
    waited = timezone.now() - move.created_at
    if later.failed and waited > RETRY_FOR:
        reason = later.message.params.get("reason", later.message)
        message = Message("move.given-up", {"minutes": int(waited.total_seconds() // 60), "reason": reason})
        _give_up(move, message)
        raise Conflict(message)
    tries = int(job.params.get("tries", 0))
    wait = min(FIRST_WAIT * 2**tries, LONGEST_WAIT) if later.failed else TURN_WAIT
    with transaction.atomic():
        Move.objects.filter(pk=move.pk, state__in=UNDER_WAY).update(error=later.message.to_json())
        enqueue_move(
            move,
            by=job.created_by,
            key=f"move:{move.pk}:{job.pk}",  # its own, since this job is still under the other
            tries=tries + 1 if later.failed else tries,
            not_before=timezone.now() + timedelta(seconds=wait),
        )
    return {"state": move.state, "again_in": wait, "waits_for": later.message.to_json()}


def _give_up(move: Move, message: Message) -> None:
    with transaction.atomic():
        if not _end_as_failed(move, message):
            return
        _advance(move.promotion, "fail")
        states = {"before": {"state": "approved"}, "after": {"state": "failed"}}
        _tell("move_failed", move.promotion, **states, because=message.code)


def _open_again(move: Move, changed: Changed, reason: Message) -> None:
    """The approvals lapse, and the checks are computed for whoever looks next."""
    promotion = move.promotion
    with transaction.atomic():
        if not _end_as_failed(move, reason):
            return
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


def _end_as_failed(move: Move, message: Message) -> bool:
    ours = Move.objects.filter(pk=move.pk, state__in=UNDER_WAY)
    return bool(ours.update(state=MoveState.FAILED, error=message.to_json()))


# -- below -------------------------------------------------------------------------------------------------


def _load(pk: int) -> Move:
    whole = "model__registry", "promotion__version__model__profile", "promotion__version__model__team"
    return Move.objects.select_related(*whole, "promotion__policy").get(pk=pk)


def _under_way(move: Move) -> bool:
    return move.state in UNDER_WAY and move.promotion.state == PromotionState.APPROVED


def _advance(promotion: Promotion, event: str, **fields) -> None:
    """Only the move's worker changes an approved promotion, and the move's row has just said that this is it."""
    state = lifecycle.check(promotion.state, event)
    Promotion.objects.filter(pk=promotion.pk, state=promotion.state).update(state=state, rev=F("rev") + 1, **fields)
    promotion.refresh_from_db(fields=["state", "rev"])


def _tell(what: str, promotion: Promotion, *, before: dict, after: dict, **params) -> None:
    record(
        action=f"promotion.{what}",
        by=None,
        subject=subject_of(promotion),
        before=before,
        after=after,
        params={"rev": promotion.rev, "environment": promotion.environment, **params},
        team=promotion.version.team,
    )
