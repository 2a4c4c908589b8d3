"""People as a document names them: the full name, and the roles that stand behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.accounts.models import Membership, Team, TeamRole, User


@dataclass(frozen=True)
class Person:
    """Somebody with the roles of the day on which the document was made."""

    name: str
    roles: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def people(users: Iterable[User | None], team: Team | None) -> dict[int, Person]:
    """User id → person, with one query for the roles in the team."""
    known = {user.pk: user for user in users if user}
    memberships = Membership.objects.filter(team=team, user__in=known) if team else Membership.objects.none()
    in_team = dict(memberships.values_list("user_id", "role"))
    return {key: Person(user.get_full_name(), _roles(user, in_team.get(key), team)) for key, user in known.items()}


def _roles(user: User, role: str | None, team: Team | None) -> tuple[str, ...]:
    words = {
        TeamRole.MANAGER: _("manager of the team %(team)s"),
        TeamRole.MEMBER: _("member of the team %(team)s"),
    }
    roles = [words[role] % {"team": team}] if team and role in words else []
    roles += [part.lower() for part in user.roles]
    return tuple(roles) or (_("no role today"),)
