"""Several teams at once, by a manager of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import actions
from assessments.models import Answer, Assessment
from portal.accounts.models import Membership, Team

pytestmark = pytest.mark.django_db
BASE = "/assessments/together/"
KEY = "training.shared-platform"


@pytest.fixture
def teams(cast):
    """Three teams that one person manages."""
    made = [
        cast.team,
        *(Team.objects.create(unit=cast.unit, name=name, slug=name.lower()) for name in ("Fraud", "Lending")),
    ]
    for team in made[1:]:
        Membership.objects.create(user=cast.manager, team=team, role="manager")
    return made


@pytest.fixture
def begun(cast, teams, framework):
    return [actions.start_assessment(team=team, framework=framework, by=cast.manager) for team in teams]


@pytest.fixture
def again(cast, begun, framework):
    """Each has been assessed, and the next is open."""
    for draft in begun:
        for criterion in framework.of("training", level=1, required=True):
            actions.save_answer(assessment=draft, criterion=criterion.id, value="yes", note="", rev=0, by=cast.manager)
        actions.submit(assessment=draft, by=cast.manager)
    return [actions.start_assessment(team=draft.team, framework=framework, by=cast.manager) for draft in begun]


def test_one_post_starts_what_is_checked(as_user, cast, teams):
    client = as_user(cast.manager)
    assert client.get(BASE).content.decode().count('name="team"') == 3
    sent = client.post(BASE, {"team": [team.pk for team in teams[:2]]})
    assert sent.url == f"{BASE}{KEY}/"
    assert {row.team for row in Assessment.objects.filter(state="draft")} == set(teams[:2])


def test_teams_that_one_does_not_manage_are_not_there(as_user, cast, teams, framework):
    Membership.objects.filter(user=cast.manager, team=teams[1]).update(role="member")
    client = as_user(cast.manager)
    client.post(BASE, {"team": [team.pk for team in (*teams, cast.other_team)]})
    assert {row.team for row in Assessment.objects.all()} == {teams[0], teams[2]}
    assert "Fraud" not in client.get(f"{BASE}{KEY}/").content.decode()


def test_one_table_confirms_last_time_for_all(as_user, cast, again):
    client = as_user(cast.manager)
    html = client.get(f"{BASE}unchanged/").content.decode()
    boxes = [part.split('"')[0] for part in html.split('name="same" value="')[1:]]
    assert len(boxes) == 9
    sent = client.post(f"{BASE}unchanged/", {"same": boxes[1:]}, follow=True)
    assert "Confirmed: 8." in sent.content.decode()
    open_rows = Answer.objects.filter(assessment__state="draft", carried=True).exclude(value="")
    assert open_rows.count() == 1


def test_a_criterion_has_a_row_a_team_that_saves_to_its_own_page(as_user, cast, begun):
    client = as_user(cast.manager)
    html = client.get(f"{BASE}{KEY}/").content.decode()
    forms = [part.split('"')[0] for part in html.split('data-autosave method="post" action="')[1:]]
    assert forms == [f"/teams/{slug}/assessment/{KEY}/" for slug in ("credit-risk", "fraud", "lending")]
    sent = client.post(forms[1], {"answer": "partly", "note": "x", "rev": 0, "go": "together"})
    assert sent.url == f"{BASE}{KEY}/"
    assert [row.value for row in Answer.objects.filter(criterion=KEY).order_by("assessment__team__name")] == [
        "",
        "partly",
        "",
    ]


def test_next_leads_to_what_some_team_still_has_to_answer(as_user, cast, begun, framework):
    for draft in begun:
        actions.save_answer(
            assessment=draft, criterion="training.code-hosted", value="yes", note="", rev=0, by=cast.manager
        )
    html = as_user(cast.manager).get(f"{BASE}{KEY}/").content.decode()
    assert f'href="{BASE}training.data-platform-started/" data-key="j"' in html


def test_one_post_submits_what_is_checked_and_names_what_cannot_be(as_user, cast, begun):
    client = as_user(cast.manager)
    for draft in begun[:2]:
        actions.save_answer(assessment=draft, criterion=KEY, value="yes", note="", rev=0, by=cast.manager)
    sent = client.post(f"{BASE}check/", {"team": [draft.team.pk for draft in begun]}, follow=True)
    assert sent.status_code == 422
    html = sent.content.decode()
    assert "Submitted: Credit Risk, Fraud." in html
    assert "No criterion is answered yet." in html
    assert [row.state for row in Assessment.objects.order_by("pk")] == ["submitted", "submitted", "draft"]


def test_who_is_answered_apart_is_left_out(as_user, cast, teams, framework):
    actions.start_assessment(team=teams[0], framework=framework, by=cast.manager, apart=(cast.manager, cast.member))
    actions.start_assessment(team=teams[1], framework=framework, by=cast.manager)
    html = as_user(cast.manager).get(f"{BASE}{KEY}/").content.decode()
    assert "Fraud" in html
    assert "Credit Risk" not in html


def test_without_teams_it_says_so(as_user, cast):
    assert "You manage no team" in as_user(cast.member).get(BASE).content.decode()
    assert as_user(cast.member).get(f"{BASE}{KEY}/").status_code == 404


@pytest.mark.parametrize("page", ["", "unchanged/", f"{KEY}/", "check/"])
def test_the_pages_take_as_many_queries_for_many_teams(as_user, cast, teams, framework, page):
    client, counts = as_user(cast.manager), []
    for team in teams[:2]:
        actions.start_assessment(team=team, framework=framework, by=cast.manager)
        client.get(f"{BASE}{page}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{BASE}{page}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
