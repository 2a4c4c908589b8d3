"""When a move may be made, as a page says it: the one place where the way through reads windows and freezes."""

from __future__ import annotations

from datetime import datetime

from governance.policy import Rules
from governance.policy.times import freeze_at, is_open, opens
from governance.way import Release


def release(rules: Rules, at: datetime) -> Release:
    """Whether moves may be made at a moment, and when they may next."""
    if not rules.windows and not rules.freezes:
        return Release()
    frozen, is_now = freeze_at(rules, at), is_open(rules, at)
    return Release(
        limited=True,
        open=is_now,
        opens=None if is_now else opens(rules, at),
        frozen={"en": frozen.why.en, "ja": frozen.why.ja} if frozen else None,
    )
