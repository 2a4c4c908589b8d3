"""Connections: which MLflow servers are mirrored, and whether they answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.actions import registries
from governance.forms import ConnectionChangeForm, ConnectionForm
from governance.mirror import ask_for_mirror
from governance.models import DataConnection, Registry
from portal.accounts.permissions import permission_required
from portal.jobs.models import Job
from portal.web.errors import Invalid
from portal.web.lists import ListPage
from portal.web.say import say


def strip(registry: Registry) -> list[str]:
    """The last tries as states of the sync strip, oldest first."""
    tries = [_state(one) for one in registry.recent[-24:]]
    return ["none"] * (24 - len(tries)) + tries


def _state(one: dict) -> str:
    if not one["ok"]:
        return "failed"
    return "slow" if one["ms"] > 5000 else "ok"


@permission_required("connection.view")
@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    registries_seen = Registry.objects.for_user(request.user)
    page = ListPage(request, registries_seen, search=("name", "address"), order="name")
    trouble = list(registries_seen.in_trouble())
    rows = [(row, strip(row)) for row in page.rows]
    context = {"list": page, "rows": rows, "trouble": trouble, "count": registries_seen.count()}
    context["databases"] = DataConnection.objects.for_user(request.user).select_related("team")
    return render(request, "governance/connections.html", context)


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def connection_new(request: HttpRequest) -> HttpResponse:
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            registry = registries.connect_registry(by=request.user, **form.cleaned_data)
        except Invalid as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Connected. The mirror is being made."))
            return redirect("connection", registry.slug)
    return render(request, "governance/connection_form.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("connection.view")
@require_GET
def connection(request: HttpRequest, slug: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    jobs = Job.objects.about("registry", registry.pk)
    context = {
        "registry": registry,
        "strip": strip(registry),
        "job": jobs.active().first() or jobs.first(),
        "unused": not registry.models.exists(),
        "models": registry.models.present().count(),
        "claimed": registry.models.present().exclude(team=None).count(),
    }
    return render(request, "governance/connection.html", context)


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def connection_change(request: HttpRequest, slug: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    now = {"address": registry.address, "username": registry.username, "enabled": registry.enabled}
    form = ConnectionChangeForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            registries.change_registry(
                registry=registry,
                address=data["address"],
                username=data["username"],
                password=data["password"] or None,
                enabled=data["enabled"],
                by=request.user,
            )
        except Invalid as error:
            add_errors(form, error)
        else:
            registries.test_connection(registry=registry, by=request.user)
            messages.success(request, _("Changed. The connection is being tested."))
            return redirect("connection", registry.slug)
    context = {"form": form, "registry": registry}
    return render(request, "governance/connection_form.html", context, status=422 if form.errors else 200)


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def connection_remove(request: HttpRequest, slug: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    if request.method == "POST":
        registries.remove_registry(registry=registry, by=request.user)
        messages.success(request, _("Removed: %(name)s") % {"name": registry.name})
        return redirect("connections")
    return render(request, "governance/connection_remove.html", {"registry": registry})


@permission_required("connection.manage")
@require_POST
def connection_test(request: HttpRequest, slug: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    registries.test_connection(registry=registry, by=request.user)
    return redirect("connection", registry.slug)


@permission_required("connection.manage")
@require_POST
def connection_mirror(request: HttpRequest, slug: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    ask_for_mirror(registry=registry, by=request.user)
    return redirect("connection", registry.slug)


def add_errors(form, error: Invalid) -> None:
    """Put a domain error's sentences at the fields they belong to."""
    if not error.fields:
        form.add_error(None, say(error.message))
    for name, message in error.fields.items():
        form.add_error(name if name in form.fields else None, say(message))
