"""What everyone keeps for themselves: profile, language, API tokens."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import actions
from portal.accounts.forms import ProfileForm, TokenForm
from portal.accounts.models import ApiToken
from portal.web.acting import act
from portal.web.lists import Facet, ListPage

YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    kept = {"name": user.name, "language": user.language, "time_zone": user.timezone}
    form = ProfileForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        done, _result = act(form, actions.change_profile, user=user, by=user, **form.cleaned_data)
        if done:
            with translation.override(form.cleaned_data["language"]):
                messages.success(request, _("Your profile is saved."))
            return redirect("profile")
    memberships = user.memberships.select_related("team").order_by("team__name")
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "memberships": memberships},
        status=422 if form.errors else 200,
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The switch on every page: kept with the user, or in a cookie before sign-in."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(target if here and target.startswith("/") else "/")
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            actions.set_language(user=request.user, language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another; a new key stands in the answer to the form and nowhere else."""
    form, key = TokenForm(request.POST or None, user=request.user), ""
    if request.method == "POST" and form.is_valid():
        done, result = act(form, actions.create_token, by=request.user, **form.cleaned_data)
        if done:
            key, form = result[1], TokenForm(user=request.user)
    page = ListPage(
        request,
        ApiToken.objects.for_user(request.user).select_related("team"),
        search=("name",),
        facets=[Facet("scope", _("Scope"), choices=ApiToken._meta.get_field("scope").choices)],
        order="-created",
    )
    return render(
        request,
        "accounts/tokens.html",
        {"list": page, "form": form, "key": key, "now": timezone.now()},
        status=422 if form.errors else 200,
    )


@require_POST
@login_required
def token_revoke(request: HttpRequest, digest: str) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.for_user(request.user), pk=digest)
    actions.revoke_token(token=token, by=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")
