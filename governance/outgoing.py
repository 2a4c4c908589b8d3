"""What leaves the house of an audit's result, by the site's setting."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from governance.suppression import suppress


def outgoing(result: dict[str, Any]) -> dict[str, Any]:
    """The result without the figures of groups smaller than ``SEKISHO_LEAST_CELL``."""
    return suppress(result, settings.LEAST_CELL)
