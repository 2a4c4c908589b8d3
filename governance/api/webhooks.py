"""Where MLflow delivers its webhooks. No session and no token: the signature is the permission."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from governance import webhooks
from governance.models import Registry


@csrf_exempt
@require_POST
def hook(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a delivery: 204 whether it is new or not, 401 for whatever is not signed by the registry's secret."""
    body = request.read(webhooks.LONGEST + 1)
    if len(body) > webhooks.LONGEST:
        return HttpResponse(status=413)
    registry = Registry.objects.filter(slug=slug, enabled=True).first()
    # A registry that is not there costs as much as one that is, and is answered alike.
    secret = webhooks.secret_of(registry) if registry else ""
    delivery = request.headers.get("X-MLflow-Delivery-Id", "")
    genuine = webhooks.is_genuine(
        secret,
        given=request.headers.get("X-MLflow-Signature", ""),
        delivery=delivery,
        timestamp=request.headers.get("X-MLflow-Timestamp", ""),
        body=body,
        now=time.time(),
    )
    if not genuine:
        return HttpResponse(status=401)
    webhooks.take(registry=registry, delivery=delivery)
    return HttpResponse(status=204)


urls = [path("hooks/<slug:slug>/", hook, name="api-hook")]
