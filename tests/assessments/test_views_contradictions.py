"""The list of a team's contradictions, and the page of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import collectors
from assessments.evidence_rules import Fact
from assessments.models import Contradiction
from portal.accounts.models import Team

pytestmark = pytest.mark.django_db
LIST = "/teams/credit-risk/contradictions/"


@pytest.fixture
def opened(cast, submitted, monkeypatch):
    monkeypatch.setattr(collectors, "COLLECTORS", {})
    collectors.register("git", lambda team, now: [Fact("git.unhosted", 2, None, "A", now, "limit-old")])
    collectors.collect_for(cast.team)
    return Contradiction.objects.get()


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_how_many_are_open_and_late(as_user, cast, opened):
    client = as_user(cast.member)
    assert "Open: 1." in page(client.get(LIST))
    Contradiction.objects.update(due=timezone.localdate() - timedelta(days=1))
    html = page(client.get(LIST))
    assert "Overdue: 1." in html
    assert f"/contradictions/{opened.pk}/" in html
    assert "None is open." not in html


def test_without_any_the_list_says_so(as_user, cast):
    assert "None is open." in page(as_user(cast.member).get(LIST))


def test_one_page_tells_claim_evidence_and_the_ways_out(as_user, cast, opened, framework):
    html = page(as_user(cast.member).get(f"/contradictions/{opened.pk}/"))
    assert framework.by_id[opened.criterion].statement.en.replace("'", "&#x27;") in html
    assert "The evidence denies it." in html
    assert "How it is settled" in html
    assert "Owner and date" in html
    assert "Set the evidence aside" not in html


def test_a_member_assigns_it(as_user, cast, opened):
    due = timezone.localdate() + timedelta(days=4)
    client = as_user(cast.member)
    path = f"/contradictions/{opened.pk}/"
    assert client.post(path, {"owner": cast.member.pk, "due": str(due)}).status_code == 302
    opened.refresh_from_db()
    assert (opened.owner, opened.due) == (cast.member, due)
    assert client.post(path, {"owner": cast.stranger.pk, "due": ""}).status_code == 422
    assert as_user(cast.auditor).post(path, {"owner": "", "due": ""}).status_code == 403


def test_a_reviewer_sets_mistaken_evidence_aside(as_user, cast, opened):
    client = as_user(cast.reviewer)
    path = f"/contradictions/{opened.pk}/"
    assert "Set the evidence aside" in page(client.get(path))
    until = timezone.localdate() + timedelta(days=30)
    assert client.post(f"{path}mistaken/", {"reason": "", "until": str(until)}).status_code == 422
    given = {"reason": "limit-old is a mirror", "until": str(until)}
    assert as_user(cast.member).post(f"{path}mistaken/", given).status_code == 403
    assert as_user(cast.reviewer).post(f"{path}mistaken/", given).status_code == 302
    html = page(as_user(cast.member).get(path))
    assert "the evidence was found to be mistaken" in html
    assert "limit-old is a mirror" in html


def test_reasons_stay_in_the_team_and_foreign_ones_are_not_there(as_user, cast, opened):
    path = f"/contradictions/{opened.pk}/"
    for foreign in (path, LIST):
        assert as_user(cast.stranger).get(foreign).status_code == 404
    until = str(timezone.localdate() + timedelta(days=30))
    as_user(cast.reviewer).post(f"{path}mistaken/", {"reason": "between ourselves", "until": until})
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    assert "between ourselves" not in page(as_user(cast.stranger).get(path))


def test_the_assessment_and_its_criterion_lead_there(as_user, cast, opened):
    client = as_user(cast.member)
    html = page(client.get("/teams/credit-risk/assessment/"))
    assert "Claims that evidence denies: 1." in html
    assert LIST in html
    html = page(client.get(f"/teams/credit-risk/assessment/{opened.criterion}/"))
    assert f'href="/contradictions/{opened.pk}/">An open contradiction</a>' in html


def test_the_api_lists_them(as_user, cast, opened):
    body = as_user(cast.member).get("/api/v1/contradictions/?state=open").json()["results"]
    assert [(row["id"], row["criterion"], row["owner"]) for row in body] == [
        (opened.pk, "training.code-hosted", cast.manager.email)
    ]
    assert as_user(cast.stranger).get("/api/v1/contradictions/").json()["results"] == []
    assert as_user(cast.stranger).get(f"/api/v1/contradictions/{opened.pk}/").status_code == 404
    levels = as_user(cast.member).get("/api/v1/teams/credit-risk/levels/").json()
    assert levels["contradictions"] == [opened.pk]
