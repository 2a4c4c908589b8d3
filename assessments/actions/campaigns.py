"""Asking many teams for one framework by a date, and ending that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from assessments.actions.inputs import cleaned
from assessments.framework import Framework
from assessments.locking import lock_row
from assessments.models import Assessment, AssessmentState, Campaign, CampaignTeam
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

TITLE_LIMIT, NOTE_LIMIT = 120, 2000


def create_campaign(
    *, title: str, framework: Framework, teams: Sequence[Team], due: dt.date, note: str, by: User
) -> Campaign:
    """Ask teams to fill out a framework by a day; drafts that they have in progress join it.

    An administrator may ask every team, others those that they manage.
    """
    require(by, "campaign.create")
    title, note, chosen = cleaned(title), cleaned(note), {team.pk: team for team in teams}
    _check(title, note, chosen, due)
    for team in chosen.values():
        require(by, "team.manage", team)
    with transaction.atomic():
        campaign = Campaign.objects.create(title=title, framework=framework.key, note=note, due=due, created_by=by)
        CampaignTeam.objects.bulk_create(CampaignTeam(campaign=campaign, team=team) for team in chosen.values())
        drafts = Assessment.objects.filter(
            team__in=chosen, framework=framework.key, state=AssessmentState.DRAFT, campaign=None
        )
        joined = drafts.update(campaign=campaign)
        record(
            action="campaign.create",
            by=by,
            subject=("campaign", campaign.pk, title),
            after={"framework": framework.key, "due": due.isoformat(), "drafts_joined": joined},
            params={"campaign_teams": sorted(team.slug for team in chosen.values())},
            texts={"note": note},
        )
    return campaign


def close_campaign(*, campaign: Campaign, by: User) -> Campaign:
    """End a campaign: nobody is reminded any more; what was submitted stays, and drafts stay drafts."""
    require(by, "campaign.close", campaign)
    with transaction.atomic():
        locked = lock_row(Campaign.objects.all(), campaign.pk)
        if locked.closed_at:
            raise Conflict("campaign.closed")
        locked.closed_at = timezone.now()
        locked.save(update_fields=["closed_at"])
        closed = Assessment.objects.closed().filter(campaign=locked)
        record(
            action="campaign.close",
            by=by,
            subject=("campaign", locked.pk, locked.title),
            after={"submitted_teams": closed.values("team").distinct().count()},
        )
    return locked


def _check(title: str, note: str, teams: dict, due: dt.date) -> None:
    problems = {}
    if not title or len(title) > TITLE_LIMIT:
        problems["title"] = Message("campaign.title", {"limit": TITLE_LIMIT})
    if len(note) > NOTE_LIMIT:
        problems["note"] = Message("assessment.note_long", {"limit": NOTE_LIMIT})
    if not teams:
        problems["teams"] = Message("campaign.teams")
    if due < timezone.localdate():
        problems["due"] = Message("campaign.due")
    if problems:
        raise Invalid(next(iter(problems.values())), fields=problems)
