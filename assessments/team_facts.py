"""The facts that the team's own page gives."""

from __future__ import annotations

from datetime import datetime

from assessments.collectors import register
from assessments.evidence_rules import Fact
from portal.accounts.models import Team


def collect(team: Team, now: datetime) -> list[Fact]:
    members = team.memberships.filter(user__is_active=True).count()
    return [Fact("team.members", members, None, "A", now)]


register("team", collect)
