"""A worker process for tests of moves, ``python -m tests.governance.move_worker JOB [STEP [kill|stop]]``.

It runs one job as a worker does; at a step it kills itself with -9, or stops itself until somebody wakes it:

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
import sys

STEPS = ("taken", "before", "after", "read", "recording", "recorded")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from governance.moves import alias, ending
    from governance.registry import Connection
    from portal.jobs.runner import run_job

    step = sys.argv[2] if len(sys.argv) > 2 else ""
    number = signal.SIGSTOP if sys.argv[3:] == ["stop"] else signal.SIGKILL

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
    if step:
        holder, name, first = where[step]
        around(holder, name, first=first)
    run_job(int(sys.argv[1]))


if __name__ == "__main__":
    main()
