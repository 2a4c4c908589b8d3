"""Sign-in: its lock-out, the change and reset of passwords, and what ends with them."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts import actions
from portal.ledger.models import Event

NEW = "a wholly different secret"


def sign_in(client: Client, email: str, password: str):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_sign_in_by_address(cast, client):
    assert sign_in(client, cast.member.email, cast.password).status_code == 302
    assert client.get(reverse("profile")).status_code == 200


def test_five_failures_lock_the_address_out(cast, client):
    for _ in range(5):
        assert sign_in(client, cast.member.email, "wrong").status_code == 200
    locked = sign_in(client, cast.member.email, cast.password)
    assert locked.status_code in {200, 429}
    assert "_auth_user_id" not in client.session
    assert sign_in(client, cast.manager.email, cast.password).status_code == 302  # others are not locked out


def test_a_shut_account_does_not_sign_in_and_its_session_ends(cast, client):
    sign_in(client, cast.member.email, cast.password)
    actions.deactivate(user=cast.member, by=cast.admin)
    assert client.get(reverse("profile")).status_code == 302
    other = Client()
    sign_in(other, cast.member.email, cast.password)
    assert "_auth_user_id" not in other.session


def test_nobody_signs_up_uninvited(db, client):
    client.post(reverse("account_signup"), {"email": "x@example.org", "password1": NEW})
    from portal.accounts.models import User

    assert not User.objects.exists()


def test_a_changed_password_is_recorded_and_ends_other_sessions(cast, client):
    elsewhere = Client()
    sign_in(client, cast.member.email, cast.password)
    sign_in(elsewhere, cast.member.email, cast.password)
    changed = client.post(
        reverse("account_change_password"), {"oldpassword": cast.password, "password1": NEW, "password2": NEW}
    )
    assert changed.status_code == 302
    assert client.get(reverse("profile")).status_code == 200
    assert elsewhere.get(reverse("profile")).status_code == 302
    event = Event.objects.get()
    assert (event.action, event.actor) == ("user.change_password", cast.member.pseudonym)


def test_a_forgotten_password_is_reset_by_mail(cast, client):
    client.post(reverse("account_reset_password"), {"email": cast.member.email})
    link = re.search(r"https?://testserver(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert Event.objects.get().action == "user.change_password"
    assert sign_in(Client(), cast.member.email, NEW).status_code == 302
    assert "_auth_user_id" not in _session_after(cast.member.email, cast.password)


def _session_after(email: str, password: str):
    client = Client()
    sign_in(client, email, password)
    return client.session


def test_a_reset_does_not_tell_who_has_an_account(cast, client):
    known = client.post(reverse("account_reset_password"), {"email": cast.member.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_no_page_changes_an_address_without_a_record(cast, as_user):
    assert as_user(cast.member).post("/account/email/", {"email": "x@example.org", "action_add": ""}).status_code == 404


@pytest.mark.parametrize("name", ["account_login", "account_logout", "account_change_password"])
def test_csrf_is_enforced(cast, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.member, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(reverse(name), {}).status_code == 403
