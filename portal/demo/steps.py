"""The steps of the demo's story: what was expected, what was observed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.jobs.models import Job
from portal.ledger.models import Event


class StoryFailed(Exception):
    """The story cannot go on."""


@dataclass
class Step:
    """One step as it was told.

    `ledger` holds the numbers of the events that the step's subject has; `alias` what a plain MLflow client read.
    """

    step: str
    expected: str
    observed: str
    ok: bool
    run_id: str = ""
    ledger: list[int] = field(default_factory=list)
    alias: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def numbers(kind: str, identifier: Any, action: str = "") -> list[int]:
    """The ledger numbers of a subject's events, numbered now if they were not."""
    from portal.ledger.sequencer import number_events

    number_events()
    events = Event.objects.about(kind, identifier)
    if action:
        events = events.filter(action=action)
    return sorted(events.exclude(seq=None).values_list("seq", flat=True))


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    """Wait until a worker has brought something about."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise StoryFailed(f"waited {seconds:.0f} seconds for {what}")


def wait_for_jobs(seconds: float = 180) -> None:
    """Wait until no job is waiting or running."""
    wait_for(lambda: not Job.objects.active().exists(), "the jobs to end", seconds)
