"""Campaigns: who may ask whom, how far teams are, what starting links, closing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import actions
from assessments.actions.campaigns import close_campaign, create_campaign
from assessments.campaigns import progress_of, running_for, with_states
from assessments.framework import shipped
from assessments.models import Assessment, Campaign, CampaignTeam
from portal.accounts.models import Membership, Team, Unit, User
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]


def later(days=14):
    return timezone.localdate() + timedelta(days=days)


def start(by, *teams, title="Autumn", framework=FRAMEWORK, due=None, note=""):
    return create_campaign(title=title, framework=framework, teams=teams, due=due or later(), note=note, by=by)


def state_of(campaign, team):
    (row,) = progress_of(campaign, with_states(CampaignTeam.objects.filter(campaign=campaign, team=team)))
    return row


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_administrators_ask_all_and_managers_their_own(cast):
    assert start(cast.admin, cast.team, cast.other_team).members.count() == 2
    assert start(cast.manager, cast.team).created_by == cast.manager
    with pytest.raises(Forbidden):
        start(cast.manager, cast.team, cast.other_team)
    for user in (cast.member, cast.auditor, cast.reviewer):
        with pytest.raises(Forbidden):
            start(user, cast.team)
    assert Campaign.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [({"title": " "}, "title"), ({"title": "x" * 121}, "title"), ({"due": timezone.localdate() - timedelta(1)}, "due")],
)
def test_what_lacks_is_named(cast, given, field):
    with pytest.raises(Invalid) as refused:
        start(cast.admin, cast.team, **given)
    assert list(refused.value.fields) == [field]


def test_a_campaign_without_teams_is_refused(cast):
    with pytest.raises(Invalid):
        start(cast.admin)


def test_starting_links_and_progress_follows(cast, answer):
    campaign = start(cast.admin, cast.team)
    assert state_of(campaign, cast.team).state == "none"
    draft = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    assert draft.campaign == campaign
    now = state_of(campaign, cast.team)
    assert (now.state, now.answered) == ("draft", 0)
    answer(draft, "training.code-hosted")
    assert state_of(campaign, cast.team).answered == 1
    actions.submit(assessment=draft, by=cast.manager)
    assert state_of(campaign, cast.team).state == "submitted"
    assert running_for(cast.team, FRAMEWORK.key) is None
    again = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    assert again.campaign is None


def test_drafts_in_progress_join(cast, draft):
    campaign = start(cast.admin, cast.team)
    draft.refresh_from_db()
    assert draft.campaign == campaign
    assert '"drafts_joined":1' in Event.objects.get(action="campaign.create").body


def test_another_framework_is_not_linked(cast):
    start(cast.admin, cast.team)
    other = actions.start_assessment(team=cast.team, framework=shipped()["devops-practices"], by=cast.member)
    assert other.campaign is None


def test_the_first_due_of_two_is_linked(cast):
    start(cast.admin, cast.team, title="later", due=later(30))
    soon = start(cast.admin, cast.team, title="sooner", due=later(5))
    assert actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member).campaign == soon


def test_overdue_is_what_is_late_and_not_submitted(cast, submitted):
    campaign = start(cast.admin, cast.team, cast.other_team)
    Assessment.objects.filter(pk=submitted.pk).update(campaign=campaign)
    Campaign.objects.filter(pk=campaign.pk).update(due=timezone.localdate() - timedelta(days=3))
    campaign.refresh_from_db()
    assert not state_of(campaign, cast.team).overdue
    assert state_of(campaign, cast.other_team).overdue
    close_campaign(campaign=campaign, by=cast.admin)
    campaign.refresh_from_db()
    assert not state_of(campaign, cast.other_team).overdue


def test_closing_is_for_who_made_it_and_administrators_and_happens_once(cast):
    campaign = start(cast.manager, cast.team)
    for user in (cast.member, cast.stranger, cast.auditor):
        with pytest.raises(Forbidden):
            close_campaign(campaign=campaign, by=user)
    close_campaign(campaign=campaign, by=cast.manager)
    with pytest.raises(Conflict):
        close_campaign(campaign=campaign, by=cast.admin)
    assert running_for(cast.team, FRAMEWORK.key) is None


def test_what_was_sent_back_is_in_progress_again(cast, submitted):
    from assessments.actions.review import send_back

    campaign = start(cast.admin, cast.team)
    Assessment.objects.filter(pk=submitted.pk).update(campaign=campaign)
    send_back(assessment=submitted, reason="See the wiki.", by=cast.reviewer)
    assert state_of(campaign, cast.team).state == "draft"
    assert running_for(cast.team, FRAMEWORK.key) == campaign


def test_the_page_shows_only_teams_that_one_sees(as_user, cast):
    campaign = start(cast.admin, cast.team, cast.other_team)
    url = f"/campaigns/{campaign.pk}/"
    assert "0 of 2 teams have submitted." in page(as_user(cast.auditor).get(url))
    html = page(as_user(cast.stranger).get(url))
    assert "0 of 1 teams have submitted." in html
    assert "Credit Risk" not in html
    assert "Credit Risk" not in page(as_user(cast.stranger).get(f"{url}csv/"))
    elsewhere = start(cast.admin, cast.team, title="Not yours")
    assert as_user(cast.stranger).get(f"/campaigns/{elsewhere.pk}/").status_code == 404
    assert "Not yours" not in page(as_user(cast.stranger).get("/campaigns/"))


def test_facets_of_the_page(as_user, cast, submitted):
    campaign = start(cast.admin, cast.team, cast.other_team)
    Assessment.objects.filter(pk=submitted.pk).update(campaign=campaign)
    client = as_user(cast.admin)
    rows = {state: page(client.get(f"/campaigns/{campaign.pk}/?state={state}")) for state in ("none", "submitted")}
    assert "/teams/imaging/" in rows["none"]
    assert "/teams/credit-risk/" not in rows["none"]
    assert "/teams/credit-risk/" in rows["submitted"]


def test_the_csv_has_a_row_a_team(as_user, cast, draft):
    campaign = start(cast.admin, cast.team, cast.other_team)
    response = as_user(cast.admin).get(f"/campaigns/{campaign.pk}/csv/")
    rows = list(csv.reader(io.StringIO(response.content.decode().lstrip("\ufeff"))))
    assert [row[0] for row in rows] == ["Team", "Credit Risk", "Imaging"]
    assert rows[1][2:5] == ["In progress", "0", str(int(rows[1][4]))]
    assert rows[2][2] == "Not started"


def test_making_one_by_unit_and_by_team(as_user, cast):
    health = Unit.objects.create(name="Health")
    Team.objects.create(unit=health, name="Ward", slug="ward")
    client = as_user(cast.admin)
    assert "Ward" in page(client.get("/campaigns/new/"))
    given = {"title": "Q4", "framework": FRAMEWORK.key, "due": later().isoformat(), "units": [cast.unit.pk]}
    response = client.post("/campaigns/new/", given)
    made = Campaign.objects.get()
    assert response.url == f"/campaigns/{made.pk}/"
    assert {row.team.slug for row in made.members.all()} == {"credit-risk", "imaging"}
    assert "Choose at least one team." in client.post("/campaigns/new/", given | {"units": []}).content.decode()


def test_a_manager_cannot_choose_other_teams(as_user, cast):
    client = as_user(cast.manager)
    assert "Imaging" not in page(client.get("/campaigns/new/"))
    given = {"title": "Q4", "framework": FRAMEWORK.key, "due": later().isoformat(), "teams": [cast.other_team.pk]}
    assert client.post("/campaigns/new/", given).status_code == 422
    assert as_user(cast.member).get("/campaigns/new/").status_code == 403
    assert not Campaign.objects.exists()


def test_the_team_sees_who_asks(as_user, cast):
    start(cast.admin, cast.team, note="For the board.")
    html = page(as_user(cast.manager).get("/teams/credit-risk/assessment/"))
    assert "Autumn asks for this assessment." in html
    assert "For the board." in html
    assert "asks for this assessment" not in page(as_user(cast.stranger).get("/teams/imaging/assessment/"))


def test_closing_by_the_page(as_user, cast):
    campaign = start(cast.admin, cast.team)
    assert as_user(cast.manager).post(f"/campaigns/{campaign.pk}/close/").status_code == 403
    assert as_user(cast.admin).post(f"/campaigns/{campaign.pk}/close/").status_code == 302
    campaign.refresh_from_db()
    assert campaign.closed_at


def test_the_page_takes_as_many_queries_for_many_teams(as_user, cast, draft):
    def add(number):
        team = Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
        user = User.objects.create_user(f"m{number}@example.org", name=f"M{number}")
        Membership.objects.create(team=team, user=user, role="manager")
        actions.start_assessment(team=team, framework=FRAMEWORK, by=User.objects.get(pk=user.pk))
        return team

    campaign = start(cast.admin, cast.team)
    client, counts = as_user(cast.admin), []
    page(client.get(f"/campaigns/{campaign.pk}/"))
    for teams in ((), [add(number) for number in range(6)]):
        CampaignTeam.objects.bulk_create(CampaignTeam(campaign=campaign, team=team) for team in teams)
        Assessment.objects.filter(team__in=teams).update(campaign=campaign)
        for url in (f"/campaigns/{campaign.pk}/", "/campaigns/", f"/campaigns/{campaign.pk}/csv/"):
            with CaptureQueriesContext(connection) as queries:
                page(client.get(url))
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
