"""The emergency passage: two people of the policy's group let a version past its gates, for hours, and are reviewed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance.actions.promotions.computing import recompute
from governance.actions.promotions.writing import (
    advance,
    check_reason,
    check_rev,
    computed,
    differs,
    into_outbox,
    keep_decision,
    locked,
    tell,
)
from governance.approving import check_state, is_author, is_requester
from governance.findings import open_finding
from governance.groups import Belonging
from governance.models import BreakGlass, Decision, DecisionKind, Finding, Promotion
from governance.policy import group_name
from governance.policy.model import BreakGlass as Passage
from governance.verdict import Judgement, judge_request, rules_kept
from portal.accounts.permissions import require
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, asking

WAITS = timedelta(hours=1)  # for the second person


def open_break_glass(*, promotion: Promotion, reason: str, by) -> BreakGlass:
    """Ask for the emergency passage. Nothing is let through until another of the group opens it, within an hour."""
    check_can_open(promotion, by)
    check_reason(reason)
    with transaction.atomic():
        fresh, now = locked(promotion), timezone.now()
        check_can_open(fresh, by)
        event = tell("ask_break_glass", fresh, by, reason=reason)
        asked = {"reason": reason, "first_by": by, "first_at": now, "event": event.uuid}
        return BreakGlass.objects.update_or_create(promotion=fresh, defaults=asked)[0]


def second_break_glass(*, promotion: Promotion, rev: int, by) -> Promotion:
    """Open the passage that somebody else has asked for: the move goes into the outbox, and a review is due.

    Parameters
    ----------
    rev : int
        The revision that the second person looked at.

    Raises
    ------
    Forbidden, Conflict
        Nobody has asked within the hour, it is the same person, or either may not.
    """
    check_can_second(promotion, by)
    recompute(promotion=promotion)
    with transaction.atomic():
        fresh = locked(promotion)
        check_rev(fresh, rev)
        check_can_second(fresh, by)
        judgement = judge_request(fresh)
        if differs(fresh, judgement):
            raise Conflict("promotion.changed-now")
        row, passage = asked_for(fresh), rules_kept(fresh).break_glass
        until = timezone.now() + timedelta(hours=passage.hours)
        advance(fresh, rev, "break_glass", **computed(judgement))
        event = _keep_decisions(fresh, row, judgement, until, by)
        row.second_by, row.second_at, row.until = by, timezone.now(), until
        row.finding = _review(fresh, row, passage.review_days)
        row.save(update_fields=["second_by", "second_at", "until", "finding"])
        into_outbox(fresh, event, by)
    fresh.refresh_from_db()
    return fresh


def asked_for(promotion: Promotion, now: datetime | None = None) -> BreakGlass | None:
    """The request for the passage that waits for its second person, if there is one."""
    since = (now or timezone.now()) - WAITS
    rows = BreakGlass.objects.filter(promotion=promotion, second_by=None, first_at__gt=since)
    return rows.select_related("first_by").first()


def check_can_open(promotion: Promotion, user) -> None:
    _check_person(promotion, user)
    check_state(promotion, "break_glass")
    if BreakGlass.objects.filter(promotion=promotion, second_by__isnull=False).exists():
        raise Conflict("break-glass.used")
    if asked_for(promotion):
        raise Conflict("break-glass.asked")


def check_can_second(promotion: Promotion, user) -> None:
    _check_person(promotion, user)
    check_state(promotion, "break_glass")
    row = asked_for(promotion)
    if row is None:
        raise Conflict("break-glass.nobody")
    if row.first_by_id == user.pk:
        raise Forbidden("break-glass.same")
    _check_person(promotion, row.first_by)


can_open = asking(check_can_open)
can_second = asking(check_can_second)


# -- below ---------------------------------------------------------------------------------------------------


def _check_person(promotion: Promotion, user) -> None:
    """A member of the policy's group at this moment, who neither asked for the promotion nor made the version."""
    require(user, "breakglass.open", promotion)
    passage: Passage | None = rules_kept(promotion).break_glass
    if passage is None:
        raise Forbidden("break-glass.not-allowed")
    belongs = Belonging([user.pk], timezone.now())
    if passage.group not in belongs.of(user.pk, promotion.version.model.team_id, promotion.environment):
        raise Forbidden("break-glass.group", group=group_name(passage.group))
    if is_requester(promotion, user):
        raise Forbidden("break-glass.own")
    if is_author(promotion, user):
        raise Forbidden("break-glass.author")


def _keep_decisions(promotion: Promotion, row: BreakGlass, judgement: Judgement, until: datetime, by):
    """One decision of each of the two; the first one's event is that by which it was asked for."""
    kind = DecisionKind.BREAK_GLASS
    Decision.objects.create(
        promotion=promotion,
        decision=kind,
        by=row.first_by,
        reason=row.reason,
        bound=dict(judgement.bound),
        expires_at=until,
        event=row.event,
    )
    more = {"first": str(row.first_by.pseudonym), "asked": str(row.event), "ends": until.isoformat()}
    return keep_decision(promotion, kind, row.reason, judgement, by, more=more, fields={"expires_at": until})


def _review(promotion: Promotion, row: BreakGlass, days: int) -> Finding:
    """What must be looked at afterwards, by somebody outside the two and the team."""
    version = promotion.version
    people = (row.first_by, row.second_by, promotion.requested_by)
    words = {"model": version.model.name, "number": version.number, "environment": promotion.environment}
    return open_finding(
        kind="review",
        key=f"break-glass:{promotion.pk}",
        severity="critical",
        title=Message("finding.break_glass", words),
        about={
            "model": version.model,
            "version": version,
            "promotion": promotion,
            "environment": promotion.environment,
        },
        team=version.team,
        due_days=days,
        detail={"not_by": [str(person.pseudonym) for person in people if person]},
        by=row.second_by,
    )
