"""After a framework's upgrade the levels of every team are computed anew, by a job."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assessments import catalogue, standings
from assessments.actions.upgrading import RESCORE
from portal.accounts.models import Team
from portal.jobs.kinds import job_kind
from portal.message import Message


@job_kind(RESCORE, title=_("Levels after an upgrade"), lease=60)
def run(job, progress) -> dict:
    """Refresh the standings of every team that was assessed; it may safely run twice."""
    framework = catalogue.current(job.params["framework"])
    teams = list(Team.objects.filter(assessments__framework=framework.key).distinct())
    for done, team in enumerate(teams):
        progress(done, len(teams), Message("framework.rescoring", {"team": team.name}))
        with transaction.atomic():
            standings.refresh_all(team)  # what an upgrade asks anew or ends counts in other frameworks too
    progress(len(teams), len(teams), Message("framework.rescored", {"teams": len(teams)}))
    return {"teams": len(teams)}
