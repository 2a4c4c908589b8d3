"""Eight writers append to the ledger on PostgreSQL: numbers after the commit, against a head row locked FOR UPDATE.

The baseline takes the log's next number within the transaction of the append, so it holds the head's lock to the
end of its commit and the writers go one at a time. Ours records without a number, beside a worker that numbers, and
counts as done once all are numbered without a gap. `fsync` is on, as in production; both run the same `record`.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import Figure, size

WRITERS = 8
ROUNDS = 3
GOAL = 5.0
TICK_SECONDS = 0.25  # a worker's is 2
START_SECONDS, RUN_SECONDS = 300, 900


def run() -> list[Figure]:
    each = size(60, 1000)
    with server() as address, tempfile.TemporaryDirectory() as home:
        environment = {"DATABASE_URL": address, "SEKISHO_HOME": home, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        taken: dict[str, list[float]] = {"ours": [], "locked": []}
        gapless = True
        for _ in range(ROUNDS):  # by turns, and the least of each: a machine is not equally fast all the time
            for way, times in taken.items():
                took, numbers = _in_processes(way, each, environment)
                times.append(took)
                gapless &= numbers == list(range(1, WRITERS * each + 1))
    ratio = min(taken["locked"]) / min(taken["ours"])
    return [Figure("ledger", "a head row locked FOR UPDATE", WRITERS * each, "wall", ratio, GOAL, gapless)]


def _in_processes(way: str, each: int, environment: dict[str, str]) -> tuple[float, list[int]]:
    """Seconds from the first write to the last number, and the numbers that stand in the end."""
    context = multiprocessing.get_context("spawn")
    barrier, ends = context.Barrier(WRITERS + 2), context.Queue()
    _in_one(_prepare, environment)
    processes = [
        context.Process(target=_write, args=(way, number, each, environment, barrier)) for number in range(WRITERS)
    ]
    processes.append(context.Process(target=_number, args=(WRITERS * each, environment, barrier, ends)))
    for process in processes:
        process.start()
    barrier.wait(START_SECONDS)
    start = time.perf_counter()
    ended, numbers = ends.get(timeout=RUN_SECONDS)
    for process in processes:
        process.join()
    return ended - start, numbers


# -- what the processes do ---------------------------------------------------------------------------------


def _in_one(work, *arguments) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{work.__name__} failed")


def _django(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django

    django.setup()


def _prepare(environment: dict[str, str]) -> None:
    """An empty ledger."""
    _django(environment)
    from django.core.management import call_command

    from portal.ledger.models import Event, Head

    call_command("migrate", verbosity=0)
    Event.objects.all().delete()
    Head.objects.all().delete()


def _write(way: str, number: int, each: int, environment: dict[str, str], barrier) -> None:
    _django(environment)
    from django.db import transaction

    from portal.ledger.actions import record
    from portal.ledger.models import Event, Head

    def append(turn: int) -> None:
        with transaction.atomic():
            head = Head.objects.select_for_update().get(id=1) if way == "locked" else None
            event = record(
                action="team.create",
                by=None,
                subject=("team", f"{number}-{turn}", f"Team {number}-{turn}"),
                after={"name": f"Team {turn}", "unit": f"Unit {number}"},
            )
            if head:
                Event.objects.filter(pk=event.pk).update(seq=head.size + 1)
                Head.objects.filter(id=1).update(size=head.size + 1)

    Head.objects.get_or_create(id=1)
    barrier.wait()
    for turn in range(each):
        append(turn)


def _number(total: int, environment: dict[str, str], barrier, ends) -> None:
    """What a worker's tick does, and once more when all is written; where the writers number, it finds nothing."""
    _django(environment)
    from portal.ledger.models import Event, Head
    from portal.ledger.sequencer import number_events

    number_events()
    barrier.wait()
    while number_events() or Head.objects.get(id=1).size < total:
        time.sleep(TICK_SECONDS)
    ended = time.perf_counter()
    ends.put((ended, list(Event.objects.order_by("seq").values_list("seq", flat=True))))


# -- the server --------------------------------------------------------------------------------------------


@contextmanager
def server() -> Iterator[str]:
    """The address of a server of PostgreSQL of its own, on a socket in a folder of its own.

    It takes no address from outside: the benchmark empties tables, and shall never reach a database that is in use.
    """
    programs = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if not any(programs):
        raise RuntimeError("Install PostgreSQL: this benchmark starts a server of its own.")
    found = next(filter(None, programs))
    programs_at = Path(found).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        as_user = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = f"{folder}/data"
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, "env": {**os.environ, "HOME": folder}, "check": True}
        subprocess.run([*as_user, programs_at / "initdb", "-D", data, "-A", "trust", "-U", "sekisho"], **quiet)
        options = f"-k {folder} -c listen_addresses=''"
        control = [*as_user, programs_at / "pg_ctl", "-D", data, "-w"]
        subprocess.run([*control, "-l", f"{folder}/log", "-o", options, "start"], **quiet)
        try:
            yield f"postgres://sekisho@{folder.replace('/', '%2F')}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
