"""A worker process for tests of moves, ``python -m tests.governance.move_worker JOB [before|after]``.

It runs one job as a worker does; with a second word it kills itself with -9 right before or right after the
alias was set in MLflow.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from governance.registry import Connection
    from portal.jobs.runner import run_job

    real, moment = Connection.set_alias, sys.argv[2] if len(sys.argv) > 2 else ""

    def deadly(self, *args, **more) -> None:
        if moment == "after":
            real(self, *args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    if moment:
        Connection.set_alias = deadly
    run_job(int(sys.argv[1]))


if __name__ == "__main__":
    main()
