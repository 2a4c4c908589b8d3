"""Who sits where in a promotion's stages: whose approvals stand, whose still count, and who may give the next.

The stages are frozen with the request; who belongs to their groups is asked at the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from governance.environment_roles import APPROVE, has_role
from governance.gates import StageNeed, Verdict
from governance.groups import Belonging
from governance.in_force import rules_kept
from governance.models import Decision, DecisionKind, Deputy, Promotion
from governance.policy import Rules, group_name
from governance.quorum import Given, Progress, progress
from portal.calendars import WEEKDAYS_ONLY
from portal.message import Message

REVIEWER = "reviewer"


@dataclass(frozen=True)
class Seat:
    """A place that one person may fill: which stage, as a member of which group, in whose place."""

    stage: int
    group: str
    person: Any
    acting_for: Any = None

    def recorded(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        acting = {"acting_for": str(self.acting_for.pseudonym)} if self.acting_for else {}
        return {"stage": self.stage + 1, "group": self.group, **acting}

    def fields(self, rules: Rules) -> dict[str, Any]:
        """What the decision's row keeps of it."""
        days = rules.expires_days or settings.APPROVAL_DAYS
        group = "" if self.group == REVIEWER else self.group
        until = timezone.now() + timedelta(days=days)
        return {"stage": self.stage, "group": group, "acting_for": self.acting_for, "expires_at": until}

    @property
    def given(self) -> Given:
        return Given(self.person.pk, self.stage, timezone.now(), self.acting_for.pk if self.acting_for else None)


@dataclass(frozen=True)
class Standing:
    """How far a promotion has come, with the stages that it asks for."""

    needs: Sequence[StageNeed]
    progress: Progress
    given: Sequence[Given]

    @property
    def complete(self) -> bool:
        return self.progress.complete

    @cached_property
    def spoken(self) -> set[int]:
        """Everybody who has approved, or for whom somebody has."""
        return {person for one in self.given for person in one.people}

    @property
    def open(self) -> list[StageNeed]:
        """The stages whose turn it is."""
        return [self.needs[index] for index in self.progress.current]


def standing(promotion: Promotion):
    """The approvals that still bind."""
    return Decision.objects.filter(promotion=promotion, decision=DecisionKind.APPROVE, lapsed_at=None)


def letting(promotion: Promotion):
    """All that still lets it through: approvals, the policy's own word, an emergency passage."""
    kinds = (DecisionKind.APPROVE, DecisionKind.AUTOMATIC, DecisionKind.BREAK_GLASS)
    return Decision.objects.filter(promotion=promotion, decision__in=kinds, lapsed_at=None)


def needs_of(promotion: Promotion) -> Sequence[StageNeed]:
    """The stages with their quorums, by the verdict that was computed last."""
    if promotion.verdict:
        return Verdict.from_json(promotion.verdict).needs
    return [StageNeed(stage.group, stage.quorum, stage.due_days) for stage in rules_kept(promotion).stages]


def progress_of(promotion: Promotion, *, more: Seat | None = None) -> Standing:
    """Count the approvals that stand, and one more if it is given."""
    given = [Given(one.by_id, one.stage, one.at, one.acting_for_id) for one in standing(promotion)]
    needs, team = needs_of(promotion), promotion.version.model.team
    opened = promotion.requested_at.astimezone(ZoneInfo(settings.TIME_ZONE))
    found = progress(
        needs,
        rules_kept(promotion).in_order,
        [*given, *([more.given] if more else [])],
        opened=opened,
        calendar=team.calendar if team else WEEKDAYS_ONLY,
    )
    return Standing(needs, found, given)


def seats_of(promotion: Promotion, user, acting_for=None) -> list[Seat]:
    """Every place in the stages that the person could fill, whether it is open or not."""
    member, now = acting_for or user, timezone.now()
    belongs = Belonging([user.pk, member.pk], now)
    groups = belongs.of(member.pk, promotion.version.model.team_id, promotion.environment)
    if not has_role(rules_kept(promotion), APPROVE, groups):
        return []
    if acting_for is not None:
        groups &= _lent(user, acting_for, groups, now)
    return [
        Seat(index, need.group, user, acting_for)
        for index, need in enumerate(needs_of(promotion))
        if need.group in groups and user.is_active
    ]


def seat_for(promotion: Promotion, user, acting_for=None) -> Seat | None:
    """The first place whose turn it is that the person may fill."""
    current = progress_of(promotion).progress.current
    return next((seat for seat in seats_of(promotion, user, acting_for) if seat.stage in current), None)


def principals_of(promotion: Promotion, user) -> list[Any]:
    """In whose place the person may approve here now."""
    rows = Deputy.objects.at(timezone.now()).filter(deputy=user).select_related("principal")
    people = {row.principal_id: row.principal for row in rows}
    return [person for person in people.values() if seat_for(promotion, user, person)]


def _lent(user, principal, groups: frozenset[str], now: datetime) -> frozenset[str]:
    """Of the principal's groups those in which the deputy stands in now."""
    keys = Deputy.objects.at(now).filter(principal=principal, deputy=user).values_list("group__key", flat=True)
    lent = set(keys)
    return groups if None in lent else frozenset(groups & lent)


def lost(promotion: Promotion) -> list[tuple[Decision, Message]]:
    """Approvals that stand and count no more: their time is over, or a role or a deputyship has ended."""
    now, found = timezone.now(), []
    rows = list(standing(promotion).select_related("by", "acting_for"))
    if not rows:
        return []
    belongs = Belonging([pk for one in rows for pk in (one.by_id, one.acting_for_id) if pk], now)
    for one in rows:
        because = _why_lost(one, promotion, belongs, now)
        if because:
            found.append((one, because))
    return found


def _why_lost(one: Decision, promotion: Promotion, belongs: Belonging, now: datetime) -> Message | None:
    if one.expires_at and one.expires_at <= now:
        return Message("promotion.lapsed.expired")
    group, member = one.group or REVIEWER, one.acting_for_id or one.by_id
    groups = belongs.of(member, promotion.version.model.team_id, promotion.environment)
    if group not in groups or not one.by.is_active:
        return Message("promotion.lapsed.role", {"group": group_name(group)})
    if not has_role(rules_kept(promotion), APPROVE, groups):
        return Message("promotion.lapsed.place-role")
    if one.acting_for and group not in _lent(one.by, one.acting_for, groups, now):
        return Message("promotion.lapsed.deputy")
    return None
