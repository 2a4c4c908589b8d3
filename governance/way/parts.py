"""What the way through is made of.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.message import Message

TRAINING = "training"


@dataclass(frozen=True)
class Step:
    """One thing that has to be so.

    Parameters
    ----------
    gate, audit : str
        The gate that asks for it, and the kind of evidence that it reads.
    title : mapping
        Of the gate, by language.
    message : Message
    computed : bool
        Whether it was worked out from the figures of the evidence; else it says who supplies what.
    new_version : bool
        Whether another version has to be trained or registered for it.
    """

    gate: str
    audit: str
    title: Mapping[str, str]
    message: Message
    computed: bool = False
    new_version: bool = False

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "title": dict(self.title), "message": self.message.to_json()}


@dataclass(frozen=True)
class Duration:
    """How long something took in the middle of the last few times; None where that is not known."""

    what: str
    median: timedelta | None
    of: int = 0

    def to_json(self) -> dict[str, Any]:
        seconds = None if self.median is None else round(self.median.total_seconds())
        return {"what": self.what, "seconds": seconds, "of": self.of}


@dataclass(frozen=True)
class People:
    """Who can do one thing today: approve in a stage, or waive a gate. `more` are not named."""

    what: str
    group: str
    names: tuple[str, ...]
    more: int = 0
    gate: str = ""
    title: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "names": list(self.names), "title": dict(self.title) if self.title else None}


@dataclass(frozen=True)
class Release:
    """When a move may be made, by the policy's windows and freezes."""

    limited: bool = False
    open: bool = True
    opens: datetime | None = None
    frozen: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "limited": self.limited,
            "open": self.open,
            "opens": self.opens.isoformat() if self.opens else None,
            "frozen": dict(self.frozen) if self.frozen else None,
        }


@dataclass(frozen=True)
class Kept:
    """What a new version would find as it is, and what it would need anew."""

    stays: tuple[Message, ...] = ()
    lapses: tuple[Message, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {name: [message.to_json() for message in getattr(self, name)] for name in ("stays", "lapses")}


@dataclass(frozen=True)
class Way:
    """The way through, beside the verdict.

    Parameters
    ----------
    steps : tuple of Step
        In the order of gravity; none where the verdict passes.
    durations : tuple of Duration
        Of what has to be run again for the steps.
    earliest : datetime or None
        The first moment at which a move could be made if all began now; None where a duration is not known, or a
        step waits for somebody.
    approve, waive : tuple of People
    release : Release
    kept : Kept
    """

    steps: tuple[Step, ...]
    durations: tuple[Duration, ...]
    earliest: datetime | None
    approve: tuple[People, ...]
    waive: tuple[People, ...]
    release: Release
    kept: Kept

    @property
    def audits(self) -> tuple[Duration, ...]:
        return tuple(one for one in self.durations if one.what != TRAINING)

    @property
    def training(self) -> Duration | None:
        return next((one for one in self.durations if one.what == TRAINING), None)

    @property
    def audits_take(self) -> timedelta | None:
        """All audits, one after the other; None where the time of one is not known."""
        known = [one.median for one in self.audits]
        return sum(known, timedelta()) if known and None not in known else None

    @property
    def knows_an_audit(self) -> bool:
        return any(one.median is not None for one in self.audits)

    @property
    def computed(self) -> bool:
        return any(step.computed for step in self.steps)

    @property
    def enough_to_waive(self) -> bool:
        """Whether waivers alone could let it pass: every gate in the way can be waived."""
        gates = {step.gate for step in self.steps}
        return bool(gates) and gates <= {one.gate for one in self.waive}

    def to_json(self) -> dict[str, Any]:
        lists = ("steps", "durations", "approve", "waive")
        return {
            **{name: [item.to_json() for item in getattr(self, name)] for name in lists},
            "earliest": self.earliest.isoformat() if self.earliest else None,
            "release": self.release.to_json(),
            "kept": self.kept.to_json(),
        }
