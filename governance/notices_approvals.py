"""The emergency passage as the inbox asks for it: the second person, and who can review it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from governance.actions.break_glass import WAITS
from governance.approving import is_author, is_requester
from governance.groups import members
from governance.models import BreakGlass, FindingState, PromotionState
from governance.verdict import rules_kept
from portal.accounts.models import User
from portal.inbox.kinds import Waiting, notice_kind, reminder_source
from portal.message import Message, gettext_noop, register

notice_kind(
    "break_glass.second",
    title=gettext_noop("Emergency passage asked for"),
    text=gettext_noop("Somebody of your group asks for an emergency passage, and you could open it."),
    channel="now",
)
notice_kind(
    "break_glass.review",
    title=gettext_noop("Emergency passage to review"),
    text=gettext_noop("A version went past its gates in an emergency, in a team that is not yours."),
    role="is_reviewer",
    channel="now",
)
register(
    {
        "notice.break_glass": gettext_noop(
            "%(by)s asks for an emergency passage of %(version)s into %(environment)s. You can open it within the hour."
        ),
        "notice.break_glass_review": gettext_noop("Review the emergency passage of %(version)s into %(environment)s."),
    }
)
WHOLE = ("promotion__version__model__team", "promotion__version__model__profile", "promotion__policy", "first_by")


@reminder_source("break_glass.second")
def seconds() -> Iterator[Waiting]:
    """Passages that wait for their second person, to the others of the group; they are few, and gone in an hour."""
    now = timezone.now()
    rows = BreakGlass.objects.filter(second_by=None, first_at__gt=now - WAITS, promotion__state=PromotionState.OPEN)
    for row in rows.select_related(*WHOLE):
        promotion, passage = row.promotion, rules_kept(row.promotion).break_glass
        if passage is None:
            continue
        team, words = promotion.version.team, _words(row) | {"by": row.first_by.name}
        for user in members(passage.group, team.pk if team else None, promotion.environment, now):
            if user.pk == row.first_by_id or is_requester(promotion, user) or is_author(promotion, user):
                continue
            yield Waiting(
                user=user,
                kind="break_glass.second",
                key=f"break_glass.second:{row.pk}:{row.event}",
                message=Message("notice.break_glass", words),
                url=reverse("promotion-break-glass", args=[promotion.pk]),
                team=team,
                subject=("promotion", promotion.pk, str(promotion)),
            )


@reminder_source("break_glass.review")
def reviews() -> Iterator[Waiting]:
    """Reviews that are due, to the reviewers outside the team and the two."""
    rows = BreakGlass.objects.filter(finding__state=FindingState.OPEN)
    rows = list(rows.select_related(*WHOLE, "finding").prefetch_related("promotion__version__model__team__memberships"))
    reviewers = list(User.objects.active().filter(is_reviewer=True)) if rows else []
    for row in rows:
        team = row.promotion.version.team
        inside = {one.user_id for one in team.memberships.all()} if team else set()
        for user in reviewers:
            if user.pk in inside or str(user.pseudonym) in row.finding.detail.get("not_by", ()):
                continue
            given = {
                "user": user,
                "key": f"break_glass.review:{row.pk}",
                "message": Message("notice.break_glass_review", _words(row)),
                "url": reverse("finding", args=[row.finding_id]),
                "due": row.finding.due,
                "team": team,
                "subject": ("finding", row.finding_id, str(row.promotion)),
            }
            yield Waiting(kind="break_glass.review", **given)
            yield Waiting(**given)


def _words(row: BreakGlass) -> dict[str, str]:
    return {"version": str(row.promotion.version), "environment": row.promotion.environment}
