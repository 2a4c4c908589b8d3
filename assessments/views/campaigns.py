"""Campaigns: which run, one with its progress by team, starting and closing one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import catalogue, exports, tables, wording
from assessments.actions import campaigns as actions
from assessments.campaigns import DONE, STATES, days_late, progress_of, with_counts, with_states
from assessments.forms_review import CampaignForm
from assessments.framework import Framework
from assessments.models import Campaign, CampaignTeam
from assessments.views.overview import overview_tabs
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.web.errors import Forbidden, Invalid
from portal.web.lists import Facet, ListPage

RUNNING = (("yes", gettext_lazy("Running")), ("no", gettext_lazy("Closed")))


@login_required
@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Those with a team that the reader sees."""
    in_use = catalogue.currents()
    page = ListPage(
        request,
        with_counts(Campaign.objects.for_user(request.user), request.user),
        search=("title",),
        facets=[
            Facet("running", _("State"), choices=RUNNING),
            Facet("framework", _("Framework"), choices=[(key, wording.text(f.title)) for key, f in in_use.items()]),
        ],
        order=("-running", "due"),
    )
    context = {
        "list": page,
        "frameworks": in_use,
        "tabs": overview_tabs(request, "campaigns"),
        "may_create": request.user.has_perm("campaign.create"),
        "running": Campaign.objects.for_user(request.user).running().count(),
        "nav": "teams",
    }
    return render(request, "assessments/campaigns.html", context)


@login_required
@require_safe
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """How far each team is."""
    found = _seen(request, pk)
    members = with_states(CampaignTeam.objects.for_user(request.user).filter(campaign=found))
    page = ListPage(
        request,
        members.select_related("team__unit"),
        search=("team__name", "team__unit__name"),
        facets=[
            Facet("state", _("State"), choices=STATES),
            Facet("unit", _("Unit"), field="team__unit__name"),
        ],
        order="team__name",
    )
    total, done = members.count(), members.filter(state__in=DONE).count()
    context = {
        "campaign": found,
        "framework": _framework(found),
        "list": page,
        "rows": progress_of(found, page.rows),
        "total": total,
        "done": done,
        "open": total - done,
        "late": days_late(found) if found.closed_at is None and done < total else 0,
        "may_close": found.closed_at is None and request.user.has_perm("campaign.close", found),
        "nav": "teams",
    }
    return render(request, "assessments/campaign.html", context)


@login_required
@require_safe
def campaign_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The same rows as a table for other programs."""
    found = _seen(request, pk)
    members = with_states(CampaignTeam.objects.for_user(request.user).filter(campaign=found))
    progress = progress_of(found, members.select_related("team__unit").order_by("team__name"))
    form = request.GET.get("format", "csv")
    return exports.respond(tables.campaign(found, progress), form if form in exports.FORMATS else "csv")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Whom to ask for what by when."""
    require(request.user, "campaign.create")
    in_use = catalogue.currents()
    form = CampaignForm(request.POST or None, teams=_teams(request), frameworks=in_use)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.create_campaign(
                title=given["title"],
                framework=in_use[given["framework"]],
                teams=given["chosen"],
                due=given["due"],
                note=given["note"],
                by=request.user,
            )
        except Forbidden:
            raise
        except Invalid as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The campaign runs. Its managers are told."))
            return redirect("campaign", made.pk)
    context = {"form": form, "nav": "teams"}
    return render(request, "assessments/campaign_new.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def campaign_close(request: HttpRequest, pk: int) -> HttpResponse:
    """End it; nobody is reminded any more."""
    actions.close_campaign(campaign=_seen(request, pk), by=request.user)
    messages.success(request, _("The campaign is closed."))
    return redirect("campaign", pk)


def _seen(request: HttpRequest, pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.for_user(request.user).select_related("created_by"), pk=pk)


def _teams(request: HttpRequest):
    """Those that one may ask: all, or those that one manages."""
    if request.user.is_administrator:
        return Team.objects.all()
    return Team.objects.filter(pk__in=request.user.managed_ids)


def _framework(found: Campaign) -> Framework | None:
    try:
        return catalogue.current(found.framework)
    except KeyError:
        return None
