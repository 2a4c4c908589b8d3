"""The kinds of notice, and the sources of what waits; apps register theirs when Django starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from portal.ledger.words import register_fields
from portal.message import Message

if TYPE_CHECKING:
    from portal.accounts.models import Team, User

CHANNELS = ("now", "digest", "off")
Subject = tuple[str, Any, str]
NOTHING: Subject = ("", "", "")


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice. Title and text are marked texts, read in the language of whoever looks."""

    name: str
    title_text: str
    explanation: str
    channel: str
    role: str = ""

    @property
    def title(self) -> str:
        return gettext(self.title_text)

    @property
    def text(self) -> str:
        return gettext(self.explanation)

    def concerns(self, user: User) -> bool:
        return not self.role or getattr(user, self.role)


@dataclass(frozen=True)
class Waiting:
    """Something that waits for a person, as a source reports it for as long as it waits.

    Without a `kind` it is a matter of its due date: the person is reminded when that is near, and when it is past.
    With one it is told at once.
    """

    user: User
    key: str
    message: Message
    url: str
    due: dt.date | None = None
    kind: str = ""
    team: Team | None = None
    subject: Subject = NOTHING


KINDS: dict[str, NoticeKind] = {}
SOURCES: dict[str, Callable[[], Iterable[Waiting]]] = {}


def notice_kind(name: str, *, title: str, text: str, channel: str = "digest", role: str = "") -> NoticeKind:
    """Register a kind of notice.

    Parameters
    ----------
    title, text : str
        What it is called, and when it is told; marked by `gettext_noop`.
    channel : str
        How it is mailed to whoever has not chosen: ``now``, ``digest`` or ``off``.
    role : str
        The role without which nobody is told: ``is_reviewer``, ``is_administrator``, or none.
    """
    if channel not in CHANNELS:
        raise ValueError(f"{channel!r} is none of {CHANNELS}")
    KINDS[name] = NoticeKind(name, title, text, channel, role)
    register_fields({f"mail_{channel}.{name}": title for channel in CHANNELS})
    return KINDS[name]


def reminder_source(name: str):
    """Register a function that reports all that waits, as `Waiting` rows, in a bounded number of queries.

    Its keys begin with its name and a colon. What it reports no longer is taken out of the inboxes, also where an
    action told it under the same key.
    """

    def register(function: Callable[[], Iterable[Waiting]]):
        SOURCES[name] = function
        return function

    return register
