"""Claim, fence, heartbeat, end, reaper: what keeps a job whole when workers die."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.jobs import runner
from portal.jobs.actions import enqueue
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job, State
from portal.jobs.runner import Superseded, claim, reap, run_job
from portal.message import Message
from portal.web.errors import Invalid


def queued(kind="test.quick", **given) -> Job:
    with transaction.atomic():
        return enqueue(kind=kind, params=given.pop("params", {"number": 21}), **given)


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_runs_to_its_end():
    job = queued()
    run_job(job.pk)
    job = fresh(job)
    assert (job.state, job.result, job.attempts, job.fence) == (State.DONE, {"doubled": 42}, 1, 1)
    assert job.ended_at >= job.started_at
    assert job.lease_until is None


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_enqueued():
    with pytest.raises(RuntimeError, match="outside the transaction"):
        enqueue(kind="test.quick", params={})


def test_who_asks_at_the_same_moment_gets_the_same_job(monkeypatch):
    """Both looked, neither saw one: the constraint tells the second, whose action goes on."""
    first = queued(key="mirror:1")
    real = type(Job.objects.all()).first
    blind = iter([None])
    monkeypatch.setattr(type(Job.objects.all()), "first", lambda rows: next(blind, real(rows)))
    with transaction.atomic():
        assert enqueue(kind="test.quick", params={"number": 1}, key="mirror:1") == first
        assert Job.objects.count() == 1


def test_a_rolled_back_action_leaves_no_job():
    with transaction.atomic():
        enqueue(kind="test.quick", params={"number": 1})
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_one_active_job_a_key():
    first = queued(key="mirror:1")
    assert queued(key="mirror:1") == first
    assert queued(key="mirror:2") != first
    run_job(first.pk)
    assert queued(key="mirror:1") != first  # the first has ended
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind="test.quick", key="mirror:1")


def test_a_job_is_claimed_once():
    job = queued()
    assert claim(job.pk).fence == 1
    assert claim(job.pk) is None
    assert claim(job.pk + 1) is None


def test_a_job_waits_for_its_time():
    job = queued(not_before=timezone.now() + timedelta(hours=1))
    assert claim(job.pk) is None
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    assert claim(job.pk) is not None


def test_a_domain_error_ends_it_with_its_sentence():
    @job_kind("test.refused", title="Refused")
    def refused(job, progress):
        raise Invalid("accounts.time_zone_unknown", name="Mars")

    job = queued("test.refused")
    run_job(job.pk)
    job = fresh(job)
    assert job.state == State.FAILED
    assert Message.from_json(job.error).params == {"name": "Mars"}


def test_a_crash_ends_it_and_tells_no_secrets():
    @job_kind("test.crash", title="Crash")
    def crash(job, progress):
        raise KeyError("password=hunter2")

    job = queued("test.crash")
    run_job(job.pk)
    job = fresh(job)
    assert job.state == State.FAILED
    assert "KeyError" in str(Message.from_json(job.error))
    assert "hunter2" not in str(job.error)


def test_an_unknown_kind_fails_with_a_sentence():
    job = queued()
    Job.objects.filter(pk=job.pk).update(kind="from.the.future")
    run_job(job.pk)
    assert "from.the.future" in str(Message.from_json(fresh(job).error))


def test_a_worker_that_lost_its_lease_writes_nothing_more():
    seen = {}

    @job_kind("test.overtaken", title="Overtaken", lease=30)
    def overtaken(job, progress):
        if job.fence == 1:  # another worker takes the job over while this one is stuck
            expire(job)
            assert reap() == 1
            seen["other"] = claim(job.pk)
            with pytest.raises(Superseded):
                progress(5, 9, Message("jobs.waiting"))
        return {"from": job.fence}

    job = queued("test.overtaken")
    run_job(job.pk)
    row = fresh(job)
    assert (row.state, row.fence, row.result, row.step) == (State.RUNNING, 2, None, 0)
    runner._end(seen["other"], State.DONE, result={"from": 2})
    assert fresh(job).result == {"from": 2}


def test_the_reaper_leaves_the_living_alone():
    job = queued()
    claim(job.pk)
    assert reap() == 0
    assert fresh(job).state == State.RUNNING


def test_the_reaper_gives_up_after_the_last_attempt():
    job = queued()
    for attempt in (1, 2, 3):
        assert claim(job.pk).attempts == attempt
        expire(job)
        reap()
    row = fresh(job)
    assert row.state == State.FAILED
    assert Message.from_json(row.error) == Message("jobs.lost", {"attempts": 3})
    assert claim(job.pk) is None


def test_a_job_to_be_cancelled_is_not_taken_up_again():
    job = queued()
    claim(job.pk)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    expire(job)
    assert reap() == 0
    assert fresh(job).state == State.CANCELLED


def test_progress_renews_the_lease_and_tells_the_step():
    steps = []

    @job_kind("test.steps", title="Steps", lease=30)
    def steps_of(job, progress):
        expire(job)
        progress(2, 7, Message("jobs.waiting"))
        steps.append(fresh(job))

    run_job(queued("test.steps").pk)
    [row] = steps
    assert (row.step, row.of, row.message["code"]) == (2, 7, "jobs.waiting")
    assert row.lease_until > timezone.now() + timedelta(seconds=20)


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_while_a_function_is_silent():
    @job_kind("test.silent", title="Silent", lease=1)
    def silent(job, progress):
        time.sleep(1.6)
        assert reap() == 0
        return {"still": "mine"}

    job = queued("test.silent")
    run_job(job.pk)
    assert (fresh(job).state, fresh(job).attempts) == (State.DONE, 1)


@pytest.mark.django_db(transaction=True)
def test_the_heart_stops_at_the_deadline():
    taken_over = []

    @job_kind("test.hangs", title="Hangs", lease=1, deadline=1)
    def hangs(job, progress):
        time.sleep(2.2)
        taken_over.append(reap())
        progress.check()

    job = queued("test.hangs")
    run_job(job.pk)
    assert taken_over == [1]
    assert fresh(job).state == State.QUEUED


@pytest.mark.django_db(transaction=True)
def test_many_workers_run_a_job_once():
    ran = []

    @job_kind("test.counted", title="Counted")
    def counted(job, progress):
        ran.append(job.pk)

    jobs = [queued("test.counted") for _ in range(5)]

    def work() -> None:
        for job in jobs:
            run_job(job.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == [job.pk for job in jobs]
    assert set(Job.objects.values_list("state", "attempts")) == {(State.DONE, 1)}
