"""Findings as the inbox asks for them. Mails leave the house: they name the thing, and no figure."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from governance.models import Finding, Severity
from portal.accounts.models import User
from portal.inbox.kinds import Waiting, notice_kind, reminder_source
from portal.inbox.recipients import managers_of
from portal.message import Message, gettext_noop, register

notice_kind(
    "finding.open",
    title=gettext_noop("Finding"),
    text=gettext_noop("Something in production is not as it was decided, and you own it or manage the team."),
    channel="now",
)
register({"notice.finding": gettext_noop("See to this finding. %(title)s")})


@reminder_source("finding.open")
def findings() -> Iterator[Waiting]:
    """Open findings, to their owners; while nobody owns one, to the managers, or to administrators without a team.

    Low ones are told only when their date is near, and only to their owner or the managers.
    """
    rows = list(Finding.objects.open().select_related("model__team", "owner"))
    managers = managers_of(row.team_id for row in rows if not row.owner)
    administrators = list(User.objects.active().filter(is_administrator=True)) if rows else []
    for row in rows:
        low = row.severity == Severity.LOW
        # A registry that is connected may bring a hundred models with aliases that nobody owns.
        nobody = [] if low else administrators
        told = [row.owner] if row.owner else managers.get(row.team_id) or nobody
        for user in told:
            given = {
                "user": user,
                "key": f"finding.open:{row.pk}",
                "message": Message("notice.finding", {"title": Message.from_json(row.title)}),
                "url": reverse("finding", args=[row.pk]),
                "due": row.due,
                "team": row.model.team if row.model else None,
                "subject": ("finding", row.pk, str(row)),
            }
            if not low:
                yield Waiting(kind="finding.open", **given)
            yield Waiting(**given)
