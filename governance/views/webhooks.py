"""The webhook of a connection: where MLflow delivers, what its server needs, and a secret that is shown once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance.models import Registry
from governance.webhooks import make_secret
from portal.accounts.permissions import permission_required
from portal.web.addresses import site_address

EVENTS = ("registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted")
EVENTS += ("model_version_alias.created", "model_version_alias.deleted")


@permission_required("connection.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def connection_webhook(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what to do; a POST makes a new secret and shows it this once."""
    registry = get_object_or_404(Registry.objects.for_user(request.user), slug=slug)
    secret = ""
    if request.method == "POST":
        secret = make_secret(registry=registry, by=request.user)
        registry.refresh_from_db()
    address = site_address(request) + reverse("api-hook", args=[registry.slug])
    context = {
        "registry": registry,
        "secret": secret,
        "has_secret": bool(registry.webhook_secret_encrypted),
        "address": address,
        "is_plain": not address.startswith("https://"),
        "events": EVENTS,
        "last": registry.deliveries.first(),
    }
    answer = render(request, "governance/connection_webhook.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
