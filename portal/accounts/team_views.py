"""A team's settings: name, who sees its results, its members."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import teams
from portal.accounts.forms import MemberForm, MemberRoleForm, TeamSettingsForm
from portal.accounts.models import Membership, Team, TeamRole, User
from portal.accounts.permissions import require
from portal.web.acting import act
from portal.web.errors import Conflict


def _find_team(request: HttpRequest, slug: str) -> Team:
    """A team the user sees (else 404) and manages (else refused)."""
    team = get_object_or_404(Team.objects.for_user(request.user).select_related("unit"), slug=slug)
    require(request.user, "team.manage", team)
    return team


def _find_membership(team: Team, pseudonym) -> Membership:
    found = get_object_or_404(team.memberships.select_related("user"), user__pseudonym=pseudonym)
    found.team = team
    return found


def _page(request: HttpRequest, team: Team, form=None, member_form=None) -> HttpResponse:
    kept = {"name": team.name, "unit": team.unit, "visibility": team.visibility, "holidays": team.holidays}
    form = form or TeamSettingsForm(user=request.user, initial=kept)
    member_form = member_form or MemberForm()
    return render(
        request,
        "accounts/team_settings.html",
        {
            "team": team,
            "form": form,
            "member_form": member_form,
            "memberships": team.memberships.select_related("user").order_by("user__name", "pk"),
            "roles": TeamRole.choices,
        },
        status=422 if form.errors or member_form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def team_settings(request: HttpRequest, slug: str) -> HttpResponse:
    team = _find_team(request, slug)
    if request.method != "POST":
        return _page(request, team)
    kept = {"name": team.name, "unit": team.unit, "visibility": team.visibility, "holidays": team.holidays}
    form = TeamSettingsForm(request.POST, user=request.user, initial=kept)
    if form.is_valid():
        done, _result = act(form, teams.change_team, team=team, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("The team's settings are saved."))
            return redirect("team-settings", slug)
    return _page(request, team, form)


@require_POST
@login_required
def member_add(request: HttpRequest, slug: str) -> HttpResponse:
    team = _find_team(request, slug)
    form = MemberForm(request.POST)
    if form.is_valid():
        done, member = act(
            form,
            _add_by_address,
            team=team,
            by=request.user,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
        )
        if done:
            messages.success(request, _("%(name)s is in the team.") % {"name": member.user})
            return redirect("team-settings", slug)
    return _page(request, team, member_form=form)


def _add_by_address(*, team: Team, by: User, email: str, role: str) -> Membership:
    user = User.objects.active().filter(email=email.lower()).first()
    if user is None:
        raise Conflict("accounts.nobody", email=email)
    return teams.add_member(team=team, user=user, by=by, role=role)


@require_POST
@login_required
def member_role(request: HttpRequest, slug: str, pseudonym) -> HttpResponse:
    team = _find_team(request, slug)
    membership = _find_membership(team, pseudonym)
    form = MemberRoleForm(request.POST)
    if form.is_valid():
        teams.change_member_role(membership=membership, role=form.cleaned_data["role"], by=request.user)
        messages.success(request, _("The role is saved."))
    else:
        messages.error(request, _("There is no such role in a team."))
    return _back(request, team)


@require_POST
@login_required
def member_remove(request: HttpRequest, slug: str, pseudonym) -> HttpResponse:
    team = _find_team(request, slug)
    membership = _find_membership(team, pseudonym)
    teams.remove_member(membership=membership, by=request.user)
    messages.success(request, _("%(name)s is out of the team.") % {"name": membership.user})
    return _back(request, team)


def _back(request: HttpRequest, team: Team) -> HttpResponse:
    """To the settings, unless the user has just given up managing the team."""
    user = User.objects.get(pk=request.user.pk)
    return redirect("team-settings", team.slug) if user.has_perm("team.manage", team) else redirect("teams")
