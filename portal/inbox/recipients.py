"""Who is told of a team's matters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from portal.accounts.models import Membership, TeamRole, User


def managers_of(teams: Iterable[int | None]) -> dict[int, list[User]]:
    """The active managers of teams, by the team's id; one query."""
    found: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(team__in=set(teams) - {None}, role=TeamRole.MANAGER, user__is_active=True)
    for membership in rows.select_related("user"):
        found[membership.team_id].append(membership.user)
    return found
