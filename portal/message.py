"""Messages as code and parameters, so that a stored record can be read in either language.

Pure: no Django. English is the source text; a translator is passed in by who renders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TEXTS: dict[str, str] = {}


def gettext_noop(text: str) -> str:
    """Mark a text for extraction into the catalogue, and return it unchanged."""
    return text


def register(texts: Mapping[str, str]) -> None:
    """Make texts known by their codes; a code may not mean two things."""
    for code, text in texts.items():
        if _TEXTS.setdefault(code, text) != text:
            raise ValueError(f"message code {code!r} is registered twice with different texts")


def registered() -> dict[str, str]:
    """All known codes and their English texts."""
    return dict(_TEXTS)


@dataclass(frozen=True)
class Message:
    """One sentence as data.

    Parameters
    ----------
    code : str
        A registered code, such as ``"fairness.fail"``.
    params : mapping
        Values of the text's ``%(name)s`` places: str, int, float, None, Message, a text in each language
        (``{"en": …, "ja": …}``), or a list of these.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "params": {k: _plain(v) for k, v in self.params.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Message:
        return cls(data["code"], {k: _rich(v) for k, v in (data.get("params") or {}).items()})

    def __str__(self) -> str:
        return render(self)


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _rich(value: Any) -> Any:
    if isinstance(value, Mapping) and "code" in value:
        return Message.from_json(value)
    if isinstance(value, list):
        return [_rich(v) for v in value]
    return value


def number(value: float) -> str:
    """Format a number for a sentence: three significant digits, no exponent for ordinary sizes."""
    if value != value:
        return "–"
    if value and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.2e}".replace("-", "−")
    if abs(value) >= 100:
        return f"{value:,.0f}".replace("-", "−")
    digits = 3 if abs(value) < 1 else 2
    return f"{value:.{digits}f}".rstrip("0").rstrip(".").replace("-", "−") or "0"


def render(
    message: Message,
    translate: Callable[[str], str] = gettext_noop,
    joiner: str = ", ",
    language: str = "en",
    title: Callable[[str, str], Any] = lambda _name, key: key,
) -> str:
    """Render a message; an unknown code shows itself rather than hiding the record.

    Parameters
    ----------
    message : Message
    translate : callable
        From the English text to the reader's; the identity by default.
    joiner : str
        What stands between the items of a list.
    language : str
        The reader's, for texts that are given in each language.
    title : callable
        What a text parameter of some name stands for, such as the title of an environment for its key.
    """

    def shown(name: str, value: Any) -> str:
        if value is None:
            return "–"
        if isinstance(value, Message):
            return render(value, translate, joiner, language, title)
        if isinstance(value, str):
            value = title(name, value)
        if isinstance(value, Mapping):
            return str(value.get(language) or value.get("en", ""))
        if isinstance(value, list | tuple):
            return joiner.join(shown(name, one) for one in value)
        return _figure(value)

    text = _TEXTS.get(message.code)
    if text is None:
        return message.code
    params = {name: shown(name, value) for name, value in message.params.items()}
    try:
        return translate(text) % params
    except (KeyError, ValueError, TypeError):
        return f"{message.code} {params}"


def _figure(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10000 else str(value)
    return str(value)
