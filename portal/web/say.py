"""Messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from portal.message import Message, render


def say(message: Message | Mapping[str, Any] | str | None) -> str:
    """Render a message, or its stored JSON, in the current language."""
    if not message:
        return ""
    if isinstance(message, Mapping):
        message = Message.from_json(message)
    if not isinstance(message, Message):
        return str(message)
    language = (get_language() or "en").partition("-")[0]
    return render(message, gettext, "、" if language == "ja" else ", ", language)
