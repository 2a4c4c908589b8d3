"""A team's settings page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.accounts.models import Membership, Team, Unit
from portal.ledger.models import Event


def url(name, *args):
    return reverse(name, args=args)


SETTINGS = ("team-settings", "credit-risk")


def test_the_manager_sees_members_and_settings(cast, as_user):
    page = as_user(cast.manager).get(url(*SETTINGS)).content.decode()
    assert cast.member.email in page
    assert "The whole organisation" in page


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("auditor", 403), ("stranger", 404), ("admin", 200)])
def test_who_may_open_it(cast, as_user, who, status):
    assert as_user(getattr(cast, who)).get(url(*SETTINGS)).status_code == status


def test_an_open_team_is_seen_but_not_managed_by_others(cast, as_user):
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    browser = as_user(cast.stranger)
    assert browser.get(url(*SETTINGS)).status_code == 403
    changed = browser.post(url(*SETTINGS), {"name": "X", "unit": cast.unit.pk, "visibility": "team"})
    assert changed.status_code == 403
    assert Team.objects.get(pk=cast.team.pk).name == "Credit Risk"


def test_settings_by_form(cast, as_user):
    health = Unit.objects.create(name="Health")
    page = as_user(cast.manager).post(
        url(*SETTINGS), {"name": "Credit", "visibility": "organisation", "unit": health.pk, "slug": "mine"}
    )
    assert page.status_code == 302
    team = Team.objects.get(pk=cast.team.pk)
    assert (team.name, team.visibility, team.slug) == ("Credit", "organisation", "credit-risk")
    assert team.unit == cast.unit  # the unit is the administrator's
    taken = as_user(cast.manager).post(url(*SETTINGS), {"name": "Imaging", "visibility": "team"})
    assert taken.status_code == 422
    assert "exists already" in taken.content.decode()
    as_user(cast.admin).post(url(*SETTINGS), {"name": "Credit", "visibility": "team", "unit": health.pk})
    assert Team.objects.get(pk=cast.team.pk).unit == health


def test_members_by_form(cast, as_user):
    browser = as_user(cast.manager)
    add = url("team-member-add", "credit-risk")
    assert browser.post(add, {"email": cast.reviewer.email.upper(), "role": "member"}).status_code == 302
    assert Membership.objects.get(user=cast.reviewer).team == cast.team
    unknown = browser.post(add, {"email": "nobody@example.org", "role": "member"})
    assert unknown.status_code == 422
    assert "Nobody has an account" in unknown.content.decode()
    assert browser.post(add, {"email": cast.admin.email, "role": "owner"}).status_code == 422
    role = url("team-member-role", "credit-risk", cast.reviewer.pseudonym)
    browser.post(role, {"role": "manager"})
    assert Membership.objects.get(user=cast.reviewer).role == "manager"
    browser.post(role, {"role": "owner"})
    assert Membership.objects.get(user=cast.reviewer).role == "manager"
    browser.post(url("team-member-remove", "credit-risk", cast.reviewer.pseudonym))
    assert not Membership.objects.filter(user=cast.reviewer).exists()


def test_a_foreign_member_is_not_found(cast, as_user):
    browser = as_user(cast.manager)
    stranger = cast.stranger.pseudonym
    assert browser.post(url("team-member-remove", "credit-risk", stranger)).status_code == 404
    assert browser.post(url("team-member-remove", "imaging", stranger)).status_code == 404
    assert browser.post(url("team-member-role", "imaging", stranger), {"role": "member"}).status_code == 404
    assert Membership.objects.get(user=cast.stranger).role == "manager"
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", ["team-member-role", "team-member-remove"])
def test_get_changes_nothing(cast, as_user, name):
    assert as_user(cast.manager).get(url(name, "credit-risk", cast.member.pseudonym)).status_code == 405
    assert as_user(cast.manager).get(url("team-member-add", "credit-risk")).status_code == 405


def test_a_manager_may_leave(cast, as_user):
    left = as_user(cast.manager).post(url("team-member-remove", "credit-risk", cast.manager.pseudonym))
    assert left["Location"] == url("teams")
    assert as_user(cast.manager).get(url(*SETTINGS)).status_code == 404
