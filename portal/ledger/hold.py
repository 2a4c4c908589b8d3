"""The hold on all moves: a restore sets it, and a person who has looked releases it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event, Hold
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid


def current_hold() -> Hold | None:
    """The hold, while all moves are held."""
    return Hold.objects.filter(id=1, held=True).first()


def counted_from(moment: datetime) -> datetime:
    """From when on the time counts of what waits since a moment: that before the last release does not."""
    released = Hold.objects.filter(id=1, held=False).values_list("since", flat=True).first()
    return max(moment, released) if released else moment


@transaction.atomic
def release_hold(*, reason: str, by) -> Event:
    """Let moves go again, by another administrator than the one who restored.

    Raises
    ------
    Forbidden, Invalid, Conflict
        With a sentence.
    """
    require(by, "hold.release")
    if not reason.strip():
        raise Invalid("hold.reason", {"reason": Message("hold.reason")})
    hold = Hold.objects.select_for_update().filter(id=1, held=True).first()
    if hold is None:
        raise Conflict("hold.none")
    restored = Event.objects.filter(uuid=hold.event).first()
    if restored is None:
        raise Conflict("hold.unfinished")
    if restored.actor == by.pseudonym:
        raise Forbidden("hold.same_person")
    event = record(
        action="ledger.release",
        by=by,
        subject=("ledger", "1", restored.subject_label),
        before={"held": True},
        after={"held": False},
        params={"restore": str(restored.uuid)},
        texts={"reason": reason},
    )
    Hold.objects.filter(id=1).update(held=False, reason=None, since=timezone.now(), event=event.uuid)
    return event
