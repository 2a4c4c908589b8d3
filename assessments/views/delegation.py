"""Delegating criteria to members, and the list of what was delegated to oneself."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import actions
from assessments.forms import DelegationForm
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from assessments.views.opened import draft_or_404, opened
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delegate(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose criteria, a member, and a date."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    require(request.user, "assessment.delegate", draft)
    form, problem = DelegationForm(request.POST or None, team=team), ""
    chosen = request.POST.getlist("criterion")
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.delegate(assessment=draft, criteria=chosen, by=request.user, **form.cleaned_data)
        except (Invalid, Conflict) as refused:
            problem = say(refused.message)
        else:
            words = {"n": len(made), "name": form.cleaned_data["to"].name}
            messages.success(request, _("Delegated to %(name)s: %(n)s.") % words)
            return redirect(reverse("assessment-delegate", args=[slug]) + in_framework(framework(request)))
    shown = opened(request, team)
    context = team_page(
        request,
        team,
        "assessment",
        form=form,
        problem=problem,
        chosen=chosen,
        tasks=shown.tasks,
        delegations=shown.delegations,
    )
    return render(request, "assessments/delegate.html", context, status=422 if problem or form.errors else 200)


@login_required
@require_POST
def take_back(request: HttpRequest, slug: str, criterion_id: str) -> HttpResponse:
    """Ask the member no longer."""
    team = team_or_404(request, slug)
    actions.take_back(assessment=draft_or_404(request, team), criterion=criterion_id, by=request.user)
    messages.success(request, _("Taken back."))
    return redirect(reverse("assessment-delegate", args=[slug]) + in_framework(framework(request)))


@login_required
@require_safe
def mine(request: HttpRequest, slug: str) -> HttpResponse:
    """What the reader was asked to answer."""
    team = team_or_404(request, slug)
    draft_or_404(request, team)
    shown = replace(opened(request, team), mine=True)
    rows = [(item, shown.delegations[item.criterion.id]) for item in shown.tasks.queue]
    context = team_page(
        request,
        team,
        "assessment",
        opened=shown,
        tasks=shown.tasks,
        rows=rows,
        open=sum(item.open for item, _row in rows),
    )
    return render(request, "assessments/mine.html", context)
