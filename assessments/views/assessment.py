"""The assessment as a whole: the task list, start and discard, check and submit."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import actions
from assessments.forms import StartForm
from assessments.levels import current
from assessments.reviewing import sent_back
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from assessments.views.opened import Opened, draft_or_404, opened
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@login_required
@require_safe
def assessment(request: HttpRequest, slug: str) -> HttpResponse:
    """The task list by dimension; before a start, what an assessment is."""
    team = team_or_404(request, slug)
    shown = opened(request, team)
    context = _page(
        request,
        shown,
        last=None if shown.draft else shown.now.assessment,
        returned=sent_back(shown.draft),
        form=StartForm(team=team) if shown.draft is None else None,
    )
    return render(request, "assessments/assessment.html", context)


@login_required
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a draft and go to what waits first: the table of last time, or the first open question."""
    team = team_or_404(request, slug)
    model = framework(request)
    form = StartForm(request.POST, team=team)
    try:
        if not form.is_valid():
            raise Invalid("assessment.two_people")
        actions.start_assessment(team=team, framework=model, by=request.user, apart=form.people)
    except (Conflict, Invalid) as refused:
        messages.warning(request, say(refused.message))
        return redirect(reverse("assessment", args=[slug]) + in_framework(model))
    return redirect(first_step(opened(request, team)))


def first_step(shown: Opened) -> str:
    """Where filling out goes on: the table of last time, the first open question, or the check."""
    slug = shown.team.slug
    if shown.mode == "waiting":
        return reverse("assessment", args=[slug]) + shown.within
    if shown.mode == "together" and shown.tasks.waiting and not shown.mine:
        return reverse("assessment-unchanged", args=[slug]) + shown.within
    first = shown.tasks.first_open
    if first:
        return reverse("criterion", args=[slug, first.criterion.id]) + shown.within
    return reverse("assessment-check" if not shown.mine else "assessment-mine", args=[slug]) + shown.within


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then throw the draft away."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    require(request.user, "assessment.submit", draft)
    if request.method == "POST":
        actions.discard_draft(assessment=draft, by=request.user)
        messages.success(request, _("The draft is discarded. The last submitted answers count."))
        return redirect(reverse("assessment", args=[slug]) + in_framework(framework(request)))
    answered = draft.answers.exclude(value="").count()
    return render(
        request, "assessments/discard.html", team_page(request, team, "assessment", draft=draft, answered=answered)
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """All answers once more, what is missing, the resulting levels; and submit."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    refused = None
    if request.method == "POST":
        try:
            actions.submit(assessment=draft, by=request.user)
        except (Invalid, Conflict) as error:
            refused = error
        else:
            messages.success(request, _("Submitted. These answers are the team's claim now."))
            return redirect(reverse("team", args=[slug]) + in_framework(framework(request)))
    return _check_page(request, team, refused)


def _check_page(request: HttpRequest, team: Team, refused: Invalid | Conflict | None) -> HttpResponse:
    shown = opened(request, team)
    before = current(team, shown.framework)
    context = _page(
        request,
        shown,
        before=before if before.assessed else None,
        levels=[
            (dimension, shown.now.score.dimensions[dimension.key], before.score.dimensions[dimension.key])
            for dimension in shown.framework.dimensions
        ],
        unfit=actions.unfit(shown.framework, dict(shown.now.answers)),
        refused=refused,
    )
    return render(request, "assessments/check.html", context, status=refused.status if refused else 200)


def _page(request: HttpRequest, shown: Opened, **context) -> dict:
    return team_page(
        request,
        shown.team,
        "assessment",
        opened=shown,
        current=shown.now,
        tasks=shown.tasks,
        delegations=shown.delegations,
        drafted=shown.draft is not None,
        several=len(request.user.managed_ids) > 1,
        **context,
    )
