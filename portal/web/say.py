"""Messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from portal.message import Message, render
from portal.web.names import title_of


def say(message: Message | Mapping[str, Any] | str | None) -> str:
    """Render a message, or its stored JSON, in the current language."""
    if not message:
        return ""
    if isinstance(message, Mapping):
        message = Message.from_json(message)
    if not isinstance(message, Message):
        return str(message)
    language = (get_language() or "en").partition("-")[0]
    return render(message, gettext, "、" if language == "ja" else ", ", language, title_of)


def localised(text: Any) -> str:
    """A bilingual text (`{"en", "ja"}` or an object with both) in the reader's language."""
    language = "ja" if (get_language() or "").startswith("ja") else "en"
    if isinstance(text, Mapping):
        return text.get(language) or text.get("en", "")
    return getattr(text, language, "") or str(text)
