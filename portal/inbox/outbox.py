"""The outbox: what is to be mailed is gathered into mails, and each mail is sent by whoever holds its lease.

A mail is at most one message to its reader: a failed attempt is repeated later, and a worker that dies between the
server's answer and our note of it leaves a lease behind, after which the same Message-ID goes out once more.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.accounts.models import Membership, User
from portal.calendars import is_business_day
from portal.inbox.models import Channel, Mail, MailState, Notice
from portal.inbox.reminders import zone_of
from portal.message import Message

MORNING, EVENING = 8, 20  # a digest goes out from 8 o'clock, and not at night
STALE = dt.timedelta(days=7)  # what could not be mailed for so long is left to the inbox
LEASE = dt.timedelta(minutes=5)
PAUSES = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)]
log = structlog.get_logger("sekisho.inbox")


def mail_is_set() -> bool:
    """Whether there is a mail server."""
    return bool(settings.EMAIL_HOST)


def gather() -> int:
    """Put what is to be mailed now, or this morning, into mails; how many were made."""
    if not mail_is_set():
        return 0
    return gather_now() + gather_digests()


def _unmailed(channel: str):
    rows = Notice.objects.unread().filter(channel=channel, mail=None, created_at__gt=timezone.now() - STALE)
    return rows.filter(user__is_active=True)


def gather_now() -> int:
    """One mail a person, with all that is to be told at once."""
    users = _unmailed(Channel.NOW).order_by().values_list("user", flat=True).distinct()
    return sum(_fill(user, _unmailed(Channel.NOW).filter(user=user)) for user in list(users))


def gather_digests() -> int:
    """The digest of each person whose morning has come, on a business day; what came since waits for the next."""
    now = timezone.now()
    users = User.objects.filter(pk__in=_unmailed(Channel.DIGEST).values("user"))
    mornings = {user: morning for user in users if (morning := _morning(user, now))}
    had = Mail.objects.filter(user__in=mornings, created_at__gt=now - dt.timedelta(days=3))
    had = set(had.values_list("user_id", "digest_of"))
    calendars = calendars_of(mornings)
    made = 0
    for user, morning in mornings.items():
        day = morning.date()
        if (user.pk, day) not in had and is_business_day(day, calendars[user.pk]):
            rows = _unmailed(Channel.DIGEST).filter(user=user, created_at__lt=morning)
            made += _fill(user.pk, rows, digest_of=day)
    return made


def _morning(user: User, now: dt.datetime) -> dt.datetime | None:
    """Eight o'clock of the person's day, if it is past and the evening has not come."""
    local = now.astimezone(zone_of(user))
    return local.replace(hour=MORNING, minute=0, second=0, microsecond=0) if MORNING <= local.hour < EVENING else None


def calendars_of(users: Iterable[User]) -> dict[int, str]:
    """Whose holidays a person keeps: their teams', where those agree, else the organisation's."""
    found: dict[int, set[str]] = {user.pk: set() for user in users}
    for membership in Membership.objects.filter(user__in=found).select_related("team"):
        found[membership.user_id].add(membership.team.calendar)
    return {
        user: next(iter(calendars)) if len(calendars) == 1 else settings.HOLIDAYS for user, calendars in found.items()
    }


def _fill(user: int, notices, *, digest_of: dt.date | None = None) -> int:
    """Make a mail of notices that are in none; nothing where another worker was faster."""
    try:
        with transaction.atomic():
            mail = Mail.objects.create(user_id=user, digest_of=digest_of)
            if not notices.update(mail=mail):
                mail.delete()
                return 0
    except IntegrityError:
        return 0
    return 1


# Sending


def due_mails():
    """Mails that may be sent now and that nobody holds."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return Mail.objects.filter(free, state=MailState.WAITING, not_before__lte=now).order_by("pk")


def claim(mail_id: int) -> Mail | None:
    """Take a mail's lease, or None if another has it."""
    until = timezone.now() + LEASE
    taken = due_mails().order_by().filter(pk=mail_id).update(lease_until=until, attempts=F("attempts") + 1)
    return Mail.objects.select_related("user").get(pk=mail_id) if taken else None


def send_due(progress=None) -> int:
    """Send what is due, one connection for all; how many went out. A server that is down ends the round."""
    from django.core.mail import get_connection

    sent, ids = 0, list(due_mails().values_list("pk", flat=True))
    connection = get_connection()
    try:
        for step, mail_id in enumerate(ids):
            if progress:
                progress(step, len(ids), Message("inbox.sending"))
            mail = claim(mail_id)
            if mail is None:
                continue
            outcome = _send(mail, connection)
            sent += outcome == MailState.SENT
            if outcome == MailState.WAITING:
                break
    finally:
        connection.close()
    return sent


def _send(mail: Mail, connection) -> str:
    """Send one mail that we hold, and write down what became of it."""
    import smtplib

    from portal.inbox.mails import compose

    notices = list(Notice.objects.for_user(mail.user).unread().filter(mail=mail).select_related("team"))
    notices = [notice for notice in notices if notice.channel != Channel.OFF]
    if not notices or not mail.user.is_active:
        return _end(mail, MailState.DROPPED)
    message = compose(mail, notices)
    message.connection = connection
    try:
        connection.open()  # once for all: a connection that `send` opens, it closes
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return _refused(mail, code, words)
    except smtplib.SMTPResponseException as error:
        return _refused(mail, error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return _later(mail, Message("inbox.mail_failed", {"reason": _short(error)}))
    return _end(mail, MailState.SENT)


def _refused(mail: Mail, code: int, words: bytes | str) -> str:
    """An answer of 500 and above is final; the others are worth another attempt."""
    reason = {"reason": f"{code} {_short(words)}"}
    if code >= 500:
        return _end(mail, MailState.FAILED, Message("inbox.mail_refused", reason))
    return _later(mail, Message("inbox.mail_failed", reason))


def _later(mail: Mail, error: Message) -> str:
    if mail.attempts > len(PAUSES):
        return _end(mail, MailState.FAILED, error)
    _held(mail).update(lease_until=None, not_before=timezone.now() + PAUSES[mail.attempts - 1], error=error.to_json())
    log.warning("mail failed", mail=mail.pk, attempts=mail.attempts, error=str(error))
    return MailState.WAITING


def _end(mail: Mail, state: MailState, error: Message | None = None) -> str:
    """The mail's end and the notices' times, together."""
    now = timezone.now()
    with transaction.atomic():
        ended = _held(mail).update(
            state=state, ended_at=now, lease_until=None, error=error.to_json() if error else None
        )
        if ended and state == MailState.SENT:
            mail.notices.update(emailed_at=now)
    log.info("mail ended", mail=mail.pk, state=str(state), attempts=mail.attempts)
    return state


def _held(mail: Mail):
    """The row, as long as this attempt is its newest."""
    return Mail.objects.filter(pk=mail.pk, state=MailState.WAITING, attempts=mail.attempts)


def _short(words: object) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return " ".join(text.split())[:200]


def next_digest(user: User, now: dt.datetime, calendar: str) -> dt.datetime:
    """When the person's next digest goes out."""
    local = now.astimezone(zone_of(user))
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    while morning <= local or not is_business_day(morning.date(), calendar):
        morning = _next_day(morning)
    return morning


def _next_day(moment: dt.datetime) -> dt.datetime:
    zone: zoneinfo.ZoneInfo = moment.tzinfo
    return dt.datetime.combine(moment.date() + dt.timedelta(days=1), dt.time(MORNING), zone)
