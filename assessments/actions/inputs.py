"""What people typed: as it is kept, and refused with the field that it stands in."""

from __future__ import annotations

from portal.message import Message
from portal.web.errors import Invalid


def invalid(field: str, code: str, **params) -> Invalid:
    """One field that cannot be used; the error is for the caller to raise."""
    problem = Message(code, params)
    return Invalid(problem, fields={field: problem})


def cleaned(text: str) -> str:
    """A text as it is kept."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


def cleaned_within(limit: int, text: str, field: str, too_long: str) -> str:
    """A text as it is kept, of at most so many characters; ``too_long`` is the code of its refusal.

    Raises
    ------
    Invalid
    """
    text = cleaned(text)
    if len(text) > limit:
        raise invalid(field, too_long, limit=limit)
    return text
