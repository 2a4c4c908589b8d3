"""Periodic duties: one of many workers does each, and one that fails keeps none of the others."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from portal.jobs import worker
from portal.jobs.kinds import DUTIES, every
from portal.jobs.models import Tick


def age(name: str, seconds: int) -> None:
    Tick.objects.filter(name=name).update(ran_at=timezone.now() - timedelta(seconds=seconds))


def test_a_duty_is_done_when_it_is_due():
    done = []
    DUTIES.clear()
    every(60, name="test.duty")(lambda: done.append(1))
    worker.tick()
    worker.tick()
    assert done == [1]
    age("test.duty", 61)
    worker.tick()
    assert done == [1, 1]


def test_a_failing_duty_does_not_keep_the_next():
    done = []
    DUTIES.clear()
    every(60, name="test.broken")(lambda: 1 / 0)
    every(60, name="test.whole")(lambda: done.append(1))
    worker.tick()
    assert done == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_one_of_many_workers_does_it(known):
    done, failures = [], []
    DUTIES.clear()
    every(60, name="test.duty")(lambda: done.append(1))
    if known:
        Tick.objects.create(name="test.duty", ran_at=timezone.now() - timedelta(seconds=61))
    start = threading.Barrier(6)

    def work() -> None:
        try:
            start.wait()
            worker.tick()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert done == [1]


def test_the_floor_has_its_duties():
    assert {"jobs.reap", "ledger.number"} <= set(DUTIES)
