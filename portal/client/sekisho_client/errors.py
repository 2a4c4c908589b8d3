"""What can go wrong between a pipeline and Sekisho: each with a sentence to show, and what to do."""

from __future__ import annotations

from collections.abc import Mapping


class SekishoError(Exception):
    """Anything that kept an answer from coming; `str()` of it is a sentence."""


class Unusable(SekishoError):
    """What was given cannot be sent: nothing was."""


class NotAnswered(SekishoError):
    """The server cannot be reached, or answers as no Sekisho does. Trying again later may help."""


class Refused(SekishoError):
    """Sekisho says no, and why.

    Attributes
    ----------
    status : int
        Of HTTP.
    code : str
        Stable, in any language.
    fields : mapping
        What is wrong with which field.
    """

    def __init__(self, sentence: str, *, status: int, code: str = "", fields: Mapping[str, object] | None = None):
        super().__init__(sentence)
        self.status, self.code, self.fields = status, code, dict(fields or {})


class Denied(Refused):
    """The token is not known, has expired, or may not do this."""
