"""Numbers the events: one at a time, without a gap, whoever asks."""

from __future__ import annotations

from django.db import transaction

from portal.ledger.models import Event, Head

BATCH = 500


def number_events() -> int:
    """Number all committed events that have none yet, in the order of their insertion; how many were numbered.

    The head row is locked (on SQLite the transaction itself is the lock), so that two callers never give one
    number twice, and the unique constraint would refuse it if they did.
    """
    total = 0
    while True:
        with transaction.atomic():
            Head.objects.get_or_create(id=1)
            head = Head.objects.select_for_update().get(id=1)
            events = list(Event.objects.filter(seq=None).order_by("id").only("id")[:BATCH])
            for offset, event in enumerate(events, 1):
                event.seq = head.size + offset
            if events:
                Event.objects.bulk_update(events, ["seq"])
                Head.objects.filter(id=1).update(size=head.size + len(events))
        total += len(events)
        if len(events) < BATCH:
            return total


def number_soon() -> None:
    """After a commit: number at once if there is anything to number; the worker's tick does what is missed here."""
    if Event.objects.filter(seq=None).exists():
        number_events()
