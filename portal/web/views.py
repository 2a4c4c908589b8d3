"""Pages that belong to no area: what is served about the product, and errors."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Where to read on."""
    return render(request, "web/docs.html")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Stands on no database; the id finds the reason in the log."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return render(request, "500.html", {"request_id": request_id}, status=500)
