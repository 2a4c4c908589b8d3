"""What people decide about contradictions: who settles one, and that its evidence is mistaken."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from assessments import standings
from assessments.contradictions import pseudonym, record_change, resolve
from assessments.models import Contradiction, ContradictionState, Resolution
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.message import Message
from portal.web.errors import Conflict, Invalid

LONGEST = dt.timedelta(days=366)  # for which evidence may be set aside
REASON_LIMIT = 4000


def assign(*, contradiction: Contradiction, owner: User | None, due: dt.date | None, by) -> Contradiction:
    """Say who settles a contradiction, and by when."""
    require(by, "contradiction.assign", contradiction)
    if owner and not contradiction.team.memberships.filter(user=owner, user__is_active=True).exists():
        raise _invalid("owner", "contradiction.owner")
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
    reason, today = reason.replace("\x00", "").strip(), timezone.localdate()
    if not reason:
        raise _invalid("reason", "contradiction.reason")
    if len(reason) > REASON_LIMIT:
        raise _invalid("reason", "contradiction.reason_long", limit=REASON_LIMIT)
    if not today < until <= today + LONGEST:
        raise _invalid("until", "contradiction.until")
    with transaction.atomic():
        locked = _lock_open(contradiction)
        locked.accepted_until = timezone.make_aware(dt.datetime.combine(until, dt.time.min))
        locked.reason = reason
        resolve(locked, Resolution.MISTAKEN, by, params={"until": str(until)}, texts={"reason": reason})
        standings.refresh_all(locked.team, by=by)
    return locked


def _lock_open(contradiction: Contradiction) -> Contradiction:
    Team.objects.select_for_update().get(pk=contradiction.team_id)  # before its rows, as `standings.refresh` does
    rows = Contradiction.objects.select_for_update(of=("self",)).select_related("team", "owner")
    locked = rows.get(pk=contradiction.pk)
    if locked.state != ContradictionState.OPEN:
        raise Conflict("contradiction.closed")
    return locked


def _invalid(field: str, code: str, **params) -> Invalid:
    problem = Message(code, params)
    return Invalid(problem, fields={field: problem})
