"""MLflow's webhooks: a hint that something changed, never the truth of what.

A delivery that is signed as it should be, is fresh and was not taken before asks for a poll; nothing of what it says is
read or kept. A delivery that is lost costs nothing but the time until the next poll.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.mirror import ask_for_poll
from governance.models import Registry, WebhookDelivery
from governance.secrets import seal, unseal
from portal.accounts.permissions import require
from portal.jobs.kinds import every
from portal.ledger.actions import record
from portal.web.errors import Unavailable

LONGEST = 64 * 1024  # bytes of a body
FRESH = 300  # seconds by which MLflow's clock may differ from ours
VERSION = "v1"
LONGEST_ID = 200


def signature(secret: str, delivery: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery, as MLflow computes it: ``v1,`` and a Base64 HMAC-SHA256."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def is_genuine(secret: str, *, given: str, delivery: str, timestamp: str, body: bytes, now: float) -> bool:
    """Whether a delivery is the registry's, and of these minutes."""
    if not secret or not delivery or len(delivery) > LONGEST_ID or not timestamp.isascii() or not timestamp.isdigit():
        return False
    if len(timestamp) > 12 or abs(now - int(timestamp)) > FRESH:
        return False
    return hmac.compare_digest(signature(secret, delivery, timestamp, body).encode(), given.encode())


def take(*, registry: Registry, delivery: str) -> bool:
    """Take a genuine delivery once, and ask for a poll; whether it was new."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                WebhookDelivery.objects.create(registry=registry, delivery_id=delivery)
        except IntegrityError:
            return False
        ask_for_poll(registry=registry)
    return True


def secret_of(registry: Registry) -> str:
    """The secret of a registry's webhook; empty where there is none, or the site's key cannot read it."""
    try:
        return unseal(registry.webhook_secret_encrypted)
    except Unavailable:
        return ""


@transaction.atomic
def make_secret(*, registry: Registry, by) -> str:
    """Make a new secret for a registry's webhook, which is shown once. Deliveries under the old one are refused."""
    require(by, "connection.manage")
    secret = secrets.token_urlsafe(32)
    Registry.objects.filter(pk=registry.pk).update(webhook_secret_encrypted=seal(secret))
    record(action="registry.webhook_secret", by=by, subject=("registry", registry.pk, registry.name))
    return secret


@every(3600, name="webhooks.forget")
def forget_deliveries() -> int:
    """Duty: ids of deliveries that would be refused as too old by now need not be kept; how many there were."""
    old = timezone.now() - 3 * timedelta(seconds=FRESH)
    return WebhookDelivery.objects.filter(at__lt=old).delete()[0]
