"""The worker process: huey's consumer, and a thread that reaps, numbers the ledger and does periodic duties."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from portal.jobs.kinds import DUTIES, STARTS, Duty, every
from portal.jobs.models import Tick
from portal.jobs.queue import queue
from portal.jobs.runner import reap
from portal.ledger.sequencer import number_events
from portal.web.names import read_once

log = structlog.get_logger("sekisho.worker")
TICK_SECONDS = 2

every(4, name="jobs.reap")(reap)
every(2, name="ledger.number")(number_events)


def due(duty: Duty) -> bool:
    """Whether this worker is the one that does the duty now."""
    with transaction.atomic():
        _, fresh = Tick.objects.get_or_create(name=duty.name, defaults={"ran_at": timezone.now()})
        if fresh:
            return True
        old = Tick.objects.filter(name=duty.name, ran_at__lt=Now() - timedelta(seconds=duty.every))
        return bool(old.update(ran_at=Now()))


def tick() -> None:
    """Do the duties that are due; one that fails does not keep the others."""
    for duty in list(DUTIES.values()):
        try:
            if due(duty):
                with read_once():
                    duty.run()
        except Exception:
            log.exception("duty failed", duty=duty.name)


def begin() -> None:
    """Do what a worker does once; one thing that fails does not keep the others."""
    for name, start in list(STARTS.items()):
        try:
            start()
        except Exception:
            log.exception("start failed", start=name)


def run_worker() -> None:
    """Work until SIGTERM or SIGINT."""
    over = threading.Event()

    def clock() -> None:
        begin()
        while not over.wait(TICK_SECONDS):
            tick()
        connection.close()

    reap()  # what a killed worker left behind is called for at once
    threading.Thread(target=clock, daemon=True, name="clock").start()
    consumer = queue().create_consumer(
        workers=settings.WORKER_THREADS,
        worker_type="thread",
        periodic=False,
        initial_delay=0.05,
        max_delay=0.5,
        check_worker_health=True,
    )
    try:
        consumer.run()
    finally:
        over.set()
