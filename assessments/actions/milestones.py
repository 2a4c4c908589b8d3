"""Days that a team wants to see on its trend."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from assessments.actions.inputs import invalid
from assessments.models import Milestone
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record

LABEL_LIMIT = 120
FIRST = dt.date(2000, 1, 1)
AHEAD = dt.timedelta(days=3653)


def add_milestone(*, team: Team, on: dt.date, label: str, by) -> Milestone:
    """Mark a day."""
    require(by, "milestone.change", team)
    label = " ".join(label.replace("\x00", "").split())
    if not label or len(label) > LABEL_LIMIT:
        raise invalid("label", "milestone.label", limit=LABEL_LIMIT)
    if not FIRST <= on <= timezone.localdate() + AHEAD:
        raise invalid("on", "milestone.day")
    with transaction.atomic():
        row = Milestone.objects.create(team=team, on=on, label=label, by=by)
        _record(row, "milestone.add", by, after={"on": str(on)}, texts={"label": label})
    return row


def remove_milestone(*, milestone: Milestone, by) -> None:
    """Take a mark away; the record keeps it."""
    require(by, "milestone.change", milestone)
    with transaction.atomic():
        row = Milestone.objects.select_for_update(of=("self",)).select_related("team").filter(pk=milestone.pk).first()
        if row:
            _record(row, "milestone.remove", by, before={"on": str(row.on)}, texts={"label": row.label})
            row.delete()


def _record(row: Milestone, action: str, by, **changes) -> None:
    subject = ("milestone", row.pk, f"{row.team.name} · {row.on}")
    record(action=action, by=by, subject=subject, team=row.team, **changes)
