"""What people decide about contradictions: who settles one, and that its evidence is mistaken."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from assessments import standings
from assessments.actions.inputs import cleaned_within, invalid
from assessments.contradictions import pseudonym, record_change, resolve
from assessments.locking import lock_row, lock_team
from assessments.models import Contradiction, ContradictionState, Resolution
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.web.errors import Conflict

LONGEST = dt.timedelta(days=366)  # for which evidence may be set aside
REASON_LIMIT = 4000


def assign(*, contradiction: Contradiction, owner: User | None, due: dt.date | None, by) -> Contradiction:
    """Say who settles a contradiction, and by when."""
    require(by, "contradiction.assign", contradiction)
    if owner and not contradiction.team.memberships.filter(user=owner, user__is_active=True).exists():
        raise invalid("owner", "contradiction.owner")
    with transaction.atomic():
        locked = _lock_open(contradiction)
        before = {"owner": pseudonym(locked.owner), "due": str(locked.due or "")}
        locked.owner, locked.due = owner, due
        after = {"owner": pseudonym(owner), "due": str(due or "")}
        if before != after:
            locked.save(update_fields=["owner", "due"])
            record_change(locked, "contradiction.assign", by, before=before, after=after)
    return locked


def accept_mistaken(*, contradiction: Contradiction, reason: str, until: dt.date, by) -> Contradiction:
    """Find the evidence mistaken: until that day it neither denies nor shows anything.

    Somebody outside the team decides it, for what the team says of itself is what is in doubt.
    """
    require(by, "contradiction.accept", contradiction)
    reason, today = cleaned_within(REASON_LIMIT, reason, "reason", "contradiction.reason_long"), timezone.localdate()
    if not reason:
        raise invalid("reason", "contradiction.reason")
    if not today < until <= today + LONGEST:
        raise invalid("until", "contradiction.until")
    with transaction.atomic():
        locked = _lock_open(contradiction)
        locked.accepted_until = timezone.make_aware(dt.datetime.combine(until, dt.time.min))
        locked.reason = reason
        resolve(locked, Resolution.MISTAKEN, by, params={"until": str(until)}, texts={"reason": reason})
        standings.refresh_all(locked.team, by=by)
    return locked


def _lock_open(contradiction: Contradiction) -> Contradiction:
    lock_team(contradiction.team_id)
    locked = lock_row(Contradiction.objects.select_related("team", "owner"), contradiction.pk)
    if locked.state != ContradictionState.OPEN:
        raise Conflict("contradiction.closed")
    return locked
