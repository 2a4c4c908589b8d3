"""Asking for work and cancelling it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.accounts.permissions import require
from portal.jobs.kinds import KINDS
from portal.jobs.models import ACTIVE, Job, State
from portal.jobs.queue import dispatch
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict


def enqueue(
    *,
    kind: str,
    params: dict[str, Any],
    by=None,
    team=None,
    subject: tuple[str, Any, str] = ("", "", ""),
    key: str = "",
    not_before=None,
) -> Job:
    """Put work in the queue, within the transaction of the action that needs it.

    With a `key`, an active job of that key is returned instead of a second one.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was enqueued outside the transaction of its action")
    active = Job.objects.filter(key=key, state__in=ACTIVE)
    if key and (job := active.first()):
        return job
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                params=params,
                key=key,
                team=team,
                created_by=by,
                not_before=not_before,
                max_attempts=KINDS[kind].max_attempts,
                subject_type=subject[0],
                subject_id=str(subject[1]),
                subject_label=subject[2][:300],
                message=Message("jobs.waiting").to_json(),
            )
    except IntegrityError:  # somebody asked for the same at the same moment
        return active.get()
    transaction.on_commit(lambda: dispatch(job.pk), robust=True)
    return job


def cancel(*, job: Job, by) -> None:
    """Ask a job to stop: a waiting one ends at once, a running one at its next step."""
    if job.created_by_id != by.pk:
        require(by, "jobs.cancel", job)
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, state=State.QUEUED).update(
            state=State.CANCELLED,
            ended_at=timezone.now(),
            cancel_requested=True,
            error=Message("jobs.cancelled").to_json(),
        )
        asked = ended or Job.objects.filter(pk=job.pk, state=State.RUNNING).update(cancel_requested=True)
        if not asked:
            raise Conflict("jobs.not_cancellable")
        record(action="job.cancel", by=by, subject=("job", job.pk, f"{job.kind} {job.pk}"), team=job.team)
