"""From a Registry row to a live connection; only workers call this."""

from __future__ import annotations

from django.conf import settings

from governance.models import Registry
from governance.secrets import unseal


def connect(row: Registry):
    """The client of a registry, with the site's time-outs."""
    from governance.registry import Connection

    return Connection(
        address=row.address,
        username=row.username or None,
        password=unseal(row.password_encrypted) or None,
        timeout=settings.REGISTRY_TIMEOUT,
        allowed_hosts=() if "*" in settings.REGISTRY_HOSTS else tuple(settings.REGISTRY_HOSTS),
    )
