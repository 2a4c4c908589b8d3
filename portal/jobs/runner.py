"""Runs one job: claim by fence, heartbeat while it runs, and an end that only the newest holder may write."""

from __future__ import annotations

import os
import socket
import threading
from datetime import timedelta

import structlog
from django.db import close_old_connections, connection
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from portal.jobs.kinds import KINDS, Kind
from portal.jobs.models import Job, State
from portal.jobs.queue import dispatch, queue
from portal.message import Message
from portal.web.errors import DomainError
from portal.web.names import read_once

log = structlog.get_logger("sekisho.jobs")


class Cancelled(Exception):
    """The user asked the job to stop."""


class Superseded(Exception):
    """Another worker has taken the job over: this one must not write any more."""


class Progress:
    """Given to a job's function: call it at each step."""

    def __init__(self, job: Job, kind: Kind) -> None:
        self._job, self._kind, self.fence = job, kind, job.fence
        self.cancelled = threading.Event()
        self.superseded = threading.Event()

    def __call__(self, step: int, of: int, message: Message | None = None) -> None:
        """Report a step; raises `Cancelled` or `Superseded` when the job must stop."""
        self._touch(step=step, of=of, message=message.to_json() if message else None)
        self.check()

    def check(self) -> None:
        """Raise when the job must stop; cheap enough for inner loops."""
        if self.superseded.is_set():
            raise Superseded
        if self.cancelled.is_set():
            raise Cancelled

    def beat(self) -> None:
        """Renew the lease."""
        self._touch()

    def _touch(self, **fields) -> None:
        mine = Job.objects.filter(pk=self._job.pk, fence=self.fence, state=State.RUNNING)
        if not mine.update(lease_until=Now() + timedelta(seconds=self._kind.lease), **fields):
            self.superseded.set()
        elif mine.filter(cancel_requested=True).exists():
            self.cancelled.set()


def claim(job_id: int) -> Job | None:
    """Take a waiting job, or None if it is not there to be taken."""
    kind = KINDS.get(Job.objects.filter(pk=job_id).values_list("kind", flat=True).first() or "")
    lease = kind.lease if kind else 30
    taken = (
        Job.objects.filter(pk=job_id, state=State.QUEUED)
        .filter(Q(not_before=None) | Q(not_before__lte=Now()))
        .update(
            state=State.RUNNING,
            attempts=F("attempts") + 1,
            fence=F("fence") + 1,
            lease_until=Now() + timedelta(seconds=lease),
            started_at=Now(),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            error=None,
        )
    )
    return Job.objects.select_related("team", "created_by").get(pk=job_id) if taken else None


def run_job(job_id: int) -> None:
    """Run a job to its end. Never raises: how it ended stands in its row."""
    job = claim(job_id)
    if job is None:
        return
    structlog.contextvars.bind_contextvars(job=job.pk, kind=job.kind)
    kind = KINDS.get(job.kind)
    if kind is None:
        _end(job, State.FAILED, error=Message("jobs.unknown_kind", {"kind": job.kind}))
        return
    progress = Progress(job, kind)
    over = threading.Event()
    heart = threading.Thread(target=_heart, args=(progress, kind, over), daemon=True, name=f"heart-{job.pk}")
    if not connection.in_atomic_block:  # a test's transaction is not shared with threads
        heart.start()
    try:
        with read_once():
            result = kind.run(job, progress)
        progress.check()
        _end(job, State.DONE, result=result)
    except Cancelled:
        _end(job, State.CANCELLED, error=Message("jobs.cancelled"))
    except Superseded:
        log.warning("job superseded")
    except DomainError as error:
        _end(job, State.FAILED, error=error.message)
    except Exception as error:
        log.exception("job crashed")
        _end(job, State.FAILED, error=Message("jobs.crashed", {"error": type(error).__name__}))
    finally:
        over.set()
        structlog.contextvars.unbind_contextvars("job", "kind")
        if not connection.in_atomic_block:
            close_old_connections()


def _end(job: Job, state: State, *, error: Message | None = None, result: dict | None = None) -> None:
    """Write the end, if the job is still ours."""
    ended = Job.objects.filter(pk=job.pk, fence=job.fence, state=State.RUNNING).update(
        state=state,
        ended_at=timezone.now(),
        lease_until=None,
        error=error.to_json() if error else None,
        result=result,
    )
    log.info("job ended", job=job.pk, kind=job.kind, state=str(state), written=bool(ended))


def _heart(progress: Progress, kind: Kind, over: threading.Event) -> None:
    """Renew the lease while the function runs, until the kind's deadline."""
    beats = max(1, int(kind.deadline / (kind.lease / 3)))
    try:
        for _ in range(beats):
            if over.wait(kind.lease / 3):
                return
            try:
                progress.beat()
            except Exception:
                log.exception("heartbeat failed")
            if progress.superseded.is_set():
                return
    finally:
        connection.close()


def reap() -> int:
    """Put back what dead workers held and call again for what waits; how many jobs were put back."""
    _end_abandoned(Job.objects.abandoned().filter(cancel_requested=True), State.CANCELLED, Message("jobs.cancelled"))
    back = Job.objects.abandoned().filter(attempts__lt=F("max_attempts")).update(state=State.QUEUED, lease_until=None)
    lost = Job.objects.abandoned().filter(attempts__gte=F("max_attempts"))
    for attempts in sorted(set(lost.order_by().values_list("attempts", flat=True))):
        _end_abandoned(lost.filter(attempts=attempts), State.FAILED, Message("jobs.lost", {"attempts": attempts}))
    if queue().pending_count() == 0:  # nobody is called yet, so a job that waits was lost on the way
        for job_id in waiting_jobs().values_list("pk", flat=True)[:200]:
            dispatch(job_id)
    return back


def _end_abandoned(jobs, state: State, error: Message) -> None:
    jobs.update(state=state, ended_at=timezone.now(), lease_until=None, error=error.to_json())


def waiting_jobs():
    """Jobs that may start now, in their order."""
    return Job.objects.filter(state=State.QUEUED).filter(Q(not_before=None) | Q(not_before__lte=Now())).order_by("pk")


def drain(limit: int = 200) -> int:
    """Run all waiting jobs here and now, in order, and those they ask for; how many were run."""
    done = 0
    while done < limit:
        job_id = waiting_jobs().values_list("pk", flat=True).first()
        if job_id is None:
            return done
        run_job(job_id)
        done += 1
    return done
