"""Rollbacks and overtaken promotions, as the inbox tells of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from governance.models import MoveState, Promotion, PromotionKind, PromotionState
from portal.accounts.models import User
from portal.inbox.kinds import Waiting, notice_kind, reminder_source
from portal.inbox.recipients import managers_of
from portal.message import Message, gettext_noop, register

NEWS = dt.timedelta(days=14)

notice_kind(
    "promotion.rollback",
    title=gettext_noop("Rollback"),
    text=gettext_noop("An earlier version of a model of a team that you manage was put back."),
    channel="now",
)
notice_kind(
    "promotion.overtaken",
    title=gettext_noop("Promotion overtaken"),
    text=gettext_noop("A promotion that you asked for was not carried out, since a later one is in place."),
    channel="now",
)
register(
    {
        "notice.rollback": gettext_noop("%(version)s was put back into %(environment)s: a rollback."),
        "notice.overtaken": gettext_noop("%(version)s did not go into %(environment)s: a later one is in place."),
    }
)


@reminder_source("promotion.rollback")
def rollbacks() -> Iterator[Waiting]:
    """Rollbacks that were carried out, to the managers, but for who asked."""
    done = Promotion.objects.filter(kind=PromotionKind.ROLLBACK, move__state=MoveState.DONE)
    rows = list(done.filter(closed_at__gt=timezone.now() - NEWS).select_related("version__model__team"))
    managers = managers_of(row.team_id for row in rows)
    for promotion in rows:
        for user in managers.get(promotion.team_id, ()):
            if user.pk != promotion.requested_by_id:
                yield _waiting("promotion.rollback", "notice.rollback", promotion, user)


@reminder_source("promotion.overtaken")
def overtaken() -> Iterator[Waiting]:
    """Promotions that a later one overtook, to who asked."""
    rows = Promotion.objects.filter(state=PromotionState.OVERTAKEN, closed_at__gt=timezone.now() - NEWS)
    for promotion in rows.select_related("version__model__team", "requested_by"):
        if promotion.requested_by:
            yield _waiting("promotion.overtaken", "notice.overtaken", promotion, promotion.requested_by)


def _waiting(kind: str, code: str, promotion: Promotion, user: User) -> Waiting:
    named = {"version": str(promotion.version), "environment": promotion.environment}
    return Waiting(
        user=user,
        kind=kind,
        key=f"{kind}:{promotion.pk}",
        message=Message(code, named),
        url=reverse("promotion", args=[promotion.pk]),
        team=promotion.version.team,
        subject=("promotion", promotion.pk, str(promotion)),
    )
