"""Health: alive always, ready with a migrated database, and whether a worker ticks."""

from __future__ import annotations

from datetime import timedelta

from django.db import OperationalError
from django.utils import timezone

from portal.jobs import worker
from portal.jobs.models import Tick
from portal.web import health

READY = "/health/ready/"


def test_live_needs_no_database(client, monkeypatch):
    def broken():
        raise OperationalError("no database")

    monkeypatch.setattr(health, "_migrated", broken)
    assert client.get("/health/live/").json() == {"status": "live"}


def test_ready_tells_of_the_worker(client):
    assert client.get(READY).json() == {
        "status": "ready",
        "database": "answers",
        "migrations": "applied",
        "worker": "never seen",
    }
    worker.tick()
    assert client.get(READY).json()["worker"] == "ticks"
    Tick.objects.update(ran_at=timezone.now() - timedelta(seconds=61))
    assert client.get(READY).json()["worker"] == "late"


def test_not_ready_without_a_database(client, monkeypatch):
    def broken():
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(health, "_migrated", broken)
    answer = client.get(READY)
    assert answer.status_code == 503
    assert answer.json()["status"] == "unready"
    assert "hunter2" not in answer.content.decode()


def test_not_ready_while_a_migration_is_missing(client, monkeypatch):
    monkeypatch.setattr(health, "_migrated", lambda: False)
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["migrations"]) == (503, "missing")


def test_the_migrations_are_complete(db):
    from io import StringIO

    from django.core.management import call_command

    call_command("makemigrations", "accounts", "ledger", "jobs", check=True, dry_run=True, stdout=StringIO())
    assert health._migrated()
