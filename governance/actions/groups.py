"""The groups that policies name: an administrator keeps them. Who leaves one approves no longer for it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance.actions.policies import KEY
from governance.actions.promotions import recompute
from governance.in_force import environments
from governance.models import ApproverGroup, GroupMember, Promotion
from governance.policy import BUILT_IN_GROUPS
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def make_group(
    *, key: str, name_en: str, name_ja: str, environment: str = "", team: Team | None = None, by
) -> ApproverGroup:
    """A new group, for all environments and teams unless it is for one.

    Parameters
    ----------
    key : str
        What policies call it; never that of a group that is built in.
    """
    require(by, "group.manage")
    if key in BUILT_IN_GROUPS:
        raise Invalid(Message("group.built-in"), {"key": Message("group.built-in")})
    if not KEY.fullmatch(key):
        raise Invalid(Message("policy.draft.name"), {"key": Message("policy.draft.name")})
    if environment and environment not in environments():
        wrong = Message("policy.no-environment", {"environment": environment})
        raise Invalid(wrong, {"environment": wrong})
    try:
        with transaction.atomic():
            group = ApproverGroup.objects.create(
                key=key, name_en=name_en, name_ja=name_ja, environment=environment, team=team
            )
            record(
                action="group.make",
                by=by,
                subject=_subject(group),
                after={"name": name_en, "environment": environment, "team": team.slug if team else None},
                team=team,
            )
    except IntegrityError as error:
        raise Invalid(Message("group.taken"), {"key": Message("group.taken")}) from error
    return group


def add_member(*, group: ApproverGroup, user: User, until: datetime | None = None, by) -> GroupMember:
    """Let a person approve as a member of a group from now on."""
    require(by, "group.manage")
    now = timezone.now()
    if until is not None and until <= now:
        raise Invalid(Message("group.past"), {"until": Message("group.past")})
    if not user.is_active:
        raise Invalid(Message("group.inactive"), {"user": Message("group.inactive")})
    try:
        with transaction.atomic():
            ApproverGroup.objects.select_for_update().get(pk=group.pk)
            if GroupMember.objects.at(now).filter(group=group, user=user).exists():
                raise Conflict("group.member-already")
            member = GroupMember.objects.create(group=group, user=user, since=now, until=until)
            ends = {"ends": until.isoformat()} if until else {}
            _keep_record("add", group, user, by, **ends)
    except IntegrityError as error:
        raise Conflict("group.member-already") from error
    return member


def remove_member(*, member: GroupMember, by) -> None:
    """End a person's time in a group now; approvals that they gave for it lapse with it."""
    require(by, "group.manage")
    now, user = timezone.now(), member.user
    with transaction.atomic():
        standing = GroupMember.objects.at(now).filter(pk=member.pk)
        if not standing.update(until=now):
            raise Conflict("group.no-member")
        _keep_record("remove", member.group, user, by)
        follow(user, by=by)


def follow(user: User, *, by) -> None:
    """Compute the open promotions anew in which a person, or somebody in their place, has approved."""
    spoken = Q(decisions__by=user) | Q(decisions__acting_for=user)
    for promotion in Promotion.objects.waiting().filter(spoken, decisions__lapsed_at=None).distinct():
        recompute(promotion=promotion, by=by)


def _keep_record(what: str, group: ApproverGroup, user: User, by, **params) -> None:
    record(
        action=f"group.{what}",
        by=by,
        subject=_subject(group),
        params={"member": str(user.pseudonym), **params},
        team=group.team,
    )


def _subject(group: ApproverGroup) -> tuple[str, int, str]:
    return "approver-group", group.pk, group.key
