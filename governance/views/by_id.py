"""From the number that a record holds to the page of what it is about."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from governance.models import ModelVersion, Policy, Registry
from portal.accounts.permissions import require


@login_required
@require_safe
def connection(request: HttpRequest, pk: int) -> HttpResponse:
    require(request.user, "connection.view")
    return redirect("connection", slug=get_object_or_404(Registry.objects.for_user(request.user), pk=pk).slug)


@login_required
@require_safe
def version(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ModelVersion.objects.for_user(request.user), pk=pk)
    return redirect("version", pk=found.model_id, number=found.number)


@login_required
@require_safe
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Policy.objects.for_user(request.user), pk=pk)
    return redirect("policy", key=found.key, version=found.version)
