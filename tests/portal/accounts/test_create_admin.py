"""`manage.py create_admin`."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import User


def run(monkeypatch, password: str, **given) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    said = io.StringIO()
    call_command("create_admin", password_stdin=True, stdout=said, **given)
    return said.getvalue()


def test_it_makes_an_administrator(db, monkeypatch):
    assert "first@example.org" in run(monkeypatch, "a long enough secret", email="first@example.org", name="First")
    user = User.objects.get()
    assert user.is_administrator
    assert user.check_password("a long enough secret")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"email": "first@example.org", "name": "F", "password": "123"}, "Choose another password"),
        ({"email": "no address", "name": "F", "password": "a long enough secret"}, "no email address"),
        ({"email": "first@example.org", "password": "a long enough secret"}, "--name"),
    ],
)
def test_bad_input_is_told_in_a_sentence(db, monkeypatch, given, says):
    password = given.pop("password")
    with pytest.raises(CommandError, match=says):
        run(monkeypatch, password, **given)
    assert not User.objects.exists()


def test_a_second_account_of_an_address_is_refused(cast, monkeypatch):
    with pytest.raises(CommandError, match="already has an account"):
        run(monkeypatch, "a long enough secret", email=cast.admin.email, name="Again")


def test_it_asks_for_what_is_not_given(db, monkeypatch):
    answers = iter(["first@example.org", "First"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a long enough secret")
    call_command("create_admin", stdout=io.StringIO())
    assert User.objects.get().name == "First"
