"""Findings, and webhooks that were delivered."""

from __future__ import annotations

import uuid

from governance.models import Finding, WebhookDelivery
from portal.message import Message

OVERSEEN = {"governance.WebhookDelivery"}
PAGES = {"findings", "finding", "connection-webhook"}
SIGNED = {"api-hook"}


def build(ground, cast) -> dict[str, dict]:
    found = Finding.objects.create(
        key=f"alias_moved:{ground.model.pk}:champion", kind="alias_moved", severity="high", model=ground.model,
        title=Message("evidence.collecting", {"team": "Ours alone"}).to_json(), version=ground.version,
        registry=ground.registry, environment="production", event=uuid.uuid4(),
        detail={"expected": 1, "found": 2, "alias": "champion"},
    )  # fmt: skip
    WebhookDelivery.objects.create(registry=ground.registry, delivery_id="one")
    finding, registry = {"pk": found.pk}, {"slug": ground.registry.slug}
    return {
        **dict.fromkeys(("finding", "finding-assign", "finding-resolve", "api-finding"), finding),
        **dict.fromkeys(("api-hook", "connection-webhook"), registry),
    }
