"""Teams and one team's page."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessments import actions, collectors
from assessments.evidence_rules import Fact
from assessments.models import FrameworkVersion
from portal.accounts.models import Team
from tests.assessments.framework_rows import assessed, row

pytestmark = pytest.mark.django_db


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_signed_out_is_sent_to_sign_in(client, cast):
    for path in ("/teams/", "/teams/credit-risk/", "/teams/credit-risk/assessment/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response.url.startswith("/account/login/")


def test_a_foreign_team_is_not_there(as_user, cast):
    for path in ("", "assessment/", "assessment/training.code-hosted/", "roadmap/", "history/"):
        assert as_user(cast.member).get(f"/teams/imaging/{path}").status_code == 404
        assert as_user(cast.reviewer).get(f"/teams/imaging/{path}").status_code == 200


def test_team_leads_with_the_official_level_and_what_holds_it(as_user, cast, submitted, framework):
    html = page(as_user(cast.member).get("/teams/credit-risk/"))
    assert "Official level 0 since" in html
    assert '<p class="fig">0</p>' in html
    blocking = framework.by_id["release.engineer-performed"].title.en
    assert blocking.replace("'", "&#x27;") in html
    assert "Neither fresh evidence nor a current review shows it." in html


def test_team_without_an_assessment_offers_to_start(as_user, cast):
    html = page(as_user(cast.member).get("/teams/credit-risk/"))
    assert "Not assessed yet." in html
    assert "/teams/credit-risk/assessment/start/" in html
    assert "/teams/credit-risk/assessment/start/" not in page(as_user(cast.auditor).get("/teams/credit-risk/"))


def test_a_claim_that_evidence_denies_is_shown(as_user, cast, submitted, monkeypatch):
    monkeypatch.setattr(collectors, "COLLECTORS", {})
    collectors.register("git", lambda team, now: [Fact("git.unhosted", 2, None, "A", timezone.now(), "limit-old")])
    collectors.collect_for(cast.team)
    html = page(as_user(cast.member).get("/teams/credit-risk/"))
    assert "An open contradiction denies it." in html
    assert "The evidence denies it." in html
    assert "Ono · " in html  # its owner


def test_history_leads_to_the_assessment_as_it_was(as_user, cast, submitted):
    client = as_user(cast.member)
    assert f"/assessments/{submitted.pk}/" in page(client.get("/teams/credit-risk/history/"))
    html = page(client.get(f"/assessments/{submitted.pk}/"))
    assert "Claimed level 0, evidenced level 0 on that day." in html


def test_drafts_and_notes_are_the_teams_own(as_user, cast, submitted, framework):
    """Others of the organisation see what was submitted, without notes, and never a draft."""
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    submitted.answers.filter(criterion="training.code-hosted").update(note="between ourselves")
    second = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    client = as_user(cast.stranger)
    assert client.get(f"/assessments/{second.pk}/").status_code == 404
    assert client.get("/teams/credit-risk/assessment/check/").status_code == 404
    for path in (f"/assessments/{submitted.pk}/", "/teams/credit-risk/assessment/training.code-hosted/"):
        assert "between ourselves" not in page(client.get(path))
    assert "between ourselves" in page(as_user(cast.member).get(f"/assessments/{submitted.pk}/"))


def test_a_foreign_assessment_is_not_there(as_user, cast, submitted):
    assert as_user(cast.stranger).get(f"/assessments/{submitted.pk}/").status_code == 404


def test_a_draft_of_a_retired_framework_stays_readable(as_user, cast):
    kept = row(key="ours")
    draft = assessed(cast.team, kept, {"training.tracked": "yes"}, by=cast.member, state="draft")
    address = f"/assessments/{draft.pk}/"
    assert as_user(cast.member).get(address)["Location"].endswith("/assessment/?framework=ours")
    FrameworkVersion.objects.update(state="retired")
    html = page(as_user(cast.member).get(address))
    assert "It was never submitted: its framework was retired before." in html
    assert "Tracked" in html
    assert as_user(cast.stranger).get(address).status_code == 404  # a draft is its team's own
