"""How far the teams of a campaign are, and which campaign asks a team."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import catalogue, drafts, levels
from assessments.models import Assessment, Campaign, CampaignTeam
from assessments.tasklist import task_list
from portal.accounts.models import Team

NOT_STARTED = "none"
STATES = (
    (NOT_STARTED, _("Not started")),
    ("draft", _("In progress")),
    ("submitted", _("Submitted")),
    ("signed", _("Reviewed and signed")),
)
DONE = ("submitted", "signed")


@dataclass(frozen=True)
class Progress:
    """One team of a campaign. ``answered`` of ``asked`` count what a draft asks for."""

    team: Team
    state: str
    assessment: Assessment | None
    answered: int | None
    asked: int | None
    overdue: bool

    @property
    def word(self):
        return dict(STATES)[self.state]

    @property
    def share(self) -> float:
        if self.state in DONE:
            return 1.0
        return self.answered / self.asked if self.asked else 0.0


def running_for(team: Team, framework: str) -> Campaign | None:
    """The campaign that asks a team for a framework and has nothing submitted yet; the first that is due."""
    given = Assessment.objects.closed().filter(campaign=OuterRef("pk"), team=team, returned_at=None)
    rows = Campaign.objects.running().filter(framework=framework, members__team=team)
    return rows.filter(~Exists(given)).order_by("due", "pk").first()


def with_counts(campaigns: QuerySet[Campaign], reader) -> QuerySet[Campaign]:
    """Campaigns with how many of their teams there are and how many submitted, as far as the reader sees them."""
    seen = with_states(CampaignTeam.objects.for_user(reader))
    counted = seen.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    total = counted.annotate(n=Count("pk")).values("n")
    done = counted.filter(state__in=DONE).annotate(n=Count("pk")).values("n")
    today = timezone.localdate()
    return campaigns.annotate(
        teams_asked=Coalesce(Subquery(total), 0),
        teams_done=Coalesce(Subquery(done), 0),
        running=Case(When(closed_at=None, then=Value("yes")), default=Value("no"), output_field=CharField()),
        late=Case(When(Q(closed_at=None, due__lt=today), then=Value(True)), default=Value(False)),
    )


def with_states(members: QuerySet[CampaignTeam]) -> QuerySet[CampaignTeam]:
    """The teams of campaigns with the state of their newest assessment in it."""
    own = Assessment.objects.filter(campaign=OuterRef("campaign"), team=OuterRef("team")).order_by("-started_at", "-pk")
    return members.annotate(
        newest=Subquery(own.values("pk")[:1]), state=Coalesce(Subquery(own.values("state")[:1]), Value(NOT_STARTED))
    )


def progress_of(campaign: Campaign, members: Iterable[CampaignTeam]) -> list[Progress]:
    """How far each of some teams is; the members come from `with_states`."""
    members = list(members)
    newest = Assessment.objects.filter(pk__in=[row.newest for row in members if row.newest])
    found = {row.pk: row for row in newest.select_related("team", "submitted_by", "signed_by")}
    counts = _counts([row for row in found.values() if row.state == "draft"])
    late = campaign.due < timezone.localdate() and campaign.closed_at is None
    return [
        Progress(
            row.team,
            row.state,
            found.get(row.newest),
            *counts.get(row.newest, (None, None)),
            overdue=late and row.state not in DONE,
        )
        for row in members
    ]


def days_late(campaign: Campaign) -> int:
    return max(0, (timezone.localdate() - campaign.due) // dt.timedelta(days=1))


def _counts(rows: list[Assessment]) -> dict[int, tuple[int, int]]:
    """Answered and asked of drafts, as their task lists say; a handful of queries a version of the framework."""
    by_version: dict[str, list[Assessment]] = defaultdict(list)
    for row in rows:
        by_version[row.framework_digest].append(row)
    counts = {}
    for group in by_version.values():
        teams = {row.team_id: row.team for row in group}
        current = levels.currents(teams.values(), catalogue.of(group[0]), drafts={row.team_id: row for row in group})
        for row in group:
            tasks = task_list(drafts.draft(current[row.team_id]))
            counts[row.pk] = (tasks.answered, len(tasks.asked))
    return counts
