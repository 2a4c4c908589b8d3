"""Who belongs to a policy's groups at a moment: those that are built in, and those that administrators keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from governance.models import GroupMember
from governance.policy import BUILT_IN_GROUPS
from portal.accounts.models import Membership, TeamRole, User

OWNER, REVIEWER, MANAGER = BUILT_IN_GROUPS


class Belonging:
    """The groups of some people, read in as many queries as for one.

    ``owner`` is the model's team, ``author-team-manager`` its manager, ``reviewer`` every reviewer. A group that is
    kept for one environment or one team counts there alone. Who has left the house belongs nowhere.
    """

    def __init__(self, people: Iterable[int], now: datetime) -> None:
        people = set(people)
        active = User.objects.active().filter(pk__in=people)
        self._reviewers = set(active.filter(is_reviewer=True).values_list("pk", flat=True))
        self._roles: dict[int, dict[int, str]] = {}
        for user, team, role in Membership.objects.filter(user__in=active).values_list("user_id", "team_id", "role"):
            self._roles.setdefault(user, {})[team] = role
        self._kept: dict[int, list[tuple[str, str, int | None]]] = {}
        rows = GroupMember.objects.at(now).filter(user__in=active)
        for user, *group in rows.values_list("user_id", "group__key", "group__environment", "group__team_id"):
            self._kept.setdefault(user, []).append(tuple(group))

    def of(self, user: int, team: int | None, environment: str) -> frozenset[str]:
        """The groups that a person belongs to where a team's model goes into an environment."""
        found = {
            key
            for key, only_there, only_theirs in self._kept.get(user, ())
            if key not in BUILT_IN_GROUPS and only_there in ("", environment) and only_theirs in (None, team)
        }
        role = self._roles.get(user, {}).get(team) if team else None
        if role:
            found.add(OWNER)
        if role == TeamRole.MANAGER:
            found.add(MANAGER)
        if user in self._reviewers:
            found.add(REVIEWER)
        return frozenset(found)


def members(group: str, team: int | None, environment: str, now: datetime):
    """The people of one group, where a team's model goes into an environment."""
    people = User.objects.active()
    if group == REVIEWER:
        return people.filter(is_reviewer=True)
    if group in (OWNER, MANAGER):
        roles = Membership.objects.filter(team=team, **({"role": TeamRole.MANAGER} if group == MANAGER else {}))
        return people.filter(pk__in=roles.values("user"))
    rows = GroupMember.objects.at(now).filter(group__key=group, group__environment__in=("", environment))
    return people.filter(pk__in=rows.filter(Q(group__team=None) | Q(group__team=team)).values("user"))
