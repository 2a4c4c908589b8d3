"""Pages that belong to no area: what is served about the product, and errors."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.web import texts as _texts  # noqa: F401  (registers the sentences)
from portal.web.errors import Missing, problem


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Where to read on."""
    return render(request, "web/docs.html")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for people; programs are told where the API is described."""
    if request.path.startswith("/api/"):
        body = problem(Missing("api.no_address", path=request.path[:200], docs=reverse("api-docs")))
        return JsonResponse(body, status=404, content_type="application/problem+json")
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Stands on no database; the id finds the reason in the log."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return render(request, "500.html", {"request_id": request_id}, status=500)
