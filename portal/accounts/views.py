"""Pages of people: list, one person, invitations, units and new teams."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import actions, teams
from portal.accounts.forms import AcceptanceForm, InvitationForm, RolesForm, TeamForm, UnitForm
from portal.accounts.models import Invitation, Team, Unit, User
from portal.accounts.permissions import permission_required, require
from portal.web.acting import act
from portal.web.errors import Conflict
from portal.web.lists import Facet, ListPage

SIGN_IN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
YES = [(True, gettext_lazy("Yes"))]
ACCOUNTS = [(True, gettext_lazy("Account open")), (False, gettext_lazy("Account shut"))]


@require_safe
@permission_required("people.view")
def people(request: HttpRequest) -> HttpResponse:
    """Who is here, with which roles, in which teams?"""
    page = ListPage(
        request,
        User.objects.for_user(request.user).prefetch_related("memberships__team"),
        search=("name", "email"),
        facets=[
            Facet("team", _("Team"), field="memberships__team__slug", choices=_teams_of(request.user)),
            Facet("administrator", _("Administrator"), field="is_administrator", choices=YES),
            Facet("auditor", _("Auditor"), field="is_auditor", choices=YES),
            Facet("reviewer", _("Reviewer"), field="is_reviewer", choices=YES),
            Facet(
                "active",
                _("Account"),
                field="is_active",
                choices=ACCOUNTS,
            ),
        ],
        order="name",
    )
    return render(
        request,
        "accounts/people.html",
        {
            "list": page,
            "invitations": Invitation.objects.for_user(request.user).open().select_related("team", "invited_by"),
            "units": Unit.objects.prefetch_related("teams"),
            "may_manage": request.user.has_perm("people.manage"),
        },
    )


def _teams_of(user: User):
    return lambda: Team.objects.for_user(user).values_list("slug", "name")


@require_safe
@login_required
def person(request: HttpRequest, pseudonym) -> HttpResponse:
    """One person: roles, teams, account."""
    return _person_page(request, _find_person(request, pseudonym))


def _find_person(request: HttpRequest, pseudonym) -> User:
    found = get_object_or_404(User.objects.for_user(request.user), pseudonym=pseudonym)
    require(request.user, "people.view")
    return found


def _person_page(request: HttpRequest, found: User, form: RolesForm | None = None) -> HttpResponse:
    form = form or RolesForm(initial={"roles": actions.roles_of(found)})
    return render(
        request,
        "accounts/person.html",
        {
            "person": found,
            "form": form,
            "memberships": found.memberships.select_related("team__unit").order_by("team__name"),
            "may_manage": request.user.has_perm("people.manage"),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@login_required
def person_roles(request: HttpRequest, pseudonym) -> HttpResponse:
    found = _find_person(request, pseudonym)
    form = RolesForm(request.POST)
    if form.is_valid():
        done, _result = act(form, actions.set_roles, user=found, by=request.user, **form.cleaned_data["roles"])
        if done:
            messages.success(request, _("The roles are saved."))
            return redirect("person", pseudonym)
    return _person_page(request, found, form)


@require_POST
@login_required
def person_account(request: HttpRequest, pseudonym) -> HttpResponse:
    """Shut a person's account, or open it again."""
    found = _find_person(request, pseudonym)
    change = actions.activate if request.POST.get("active") == "1" else actions.deactivate
    change(user=found, by=request.user)
    words = _("The account is open again.") if change is actions.activate else _("The account is shut.")
    messages.success(request, words)
    return redirect("person", pseudonym)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("people.manage")
def invitation_new(request: HttpRequest) -> HttpResponse:
    """Invite somebody. The link is mailed, and shown this once for those who cannot be reached by mail."""
    form = InvitationForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        roles = given.pop("roles")
        done, result = act(form, actions.invite, by=request.user, link=_acceptance_link(request), **given, **roles)
        if done:
            invitation, address = result
            return render(request, "accounts/invited.html", {"invitation": invitation, "address": address})
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


def _acceptance_link(request: HttpRequest):
    return lambda token: request.build_absolute_uri(reverse("invitation", args=[token]))


@require_POST
@login_required
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.for_user(request.user), pk=pk)
    actions.withdraw_invitation(invitation=invitation, by=request.user)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("people")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation's link: choose a name and a password."""
    try:
        found = actions.find_invitation(token)
    except Conflict:
        return render(request, "accounts/invitation_invalid.html", status=404)
    form = AcceptanceForm(request.POST or None, initial={"time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        done, user = act(form, actions.accept_invitation, token=token, **form.cleaned_data)
        if done:
            login(request, user, backend=SIGN_IN_BACKEND)
            messages.success(request, _("Welcome to Sekisho."))
            return redirect("home")
    return render(
        request,
        "accounts/invitation.html",
        {"form": form, "invitation": found},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("people.manage")
def unit_new(request: HttpRequest) -> HttpResponse:
    form = UnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, _unit = act(form, teams.create_unit, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("The unit is made."))
            return redirect("people")
    return render(request, "accounts/unit_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("people.manage")
def team_new(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, team = act(form, teams.create_team, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("The team is made. Bring its members in."))
            return redirect("team-settings", team.slug)
    units = Unit.objects.exists()
    return render(request, "accounts/team_new.html", {"form": form, "units": units}, status=422 if form.errors else 200)
