"""The worker's part: looking every minute for what waits, and mailing whenever something is to be mailed."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.inbox.kinds import SOURCES
from portal.inbox.models import Mail, MailState, Notice
from portal.inbox.outbox import due_mails, gather, mail_is_set, send_due
from portal.inbox.reminders import remind
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.message import Message

SEND = "inbox.send"
KEPT = timedelta(days=180)  # notices that were read or are done, and mails
log = structlog.get_logger("sekisho.inbox")


@job_kind(SEND, title=_("Send e-mail"), lease=90)
def send(job, progress) -> dict:
    sent = send_due(progress)
    progress(1, 1, Message("inbox.sent", {"n": sent}))
    return {"sent": sent}


@every(60, name="inbox.remind")
def look() -> list[str]:
    """Ask every source what waits; one that fails does not keep the others. Which failed."""
    failed = []
    for source in list(SOURCES):
        try:
            remind(source)
        except Exception:
            log.exception("source failed", source=source)
            failed.append(source)
    return failed


@every(6 * 3600, name="inbox.tidy")
def tidy() -> None:
    """Forget what was read or done half a year ago."""
    before = timezone.now() - KEPT
    Notice.objects.filter(created_at__lt=before).exclude(read_at=None, withdrawn_at=None).delete()
    Mail.objects.filter(created_at__lt=before).exclude(state=MailState.WAITING).delete()


@every(15, name=SEND)
def send_soon() -> None:
    """Gather, and call for a worker where something waits to be sent."""
    gather()
    if mail_is_set() and due_mails().exists():
        with transaction.atomic():
            enqueue(kind=SEND, params={}, key=SEND)
