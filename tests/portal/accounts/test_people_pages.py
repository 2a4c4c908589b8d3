"""Pages of people: who may open them, what they change, and what they refuse."""

from __future__ import annotations

import uuid

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts import actions
from portal.accounts.models import Invitation, Membership, Team, Unit, User
from portal.ledger.models import Event

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def url(name, *args):
    return reverse(name, args=args)


@pytest.mark.parametrize("name", ["people", "invitation-new", "unit-new", "people-team-new"])
def test_pages_are_for_administrators(cast, as_user, client, name):
    assert client.get(url(name)).status_code == 302
    assert as_user(cast.manager).get(url(name)).status_code == 403
    assert as_user(cast.reviewer).get(url(name)).status_code == 403
    assert as_user(cast.admin).get(url(name)).status_code == 200


def test_an_auditor_reads_people_and_changes_nothing(cast, as_user):
    browser = as_user(cast.auditor)
    assert browser.get(url("people")).status_code == 200
    page = browser.get(url("person", cast.member.pseudonym)).content.decode()
    assert cast.member.email in page
    assert '<form method="post" class="fields"' not in page
    assert browser.post(url("person-roles", cast.member.pseudonym), {"roles": ["auditor"]}).status_code == 403
    assert browser.post(url("person-account", cast.member.pseudonym), {"active": "0"}).status_code == 403
    assert browser.post(url("invitation-new"), {"email": "x@example.org", "language": "en"}).status_code == 403
    assert not Event.objects.exists()


def test_a_person_out_of_sight_is_not_found(cast, as_user):
    browser = as_user(cast.stranger)
    assert browser.get(url("person", cast.member.pseudonym)).status_code == 404
    assert browser.post(url("person-roles", cast.member.pseudonym)).status_code == 404
    assert as_user(cast.admin).get(url("person", uuid.uuid4())).status_code == 404


def test_search_facets_and_pages(cast, as_user):
    browser = as_user(cast.admin)
    found = browser.get(url("people"), {"q": "ito"}).context["list"]
    assert [str(row) for row in found.rows] == ["Ito"]
    found = browser.get(url("people"), {"team": "credit-risk"}).context["list"]
    assert {row.pk for row in found.rows} == {cast.manager.pk, cast.member.pk, cast.japanese.pk}
    found = browser.get(url("people"), {"auditor": "True"}).context["list"]
    assert [row.pk for row in found.rows] == [cast.auditor.pk]
    assert browser.get(url("people"), {"team": "'--", "page": "zz", "active": "?"}).status_code == 200


def test_the_list_asks_the_same_number_of_queries_however_long_it_is(cast, as_user):
    browser = as_user(cast.admin)
    browser.get(url("people"))
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(url("people"))
    for number in range(15):
        user = User.objects.create_user(f"p{number}@example.org", name=f"P{number}")
        Membership.objects.create(team=cast.team, user=user)
    with CaptureQueriesContext(connection) as many:
        assert len(browser.get(url("people")).context["list"].rows) > 15
    assert len(many) == len(few)


def test_roles_by_form(cast, as_user):
    page = as_user(cast.admin).post(
        url("person-roles", cast.member.pseudonym),
        {"roles": ["auditor"], "is_superuser": "1", "is_administrator": "1", "email": "evil@example.org"},
    )
    assert page.status_code == 302
    user = User.objects.get(pk=cast.member.pk)
    assert (user.is_auditor, user.is_administrator, user.is_superuser) == (True, False, False)
    assert user.email == cast.member.email


def test_the_last_administrator_is_told_why(cast, as_user):
    page = as_user(cast.admin).post(url("person-roles", cast.admin.pseudonym), {"roles": []})
    assert page.status_code == 422
    assert "last active administrator" in page.content.decode()
    page = as_user(cast.admin).post(url("person-account", cast.admin.pseudonym), {"active": "0"})
    assert page.status_code == 409
    assert User.objects.get(pk=cast.admin.pk).is_active


def test_an_unknown_role_is_refused(cast, as_user):
    page = as_user(cast.admin).post(url("person-roles", cast.member.pseudonym), {"roles": ["superuser"]})
    assert page.status_code == 422
    assert not Event.objects.exists()


