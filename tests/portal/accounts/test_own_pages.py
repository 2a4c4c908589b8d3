"""Profile, the language switch, and what the site says of itself."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User


def test_profile_by_form_changes_only_its_fields(cast, as_user):
    page = as_user(cast.member).post(
        reverse("profile"),
        {
            "name": "Ito Ren",
            "language": "ja",
            "time_zone": "Asia/Tokyo",
            "email": "x@example.org",
            "is_administrator": "on",
            "is_superuser": "on",
            "is_active": "",
            "pseudonym": cast.admin.pseudonym,
        },
    )
    assert page.status_code == 302
    user = User.objects.get(pk=cast.member.pk)
    assert (user.name, user.language, user.timezone) == ("Ito Ren", "ja", "Asia/Tokyo")
    assert (user.email, user.is_administrator, user.is_superuser, user.is_active) == (
        cast.member.email,
        False,
        False,
        True,
    )
    assert user.pseudonym == cast.member.pseudonym


def test_a_wrong_zone_is_refused_and_the_name_is_kept(cast, as_user):
    page = as_user(cast.member).post(reverse("profile"), {"name": "Renamed", "language": "en", "time_zone": "Mars"})
    assert page.status_code == 422
    assert "Renamed" in page.content.decode()
    assert User.objects.get(pk=cast.member.pk).name == "Ito"


def test_profile_needs_sign_in(db, client):
    assert client.get(reverse("profile"))["Location"].startswith(reverse("account_login"))


def test_the_switch_is_saved_with_the_user(cast, as_user):
    browser = as_user(cast.member)
    switched = browser.post(reverse("set_language"), {"language": "ja", "next": "/profile/?tab=1"})
    assert switched["Location"] == "/profile/?tab=1"
    assert User.objects.get(pk=cast.member.pk).language == "ja"
    assert browser.get(reverse("profile"))["Content-Language"] == "ja"


def test_before_sign_in_the_switch_is_a_cookie(db, client):
    assert client.get(reverse("account_login"))["Content-Language"] == "en"
    client.post(reverse("set_language"), {"language": "ja", "next": "/"})
    assert client.get(reverse("account_login"))["Content-Language"] == "ja"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "nowhere", ""])
def test_the_switch_leads_nowhere_else(db, client, target):
    assert client.post(reverse("set_language"), {"language": "ja", "next": target})["Location"] == "/"


def test_an_unknown_language_changes_nothing(cast, as_user):
    as_user(cast.member).post(reverse("set_language"), {"language": "xx", "next": "/"})
    assert User.objects.get(pk=cast.member.pk).language == "en"


def test_the_switch_rejects_get(db):
    assert Client().get(reverse("set_language"), {"language": "ja"}).status_code == 405


def test_docs_lead_to_the_api(db, client):
    assert reverse("api-docs") in client.get(reverse("docs")).content.decode()


def test_the_page_of_the_api_runs_nothing_inline(db, client):
    """The content security policy would leave it empty."""
    page = client.get(reverse("api-docs")).content.decode()
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", page)
    assert scripts
    assert all("src=" in source and not inline.strip() for source, inline in scripts)
    script = client.get(re.search(r'src="([^"]*script=[^"]*)"', page).group(1).replace("&amp;", "&"))
    assert reverse("api-schema") in script.content.decode()
