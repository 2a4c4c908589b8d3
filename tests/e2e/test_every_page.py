"""Every page in English, and those that need no sign-in in both languages."""

from __future__ import annotations

import pytest

from tests.e2e.walking import context_for, look, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_full_and_empty_pages(live_server, browser, client, cast, world):
    problems = walk(live_server, browser, client, world, "en")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ja", "dark")])
def test_signed_out_pages(live_server, browser, language, theme):
    problems: list[str] = []
    small = {"width": 360, "height": 740}
    context = context_for(browser, viewport=small, locale=language, color_scheme=theme)
    page = context.new_page()
    for address in ("/account/login/", "/account/password/reset/", "/invitations/nothing/"):
        look(page, live_server.url + address, f"{address} {language}", problems)
        assert page.get_attribute("html", "lang") == language
    context.close()
    assert not problems, "\n".join(problems)
