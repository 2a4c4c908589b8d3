"""Why a move stops before its end."""

from __future__ import annotations

from datetime import datetime

from governance.models import Move
from portal.message import Message


class Later(Exception):
    """Not now: the message says what is waited for, and `until` when it is over, where that is known."""

    def __init__(self, message: Message, *, failed: bool = False, until: datetime | None = None) -> None:
        self.message, self.failed, self.until = message, failed, until


class Never(Exception):
    """The move cannot be made; the promotion waits for a person."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Overtaken(Exception):
    """A later decision was carried out first; there is nothing left to do."""

    def __init__(self, by: Move) -> None:
        self.by = by
        self.message = Message("move.overtaken")


class Changed(Exception):
    """What was approved is not what would go: the promotion opens again."""

    def __init__(self, because: Message, artifact: str | None = None) -> None:
        self.because, self.artifact = because, artifact
