"""A person's queue: the promotions whose next approval they may give now, those that are due first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from governance.models import Outcome, Promotion
from governance.turns import turns_of

WHOLE = ("version__model__team", "version__model__registry", "policy", "requested_by")
HEAVY = ("version__run", "version__lineage")


@dataclass(frozen=True)
class Queued:
    """One that waits for the person, and until when."""

    promotion: Promotion
    due: date | None


@dataclass(frozen=True)
class Place:
    """Where one promotion stands in the queue; `number` is None for one that waits for somebody else."""

    number: int | None
    of: int
    previous: Promotion | None
    next: Promotion | None


def queue_of(user, now: datetime) -> list[Queued]:
    """All that the person may approve now, in as many queries as for one."""
    seen = Promotion.objects.for_user(user).waiting().filter(outcome=Outcome.PASS)
    rows = list(seen.select_related(*WHOLE).defer(*HEAVY).order_by("pk"))
    if not rows:
        return []
    turns = turns_of(rows, now)
    mine = [Queued(one, turns[one.pk].due) for one in rows if user in turns[one.pk].people]
    return sorted(mine, key=lambda one: (one.due or date.max, one.promotion.pk))


def place_in(queue: Sequence[Queued], promotion: Promotion) -> Place:
    """The neighbours of a promotion; for one that has left the queue the first that is left."""
    rows = [one.promotion for one in queue]
    if promotion not in rows:
        return Place(None, len(rows), None, rows[0] if rows else None)
    at = rows.index(promotion)
    after = rows[at + 1] if at + 1 < len(rows) else None
    return Place(at + 1, len(rows), rows[at - 1] if at else None, after)
