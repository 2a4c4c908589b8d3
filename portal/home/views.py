"""Home: a sentence, what waits for the reader, where their teams stand, and what was decided."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import catalogue, standings
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from governance.models import Decision, DecisionKind, Promotion
from portal.accounts.models import Team
from portal.home.tasks import tasks_for

TEAMS_SHOWN = 8
DECISIONS_SHOWN = 4


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    tasks, waiting = tasks_for(user)
    framework = catalogue.current(FRAMEWORK)
    seen = Team.objects.for_user(user)
    shown = seen.filter(pk__in=user.team_ids) if user.team_ids else seen
    teams = list(shown.select_related("unit").order_by("name")[:TEAMS_SHOWN])
    kept = standings.of(teams, [framework])
    decisions = Decision.objects.filter(promotion__in=Promotion.objects.for_user(user))
    context = {
        "tasks": tasks,
        "waiting": waiting,
        "queued": any(task.queued for task in tasks),
        "framework": framework,
        "teams": [(team, _row(framework, kept[team.pk, framework.key])) for team in teams],
        "own": bool(user.team_ids),
        "all_teams": seen.count(),
        "oversees": user.has_perm("portfolio.view") and len(teams) > 1,
        "decisions": decisions.select_related("by", "promotion__version__model").order_by("-at")[:DECISIONS_SHOWN],
        "agreed": (DecisionKind.APPROVE, DecisionKind.AUTOMATIC),
    }
    return render(request, "home/home.html", context)


def _row(framework: Framework, standing: standings.Standing) -> dict:
    """A team's strip: its official levels, what is claimed beyond them, or what is met of a checklist."""
    parts = [
        {
            "dimension": dimension,
            "official": standing.level("official", dimension.key),
            "claimed": standing.level("claimed", dimension.key),
            "met": standing.met(framework, "official", dimension.key),
        }
        for dimension in framework.dimensions
    ]
    return {"standing": standing, "met": standing.met(framework), "parts": parts}
