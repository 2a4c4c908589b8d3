"""Cancelling: a waiting job at once, a running one at its next step."""

from __future__ import annotations

import pytest
from django.db import transaction

from portal.jobs.actions import cancel, enqueue
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job, State
from portal.jobs.runner import claim, run_job
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden


def queued(cast, kind="test.quick", **given) -> Job:
    with transaction.atomic():
        return enqueue(kind=kind, params={"number": 1}, by=cast.member, team=cast.team, **given)


def test_a_waiting_job_ends_at_once(cast):
    job = queued(cast)
    cancel(job=job, by=cast.member)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.CANCELLED, 0)
    event = Event.objects.get()
    assert (event.action, event.subject_id, event.team_id) == ("job.cancel", str(job.pk), cast.team.pk)


def test_a_running_job_stops_at_its_next_step(cast):
    reached = []

    @job_kind("test.stopped", title="Stopped")
    def stopped(job, progress):
        progress(1, 3)
        cancel(job=job, by=cast.member)
        reached.append("asked")
        progress(2, 3)
        reached.append("went on")

    job = queued(cast, "test.stopped")
    run_job(job.pk)
    job.refresh_from_db()
    assert reached == ["asked"]
    assert (job.state, job.error["code"], job.result) == (State.CANCELLED, "jobs.cancelled", None)


def test_a_job_that_ends_before_it_looks_is_cancelled_all_the_same(cast):
    @job_kind("test.unaware", title="Unaware")
    def unaware(job, progress):
        progress(1, 1)
        cancel(job=job, by=cast.member)
        progress.beat()
        return {"done": True}

    job = queued(cast, "test.unaware")
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (State.CANCELLED, None)


def test_an_ended_job_is_not_cancelled(cast):
    job = queued(cast)
    run_job(job.pk)
    with pytest.raises(Conflict, match="already ended"):
        cancel(job=job, by=cast.member)
    assert not Event.objects.exists()
    job.refresh_from_db()
    assert job.state == State.DONE


def test_who_may_cancel(cast):
    job = queued(cast)
    claim(job.pk)
    for by in (cast.stranger, cast.auditor, cast.reviewer):
        with pytest.raises(Forbidden):
            cancel(job=job, by=by)
    assert not Job.objects.get(pk=job.pk).cancel_requested
    cancel(job=job, by=cast.manager)
    assert Job.objects.get(pk=job.pk).cancel_requested
    cancel(job=queued(cast), by=cast.admin)
