"""The ledger's entries that a document refers to: numbers and hashes, so that they can be looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from portal.ledger.models import Event
from portal.ledger.reading import ReadEvent, read
from portal.ledger.sequencer import number_events

MOST = 120
FOLDED = ("assessment.answer", "document.make")


@dataclass(frozen=True)
class References:
    """Entries, oldest first; `left_out` are older ones that are not printed, `folded` counts the many small ones."""

    entries: list[ReadEvent] = field(default_factory=list)
    left_out: int = 0
    folded: dict[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, int] | None:
        """The first and the last number."""
        known = [entry.event.seq for entry in self.entries if entry.event.seq]
        return (min(known), max(known)) if known else None


def references(subjects: Iterable[tuple[str, Any]]) -> References:
    """The numbered entries about the subjects (kind, id); saved answers and documents are counted, not listed."""
    number_events()
    about = [Q(subject_type=kind, subject_id=str(identifier)) for kind, identifier in subjects]
    if not about:
        return References()
    events = Event.objects.filter(reduce(or_, about))
    folded = {action: count for action in FOLDED if (count := events.filter(action=action).count())}
    listed = events.exclude(action__in=FOLDED)
    newest = list(listed.order_by("-id")[:MOST])
    return References(read(reversed(newest)), max(0, listed.count() - len(newest)), folded)
