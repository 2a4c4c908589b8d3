"""The inbox's page, the choices of mail, and the count on every page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.inbox import actions
from portal.inbox.models import Mail, Notice
from portal.message import Message

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return answer.content.decode()


def test_an_empty_inbox_says_what_will_come(as_user, cast):
    html = text(as_user(cast.member).get("/inbox/"))
    assert "Your inbox is empty" in html
    assert "Not read yet" not in html


def test_unread_stands_first_and_what_is_done_last(as_user, cast, say_to):
    for thing in ("done", "read", "old", "new"):
        say_to(cast.member, thing=thing)
    actions.withdraw(key="test:done")
    Notice.objects.filter(key="test:read").update(read_at=timezone.now())
    html = text(as_user(cast.member).get("/inbox/"))
    places = [html.index(f"Look at {thing}.") for thing in ("new", "old", "read", "done")]
    assert places == sorted(places)
    assert "Not read yet: 2." in html


def test_only_ones_own_are_shown(as_user, cast, say_to):
    say_to(cast.member, thing="mine")
    say_to(cast.manager, thing="theirs")
    html = text(as_user(cast.member).get("/inbox/"))
    assert "Look at mine." in html
    assert "Look at theirs." not in html
    theirs = Notice.objects.get(user=cast.manager)
    assert as_user(cast.admin).post(f"/inbox/{theirs.pk}/read/").status_code == 404


def test_facets_filter_by_address(as_user, cast, say_to):
    say_to(cast.member, thing="a")
    say_to(cast.member, kind="test.urgent", thing="b")
    Notice.objects.filter(key="test:a").update(read_at=timezone.now())
    browser = as_user(cast.member)
    html = text(browser.get("/inbox/?kind=test.urgent"))
    assert "Look at b." in html
    assert "Look at a." not in html
    assert "Silent thing" not in html  # a kind that was never told is no facet
    assert "Look at a." in text(browser.get("/inbox/?state=read"))
    assert "Look at a." not in text(browser.get("/inbox/?state=unread"))


def test_reading_by_button_and_by_following_the_link(as_user, cast, say_to):
    say_to(cast.member, thing="a", url="/teams/credit-risk/")
    notice, browser = Notice.objects.get(), as_user(cast.member)
    html = text(browser.get("/inbox/"))
    assert f'href="/teams/credit-risk/" data-read="/inbox/{notice.pk}/read/"' in html
    assert browser.post(f"/inbox/{notice.pk}/read/", headers={"X-Read": "1"}).status_code == 204
    back = browser.post(f"/inbox/{notice.pk}/read/", {"next": "/inbox/?state=unread"})
    assert (back.status_code, back["Location"]) == (302, "/inbox/?state=unread")
    assert browser.post(f"/inbox/{notice.pk}/read/", {"next": "//elsewhere.example/"})["Location"] == "/inbox/"
    assert "data-read" not in text(browser.get("/inbox/"))


def test_all_of_a_kind_are_marked_read(as_user, cast, say_to):
    say_to(cast.member, thing="a")
    say_to(cast.member, kind="test.urgent", thing="b")
    browser = as_user(cast.member)
    browser.post("/inbox/read/", {"kind": "test.calm", "next": "/inbox/?kind=test.calm"})
    assert list(Notice.objects.unread().values_list("key", flat=True)) == ["test:b"]
    browser.post("/inbox/read/", {"kind": ""})
    assert not Notice.objects.unread().exists()


def test_the_head_of_every_page_counts(as_user, cast, say_to):
    browser = as_user(cast.member)
    assert "Inbox</a>" in text(browser.get("/teams/"))
    say_to(cast.member, thing="a")
    say_to(cast.member, thing="b")
    assert "<b>2</b>" in text(browser.get("/teams/"))
    browser.logout()
    assert "/inbox/" not in text(browser.get("/account/login/"))


def test_home_shows_what_was_told(as_user, cast, say_to):
    say_to(cast.manager, thing="the cat", url="/teams/?q=cat", subject=("team", 1, "Cats"))
    html = text(as_user(cast.manager).get("/"))
    assert 'href="/teams/?q=cat"' in html
    assert "Look at the cat." in html


def test_home_says_nothing_twice(as_user, cast, say_to):
    [url] = {"/teams/credit-risk/assessment/"}
    before = text(as_user(cast.manager).get("/")).count(f'href="{url}"')
    say_to(cast.manager, url=url)
    assert text(as_user(cast.manager).get("/")).count(f'href="{url}"') == before >= 1


def test_more_notices_cost_no_more_queries(as_user, cast, say_to):
    browser = as_user(cast.member)

    def cost(url: str) -> int:
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        return len(queries)

    say_to(cast.member, thing="first", team=cast.team)
    few, elsewhere = cost("/inbox/"), cost("/tokens/")
    for n in range(24):
        say_to(cast.member, thing=f"n{n}", team=cast.team, due=timezone.localdate())
    assert cost("/inbox/") == few <= 12
    assert cost("/tokens/") == elsewhere
    with CaptureQueriesContext(connection) as queries:
        browser.get("/tokens/")
    assert sum("inbox_notice" in query["sql"] for query in queries) == 1


def test_names_are_shown_as_text(as_user, cast, say_to):
    say_to(cast.member, thing="<script>alert(1)</script>", subject=("team", 1, "<b>x</b>"))
    html = text(as_user(cast.member).get("/inbox/"))
    assert "<script>alert" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_choices_are_shown_saved_and_kept(as_user, cast):
    browser, url = as_user(cast.member), "/profile/notifications/"
    html = text(browser.get(url))
    assert 'name="test.calm" value="digest" checked' in html
    chosen = actions.channels_for(cast.member) | {"test.calm": "off"}
    assert browser.post(url, chosen).status_code == 302
    assert 'name="test.calm" value="off" checked' in text(browser.get(url))
    assert browser.post(url, chosen | {"test.calm": "pigeon"}).status_code == 422
    assert actions.channels_for(cast.member)["test.calm"] == "off"


def test_pages_say_where_no_mail_server_is_set(as_user, cast, settings):
    browser = as_user(cast.member)
    assert "SEKISHO_SMTP_HOST" in text(browser.get("/profile/notifications/"))
    assert "No mail server is set up" in text(browser.get("/inbox/"))
    settings.EMAIL_HOST = "mail.example.org"
    html = text(browser.get("/profile/notifications/"))
    assert "SEKISHO_SMTP_HOST" not in html
    assert "Your next digest goes out at" in html


def test_a_mail_that_never_arrived_is_told(as_user, cast):
    error = Message("inbox.mail_refused", {"reason": "550 no such user"}).to_json()
    Mail.objects.create(user=cast.member, state="failed", ended_at=timezone.now(), error=error)
    assert "550 no such user" in text(as_user(cast.member).get("/profile/notifications/"))
    assert "550 no such user" not in text(as_user(cast.manager).get("/profile/notifications/"))
