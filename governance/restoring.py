"""An alias that nobody decided to move is moved back, where the policy asks for it.

It goes through the outbox as every move does. At most three an hour for a model: after that somebody moves it each
time, and a person has to look; the finding stays.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from governance.in_force import rules_now
from governance.models import Finding, Move, MoveKind, Placement
from governance.moves import enqueue_move
from governance.moves.checks import in_the_way
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import DomainError

AN_HOUR, MOST = timedelta(hours=1), 3
MOVED = ("alias_moved", "alias_removed")


def restore(*, placement: Placement, finding: Finding) -> Move | None:
    """Put the move into the outbox that lets the alias name again what stands there; None if none is to be made.

    Call in the transaction that opened the finding.
    """
    done = getattr(placement.promotion, "move", None)
    if done is None or placement.until is not None or not _asked_for(placement):
        return None
    there = placement.there
    others = Move.objects.filter(model=there.model, alias=done.alias)
    into = others | Move.objects.filter(target_model=there.model, alias=done.alias)
    now = timezone.now()
    if in_the_way(into, now):
        return None
    recent = others.filter(kind=MoveKind.RESTORE, created_at__gt=now - AN_HOUR)
    if recent.count() >= MOST:
        return None
    event = record(
        action="placement.restore",
        by=None,
        subject=("promotion", placement.promotion_id, str(placement.promotion)),
        after={"alias": done.alias, "version": there.number},
        params={"environment": placement.environment, "finding": finding.pk},
        team=placement.model.team,
    )
    move = Move.objects.create(
        kind=MoveKind.RESTORE,
        restores=placement,
        model=there.model,
        alias=done.alias,
        number=there.number,
        why=Message("move.restores", {"finding": finding.pk}).to_json(),
        event=event.uuid,
    )
    enqueue_move(move)
    return move


def _asked_for(placement: Placement) -> bool:
    """Whether the policies of now want it; where none applies, nobody does."""
    try:
        return rules_now(placement.version, placement.environment).restore == "auto"
    except DomainError:
        return False
