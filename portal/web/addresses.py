"""Under which address others reach Sekisho."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site_address(request: HttpRequest) -> str:
    """The address that was set for links, else that of the host that was asked for, without a slash at its end."""
    return settings.KNOWN_URL or request.build_absolute_uri("/").rstrip("/")
