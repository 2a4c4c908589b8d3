"""When a move may be made, and why not now.

Pure: no Django. `governance.policy.times` reckons; this says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from governance import texts_environments as _texts  # noqa: F401  (registers the sentences)
from governance.policy.rules import Rules
from governance.policy.times import freeze_at, is_open, opens
from governance.policy.words import both, describe_window
from governance.way import Release
from portal.message import Message


@dataclass(frozen=True)
class Opening:
    """The next moment at which a move may be made; `at` is None if there is none in more than a year.

    Parameters
    ----------
    at : datetime or None
    because : Message or None
        Why not at the moment that was asked for; None if it may.
    zone : str
        Of the window or freeze that is in the way: people there read the moment by their clock.
    """

    at: datetime | None
    because: Message | None = None
    zone: str = "UTC"

    @property
    def moment(self) -> str:
        """The moment by the clock of the zone, with its name."""
        return f"{self.at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M} {self.zone}" if self.at else "–"


def opening(rules: Rules, now: datetime) -> Opening:
    """The next moment, from `now` on, at which the rules let a move be made."""
    at = opens(rules, now)
    if at is None:
        return Opening(None, Message("move.window.never"))
    if at <= now:
        return Opening(now)
    if freeze := freeze_at(rules, now):
        return Opening(at, Message("move.window.freeze", {"why": both(freeze.why)}), freeze.timezone)
    windows = [window for group in rules.windows for window in group]
    zone = windows[0].timezone if len({window.timezone for window in windows}) == 1 else "UTC"
    return Opening(at, Message("move.window.shut", {"windows": [describe_window(window) for window in windows]}), zone)


def release(rules: Rules, at: datetime) -> Release:
    """Whether moves may be made at a moment, and when they may next, as the way through says it."""
    if not rules.windows and not rules.freezes:
        return Release()
    frozen, is_now = freeze_at(rules, at), is_open(rules, at)
    return Release(
        limited=True,
        open=is_now,
        opens=None if is_now else opens(rules, at),
        frozen={"en": frozen.why.en, "ja": frozen.why.ja} if frozen else None,
    )
