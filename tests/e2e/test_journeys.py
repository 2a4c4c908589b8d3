"""What people come for, by hand and by keyboard, in a real browser."""

from __future__ import annotations

import pytest

from governance.models import Promotion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_signing_in_with_a_password(browser, live_server, cast):
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(live_server.url + "/teams/")
    page.fill("input[name=login]", cast.manager.email)
    page.fill("input[name=password]", cast.password)
    page.keyboard.press("Enter")
    page.wait_for_url(live_server.url + "/teams/")
    assert page.get_by_role("link", name=cast.manager.name).is_visible()
    context.close()


def test_a_criterion_is_answered_by_keyboard_and_saved_by_itself(live_server, cast, begun, signed_in):
    from assessments.models import Answer

    page = signed_in(cast.manager)
    page.goto(live_server.url + begun.addresses["criterion"])
    page.keyboard.press("2")
    page.wait_for_selector("text=/Saved/")
    draft = Answer.objects.filter(assessment__state="draft", assessment__team=cast.team)
    assert draft.filter(value="partly").exists()


def test_a_reviewer_approves_on_one_page(live_server, cast, begun, signed_in):
    page = signed_in(cast.reviewer)
    page.goto(live_server.url + begun.addresses["promotion, open"])
    with page.expect_navigation():
        page.get_by_role("button", name="Approve").click()
    promotion = Promotion.objects.get(state="approved")
    assert promotion.decisions.get().by == cast.reviewer


def test_refusing_without_a_reason_says_so_and_refuses_nothing(live_server, cast, begun, signed_in):
    page = signed_in(cast.reviewer)
    page.goto(live_server.url + begun.addresses["promotion, open"])
    page.get_by_role("button", name="Refuse").click()
    page.wait_for_load_state()
    assert Promotion.objects.filter(state="open").exists()


def test_the_language_switch_keeps_the_page(live_server, cast, begun, signed_in):
    page = signed_in(cast.manager)
    page.goto(live_server.url + begun.addresses["team"])
    page.get_by_role("banner").get_by_role("button", name="日本語").click()
    page.wait_for_selector("html[lang=ja]")
    assert page.url.endswith(begun.addresses["team"])
