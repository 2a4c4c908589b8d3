"""Telling people, taking it back, reading it, and choosing how it is mailed.

Telling is part of another action and stands in that action's record; so has reading no record of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from portal.accounts.actions import person
from portal.accounts.models import Team, User
from portal.inbox.kinds import KINDS, NOTHING, Subject, Waiting
from portal.inbox.models import Channel, MailChoice, Notice
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Forbidden, Invalid

BATCH = 500


def tell(
    *,
    to: User | Iterable[User],
    kind: str,
    message: Message,
    url: str,
    key: str,
    due: dt.date | None = None,
    by: User | None = None,
    team: Team | None = None,
    subject: Subject = NOTHING,
) -> int:
    """Tell people something, within the transaction of the action that made it so; how many were told.

    Parameters
    ----------
    key : str
        What it is about: who was told under it already is not told again until it is withdrawn.
    by : User, optional
        Who acted: they know.
    team : Team, optional
        Whose business it is: who sees the team no longer does not see the notice either.
    """
    people = [to] if isinstance(to, User) else to
    return tell_all([Waiting(user, key, message, url, due, kind, team, subject) for user in people if user != by])


def tell_all(waiting: Iterable[Waiting]) -> int:
    """Tell many things to many people, each once; how many were new."""
    if not connection.in_atomic_block:
        raise RuntimeError("people were told something outside the transaction that made it so")
    wanted = {(row.user.pk, row.key): row for row in waiting if row.user.is_active}
    told = 0
    for start in range(0, len(wanted), BATCH):
        told += _tell_batch(list(wanted.values())[start : start + BATCH])
    return told


def _tell_batch(rows: Sequence[Waiting]) -> int:
    known = set(Notice.objects.open().filter(key__in={row.key for row in rows}).values_list("user_id", "key"))
    fresh = [row for row in rows if (row.user.pk, row.key) not in known]
    channels = channels_of({row.user.pk for row in fresh}, {row.kind for row in fresh}) if fresh else {}
    now = timezone.now()
    # Of two that tell the same at the same moment, one is enough.
    Notice.objects.bulk_create(
        [_notice(row, channels.get((row.user.pk, row.kind), KINDS[row.kind].channel), now) for row in fresh],
        ignore_conflicts=True,
    )
    return len(fresh)


def _notice(row: Waiting, channel: str, now: dt.datetime) -> Notice:
    if not row.url.startswith("/") or row.url.startswith("//"):
        raise ValueError(f"{row.url!r} is no address of a page of ours")
    return Notice(
        user=row.user,
        kind=row.kind,
        key=row.key,
        message=row.message.to_json(),
        url=row.url,
        team=row.team,
        subject_type=row.subject[0],
        subject_id=str(row.subject[1]),
        subject_label=str(row.subject[2])[:300],
        due=row.due,
        channel=channel,
        created_at=now,
    )


def withdraw(*, key: str, to: User | None = None) -> int:
    """The thing is done, or no longer theirs: take it out of the inboxes, of one person or of all."""
    rows = Notice.objects.open().filter(key=key)
    return (rows.filter(user=to) if to else rows).update(withdrawn_at=timezone.now())


def mark_read(*, notice: Notice, by: User) -> None:
    """Note that one has read it."""
    if notice.user_id != by.pk:
        raise Forbidden("accounts.forbidden")
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=timezone.now())


def mark_all_read(*, by: User, kind: str = "") -> int:
    """Note that one has read all, or all of a kind; how many there were."""
    rows = Notice.objects.for_user(by).unread()
    return (rows.filter(kind=kind) if kind else rows).update(read_at=timezone.now())


# How it is mailed


def channels_of(users: Iterable[int], kinds: Iterable[str]) -> dict[tuple[int, str], str]:
    """The channels that people chose, by person and kind."""
    chosen = MailChoice.objects.filter(user__in=list(users), kind__in=list(kinds))
    return {(user, kind): channel for user, kind, channel in chosen.values_list("user_id", "kind", "channel")}


def channels_for(user: User) -> dict[str, str]:
    """By which channel each kind is mailed to a person."""
    chosen = dict(user.mail_choices.values_list("kind", "channel"))
    return {name: chosen.get(name, kind.channel) for name, kind in KINDS.items()}


@transaction.atomic
def choose_mail(*, user: User, by: User, channels: Mapping[str, str]) -> None:
    """Choose how kinds of notice are mailed; what waits to be mailed follows the choice."""
    if user != by:
        raise Forbidden("accounts.forbidden")
    before = channels_for(user)
    for name in channels:
        if name not in KINDS:
            raise Invalid("inbox.kind_unknown", name=name)
    changed = {name: Channel(channel).value for name, channel in channels.items() if before[name] != channel}
    if not changed:
        return
    MailChoice.objects.bulk_create(
        [MailChoice(user=user, kind=name, channel=channel) for name, channel in changed.items()],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["channel"],
    )
    for channel in set(changed.values()):
        names = [name for name in changed if changed[name] == channel]
        Notice.objects.filter(user=user, emailed_at=None, kind__in=names).update(channel=channel)
    record(
        action="user.choose_mail",
        by=by,
        subject=person(user),
        before=_by_channel({name: before[name] for name in changed}),
        after=_by_channel(changed),
    )


def stop_mail(*, user: User, kinds: Sequence[str] | None) -> list[str]:
    """Mail some kinds no more; None stands for all that come in the digest. Which they were."""
    channels = channels_for(user)
    stopped = [
        name
        for name, channel in channels.items()
        if (channel == Channel.DIGEST if kinds is None else name in kinds and channel != Channel.OFF)
    ]
    choose_mail(user=user, by=user, channels=dict.fromkeys(stopped, Channel.OFF))
    return stopped


def _by_channel(channels: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, channel in sorted(channels.items()):
        found.setdefault(f"mail_{channel}", []).append(name)
    return found
