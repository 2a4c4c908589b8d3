"""Removing a connection: what was never used goes, what decisions may speak of stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.actions.registries import connect_registry, remove_registry
from governance.models import Registry
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import Forbidden, Missing
from tests.governance.promotions_made import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def mistyped(cast) -> Registry:
    return connect_registry(name="Mistyped", address="http://127.0.0.1:1", username="u", password="p", by=cast.admin)


def test_a_connection_that_was_never_used_is_removed(cast, as_user, mistyped):
    browser = as_user(cast.admin)
    address = f"/connections/{mistyped.slug}/remove/"
    assert address in browser.get(f"/connections/{mistyped.slug}/").content.decode()
    assert "Remove the connection?" in browser.get(address).content.decode()
    assert browser.post(address)["Location"] == "/connections/"
    assert not Registry.objects.exists()
    event = Event.objects.get(action="registry.remove")
    assert event.content["before"]["address"] == "http://127.0.0.1:1"
    assert browser.get(address).status_code == 404


def test_what_models_were_mirrored_from_stays(cast, as_user):
    registry = make_model(cast).registry
    browser = as_user(cast.admin)
    assert "/remove/" not in browser.get(f"/connections/{registry.slug}/").content.decode()
    answer = browser.post(f"/connections/{registry.slug}/remove/")
    assert answer.status_code == 409
    assert "Pause it under Change instead." in answer.content.decode()
    assert Registry.objects.filter(pk=registry.pk).exists()


def test_only_administrators_remove_and_only_once(cast, mistyped):
    with pytest.raises(Forbidden):
        remove_registry(registry=mistyped, by=cast.auditor)
    other_tab = Registry.objects.get(pk=mistyped.pk)
    remove_registry(registry=mistyped, by=cast.admin)
    with pytest.raises(Missing, match="removed"):
        remove_registry(registry=other_tab, by=cast.admin)
    assert Event.objects.filter(action="registry.remove").count() == 1


def test_a_mirror_that_waited_ends_with_a_sentence(cast, mistyped, run_jobs):
    remove_registry(registry=mistyped, by=cast.admin)
    run_jobs()
    job = Job.objects.get(kind="registry.mirror")
    assert job.state == "failed"
    assert job.error["code"] == "registry.gone"


def test_what_no_worker_asks_is_not_shown_as_well(cast, as_user, settings):
    registry = make_model(cast).registry
    now = timezone.now()
    Registry.objects.update(tried_at=now, synced_at=now)
    browser = as_user(cast.admin)
    address = f"/connections/{registry.slug}/"
    assert "The server answers" in browser.get(address).content.decode()
    Registry.objects.update(tried_at=now - timedelta(minutes=16), synced_at=now - timedelta(minutes=16))
    for page in (address, "/", "/models/"):
        assert "No worker has asked the server for more than 15 minutes" in browser.get(page).content.decode(), page
    assert "Not asked" in browser.get("/connections/").content.decode()
    settings.POLL_INTERVAL = 60  # who asks seldom waits longer
    assert "The server answers" in browser.get(address).content.decode()
    settings.POLL_INTERVAL = 30
    Registry.objects.update(enabled=False)
    assert "No worker" not in browser.get(address).content.decode()
