"""Which tools a team says it uses."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from assessments.actions.inputs import invalid
from assessments.framework import Framework
from assessments.locking import lock_team
from assessments.models import TeamTool
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record


def choose_tools(*, team: Team, framework: Framework, tools: Collection[str], by) -> list[str]:
    """Say which of a framework's tools the team uses; those of other frameworks stay as they are."""
    require(by, "tools.choose", team)
    known = [tool.key for tool in framework.tools]
    unknown = sorted(set(tools) - set(known))
    if unknown:
        raise invalid("tools", "tools.unknown", tools=unknown)
    after = [key for key in known if key in tools]
    with transaction.atomic():
        lock_team(team.pk)
        rows = TeamTool.objects.filter(team=team, tool__in=known)
        chosen = set(rows.values_list("tool", flat=True))
        before = [key for key in known if key in chosen]
        if before == after:
            return after
        rows.exclude(tool__in=after).delete()
        TeamTool.objects.bulk_create(TeamTool(team=team, tool=key, by=by) for key in after if key not in chosen)
        record(
            action="tools.choose",
            by=by,
            subject=("team", team.slug, team.name),
            before={"tools": before},
            after={"tools": after},
            params={"framework": framework.key},
            team=team,
        )
    return after
