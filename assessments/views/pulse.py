"""The pulse of a team: a manager opens it, members answer once, and what was said shows when it is over."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments import catalogue, pulses
from assessments.actions import pulse as actions
from assessments.forms_review import PulseForm
from assessments.models import Pulse
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@login_required
@require_safe
def pulse(request: HttpRequest, slug: str) -> HttpResponse:
    """The sentences for those who are asked; how many answered; what the last one said."""
    return _page(request, _insiders_team(request, slug))


@login_required
@require_POST
def pulse_open(request: HttpRequest, slug: str) -> HttpResponse:
    team, model = _insiders_team(request, slug), framework(request)
    require(request.user, "pulse.open", team)
    form = PulseForm(request.POST, calendar=team.calendar)
    if not form.is_valid():
        return _page(request, team, form=form, status=422)
    try:
        actions.open_pulse(team=team, framework=model, closes_on=form.cleaned_data["closes_on"], by=request.user)
    except (Invalid, Conflict) as refused:
        return _page(request, team, form=form, problem=say(refused.message), status=refused.status)
    messages.success(request, _("The pulse is open. Members are told."))
    return _back(request, team)


@login_required
@require_POST
def pulse_answer(request: HttpRequest, slug: str) -> HttpResponse:
    team = _insiders_team(request, slug)
    asked = _running(request, team)
    given = {
        criterion.id: request.POST[criterion.id]
        for criterion in pulses.sentences(catalogue.by_digest(asked.framework_digest))
        if request.POST.get(criterion.id)
    }
    try:
        agreements = {key: int(step) if step in "12345" else 0 for key, step in given.items()}
        actions.answer_pulse(pulse=asked, agreements=agreements, by=request.user)
    except (Invalid, Conflict) as refused:
        return _page(request, team, problem=say(refused.message), typed=given, status=refused.status)
    messages.success(request, _("Thank you. Nobody can tell your answers from the others."))
    return _back(request, team)


@login_required
@require_POST
def pulse_close(request: HttpRequest, slug: str) -> HttpResponse:
    team = _insiders_team(request, slug)
    require(request.user, "pulse.open", team)
    actions.close_pulse(pulse=_running(request, team), by=request.user)
    messages.success(request, _("The pulse is closed."))
    return _back(request, team)


def _page(
    request: HttpRequest, team: Team, *, form: PulseForm | None = None, problem: str = "", typed=None, status: int = 200
) -> HttpResponse:
    model = framework(request)
    now, last = pulses.running(team, model), pulses.last_closed(team, model)
    invited = now.invitations.count() if now else 0
    answered = now.invitations.filter(answered=True).count() if now else 0
    mine = now.invitations.filter(person=request.user).first() if now else None
    found = pulses.results(team, model)
    asked = pulses.sentences(catalogue.by_digest(now.framework_digest) if now else model)
    context = team_page(
        request,
        team,
        "team-pulse",
        running=now,
        invited=invited,
        answered=answered,
        mine=mine,
        asked=[(criterion, (typed or {}).get(criterion.id, "")) for criterion in asked],
        steps=pulses.STEPS,
        last=last,
        results=[(model.by_id.get(key), distribution) for key, distribution in found.items()],
        least=settings.PULSE_MINIMUM,
        may_open=request.user.has_perm("pulse.open", team),
        form=form or PulseForm(calendar=team.calendar),
        problem=problem,
    )
    return render(request, "assessments/pulse.html", context, status=status)


def _insiders_team(request: HttpRequest, slug: str) -> Team:
    """What members think is the team's business, and of those whose role is to look everywhere."""
    team = team_or_404(request, slug)
    if not request.user.is_insider(team):
        raise Http404
    return team


def _running(request: HttpRequest, team: Team) -> Pulse:
    found = pulses.running(team, framework(request))
    if found is None:
        raise Conflict("pulse.not_open")
    return found


def _back(request: HttpRequest, team: Team) -> HttpResponse:
    return redirect(reverse("team-pulse", args=[team.slug]) + in_framework(framework(request)))
