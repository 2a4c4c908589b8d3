"""From what the sources report to what people are told: what is due soon, what is late, what waits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import replace

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.calendars import business_days_between
from portal.inbox.actions import tell_all
from portal.inbox.kinds import SOURCES, Waiting
from portal.inbox.models import SOON, Notice
from portal.inbox.texts import DUE_SOON, OVERDUE

BATCH = 500
log = structlog.get_logger("sekisho.inbox")


def remind(source: str) -> tuple[int, int]:
    """Tell what a source reports, and withdraw what it reports no longer; how many of each."""
    now = timezone.now()
    # Read before the source is asked, so that what an action tells meanwhile is not taken for something gone.
    open_ones = list(Notice.objects.open().filter(key__startswith=f"{source}:").values_list("pk", "user_id", "key"))
    rows = list(_told(source, SOURCES[source](), now))
    stands = {(row.user.pk, row.key) for row in rows}
    gone = [pk for pk, user, key in open_ones if (user, key) not in stands]
    known = {(user, key) for _pk, user, key in open_ones}
    fresh = [row for row in rows if (row.user.pk, row.key) not in known]
    if not fresh and not gone:
        return 0, 0
    with transaction.atomic():
        told = tell_all(fresh)
        for start in range(0, len(gone), BATCH):
            Notice.objects.filter(pk__in=gone[start : start + BATCH]).update(withdrawn_at=now)
    log.info("reminded", source=source, told=told, withdrawn=len(gone))
    return told, len(gone)


def _told(source: str, waiting: Iterable[Waiting], now: dt.datetime) -> Iterator[Waiting]:
    """What is to be told of it now: what has a kind, and what its due date makes near or late."""
    for row in waiting:
        if not row.key.startswith(f"{source}:"):
            raise ValueError(f"the key {row.key!r} does not begin with {source}:")
        if row.kind:
            yield row
        elif row.due:
            kind = _by_due_date(row, local_day(row.user, now))
            if kind:
                yield replace(row, kind=kind, key=f"{row.key}:{kind}:{row.due}")


def _by_due_date(row: Waiting, today: dt.date) -> str:
    if row.due < today:
        return OVERDUE
    calendar = row.team.calendar if row.team else settings.HOLIDAYS
    return DUE_SOON if business_days_between(today, row.due, calendar) <= SOON else ""


def local_day(user: User, now: dt.datetime) -> dt.date:
    """The day that it is where the person is."""
    return now.astimezone(zone_of(user)).date()


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(user.timezone or settings.TIME_ZONE)
