"""Pages and API of jobs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.jobs.actions import enqueue
from portal.jobs.models import Job, State
from portal.jobs.runner import claim, run_job
from portal.ledger.models import Event


def queued(cast, **given) -> Job:
    whole = {
        "kind": "test.quick",
        "params": {"number": 1},
        "by": cast.member,
        "team": cast.team,
        "subject": ("model-version", 5, "credit-limit 5"),
    } | given
    with transaction.atomic():
        return enqueue(**whole)


def url(name: str, *args) -> str:
    return reverse(name, args=args)


def test_the_list_is_scoped_and_filtered(cast, as_user):
    mine, done = queued(cast), queued(cast, subject=("x", 1, "<b>other</b>"))
    run_job(done.pk)
    queued(cast, by=cast.stranger, team=cast.other_team)
    browser = as_user(cast.member)
    page = browser.get(url("jobs"))
    assert set(page.context["list"].rows) == {mine, done}
    assert "<b>other</b>" not in page.content.decode()
    assert browser.get(url("jobs"), {"state": "queued"}).context["list"].rows == [mine]
    assert browser.get(url("jobs"), {"q": "credit-limit"}).context["list"].rows == [mine]
    assert as_user(cast.auditor).get(url("jobs")).context["list"].total == 3


def test_the_list_asks_the_same_number_of_queries(cast, as_user):
    queued(cast)
    browser = as_user(cast.member)
    browser.get(url("jobs"))
    with CaptureQueriesContext(connection) as few:
        browser.get(url("jobs"))
    for _ in range(12):
        queued(cast, by=cast.manager)
    with CaptureQueriesContext(connection) as many:
        browser.get(url("jobs"))
    assert len(few) == len(many)


def test_a_running_job_polls_and_an_ended_one_stops(cast, as_user):
    job = queued(cast)
    browser = as_user(cast.member)
    for address in (url("job", job.pk), url("job-progress", job.pk)):
        page = browser.get(address).content.decode()
        assert f'data-poll="{url("job-progress", job.pk)}"' in page
        assert url("job-cancel", job.pk) in page
    run_job(job.pk)
    Job.objects.filter(pk=job.pk).update(result={"url": "/files/report.pdf"})
    piece = browser.get(url("job-progress", job.pk)).content.decode()
    assert "data-poll" not in piece
    assert url("job-cancel", job.pk) not in piece
    assert 'href="/files/report.pdf"' in piece


def test_a_failed_job_says_why(cast, as_user):
    job = queued(cast)
    Job.objects.filter(pk=job.pk).update(kind="from.the.future")
    run_job(job.pk)
    assert (
        "does not know the kind of job from.the.future" in as_user(cast.member).get(url("job", job.pk)).content.decode()
    )


def test_a_foreign_job_is_not_found(cast, as_user):
    job = queued(cast)
    browser = as_user(cast.stranger)
    for address in (url("job", job.pk), url("job-progress", job.pk), url("api-job", job.pk)):
        assert browser.get(address).status_code == 404
    assert browser.post(url("job-cancel", job.pk)).status_code == 404
    assert browser.post(url("api-job-cancel", job.pk)).status_code == 404
    assert Job.objects.get().state == State.QUEUED


def test_who_sees_a_job_may_not_yet_cancel_it(cast, as_user):
    job = queued(cast)
    assert url("job-cancel", job.pk) not in as_user(cast.auditor).get(url("job", job.pk)).content.decode()
    assert as_user(cast.auditor).post(url("job-cancel", job.pk)).status_code == 403
    assert Job.objects.get().state == State.QUEUED


def test_cancel_by_page(cast, as_user):
    job = queued(cast)
    claim(job.pk)
    assert as_user(cast.manager).get(url("job-cancel", job.pk)).status_code == 405
    assert as_user(cast.manager).post(url("job-cancel", job.pk))["Location"] == url("job", job.pk)
    assert Job.objects.get().cancel_requested
    assert Event.objects.get().action == "job.cancel"
    Job.objects.filter(pk=job.pk).delete()
    done = queued(cast)
    run_job(done.pk)
    assert as_user(cast.manager).post(url("job-cancel", done.pk)).status_code == 409


@pytest.mark.parametrize("name", ["job-cancel", "api-job-cancel"])
def test_csrf_is_enforced(cast, name):
    job = queued(cast)
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.member, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(url(name, job.pk)).status_code == 403
    assert Job.objects.get().state == State.QUEUED


def test_the_api_tells_state_and_sentence(cast, as_user):
    job = queued(cast)
    browser = as_user(cast.member)
    told = browser.get(url("api-job", job.pk)).json()
    assert (told["state"], told["text"], told["team"]) == ("queued", "Waiting for a worker.", "credit-risk")
    assert "params" not in told
    assert browser.get(url("api-jobs"), {"state": "done"}).json()["results"] == []
    assert browser.get(url("api-jobs"), {"state": "nonsense"}).status_code == 400
    refused = browser.post(url("api-job-cancel", job.pk), {"state": "done"}, content_type="application/json")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["state"])
    cancelled = browser.post(url("api-job-cancel", job.pk))
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    again = browser.post(url("api-job-cancel", job.pk))
    assert again.status_code == 409
    assert again.json()["code"] == "jobs.not_cancellable"
    assert again["Content-Type"] == "application/problem+json"
