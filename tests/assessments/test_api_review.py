"""Reviews on the API: who reads them, verdicts and the signature by token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from assessments.reviewing import reviewing
from portal.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
API = "/api/v1"
CODE = "training.code-hosted"


def program(user, scope="write") -> Client:
    _, token = ApiToken.objects.create(user=user, expiry=timedelta(days=1), name="ci", scope=scope)
    return Client(headers={"Authorization": f"Bearer {token}"})


def put(client, found, criterion=CODE, **given):
    answer_rev = found.answers.get(criterion=criterion).rev
    body = {"verdict": "confirmed", "note": "", "rev": 0, "answer_rev": answer_rev} | given
    address = f"{API}/assessments/{found.pk}/reviews/{criterion}/"
    return client.put(address, body, content_type="application/json")


def test_a_token_that_may_write_gives_verdicts_and_signs(cast, submitted):
    client = program(cast.reviewer)
    for item in reviewing(submitted).queue:
        answer = put(client, submitted, item.criterion.id)
        assert (answer.status_code, answer.json()["rev"]) == (200, 1)
    signed = client.post(f"{API}/assessments/{submitted.pk}/sign/", {"note": ""}, content_type="application/json")
    assert (signed.status_code, signed.json()["state"]) == (200, "signed")
    rows = program(cast.member, "read").get(f"{API}/assessments/{submitted.pk}/reviews/").json()
    assert {row["verdict"] for row in rows} == {"confirmed"}
    assert all(row["until"] for row in rows)
    again = put(client, submitted, verdict="refused", note="after all", rev=1)
    assert (again.status_code, again.json()["code"]) == (409, "review.signed")


def test_refusals_are_problems(cast, submitted):
    client = program(cast.reviewer)
    answer = put(client, submitted, verdict="refused")
    assert (answer.status_code, answer.json()["code"]) == (422, "review.why")
    assert put(client, submitted, answer_rev=99).status_code == 409
    assert put(client, submitted, verdict="perhaps").status_code == 400
    put(client, submitted)
    assert put(client, submitted, verdict="refused", note="x").json()["code"] == "review.conflict"


def test_insiders_and_readers_change_nothing(cast, submitted):
    assert put(program(cast.manager), submitted).status_code == 403
    assert put(program(cast.reviewer, "read"), submitted).status_code == 403
    assert put(program(cast.stranger), submitted).status_code == 404
    assert not submitted.reviews.exists()


def test_a_review_in_progress_is_its_reviewers_alone(cast, submitted):
    put(program(cast.reviewer), submitted)
    address = f"{API}/assessments/{submitted.pk}/reviews/"
    assert len(program(cast.reviewer, "read").get(address).json()) == 1
    for user in (cast.member, cast.auditor, cast.admin):
        assert program(user, "read").get(address).status_code == 404
