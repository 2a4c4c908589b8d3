"""Tags, lists and the pages that every other page stands on."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.utils import timezone, translation

from portal.accounts.models import Team, User
from portal.web.lists import Facet, ListPage

pytestmark = pytest.mark.urls("tests.portal.look.urls")
MOMENT = dt.datetime(2026, 11, 20, 1, 2, tzinfo=dt.UTC)
INLINE = re.compile(r"<[^>]*\s(?:style|on[a-z]+)=|<style|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def rendered(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


# Tags


def test_a_status_is_a_glyph_and_a_word():
    html = rendered("{% status 'not_evaluated' %}")
    assert 'href="#g-none"' in html
    assert "Not evaluated" in html


@pytest.mark.parametrize("outcome", ["inconclusive", "not_evaluated", "waived", "stale", "never heard of"])
def test_what_is_not_a_pass_does_not_look_like_one(outcome):
    html = rendered("{% status outcome %}{{ outcome|kind }}", outcome=outcome)
    assert "st-pass" not in html
    assert "g-pass" not in html
    assert not html.endswith("pass")


def test_a_word_from_outside_is_escaped():
    html = rendered("{% status 'fail' word %}{% glyph 'fail' word %}{% ladder 1 2 1 word %}", word="<b>\"x'")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_missing_level_is_a_dash():
    assert "–" in rendered("{% level_chip level %}", level=None)
    assert "lv0" in rendered("{% level_chip level %}", level=0)


def test_figures_take_hex_colours_on_paper():
    source = "{% ladder 1 2 1 'x' %}{% glyph 'fail' %}{% seal 'OK' day 'S' %}"
    day = dt.date(2026, 11, 20)
    assert "var(" in rendered(source, day=day)
    assert "var(" not in rendered(source, day=day, paper=True)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ 0.17234|number }}", "0.172"),
        ("{{ 48842|number }}", "48,842"),
        ("{{ none|number }}", "–"),
        ("{{ 0.3417|percent }}", "34%"),
        ("{{ 0.034|percent }}", "3.4%"),
        ("{{ 1|percent }}", "100%"),
        ("{{ 'sha256:c81f00aa22bb33cc44dd'|shortid }}", "c81f00aa22bb"),
        ("{{ moment|date }}", "2026-11-20"),
        ("{{ moment|date:'Y' }}", "2026"),
        ("{{ 42|elapsed }} {{ 3800|elapsed }}", "0:42 1:03:20"),
    ],
)
def test_numbers_and_dates(source, shown):
    assert rendered(source, moment=MOMENT, none=None) == shown


def test_times_carry_the_readers_zone():
    with timezone.override("Asia/Tokyo"):
        assert rendered("{{ moment|datetime }}", moment=MOMENT) == "2026-11-20 10:02 JST"
        late = MOMENT.replace(hour=20)
        assert rendered("{{ moment|date }}", moment=late) == "2026-11-21"
        assert '<time datetime="2026-11-20T01:02:00+00:00">' in rendered("{% when moment %}", moment=MOMENT)


@pytest.mark.parametrize(
    ("ago", "shown"), [(10, "just now"), (300, "5 min ago"), (18000, "5 h ago"), (864000, "10 days ago")]
)
def test_ages(ago, shown):
    assert rendered("{{ moment|ago }}", moment=timezone.now() - dt.timedelta(seconds=ago)) == shown


def test_a_query_keeps_the_other_keys_and_leaves_the_page(rf):
    request = rf.get("/x", {"state": "a&b", "page": "3", "q": "z"})
    assert rendered("{% query q=None measure='recall' %}", request=request) == "?state=a%26b&amp;measure=recall"
    assert rendered("{% query page=4 %}", request=request) == "?state=a%26b&amp;q=z&amp;page=4"


# Lists


@pytest.fixture
def people(db):
    for index in range(30):
        User.objects.create_user(
            f"p{index}@example.org", "x", name=f"Person {index:02}", is_auditor=index % 3 == 0,
            language="ja" if index < 10 else "en",
        )  # fmt: skip


FACETS = (
    Facet("language", "Language", choices=[("en", "English"), ("ja", "Japanese")]),
    Facet("is_auditor", "Auditor"),
)


def listed(rf, address, **options):
    options = {"search": ("name", "email"), "facets": FACETS, "order": "name", "size": 8} | options
    return ListPage(rf.get(address), User.objects.all(), **options)


def test_a_list_shows_its_first_page(rf, people):
    page = listed(rf, "/people/")
    assert [len(page), page.found, page.total, page.pages, page.filtered] == [8, 30, 30, 4, False]
    assert page.previous_url == ""
    assert page.next_url == "/people/?page=2"


def test_pages_cover_every_row_once(rf, people):
    seen = [row.pk for number in range(1, 5) for row in listed(rf, f"/people/?page={number}", order="language")]
    assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("asked", ["0", "-1", "99", "x", "٣", "9" * 30, ""])
def test_a_page_that_is_not_there_is_the_nearest(rf, people, asked):
    assert listed(rf, f"/people/?page={asked}").page in (1, 4)


def test_facets_count_beside_the_other_filters(rf, people):
    page = listed(rf, "/people/?language=ja")
    language, auditor = page.facets
    assert [(o.label, o.count, o.current) for o in language.options] == [("English", 20, False), ("Japanese", 10, True)]
    assert language.all_count == 30
    assert {o.label: o.count for o in auditor.options} == {"False": 6, "True": 4}
    assert [page.found, page.total] == [10, 30]


def test_every_link_of_a_facet_gives_the_rows_it_promises(rf, people):
    for address in ("/people/", "/people/?language=ja", "/people/?q=1&is_auditor=True"):
        for facet in listed(rf, address).facets:
            for option in facet.options:
                assert listed(rf, option.url).found == option.count, (address, option)


def test_search_needs_every_word(rf, people):
    assert [row.name for row in listed(rf, "/people/?q=person+07")] == ["Person 07"]
    assert listed(rf, "/people/?q=nobody").found == 0


@pytest.mark.parametrize("query", ["is_auditor=banana", "language=%00", "q=%00", "language=-", "is_auditor=-"])
def test_a_value_that_cannot_be_is_no_error(rf, people, query):
    page = listed(rf, f"/people/?{query}")
    assert page.found in (0, 30)
    assert page.facets


def test_clear_takes_only_what_the_list_put_there(rf, people):
    assert listed(rf, "/people/?tab=a&q=x&language=ja&page=2").clear_url == "/people/?tab=a"


def test_counting_costs_one_query_a_facet(rf, people, django_assert_num_queries):
    page = listed(rf, "/people/?language=ja")
    with django_assert_num_queries(len(FACETS)):
        assert page.facets
    with django_assert_num_queries(2):  # the count and the rows
        assert page.rows


def test_a_list_of_nothing(rf, db):
    page = ListPage(rf.get("/teams/"), Team.objects.none(), facets=[Facet("unit", "Unit")])
    assert [page.rows, page.found, page.pages, page.first, page.last] == [[], 0, 1, 0, 0]


# Pages


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_of_all_pieces_has_nothing_inline(client, db, language):
    client.cookies["sekisho_language"] = language
    response = client.get("/look")
    html = response.content.decode()
    assert response.status_code == 200
    assert f'<html lang="{language}">' in html
    assert not INLINE.search(html)
    assert "https://" not in html.replace("https://mlflow", "")


def test_the_language_can_be_switched_signed_out(client, db):
    html = client.get("/look").content.decode()
    assert 'action="/i18n/setlang/"' in html
    client.post("/i18n/setlang/", {"language": "ja", "next": "/look"})
    assert '<html lang="ja">' in client.get("/look").content.decode()


def test_navigation_needs_a_user_and_marks_the_place(client, cast, as_user):
    assert 'class="nav"' not in client.get("/look").content.decode()
    html = as_user(cast.reviewer).get("/look").content.decode()
    assert re.search(r'href="/teams/" aria-current="true"', html)
    assert ">Admin<" not in html
    assert ">Admin<" in as_user(cast.admin).get("/look").content.decode()


@pytest.mark.parametrize("address", ["login", "password/reset", "password/reset/done", "inactive", "signup"])
def test_the_pages_before_sign_in(client, db, address):
    response = client.get(f"/accounts/{address}/")
    assert response.status_code == 200
    assert not INLINE.search(response.content.decode())
    assert 'class="signin"' in response.content.decode()


def test_a_wrong_password_is_said_in_the_page(client, cast):
    response = client.post("/accounts/login/", {"login": cast.reviewer.email, "password": "wrong"})
    html = response.content.decode()
    assert 'class="note note-fail"' in html
    assert "wrong" not in html.replace("went wrong", "")
    assert cast.reviewer.email in html


@pytest.mark.parametrize("name", ["404.html", "403.html", "403_csrf.html"])
def test_error_pages_offer_a_way_on(rf, name):
    request = rf.get("/lost")
    request.user = AnonymousUser()
    from django.template.loader import render_to_string

    assert "/accounts/login/?next=/lost" in render_to_string(name, request=request)


@pytest.mark.parametrize("name", ["500.html", "400.html"])
def test_the_last_error_pages_need_no_request_and_no_database(name):
    from django.template.loader import render_to_string

    with translation.override("ja"):  # no fixture opens the database here
        html = render_to_string(name)
    assert '<html lang="ja">' in html
    assert "sekisho.css" in html


# In a browser


@pytest.fixture
def browser_page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def look_page(live_server, browser_page):
    browser_page.goto(f"{live_server.url}/look")
    return browser_page


@pytest.mark.browser
def test_text_is_kept_through_failure_and_conflict(look_page):
    form = look_page.locator("form[data-autosave]")
    line = form.locator("[data-save-line]")
    look_page.fill("#note", "please fail")
    line.get_by_text("Not saved").wait_for()
    look_page.reload()
    assert look_page.input_value("#note") == "please fail"
    look_page.fill("#note", "better")
    line.get_by_text(re.compile("^Saved")).wait_for()
    assert look_page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('unsaved:')).length") == 0
    look_page.fill("#note", "a conflict")
    line.locator("[data-theirs]").wait_for()
    assert line.locator("[data-theirs]").input_value() == "their text"
    line.locator("[data-keep=both]").click()
    line.get_by_text(re.compile("^Saved")).wait_for()
    assert look_page.input_value("#note") == "their text\na conflict"


@pytest.mark.browser
def test_keys_answer_but_not_while_typing(look_page):
    look_page.keyboard.press("2")
    assert look_page.locator("input[value=partly]").is_checked()
    look_page.locator("#note").press_sequentially("3")
    assert look_page.locator("input[value=partly]").is_checked()
    look_page.locator("[data-keys-switch]").uncheck()
    look_page.keyboard.press("3")
    assert look_page.locator("input[value=partly]").is_checked()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_all_pieces_are_accessible_and_fit(look_page, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    look_page.emulate_media(color_scheme=scheme)
    look_page.set_viewport_size({"width": width, "height": 900})
    result = Axe().run(look_page)
    assert result.violations_count == 0, result.generate_report()
    assert look_page.evaluate("document.documentElement.scrollWidth") <= width
