"""What is known of the machines on which workers run."""

from __future__ import annotations

import socket
from typing import Any

from django.db import connection
from django.utils import timezone

from portal.jobs.models import Host


def own_name() -> str:
    return socket.gethostname()[:100]


def remember(topic: str, found: dict[str, Any]) -> tuple[Host, dict[str, Any] | None]:
    """Keep what was found out about this host; the host, and what was known before.

    Called within the transaction that records the change.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a host was remembered outside a transaction")
    Host.objects.get_or_create(name=own_name())
    host = Host.objects.select_for_update().get(name=own_name())
    before = host.facts.get(topic)
    host.facts, host.seen_at = host.facts | {topic: found}, timezone.now()
    host.save(update_fields=["facts", "seen_at"])
    return host, before
