"""What a restore from a backup means to the ledger: an epoch of its own, the gap on record, and all moves held.

A restored log goes on from where the backup ended. Checkpoints that were signed after that point speak of entries
that are gone; what is written now would stand under the same numbers. So the epoch in the log's name goes up: the
two are told apart, and an entry says what happened.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.ledger.actions import record
from portal.ledger.checkpoint import Note
from portal.ledger.models import Head, Hold
from portal.ledger.sequencer import grow, locked_head, number_events
from portal.message import Message


@transaction.atomic
def begin_epoch(*, by, made: str, manifest: str, size: int, last_seen: Note | None) -> dict[str, Any]:
    """Begin the next epoch, record the gap, and hold all moves; returns what was recorded.

    Parameters
    ----------
    made : str
        When the backup was made.
    manifest : str
        SHA-256 of its manifest.
    size : int
        How many entries the backup's log had.
    last_seen : Note, optional
        The newest checkpoint that anybody kept: how many entries there were, and in which epoch.
    """
    number_events()
    grow()
    head = locked_head()
    seen = int(last_seen.origin.rpartition("/")[2]) if last_seen else 0
    after = {"epoch": max(head.epoch, seen) + 1}
    params: dict[str, Any] = {"backup_made": made, "manifest": manifest, "log_size": size}
    if last_seen:
        params |= {"last_seen": last_seen.size, "lost": max(0, last_seen.size - size)}
    event = record(
        action="ledger.restore",
        by=by,
        subject=("ledger", "1", head.instance),
        before={"epoch": head.epoch},
        after=after,
        params=params,
    )
    Head.objects.filter(id=1).update(epoch=after["epoch"])
    reason = Message("hold.restored_gap" if last_seen else "hold.restored", {"made": made[:16], **_told(params)})
    state = {"held": True, "since": timezone.now(), "reason": reason.to_json(), "event": event.uuid}
    Hold.objects.update_or_create(id=1, defaults=state)
    return params | after


def _told(params: dict[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in ("log_size", "last_seen", "lost") if name in params}
