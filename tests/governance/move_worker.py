"""A worker process for tests of moves, a fork of what `tests.warm` keeps ready.

It runs the job that is ordered as a worker does; at a step it kills itself with -9, or stops itself until somebody
wakes it:

========= ====================================================
taken     the move is this worker's, and nothing is set
before    right before the alias is set in MLflow
after     right after
read      the alias has been read back
recording within the transaction that records the move
recorded  right after it
========= ====================================================
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

STEPS = ("taken", "before", "after", "read", "recording", "recorded")


def prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    import portal.jobs.runner  # noqa: F401


def run(order: dict[str, Any]) -> None:
    """Run the job ``job``, with the ledger's keys in ``keys``; at ``step``, ``kill`` or ``stop`` itself."""
    from django.conf import settings

    from governance.moves import alias, ending
    from governance.registry import Connection
    from portal.jobs.runner import run_job

    settings.KEYS_ROOT = Path(order["keys"])
    number = signal.SIGSTOP if order["how"] == "stop" else signal.SIGKILL

    def fall() -> None:
        os.kill(os.getpid(), number)

    def around(holder, name: str, *, first: bool) -> None:
        real = getattr(holder, name)

        def dying(*args, **more):
            if first:
                fall()
            found = real(*args, **more)
            if not first:
                fall()
            return found

        setattr(holder, name, dying)

    where = {
        "taken": (alias, "take", False),
        "before": (Connection, "set_alias", True),
        "after": (Connection, "set_alias", False),
        "read": (alias, "set_and_read_back", False),
        "recording": (ending, "_mirror_alias", False),
        "recorded": (ending, "finish", False),
    }
    if order["step"]:
        holder, name, first = where[order["step"]]
        around(holder, name, first=first)
    run_job(order["job"])
