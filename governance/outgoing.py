"""What leaves the house of an audit's result, by the site's setting."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from governance.suppression import suppress, suppress_message
from portal.message import Message


def outgoing(result: dict[str, Any]) -> dict[str, Any]:
    """The result without the figures of groups smaller than ``SEKISHO_LEAST_CELL``."""
    return suppress(result, settings.LEAST_CELL)


def outgoing_message(message: dict[str, Any], result: dict[str, Any]) -> Message:
    """An audit's sentence without the figures that its result keeps back."""
    return Message.from_json(suppress_message(message, result, settings.LEAST_CELL))


def printed(result: dict[str, Any]) -> dict[str, Any]:
    """The same for a document, in which a group without figures would only take room: such groups are left out."""
    shown = outgoing(result)
    if "groups" in shown:
        shown["groups"] = [group for group in shown["groups"] if not group.get("suppressed")]
    if "gaps" in shown:
        shown["gaps"] = [gap for gap in shown["gaps"] if not gap.get("suppressed")]
    return shown
