"""Units, teams and memberships."""

from __future__ import annotations

import pytest

from portal.accounts import teams
from portal.accounts.models import Membership, Team, Unit, User
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid


def test_unit_and_team_are_made_and_recorded(cast):
    unit = teams.create_unit(name="  Health   care ", by=cast.admin)
    assert unit.name == "Health care"
    team = teams.create_team(name="Triage", unit=unit, by=cast.admin)
    assert (team.slug, team.visibility) == ("triage", "team")
    assert list(Event.objects.order_by("id").values_list("action", "team_id")) == [
        ("unit.create", None),
        ("team.create", team.pk),
    ]


def test_names_are_unique_whatever_their_case(cast):
    with pytest.raises(Conflict):
        teams.create_unit(name="RETAIL", by=cast.admin)
    with pytest.raises(Conflict):
        teams.create_team(name="credit risk", unit=cast.unit, by=cast.admin)
    with pytest.raises(Invalid):
        teams.create_team(name="  ", unit=cast.unit, by=cast.admin)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("与信リスク", "与信リスク"),
        ("=cmd|calc", "cmdcalc"),
        ("！！", "team"),
        ("New", "new-2"),
        ("Imaging!", "imaging-2"),
    ],
)
def test_every_name_gets_an_address(cast, name, slug):
    assert teams.create_team(name=name, unit=cast.unit, by=cast.admin).slug == slug


def test_a_manager_changes_name_and_visibility_but_not_the_unit(cast):
    other = Unit.objects.create(name="Health")
    teams.change_team(team=cast.team, by=cast.manager, name="Credit", unit=cast.unit, visibility="organisation")
    team = Team.objects.get(pk=cast.team.pk)
    assert (team.name, team.slug, team.visibility) == ("Credit", "credit-risk", "organisation")
    content = Event.objects.get().content
    assert (content["before"]["visibility"], content["after"]["visibility"]) == ("team", "organisation")
    with pytest.raises(Forbidden):
        teams.change_team(team=team, by=cast.manager, name="Credit", unit=other, visibility="team")
    assert Team.objects.get(pk=team.pk).visibility == "organisation"
    teams.change_team(team=team, by=cast.admin, name="Credit", unit=other, visibility="team")
    assert Team.objects.get(pk=team.pk).unit == other


@pytest.mark.parametrize("who", ["member", "stranger", "auditor", "reviewer"])
def test_others_change_nothing(cast, who):
    by = getattr(cast, who)
    membership = Membership.objects.get(team=cast.team, user=cast.member)
    with pytest.raises(Forbidden):
        teams.change_team(team=cast.team, by=by, name="X", unit=cast.unit, visibility="team")
    with pytest.raises(Forbidden):
        teams.add_member(team=cast.team, user=cast.reviewer, by=by)
    with pytest.raises(Forbidden):
        teams.change_member_role(membership=membership, role="manager", by=by)
    with pytest.raises(Forbidden):
        teams.remove_member(membership=membership, by=by)
    with pytest.raises(Forbidden):
        teams.create_unit(name="X", by=by)
    assert not Event.objects.exists()


def test_members_come_change_and_go(cast):
    membership = teams.add_member(team=cast.team, user=cast.reviewer, by=cast.manager)
    with pytest.raises(Conflict, match="already in this team"):
        teams.add_member(team=cast.team, user=cast.reviewer, by=cast.manager, role="manager")
    teams.change_member_role(membership=membership, role="manager", by=cast.manager)
    assert Membership.objects.get(pk=membership.pk).role == "manager"
    membership.refresh_from_db()
    teams.remove_member(membership=membership, by=cast.manager)
    assert not Membership.objects.filter(pk=membership.pk).exists()
    events = Event.objects.order_by("id")
    assert [event.action for event in events] == [
        "team.add_member",
        "team.change_member_role",
        "team.remove_member",
    ]
    assert all(event.content["params"] == {"user": str(cast.reviewer.pseudonym)} for event in events)
    assert events[2].content["before"] == {"role": "manager"}


def test_a_shut_account_joins_no_team(cast):
    User.objects.filter(pk=cast.reviewer.pk).update(is_active=False)
    cast.reviewer.refresh_from_db()
    with pytest.raises(Conflict):
        teams.add_member(team=cast.team, user=cast.reviewer, by=cast.manager)


def test_scoped_teams(cast):
    assert set(Team.objects.for_user(cast.member)) == {cast.team}
    Team.objects.filter(pk=cast.other_team.pk).update(visibility="organisation")
    assert set(Team.objects.for_user(cast.member)) == {cast.team, cast.other_team}
    for who in (cast.admin, cast.auditor, cast.reviewer):
        assert Team.objects.for_user(who).count() == 2
