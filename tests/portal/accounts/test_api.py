"""The API of people and teams."""

from __future__ import annotations

from portal.accounts.models import Team


def test_me_says_who_with_which_roles(cast, as_user):
    told = as_user(cast.manager).get("/api/v1/me/").json()
    assert told["email"] == cast.manager.email
    assert told["roles"] == []
    assert told["teams"] == [{"team": "credit-risk", "role": "manager"}]
    assert told["scope"] is None
    assert as_user(cast.reviewer).get("/api/v1/me/").json()["roles"] == ["reviewer"]


def test_without_sign_in_it_is_a_problem_document(db, client):
    for path in ("/api/v1/me/", "/api/v1/teams/", "/api/v1/jobs/", "/api/v1/events/"):
        answer = client.get(path)
        assert answer.status_code in {401, 403}
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


def test_teams_are_scoped_and_searched(cast, as_user):
    member = as_user(cast.member)
    assert [team["slug"] for team in member.get("/api/v1/teams/").json()["results"]] == ["credit-risk"]
    assert member.get("/api/v1/teams/imaging/").status_code == 404
    assert member.get("/api/v1/teams/credit-risk/").json()["unit"] == "Retail"
    found = as_user(cast.auditor).get("/api/v1/teams/", {"search": "imag"}).json()["results"]
    assert [team["slug"] for team in found] == ["imaging"]


def test_a_wrong_filter_is_told(cast, as_user):
    answer = as_user(cast.auditor).get("/api/v1/teams/", {"visibility": "everyone"})
    assert answer.status_code == 400
    assert "visibility" in answer.json()["errors"]


def test_pages_hold_every_team_once_while_others_are_made(cast, as_user):
    for number in range(7):
        Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
    browser = as_user(cast.auditor)
    page = browser.get("/api/v1/teams/", {"page_size": 4}).json()
    Team.objects.create(unit=cast.unit, name="Late", slug="late")
    seen = [team["slug"] for team in page["results"]]
    while page["next"]:
        page = browser.get(page["next"]).json()
        seen += [team["slug"] for team in page["results"]]
    assert len(seen) == len(set(seen)) == 9


def test_writing_is_not_offered(cast, as_user):
    assert as_user(cast.admin).post("/api/v1/teams/", {"name": "x"}, content_type="application/json").status_code == 405
