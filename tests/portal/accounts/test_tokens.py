"""API tokens: shown once, kept as a digest, limited in scope and time, and their owner's alone."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import ApiToken, User
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import Forbidden, Invalid


def bearer(key: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def test_a_key_is_stored_nowhere(cast):
    token, key = actions.create_token(by=cast.member, name="build server", scope="read", days=30)
    assert key.startswith("sek_")
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert key not in json.dumps(row, default=str)
    assert key not in Event.objects.get().body
    assert "build server" not in Event.objects.get().body


@pytest.mark.parametrize("days", [0, -1, 366, 10_000])
def test_a_token_lives_a_year_at_most(cast, days):
    with pytest.raises(Invalid):
        actions.create_token(by=cast.member, name="x", scope="read", days=days)
    assert not ApiToken.objects.exists()


def test_a_token_opens_the_api_until_it_expires(cast, client):
    _, key = actions.create_token(by=cast.member, name="x", scope="read", days=1)
    me = client.get("/api/v1/me/", **bearer(key))
    assert me.status_code == 200
    assert me.json()["email"] == cast.member.email
    assert me.json()["scope"] == "read"
    with time_machine.travel(timezone.now() + timezone.timedelta(days=1, seconds=5)):
        late = client.get("/api/v1/me/", **bearer(key))
    assert late.status_code == 401
    assert late["Content-Type"] == "application/problem+json"


def test_a_wrong_key_is_refused(cast, client):
    _, key = actions.create_token(by=cast.member, name="x", scope="read", days=1)
    assert client.get("/api/v1/me/", **bearer(key[:-1] + ("0" if key[-1] != "0" else "1"))).status_code == 401
    assert client.get("/api/v1/me/").status_code in {401, 403}


def test_a_reading_token_changes_nothing(cast, client):
    job = Job.objects.create(kind="x", created_by=cast.member)
    url = reverse("api-job-cancel", args=[job.pk])
    _, reading = actions.create_token(by=cast.member, name="r", scope="read", days=1)
    _, writing = actions.create_token(by=cast.member, name="w", scope="write", days=1)
    refused = client.post(url, **bearer(reading))
    assert refused.status_code == 403
    assert refused.json()["code"] == "accounts.scope"
    job.refresh_from_db()
    assert job.state == "queued"
    assert client.post(url, **bearer(writing)).status_code == 202
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_revoked_token_and_one_of_a_shut_account_are_dead(cast, client):
    token, key = actions.create_token(by=cast.member, name="x", scope="read", days=1)
    _, other = actions.create_token(by=cast.member, name="y", scope="read", days=1)
    actions.revoke_token(token=token, by=cast.member)
    assert client.get("/api/v1/me/", **bearer(key)).status_code == 401
    assert client.get("/api/v1/me/", **bearer(other)).status_code == 200
    User.objects.filter(pk=cast.member.pk).update(is_active=False)
    assert client.get("/api/v1/me/", **bearer(other)).status_code == 401


def test_only_the_owner_revokes(cast):
    token, _ = actions.create_token(by=cast.member, name="x", scope="read", days=1)
    with pytest.raises(Forbidden):
        actions.revoke_token(token=token, by=cast.admin)
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_the_page_shows_a_key_once(cast, as_user):
    browser = as_user(cast.member)
    made = browser.post(reverse("tokens"), {"name": "build", "scope": "write", "days": 7})
    key = made.context["key"]
    assert key in made.content.decode()
    assert made["Cache-Control"].count("no-store") == 1
    assert key not in browser.get(reverse("tokens")).content.decode()
    assert ApiToken.objects.get().scope == "write"


def test_the_page_keeps_what_was_typed_when_the_days_are_wrong(cast, as_user):
    page = as_user(cast.member).post(reverse("tokens"), {"name": "build server", "scope": "read", "days": 900})
    assert page.status_code == 422
    assert "build server" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_mass_assignment_of_owner_and_expiry(cast, as_user):
    fields = {"name": "x", "scope": "read", "days": 5, "user": cast.admin.pk, "expiry": "2999-01-01", "digest": "0"}
    as_user(cast.member).post(reverse("tokens"), fields)
    token = ApiToken.objects.get()
    assert token.user == cast.member
    assert (token.expiry - timezone.now()).days < 5
    assert token.digest != "0"


def test_a_foreign_token_is_not_found(cast, as_user):
    token, _ = actions.create_token(by=cast.manager, name="x", scope="read", days=1)
    url = reverse("token-revoke", args=[token.pk])
    assert as_user(cast.member).post(url).status_code == 404
    assert as_user(cast.admin).post(url).status_code == 404
    assert as_user(cast.manager).get(url).status_code == 405
    assert ApiToken.objects.exists()
    assert as_user(cast.manager).post(url).status_code == 302
    assert not ApiToken.objects.exists()
