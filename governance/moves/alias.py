"""Setting an alias: taken by one worker at a time, set with a token, read back."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from governance.models import UNDER_WAY, Move, MoveState, RegisteredModel
from governance.moves.stopping import Later
from portal.ledger.keyring import current_signer
from portal.message import Message


def take(move: Move, found: str | None) -> None:
    """Hold the alias: the database lets one move at a time. What it pointed at is kept before it is changed.

    The fence is counted on, so that a worker which had it before, and was stopped meanwhile, has it no more.
    """
    found = int(found) if found else None
    if move.state == MoveState.MOVING:
        # Taken up again: where the alias is set already, what it replaced is on record.
        fields = {"replaced": found} if found != number_there(move) else {}
    else:
        fields = {"replaced": found}
    fence = move.fence
    ours = Move.objects.filter(pk=move.pk, state__in=UNDER_WAY, fence=fence)
    try:
        with transaction.atomic():
            held = ours.update(state=MoveState.MOVING, fence=F("fence") + 1, **fields)
    except IntegrityError as error:
        raise Later(Message("move.turn", {"alias": move.alias})) from error
    if not held:
        raise Later(Message("move.fenced"))
    move.refresh_from_db(fields=["state", "replaced"])
    move.fence = fence + 1


def holding(move: Move):
    """The row, while this worker is the one that took it last."""
    return Move.objects.filter(pk=move.pk, state=MoveState.MOVING, fence=move.fence)


def set_and_read_back(move: Move, remote) -> None:
    """Let the alias name the version, unless it does; believe it when it has been read.

    What stood there is read once more while the alias is held: another move may have set it until it was.
    """
    name, number = name_there(move), str(number_there(move))
    if (here := remote.get_alias(name, move.alias)) != number:
        token = token_for(move, "alias.set", name, alias=move.alias, old=here, new=number)
        move.replaced = int(here) if here else None
        if not holding(move).update(replaced=move.replaced):
            raise Later(Message("move.fenced"))
        remote.set_alias(name, move.alias, number, token=token)
    found = remote.get_alias(name, move.alias)
    if found != number:
        params = {"alias": move.alias, "found": found or "–", "number": number}
        raise Later(Message("move.retry", {"reason": Message("move.not-set", params)}), failed=True)


def token_for(move: Move, action: str, name: str, **change: str | None) -> str:
    """What lets this one change pass a gate at the server; "" where no key lies on this host."""
    from governance.minting import mint

    if current_signer() is None:
        return ""
    return mint(action=action, registry=model_there(move).registry, model=name, move=move, **change)


def model_there(move: Move) -> RegisteredModel:
    """The model whose alias is set: the one that stands for the environment, or the one that was promoted."""
    return move.target_model or move.model


def name_there(move: Move) -> str:
    return model_there(move).name


def number_there(move: Move) -> int | None:
    """The version that the alias shall name; of a copy it is known once it is made."""
    return move.target_number if move.target_model_id else move.number
