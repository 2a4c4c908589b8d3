"""The 18:00 page: verdict and way through on one screen, in both languages, and nothing beyond it at 360 pixels."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from governance.actions import promotions
from governance.judging import judge_live
from tests.governance import factories as make
from tests.worlds import placed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MEASURE = "() => document.querySelector('.way').getBoundingClientRect().bottom + window.scrollY"


@pytest.fixture
def requests(cast):
    """A request that fails by a gap, one for which evidence is missing, and one that passes."""
    model = make.make_model(cast.team)
    failing = make.audit_all(make.make_version(model, 1), gap=0.2)
    missing = make.make_version(model, 2)
    passing = make.audit_all(make.make_version(model, 3))
    return [
        promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
        for version in (failing, missing, passing)
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_verdict_and_way_stand_on_one_screen(live_server, cast, signed_in, requests, language):
    page = signed_in(cast.reviewer, language)
    for promotion in requests:
        address = f"{live_server.url}/promotions/{promotion.pk}/"
        page.set_viewport_size({"width": 1280, "height": 720})
        page.goto(address)
        bottom = page.evaluate(MEASURE)
        if folder := os.environ.get("SEKISHO_SHOTS"):
            page.screenshot(path=Path(folder) / f"way-{language}-{promotion.outcome}.png")
        assert page.locator(".verdict").is_visible()
        assert bottom <= 720, (promotion.outcome, bottom)
        page.set_viewport_size({"width": 360, "height": 720})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        if folder:
            page.screenshot(path=Path(folder) / f"way-{language}-{promotion.outcome}-360.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_control_is_one_glance(live_server, cast, signed_in, requests, language):
    placed(requests[2], "production")
    judge_live()
    page = signed_in(cast.manager, language)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{live_server.url}/control/")
    assert page.evaluate("() => document.querySelector('.cross').getBoundingClientRect().bottom") <= 720
    if folder := os.environ.get("SEKISHO_SHOTS"):
        page.screenshot(path=Path(folder) / f"control-{language}.png")
    page.set_viewport_size({"width": 360, "height": 720})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
