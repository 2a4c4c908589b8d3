"""Administrators see which worker hosts have the sandbox; a try is a job, and only what changes is recorded."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from governance import sandbox_hosts
from governance.sandbox import limits, probe, unsandboxed
from portal.jobs import hosts, kinds, worker
from portal.jobs.models import Host, Job
from portal.ledger.models import Event
from portal.message import Message

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture
def without_sandbox(monkeypatch):
    """From now on neither backend is found on this host."""

    def take_away():
        monkeypatch.setattr(probe, "candidate", lambda backend: None)

    yield take_away
    monkeypatch.undo()
    unsandboxed.allow(False)
    probe.find_sandbox.cache_clear()


def test_before_any_worker_has_started_nothing_is_claimed(cast, as_user):
    page = as_user(cast.admin).get(reverse("sandbox")).content.decode()
    assert "Not known yet." in page
    assert "verdict-pass" not in page


def test_a_starting_worker_tries_and_the_page_shows_what_it_found(cast, as_user, monkeypatch):
    monkeypatch.setattr(worker, "STARTS", {"broken": lambda: 1 / 0, sandbox_hosts.TOPIC: sandbox_hosts.try_here})
    worker.begin()
    host = Host.objects.get(name=hosts.own_name())
    found = host.facts["sandbox"]
    assert found["works"]
    assert found["backend"] == probe.find_sandbox().backend
    assert found["limits"]["memory"] == limits.configured().memory
    page = as_user(cast.auditor).get(reverse("sandbox")).content.decode()
    for seen in (host.name, "verdict-pass", "bubblewrap", "util-linux", "4096 MB", found["system"]):
        assert seen in page
    assert "Try now" not in page  # an auditor looks
    assert not Event.objects.filter(action="sandbox.change").exists()
    assert sandbox_hosts.TOPIC in kinds.STARTS


def test_trying_again_is_a_job_and_a_change_is_recorded(cast, as_user, run_jobs, without_sandbox):
    sandbox_hosts.try_here()
    browser = as_user(cast.admin)
    without_sandbox()
    assert browser.post(reverse("sandbox-try")).status_code == 302
    assert browser.post(reverse("sandbox-try")).status_code == 302
    assert Job.objects.filter(kind="sandbox.probe").count() == 1
    assert Host.objects.get().facts["sandbox"]["works"]  # nothing was tried in the web process
    run_jobs()
    page = browser.get(reverse("sandbox")).content.decode()
    assert "verdict-fail" in page
    assert "apt-get install bubblewrap" in page
    assert Message.from_json(Host.objects.get().facts["sandbox"]["trials"][0]["reason"]).code == "sandbox.probe.missing"
    event = Event.objects.get(action="sandbox.change")
    assert event.content["after"] == {"backend": "none", "bounds": "none"}
    assert event.content["before"]["backend"] in probe.BACKENDS
    sandbox_hosts.try_here()
    assert Event.objects.filter(action="sandbox.change").count() == 1


def test_a_host_that_was_opted_out_does_not_look_safe(cast, as_user, without_sandbox):
    without_sandbox()
    unsandboxed.allow(True)
    sandbox_hosts.try_here()
    page = as_user(cast.admin).get(reverse("sandbox")).content.decode()
    assert "SEKISHO_UNSANDBOXED" in page
    assert "verdict-inc" in page
    assert "verdict-pass" not in page


@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("manager", 403), ("admin", 302)])
def test_only_administrators_may_try(cast, as_user, who, status):
    assert as_user(getattr(cast, who)).post(reverse("sandbox-try")).status_code == status
    assert Job.objects.filter(kind="sandbox.probe").exists() is (status == 302)


def test_the_command_says_the_same(capsys, without_sandbox):
    call_command("sandbox")
    said = capsys.readouterr().out
    assert "bubblewrap" in said
    assert "memory 4096 MB" in said
    call_command("sandbox", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "sekisho.sandbox/1"
    assert found["works"]
    without_sandbox()
    with pytest.raises(CommandError, match="No sandbox works"):
        call_command("sandbox")
    assert "Not installed" in capsys.readouterr().out