def test_an_account_is_shut_and_opened(cast, as_user):
    browser = as_user(cast.admin)
    browser.post(url("person-account", cast.member.pseudonym), {"active": "0"})
    assert not User.objects.get(pk=cast.member.pk).is_active
    assert "This account is shut." in browser.get(url("person", cast.member.pseudonym)).content.decode()
    browser.post(url("person-account", cast.member.pseudonym), {"active": "1"})
    assert User.objects.get(pk=cast.member.pk).is_active


def test_from_invitation_to_first_page(cast, as_user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        page = as_user(cast.admin).post(
            url("invitation-new"),
            {
                "email": "new@example.org",
                "language": "ja",
                "roles": ["reviewer"],
                "team": cast.team.pk,
                "team_role": "member",
            },
        )
    address = page.context["address"]
    assert address in mail.outbox[0].body
    guest = Client()
    assert guest.get(address).status_code == 200
    weak = guest.post(address, {"name": "Nozomi", "password": "123", "time_zone": "Asia/Tokyo"})
    assert weak.status_code == 422
    assert "Nozomi" in weak.content.decode()
    done = guest.post(
        address,
        {
            "name": "Nozomi",
            "password": "a long enough secret",
            "time_zone": "Asia/Tokyo",
            "is_administrator": "on",
            "email": "other@example.org",
            "team": cast.other_team.pk,
        },
    )
    assert done.status_code == 302
    user = User.objects.get(email="new@example.org")
    assert (user.is_reviewer, user.is_administrator, user.language) == (True, False, "ja")
    assert list(user.memberships.values_list("team", flat=True)) == [cast.team.pk]
    assert guest.get(url("profile")).status_code == 200  # signed in
    assert Client().get(address).status_code == 404
    assert Client().post(address, {"name": "Again"}).status_code == 404


def test_an_invitation_to_a_known_address_is_told_on_the_form(cast, as_user):
    page = as_user(cast.admin).post(
        url("invitation-new"), {"email": cast.member.email, "language": "en", "team_role": "member"}
    )
    assert page.status_code == 422
    assert "already has an account" in page.content.decode()
    assert not Invitation.objects.exists()


def test_withdrawing(cast, as_user):
    invitation, _ = actions.invite(email="x@example.org", by=cast.admin, link=str)
    target = url("invitation-withdraw", invitation.pk)
    assert as_user(cast.manager).post(target).status_code == 404
    assert as_user(cast.admin).get(target).status_code == 405
    assert as_user(cast.admin).post(target).status_code == 302
    assert not Invitation.objects.open().exists()


def test_unit_and_team_by_form(cast, as_user):
    browser = as_user(cast.admin)
    assert browser.post(url("unit-new"), {"name": "Health"}).status_code == 302
    assert browser.post(url("unit-new"), {"name": "health"}).status_code == 422
    unit = Unit.objects.get(name="Health")
    made = browser.post(
        url("people-team-new"), {"name": "Triage", "unit": unit.pk, "visibility": "team", "slug": "mine"}
    )
    assert made["Location"] == url("team-settings", "triage")
    assert Team.objects.get(name="Triage").slug == "triage"
    assert browser.post(url("people-team-new"), {"name": "X", "unit": unit.pk, "visibility": "all"}).status_code == 422


def test_hostile_names_break_no_page(cast, as_user):
    hostile = "<script>alert(1)</script>\"'\u202e%2e%2e%2f"
    User.objects.filter(pk=cast.member.pk).update(name=hostile)
    Team.objects.filter(pk=cast.team.pk).update(name=hostile)
    browser = as_user(cast.admin)
    for address in (url("people"), url("person", cast.member.pseudonym), url("team-settings", "credit-risk")):
        page = browser.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("invitation-new", ()),
        ("unit-new", ()),
        ("people-team-new", ()),
        ("person-roles", ("person",)),
        ("person-account", ("person",)),
        ("team-settings", ("team",)),
        ("team-member-add", ("team",)),
        ("team-member-role", ("team", "person")),
        ("team-member-remove", ("team", "person")),
        ("profile", ()),
        ("tokens", ()),
        ("set_language", ()),
    ],
)
def test_csrf_is_enforced(cast, name, args):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin, backend=BACKEND)
    given = {"person": cast.member.pseudonym, "team": cast.team.slug}
    assert client.post(url(name, *(given[arg] for arg in args)), {"name": "x"}).status_code == 403
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", ["person-roles", "person-account"])
def test_get_changes_nothing(cast, as_user, name):
    assert as_user(cast.admin).get(url(name, cast.member.pseudonym)).status_code == 405
