"""The assessment as a whole: the task list, start and discard, check and submit."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import actions
from assessments.levels import Current, current, draft_of
from assessments.models import Assessment
from assessments.tasklist import task_list
from assessments.views.frame import framework, is_insider, team_or_404, team_page
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


def counted(request: HttpRequest, team: Team) -> Current:
    """What the reader sees of the assessment: members the draft, others what was submitted last."""
    draft = draft_of(team, framework()) if is_insider(request, team) else None
    return current(team, framework(), assessment=draft)


@login_required
@require_safe
def assessment(request: HttpRequest, slug: str) -> HttpResponse:
    """The task list by dimension; before a start, what an assessment is."""
    team = team_or_404(request, slug)
    now = counted(request, team)
    drafted = bool(now.assessment and now.assessment.state == "draft")
    last = None if drafted else now.assessment
    context = team_page(request, team, "assessment", current=now, tasks=task_list(now), drafted=drafted, last=last)
    return render(request, "assessments/assessment.html", context)


@login_required
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a draft and go to its first open question."""
    team = team_or_404(request, slug)
    try:
        actions.start_assessment(team=team, framework=framework(), by=request.user)
    except Conflict as conflict:
        messages.warning(request, say(conflict.message))
        return redirect("assessment", slug)
    first = task_list(counted(request, team)).first_open
    return redirect("criterion", slug, first.criterion.id) if first else redirect("assessment", slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then throw the draft away."""
    team = team_or_404(request, slug)
    draft = _draft_or_404(request, team)
    require(request.user, "assessment.submit", draft)
    if request.method == "POST":
        actions.discard_draft(assessment=draft, by=request.user)
        messages.success(request, _("The draft is discarded. The last submitted answers count."))
        return redirect("assessment", slug)
    answered = draft.answers.exclude(value="").count()
    return render(
        request, "assessments/discard.html", team_page(request, team, "assessment", draft=draft, answered=answered)
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """All answers once more, what is missing, the resulting levels; and submit."""
    team = team_or_404(request, slug)
    draft = _draft_or_404(request, team)
    refused = None
    if request.method == "POST":
        try:
            actions.submit(assessment=draft, by=request.user)
        except Invalid as error:
            refused = error
        else:
            messages.success(request, _("Submitted. These answers are the team's claim now."))
            return redirect("team", slug)
    now = current(team, framework(), assessment=draft)
    before = current(team, framework())
    context = team_page(
        request,
        team,
        "assessment",
        current=now,
        before=before if before.assessed else None,
        levels=[
            (dimension, now.score.dimensions[dimension.key], before.score.dimensions[dimension.key])
            for dimension in framework().dimensions
        ],
        tasks=task_list(now),
        unfit=actions.unfit(framework(), dict(now.answers)),
        refused=refused,
    )
    return render(request, "assessments/check.html", context, status=refused.status if refused else 200)


def _draft_or_404(request: HttpRequest, team: Team) -> Assessment:
    return get_object_or_404(
        Assessment.objects.for_user(request.user).select_related("team"),
        team=team,
        framework=framework().key,
        state="draft",
    )
