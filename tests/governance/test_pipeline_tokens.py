"""A pipeline's token: bound to a team, to the addresses of one table, and to no decision."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from governance.models import Promotion
from portal.accounts import actions
from portal.accounts.models import ApiToken, Membership, Team
from portal.accounts.pipelines import PIPELINE_MAY
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import Forbidden, Invalid
from tests.governance.promotions_made import audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db


def program(by, *, scope="pipeline", team=None) -> Client:
    _token, key = actions.create_token(by=by, name="build server", scope=scope, days=9, team=team)
    return Client(headers={"Authorization": f"Bearer {key}"})


def test_the_table_names_addresses_that_exist():
    names = {entry[0] for entry in PIPELINE_MAY}
    known = {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert names <= known


def test_a_pipeline_needs_a_team_of_its_maker(cast):
    with pytest.raises(Invalid):
        actions.create_token(by=cast.member, name="x", scope="pipeline", days=9)
    with pytest.raises(Forbidden):
        actions.create_token(by=cast.stranger, name="x", scope="pipeline", days=9, team=cast.team)
    with pytest.raises(Forbidden):  # an administrator is in no team by being one
        actions.create_token(by=cast.admin, name="x", scope="pipeline", days=9, team=cast.team)
    with pytest.raises(Invalid):
        actions.create_token(by=cast.member, name="x", scope="write", days=9, team=cast.team)
    assert not ApiToken.objects.exists()


def test_its_making_is_recorded_with_the_team(cast):
    program(cast.member, team=cast.team)
    event = Event.objects.get(action="token.create")
    assert event.content["after"] == {"scope": "pipeline", "days": 9, "team": "credit-risk"}
    assert event.team_id == cast.team.pk


def test_me_says_what_the_token_is(cast):
    Membership.objects.create(team=cast.other_team, user=cast.member, role="manager")
    cast.member.is_reviewer = True
    cast.member.save()
    me = program(cast.member, team=cast.team).get("/api/v1/me/").json()
    assert (me["scope"], me["team"], me["roles"]) == ("pipeline", "credit-risk", [])
    assert [one["team"] for one in me["teams"]] == ["credit-risk"]


def test_the_page_makes_one_and_shows_its_team(cast, as_user):
    browser = as_user(cast.member)
    given = {"name": "build", "scope": "pipeline", "days": 7, "team": cast.team.pk}
    assert browser.post(reverse("tokens"), given).context["key"].startswith("sek_")
    assert "Credit Risk" in browser.get(reverse("tokens")).content.decode()
    assert browser.post(reverse("tokens"), given | {"team": ""}).status_code == 422
    assert browser.post(reverse("tokens"), given | {"team": cast.other_team.pk}).status_code == 422
    assert ApiToken.objects.count() == 1


def test_it_sees_its_team_alone(cast):
    """Neither another team of its maker, nor what is open to the organisation, nor what their role would show."""
    Membership.objects.create(team=cast.other_team, user=cast.member, role="manager")
    Team.objects.update(visibility="organisation")
    cast.member.is_reviewer = True
    cast.member.save()
    ours = make_version(make_model(cast))
    Job.objects.create(kind="x", created_by=cast.member, team=cast.other_team)
    mine = Job.objects.create(kind="x", created_by=cast.member, team=cast.team)
    theirs, here = program(cast.member, team=cast.other_team), program(cast.member, team=cast.team)
    assert [one["id"] for one in here.get("/api/v1/versions/").json()["results"]] == [ours.pk]
    assert theirs.get("/api/v1/versions/").json()["results"] == []
    assert theirs.get(f"/api/v1/jobs/{mine.pk}/").status_code == 404
    assert here.get(f"/api/v1/jobs/{mine.pk}/").status_code == 200
    where = {"registry": ours.model.registry.slug, "model": ours.model.name, "version": ours.number}
    fact = where | {"key": "load", "value": 1}
    assert theirs.post("/api/v1/facts/", fact, content_type="application/json").status_code == 404
    assert here.post("/api/v1/facts/", fact, content_type="application/json").status_code == 201


def test_who_has_left_the_team_has_left_the_pipeline(cast):
    pipeline = program(cast.member, team=cast.team)
    Membership.objects.filter(user=cast.member).delete()
    refused = pipeline.get("/api/v1/versions/")
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.token_team_left")


def test_its_owner_is_not_changed_by_what_it_does(cast):
    cast.member.is_reviewer = True
    cast.member.save()
    version = make_version(make_model(cast))
    where = {"registry": version.model.registry.slug, "model": version.model.name, "version": version.number}
    program(cast.member, team=cast.team).post(
        "/api/v1/promotions/", where | {"environment": "production"}, content_type="application/json"
    )
    cast.member.refresh_from_db()
    assert cast.member.is_reviewer
    assert Promotion.objects.get().requested_by == cast.member


@pytest.mark.parametrize("scope", ["read", "write", "pipeline"])
def test_no_page_opens_for_a_token(cast, scope):
    """Decisions are pages, and pages know sessions alone."""
    promotion = requested(cast, audited(make_version(make_model(cast))))
    person = cast.reviewer if scope != "pipeline" else cast.member
    caller = program(person, scope=scope, team=cast.team if scope == "pipeline" else None)
    for what in ("approve", "refuse", "send-back"):
        answer = caller.post(f"/promotions/{promotion.pk}/{what}/", {"rev": promotion.rev, "reason": "x"})
        assert answer.status_code in (302, 404)
        assert answer.status_code == 404 or answer["Location"].startswith("/account/login/")
    promotion.refresh_from_db()
    assert promotion.state == "open"
    assert not promotion.decisions.exists()
