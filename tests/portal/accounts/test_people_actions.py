"""People: invited, given roles, shut; never without an administrator; no name in the log."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation, Membership, User
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

NO_ROLES = {"is_administrator": False, "is_auditor": False, "is_reviewer": False}


def invited(cast, email="new@example.org", **given):
    return actions.invite(email=email, by=cast.admin, link=lambda token: f"https://here/{token}", **given)


def token_of(address: str) -> str:
    return address.removeprefix("https://here/")


def test_the_first_administrator_needs_nobodys_leave(db):
    user = actions.create_administrator(email="First@Example.org ", name="First", password="a long enough secret")
    assert user.email == "first@example.org"
    assert user.is_administrator
    assert user.check_password("a long enough secret")
    event = Event.objects.get()
    assert event.action == "user.create_administrator"
    assert event.actor is None


def test_a_further_administrator_needs_an_administrators_leave(cast):
    with pytest.raises(Forbidden):
        actions.create_administrator(email="x@example.org", name="X", password="a long enough secret", by=cast.manager)
    assert not User.objects.filter(email="x@example.org").exists()


def test_a_weak_password_is_refused_with_reasons(db):
    with pytest.raises(Invalid) as refused:
        actions.create_administrator(email="x@example.org", name="X", password="12345")
    assert "12" in str(refused.value)
    assert not User.objects.exists()


def test_an_invitation_is_mailed_and_its_token_is_stored_nowhere(cast, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invitation, address = invited(cast, language="ja")
    assert address in mail.outbox[0].body
    assert mail.outbox[0].to == ["new@example.org"]
    stored = json.dumps([invitation.token_hash, *Event.objects.values_list("body", flat=True)])
    assert token_of(address) not in stored


def test_accepting_gives_the_named_roles_and_team_once(cast):
    _, address = invited(cast, is_reviewer=True, team=cast.team, team_role="manager")
    given = {"token": token_of(address), "name": "New Person", "password": "a long enough secret"}
    user = actions.accept_invitation(**given, time_zone="Asia/Tokyo")
    assert (user.is_administrator, user.is_auditor, user.is_reviewer) == (False, False, True)
    assert Membership.objects.get(user=user).role == "manager"
    assert user.timezone == "Asia/Tokyo"
    with pytest.raises(Conflict, match="not valid"):
        actions.accept_invitation(**given)
    assert User.objects.filter(email="new@example.org").count() == 1


def test_an_old_withdrawn_or_replaced_invitation_is_useless(cast):
    _, old = invited(cast)
    _, newer = invited(cast)
    invitation, withdrawn = invited(cast, email="other@example.org")
    actions.withdraw_invitation(invitation=invitation, by=cast.admin)
    Invitation.objects.filter(token_hash=actions.hash_of(token_of(newer))).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    for address in (old, newer, withdrawn, "https://here/never-made"):
        with pytest.raises(Conflict):
            actions.accept_invitation(token=token_of(address), name="X", password="a long enough secret")


def test_an_address_with_an_account_is_not_invited(cast):
    with pytest.raises(Conflict, match="already has an account"):
        invited(cast, email=cast.member.email.upper())


def test_only_administrators_invite_and_set_roles(cast):
    for by in (cast.auditor, cast.reviewer, cast.manager):
        with pytest.raises(Forbidden):
            actions.invite(email="x@example.org", by=by, link=str)
        with pytest.raises(Forbidden):
            actions.set_roles(user=by, by=by, **{**NO_ROLES, "is_administrator": True})
    assert not Event.objects.exists()


def test_the_last_active_administrator_stays(cast):
    with pytest.raises(Conflict, match="last active administrator"):
        actions.set_roles(user=cast.admin, by=cast.admin, **NO_ROLES)
    with pytest.raises(Conflict, match="last active administrator"):
        actions.deactivate(user=cast.admin, by=cast.admin)
    second = User.objects.create_user("second@example.org", name="Second", is_administrator=True, is_active=False)
    with pytest.raises(Conflict):  # an administrator whose account is shut does not count
        actions.deactivate(user=cast.admin, by=cast.admin)
    actions.activate(user=second, by=cast.admin)
    actions.set_roles(user=cast.admin, by=cast.admin, **NO_ROLES)
    assert not User.objects.get(pk=cast.admin.pk).is_administrator


def test_a_change_of_roles_is_recorded_before_and_after(cast):
    actions.set_roles(user=cast.reviewer, by=cast.admin, **{**NO_ROLES, "is_auditor": True})
    content = Event.objects.get().content
    assert content["before"] == {"roles": ["reviewer"]}
    assert content["after"] == {"roles": ["auditor"]}
    assert content["actor"] == str(cast.admin.pseudonym)
    actions.set_roles(user=cast.reviewer, by=cast.admin, **{**NO_ROLES, "is_auditor": True})
    assert Event.objects.count() == 1  # nothing changed, nothing recorded


def test_profile_is_ones_own(cast):
    given = {"name": "Ito Ren", "language": "ja", "time_zone": "Asia/Tokyo"}
    actions.change_profile(user=cast.member, by=cast.member, **given)
    cast.member.refresh_from_db()
    assert (cast.member.name, cast.member.language, cast.member.timezone) == ("Ito Ren", "ja", "Asia/Tokyo")
    with pytest.raises(Forbidden):
        actions.change_profile(user=cast.member, by=cast.admin, **given)
    with pytest.raises(Invalid):
        actions.change_profile(user=cast.member, by=cast.member, **{**given, "time_zone": "Mars/Base"})


def test_no_name_or_address_stands_in_the_log_itself(cast):
    _, address = invited(cast, team=cast.team)
    user = actions.accept_invitation(token=token_of(address), name="Nozomi Yamabuki", password="a long enough secret")
    actions.change_profile(user=user, by=user, name="Nozomi Ueda", language="en", time_zone="UTC")
    actions.set_roles(user=user, by=cast.admin, **{**NO_ROLES, "is_auditor": True})
    actions.deactivate(user=user, by=cast.admin)
    bodies = "".join(Event.objects.values_list("body", flat=True))
    assert Event.objects.count() == 5
    assert not re.search("nozomi|yamabuki|ueda|example.org|mori", bodies, re.IGNORECASE)


def test_an_action_that_is_rolled_back_leaves_no_event(cast):
    with transaction.atomic():
        actions.deactivate(user=cast.member, by=cast.admin)
        assert Event.objects.count() == 1
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    cast.member.refresh_from_db()
    assert cast.member.is_active


def test_a_failing_record_takes_the_change_with_it(cast, monkeypatch):
    def broken(**given):
        raise RuntimeError("no disk")

    monkeypatch.setattr(actions, "record", broken)
    with pytest.raises(RuntimeError):
        actions.deactivate(user=cast.member, by=cast.admin)
    cast.member.refresh_from_db()
    assert cast.member.is_active
