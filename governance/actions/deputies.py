"""Deputies: a person names who approves in their place, for a time that ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance.actions.groups import follow
from governance.models import ApproverGroup, Deputy
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

LONGEST = timedelta(days=366)


def name_deputy(
    *,
    deputy: User,
    until: datetime,
    reason: str,
    since: datetime | None = None,
    group: ApproverGroup | None = None,
    by,
) -> Deputy:
    """Have another approve in one's own place until a moment, in one group or in all that one belongs to.

    A deputy lends no more than the principal has: whoever is no member of a group has no deputy in it, and a deputy
    names none in turn.
    """
    require(by, "deputy.name", by)
    since = since or timezone.now()
    _check(deputy, since, until, reason, by)
    with transaction.atomic():
        event = record(
            action="deputy.name",
            by=by,
            subject=_person(by),
            params={
                "deputy": str(deputy.pseudonym),
                "group": group.key if group else None,
                "since": since.isoformat(),
                "ends": until.isoformat(),
            },
            texts={"reason": reason},
        )
        return Deputy.objects.create(
            principal=by, deputy=deputy, group=group, since=since, until=until, reason=reason, event=event.uuid
        )


def end_deputy(*, deputy: Deputy, by) -> None:
    """End it early: the principal takes the word back, or the deputy hands it back."""
    if deputy.deputy_id != by.pk:
        require(by, "deputy.name", deputy)
    with transaction.atomic():
        now = timezone.now()
        if not Deputy.objects.filter(pk=deputy.pk, ended_at=None, until__gt=now).update(ended_at=now):
            raise Conflict("deputy.over")
        record(
            action="deputy.end",
            by=by,
            subject=_person(deputy.principal),
            params={"deputy": str(deputy.deputy.pseudonym)},
        )
        follow(deputy.principal, by=by)


def _person(user: User) -> tuple[str, str, str]:
    """How the ledger names a person: by no name."""
    return "user", str(user.pseudonym), str(user.pseudonym)[:8]


def _check(deputy: User, since: datetime, until: datetime, reason: str, by) -> None:
    wrong = {}
    if deputy.pk == by.pk:
        wrong["deputy"] = Message("deputy.oneself")
    elif not deputy.is_active:
        wrong["deputy"] = Message("group.inactive")
    if not max(since, timezone.now()) < until <= since + LONGEST:
        wrong["until"] = Message("deputy.until")
    if not reason.strip():
        wrong["reason"] = Message("deputy.reason")
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)
