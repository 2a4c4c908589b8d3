"""Environments: what comes after what, and where each lies in each registry."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions.places import remove_place, set_place
from governance.models import Place, Registry
from governance.place_forms import PlaceForm
from governance.policy import describe_more
from governance.verdict import environments
from portal.accounts.permissions import permission_required
from portal.web.acting import act


@login_required
@require_safe
def environment_list(request: HttpRequest) -> HttpResponse:
    """All environments that policies name, in their order."""
    registries = list(Registry.objects.for_user(request.user).order_by("name"))
    known = Place.objects.for_user(request.user).select_related("target")
    places = {(place.environment, place.registry_id): place for place in known}
    rows = [
        (
            key,
            environment,
            describe_more(environment),
            [(registry, places.get((key, registry.pk))) for registry in registries],
        )
        for key, environment in environments().items()
    ]
    context = {"rows": rows, "may": request.user.has_perm("place.manage")}
    return render(request, "governance/environments.html", context)


@permission_required("place.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def environment_place(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Say where an environment lies in a registry."""
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    known = environments()
    if key not in known:
        raise Http404
    place = Place.objects.filter(registry=registry, environment=key).select_related("target").first()
    now = {"kind": "alias"}
    if place:
        now = {"kind": place.kind, "alias": place.alias, "name_pattern": place.name_pattern}
        now |= {"target": place.target.slug} if place.target else {}
    others = Registry.objects.for_user(request.user).exclude(pk=registry.pk).order_by("name")
    form = PlaceForm(request.POST or None, initial=now, others=others)
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, set_place, registry=registry, environment=key, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Set. It holds for what is approved from now on."))
            return redirect("environments")
    context = {"form": form, "registry": registry, "key": key, "environment": known[key], "place": place}
    return render(request, "governance/environment_place.html", context, status=422 if form.errors else 200)


@permission_required("place.manage")
@require_POST
def environment_place_remove(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Let the policy's alias stand for it again."""
    place = get_object_or_404(Place.objects.for_user(request.user), registry__slug=slug, environment=key)
    remove_place(place=place, by=request.user)
    messages.success(request, _("Removed. The alias of the policy stands for it again."))
    return redirect("environments")
