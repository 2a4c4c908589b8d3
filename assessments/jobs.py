"""Evidence is collected by a job: hourly for all teams, and for one when its systems were just read."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assessments import standings
from assessments.actions import pulse
from assessments.collectors import collect_for
from portal.accounts.models import Team
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.message import Message

KIND = "evidence.collect"
LEVELS = "levels.refresh"
HOUR = 3600


@job_kind(KIND, title=_("Collect evidence"), lease=60)
def run(job, progress) -> dict:
    """Collect for the team in ``params["team"]`` (its id), or for all; it may safely run twice."""
    teams = Team.objects.filter(pk=job.params["team"]) if job.params.get("team") else Team.objects.all()
    teams = list(teams)
    failed = []
    for done, team in enumerate(teams):
        progress(done, len(teams), Message("evidence.collecting", {"team": team.name}))
        failed += [f"{team.slug}: {source}" for source in collect_for(team).failed]
    progress(len(teams), len(teams), Message("evidence.collected", {"teams": len(teams)}))
    return {"teams": len(teams), "failed": failed}


def collect_soon(*, team: Team | None = None, by=None):
    """Ask for a collection, once however often it is asked; within the caller's transaction."""
    if team is None:
        return enqueue(kind=KIND, params={}, by=by, key=KIND)
    subject = ("team", team.slug, team.name)
    return enqueue(kind=KIND, params={"team": team.pk}, by=by, team=team, subject=subject, key=f"{KIND}:{team.pk}")


@job_kind(LEVELS, title=_("Refresh levels"), lease=60)
def refresh_levels(job, progress) -> dict:
    """Compute the standings anew that have lapsed, and those of a framework's new version."""
    due = standings.overdue()
    for done, (team, framework) in enumerate(due):
        progress(done, len(due), Message("levels.refreshing", {"team": team.name}))
        with transaction.atomic():
            standings.refresh(team, framework)
    progress(len(due), len(due), Message("levels.refreshed", {"n": len(due)}))
    return {"standings": len(due)}


def refresh_soon(*, by=None):
    """Ask for a refresh, once however often it is asked; within the caller's transaction."""
    return enqueue(kind=LEVELS, params={}, by=by, key=LEVELS)


@every(HOUR, name="pulse.close")
def close_pulses_hourly() -> None:
    pulse.close_what_is_over()


@every(HOUR, name=LEVELS)
def refresh_hourly() -> None:
    with transaction.atomic():
        if standings.overdue():
            refresh_soon()


@every(HOUR, name=KIND)
def collect_hourly() -> None:
    with transaction.atomic():
        collect_soon()
