"""What a reading is, and what all readings share.

Pure: no Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.message import Message

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
NOT_EVALUATED, NOT_APPLICABLE = "not_evaluated", "not_applicable"
GRAVITY = {PASS: 0, INCONCLUSIVE: 1, NOT_EVALUATED: 2, FAIL: 3}
MOST_NAMED = 5
ROUNDING = 1e-9  # a sum of shares may pass 1 by so much


@dataclass(frozen=True)
class Reading:
    """The outcome of one gate, and why.

    ``since`` is the moment from which the evidence ages, where that is not the evidence's own.
    """

    outcome: str
    message: Message
    measured: Message | None = None
    fix: Message | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Standpoint:
    """What a reading holds the evidence against, beside what the gate needs.

    Parameters
    ----------
    artifact_digest, profile_digest : str
        Of the version as it is now; empty if not known.
    oldest, newest : datetime or None
        Marks from before the one or after the other do not count.
    live, compared_with : str or None
        The number of the version that is live now, and of the one that the audit compared with; empty if there is
        none, and None for ``live`` where the version itself is live.
    """

    artifact_digest: str = ""
    profile_digest: str = ""
    oldest: datetime | None = None
    newest: datetime | None = None
    live: str | None = None
    compared_with: str = ""


def worst(readings: list[Reading]) -> Reading:
    """The gravest; of equally grave ones the first."""
    return max(readings, key=lambda reading: GRAVITY[reading.outcome])


def audit_named(audit: str) -> dict[str, Message]:
    return {"audit": Message(f"gates.audit.{audit}")}


def unreadable(audit: str) -> Reading:
    named = audit_named(audit)
    return Reading(NOT_EVALUATED, Message("gates.unreadable", named), fix=Message("gates.fix.run", named))


def run_again(audit: str) -> Message:
    return Message("gates.fix.run", audit_named(audit))


def within(low: float, high: float, least: float | None, most: float | None) -> str:
    """A whole interval against its limits: certain only when all of it is on one side."""
    if (least is not None and high < least) or (most is not None and low > most):
        return FAIL
    if (least is None or low >= least) and (most is None or high <= most):
        return PASS
    return INCONCLUSIVE


def figure(value: float, beside: float | None = None) -> str:
    """A figure as it stands in a sentence: two decimals, and more where it would else look like the limit."""
    for digits in (2, 3, 4, 5):
        shown = f"{value:.{digits}f}"
        if beside is None or value == beside or shown != f"{beside:.{digits}f}":
            break
    return shown


def of(met: int, asked: int) -> Message:
    return Message("gates.of", {"met": met, "all": asked})


def items_said(items: list[Any]) -> list[Any]:
    """At most so many that a sentence names, and how many more there are."""
    more = len(items) - MOST_NAMED
    return items if more <= 0 else [*items[:MOST_NAMED], Message("gates.and-more", {"count": more})]
