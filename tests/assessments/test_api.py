"""The API of maturity."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import actions
from portal.accounts.models import ApiToken, Team

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def bearer(client):
    """`bearer(user, "write")`: headers of a token of the user's."""

    def make(user, scope="read"):
        expiry = timezone.now() + timedelta(days=1)
        _, token = ApiToken.objects.create(user=user, expiry=timedelta(days=1), name="ci", scope=scope)
        ApiToken.objects.filter(user=user).update(expiry=expiry)
        return {"Authorization": f"Bearer {token}"}

    return make


def test_frameworks_and_their_criteria(as_user, cast, framework):
    client = as_user(cast.member)
    listed = next(row for row in client.get(f"{API}/frameworks/").json() if row["key"] == framework.key)
    assert (listed["key"], listed["criteria"], listed["required"]) == (framework.key, 60, 43)
    body = client.get(f"{API}/frameworks/{framework.key}/").json()
    assert body["digest"] == framework.digest
    assert {criterion["id"] for criterion in body["criteria"]} == set(framework.by_id)
    assert client.get(f"{API}/frameworks/nothing/").status_code == 404


def test_assessments_are_scoped_and_filtered(as_user, cast, submitted, framework):
    actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    other = actions.start_assessment(team=cast.other_team, framework=framework, by=cast.stranger)
    client = as_user(cast.member)
    rows = client.get(f"{API}/assessments/").json()["results"]
    assert [row["state"] for row in rows] == ["draft", "submitted"]
    assert len(client.get(f"{API}/assessments/?state=submitted").json()["results"]) == 1
    assert client.get(f"{API}/assessments/?team=imaging").json()["results"] == []
    assert client.get(f"{API}/assessments/{other.pk}/").status_code == 404
    assert len(as_user(cast.auditor).get(f"{API}/assessments/").json()["results"]) == 3


def test_a_draft_and_notes_stay_in_the_team(as_user, cast, submitted, framework):
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    submitted.answers.filter(criterion="training.code-hosted").update(note="ours")
    draft = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    client = as_user(cast.stranger)
    assert client.get(f"{API}/assessments/{draft.pk}/").status_code == 404
    answers = client.get(f"{API}/assessments/{submitted.pk}/").json()["answers"]
    assert {answer["note"] for answer in answers} == {None}
    answers = as_user(cast.member).get(f"{API}/assessments/{submitted.pk}/").json()["answers"]
    assert "ours" in {answer["note"] for answer in answers}


def test_levels_with_what_blocks_and_the_way_on(as_user, cast, submitted):
    body = as_user(cast.member).get(f"{API}/teams/credit-risk/levels/").json()
    assert body["assessed"] is True
    assert body["assessment"] == submitted.pk
    assert body["score"]["dimensions"]["training"]["claimed"] == 1
    assert body["score"]["overall"]["claimed"] == 0
    assert "release.engineer-performed" in body["score"]["overall"]["blocking"]
    assert (body["roadmap"][0]["todo"], body["roadmap"][0]["days"]) == ("prove", 0)
    assert as_user(cast.stranger).get(f"{API}/teams/credit-risk/levels/").status_code == 404


def test_an_answer_is_put_by_a_token_that_may_write(client, cast, draft, bearer):
    path = f"{API}/assessments/{draft.pk}/answers/training.code-hosted/"
    given = {"answer": "yes", "note": "scanned", "rev": 0}

    def put(headers, body):
        return client.put(path, body, content_type="application/json", headers=headers)

    assert put(bearer(cast.member, "read"), given).status_code == 403
    write = bearer(cast.member, "write")
    saved = put(write, given)
    assert saved.status_code == 200
    assert (saved.json()["answer"], saved.json()["note"], saved.json()["rev"]) == ("yes", "scanned", 1)
    conflict = put(write, given | {"answer": "no"})
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "assessment.conflict"
    assert conflict.json()["params"] == {"value": "yes", "note": "scanned", "rev": 1}
    assert put(write, {"answer": "na", "note": "x", "rev": 1}).status_code == 422
    assert put(write, {"answer": "maybe", "rev": 1}).status_code == 400
    assert put(bearer(cast.stranger, "write"), given).status_code == 404
    assert put(bearer(cast.auditor, "write"), given | {"rev": 1, "answer": "no"}).status_code == 403


def test_signed_out_gets_nothing(client, cast):
    for path in ("frameworks/", "assessments/", "teams/credit-risk/levels/"):
        assert client.get(f"{API}/{path}").status_code == 401
