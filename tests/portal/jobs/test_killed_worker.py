"""A worker process is killed with -9 in the middle of a job; another one finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from portal.jobs.actions import enqueue
from portal.jobs.models import Job, State

ROOT = Path(__file__).resolve().parents[3]


def address_of_database() -> str:
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    login = f"{given['USER']}:{given['PASSWORD']}@" if given["USER"] else ""
    return f"postgres://{login}{given['HOST'] or 'localhost'}:{given['PORT'] or 5432}/{given['NAME']}"


@pytest.fixture
def start_worker(tmp_path):
    """`start_worker()` gives the process of a real worker; all are ended after the test."""
    started: list[subprocess.Popen] = []
    said = (tmp_path / "said").open("ab")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.portal.jobs.settings_for_tests",
        "DATABASE_URL": address_of_database(),
        "SEKISHO_HOME": str(tmp_path / "home"),
        "SEKISHO_SECRET_KEY": settings.SECRET_KEY,
    }

    def start() -> subprocess.Popen:
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=env, stderr=said)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.terminate()
        worker.wait(20)
    said.close()


def wait_for(condition, worker: subprocess.Popen, tmp_path: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        said = (tmp_path / "said").read_text()[-2000:]
        assert worker.poll() is None, f"the worker ended: {said}"
        assert time.monotonic() < end, f"it did not happen in time: {said}"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing(tmp_path, start_worker):
    diary, enough = tmp_path / "diary", tmp_path / "enough"
    with transaction.atomic():
        job = enqueue(kind="test.slow", params={"diary": str(diary), "enough": str(enough)})

    def row() -> Job:
        return Job.objects.get(pk=job.pk)

    first = start_worker()
    wait_for(lambda: row().step >= 3, first, tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert row().state == State.RUNNING  # nobody could say goodbye
    second = start_worker()
    wait_for(lambda: row().attempts == 2, second, tmp_path)
    enough.touch()
    wait_for(lambda: row().state == State.DONE, second, tmp_path)
    assert (row().attempts, row().fence, row().result) == (2, 2, {"url": "/done/"})
    assert diary.read_text().split() == ["1", "2"]
