"""The plan, what if, items and board."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.actions.roadmap import comment_on, move_item, take_up
from assessments.framework import shipped
from assessments.models import ItemState, RoadmapItem, Target
from portal.accounts.models import Team

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
HOSTED, RECORDED = "training.code-hosted", "training.experiments-recorded"
PLAN, WHAT_IF = "/teams/credit-risk/roadmap/", "/teams/credit-risk/roadmap/what-if/"
ITEMS, BOARD = "/teams/credit-risk/roadmap/items/", "/teams/credit-risk/roadmap/board/"
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC), tick=False)


@pytest.fixture
def taken(cast):
    keys = [c.id for c in FRAMEWORK.of("training", level=1, required=True)]
    return take_up(team=cast.team, framework=FRAMEWORK, criteria=keys, by=cast.member, owner=cast.manager)


def page(response, status=200) -> str:
    assert response.status_code == status
    return response.content.decode()


def ticked(html: str) -> set[str]:
    return set(re.findall(r'name="(?:do|criterion)" value="([^"]+)" checked', html))


# The plan


def test_the_plan_leads_to_the_next_overall_level_and_counts_what_is_only_to_be_shown(as_user, cast, submitted):
    html = page(as_user(cast.member).get(PLAN))
    assert "Training 1, Release 1, Integration into the application 1." in html  # officially nothing is met yet
    assert "Claimed, and still to be shown by evidence or a review: " in html
    claimed = page(as_user(cast.member).get(f"{PLAN}?kind=claimed"))
    assert (
        "They bring the team to Release 1, Integration into the application 1." in claimed
    )  # training is claimed to be at 1
    assert "still to be shown" not in claimed


def test_a_target_is_asked_for_by_dimension(as_user, cast, submitted):
    html = page(as_user(cast.member).get(f"{PLAN}?kind=claimed&training=2&release=0&integration=0"))
    assert "They bring the team to Training 3." in html  # whose level 3 asks for nothing more
    assert "Experiments are recorded" in html
    assert "A CI/CD pipeline releases models" not in html
    assert '<option value="2" selected>' in html


@pytest.mark.parametrize("query", ["training=9", "training=-1", "training=x", "training=", "release=%00", "kind=none"])
def test_nonsense_is_the_next_level(as_user, cast, submitted, query):
    assert "Training 1, Release 1, Integration into the application 1." in page(
        as_user(cast.member).get(f"{PLAN}?{query}")
    )


def test_the_teams_own_target_leads(as_user, cast, submitted):
    Target.objects.create(team=cast.team, framework=FRAMEWORK.key, dimension="release", level=2, reason="batch only")
    html = page(as_user(cast.member).get(PLAN))
    assert "They bring the team to Release 2." in html
    assert "The target is the one that the team set itself." in html


def test_what_is_not_to_be_done_leaves_a_way_or_says_that_there_is_none(as_user, cast, submitted):
    html = page(as_user(cast.member).get(f"{PLAN}?without={HOSTED}&without=nothing"))
    assert "The target cannot be reached." in html
    assert "allow it again" in html


def test_a_foreign_teams_roadmap_is_not_there(as_user, cast, taken):
    client = as_user(cast.stranger)
    for path in (PLAN, WHAT_IF, ITEMS, BOARD, f"/roadmap-items/{taken[0].pk}/"):
        assert client.get(path).status_code == 404
    for path in (f"{PLAN}take/", f"/roadmap-items/{taken[0].pk}/move/", f"/roadmap-items/{taken[0].pk}/comment/"):
        assert client.post(path, {"state": "done", "rev": 0, "text": "x", "criterion": HOSTED}).status_code == 404


def test_every_page_stands_in_every_framework(as_user, cast):
    client = as_user(cast.member)
    for key in shipped():
        for path in (PLAN, WHAT_IF, ITEMS, BOARD):
            html = page(client.get(f"{path}?framework={key}"))
            if shipped()[key].is_checklist and path in (PLAN, WHAT_IF):
                assert "Level 1" not in html
                assert "required" in html


# What if


def test_what_if_shows_the_levels_after_and_the_address_holds_it(as_user, cast):
    keys = [c.id for c in FRAMEWORK.of("training", level=1, required=True)]
    address = WHAT_IF + "?" + "&".join(f"do={key}" for key in keys)
    html = page(as_user(cast.member).get(address))
    assert "The team would reach Training 1." in html
    assert "Overall it stays at 0." in html
    assert ticked(html) == set(keys)


def test_what_if_says_what_has_to_come_first_and_ignores_nonsense(as_user, cast):
    html = page(as_user(cast.member).get(f"{WHAT_IF}?do=integration.code-tests-automated&do=none&do=%00"))
    assert "No level would rise." in html
    assert "first: “What is tested in code is laid down”" in html


# Taking up


def test_steps_are_taken_up_from_the_plan(as_user, cast):
    client = as_user(cast.member)
    assert HOSTED in page(client.get(PLAN))
    response = client.post(
        f"{PLAN}take/", {"criterion": [HOSTED, RECORDED], "owner": cast.manager.pk, "due": "2026-12-18"}
    )
    assert (response.status_code, response.url) == (302, ITEMS)
    assert set(RoadmapItem.objects.values_list("criterion", "owner__name")) == {(HOSTED, "Ono"), (RECORDED, "Ono")}
    assert "Items on the roadmap: 2 more." in page(client.get(ITEMS))
    assert 'href="/roadmap-items/' in page(client.get(PLAN))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Choose at least one step."),
        ({"criterion": HOSTED, "due": "2026-11-01"}, "Choose a day from today to three years ahead."),
        ({"criterion": "no.such"}, "There is no criterion no.such."),
    ],
)
def test_what_cannot_be_taken_up_is_said_on_the_plan(as_user, cast, given, says):
    assert says in page(as_user(cast.member).post(f"{PLAN}take/", given), 422)
    assert not RoadmapItem.objects.exists()


def test_those_who_only_look_see_no_form(as_user, cast, taken):
    for path in (PLAN, BOARD, f"/roadmap-items/{taken[0].pk}/"):
        html = page(as_user(cast.auditor).get(path))
        assert "/take/" not in html
        assert "/move/" not in html
    assert as_user(cast.auditor).post(f"{PLAN}take/", {"criterion": HOSTED}).status_code == 403


# Items and board


def test_items_are_filtered_by_state_owner_and_date(as_user, cast, taken):
    RoadmapItem.objects.filter(pk=taken[0].pk).update(due=TODAY - dt.timedelta(days=2), owner=None)
    client = as_user(cast.member)
    html = page(client.get(ITEMS))
    assert f"<b>Open items: {len(taken)}.</b> Overdue: 1." in html
    assert html.count("Overdue") >= 2
    titles = [FRAMEWORK.by_id[item.criterion].title.en for item in taken]
    for query in ("due=overdue", "owner=-"):
        found = page(client.get(f"{ITEMS}?{query}"))
        assert titles[0] in found
        assert titles[1] not in found
    assert titles[0] not in page(client.get(f"{ITEMS}?owner={cast.manager.pk}"))
    assert titles[0] not in page(client.get(f"{ITEMS}?state=done"))
    assert titles[0] in page(client.get(f"{ITEMS}?of=mlops-maturity&q={taken[0].practice}"))


def test_the_board_has_a_column_a_state_and_buttons_that_move(as_user, cast, taken):
    client = as_user(cast.member)
    html = page(client.get(BOARD))
    assert [html.index(f'id="c-{state}"') for state in ItemState.values] == sorted(
        html.index(f'id="c-{state}"') for state in ItemState.values
    )
    item = taken[0]
    response = client.post(f"/roadmap-items/{item.pk}/move/", {"state": "doing", "rev": item.rev, "back": BOARD})
    assert (response.status_code, response.url) == (302, BOARD)
    item.refresh_from_db()
    assert item.state == "doing"
    html = page(client.get(BOARD))
    assert "Back to planned" in html[html.index('id="c-doing"') : html.index('id="c-done"')]


def test_moving_does_not_lead_away_from_the_site(as_user, cast, taken):
    item = taken[0]
    response = as_user(cast.member).post(
        f"/roadmap-items/{item.pk}/move/", {"state": "doing", "rev": item.rev, "back": "//evil.example.org/"}
    )
    assert response.url == f"/roadmap-items/{item.pk}/"


def test_a_move_from_an_old_page_is_refused(as_user, cast, taken):
    item = taken[0]
    client = as_user(cast.member)
    client.post(f"/roadmap-items/{item.pk}/move/", {"state": "doing", "rev": item.rev})
    late = client.post(f"/roadmap-items/{item.pk}/move/", {"state": "done", "rev": item.rev})
    assert "Somebody else changed this item" in page(late, 409)


def test_dropping_without_a_reason_says_so_and_keeps_the_page(as_user, cast, taken):
    item = taken[0]
    html = page(
        as_user(cast.member).post(f"/roadmap-items/{item.pk}/move/", {"state": "dropped", "rev": item.rev}), 422
    )
    assert "Say why it is dropped." in html
    item.refresh_from_db()
    assert item.state == "planned"


def test_an_item_is_changed_and_keeps_what_was_typed_when_refused(as_user, cast, taken):
    client, path = as_user(cast.member), f"/roadmap-items/{taken[0].pk}/"
    given = {"owner": cast.member.pk, "due": "2026-12-01", "link": "http://x.example.org", "note": "kept", "rev": 0}
    html = page(client.post(path, given), 422)
    assert "begins with https://, without a user name" in html
    assert "kept" in html
    assert client.post(path, given | {"link": "https://x.example.org/1"}).status_code == 302
    html = page(client.get(path))
    assert 'href="https://x.example.org/1"' in html
    assert "2026-12-01" in html


def test_comments_and_notes_are_the_teams_own(as_user, cast, taken):
    comment_on(item=taken[0], framework=FRAMEWORK, text="the vendor is late", by=cast.member)
    RoadmapItem.objects.filter(pk=taken[0].pk).update(note="secret budget")
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    path = f"/roadmap-items/{taken[0].pk}/"
    outside = page(as_user(cast.stranger).get(path))
    assert "the vendor is late" not in outside
    assert "secret budget" not in outside
    inside = page(as_user(cast.manager).get(path))
    assert "the vendor is late" in inside
    assert "secret budget" in inside


def test_a_comment_is_posted(as_user, cast, taken):
    client, path = as_user(cast.reviewer), f"/roadmap-items/{taken[0].pk}/"
    assert client.post(f"{path}comment/", {"text": "<b>well</b>"}).status_code == 302
    assert "&lt;b&gt;well&lt;/b&gt;" in page(client.get(path))
    assert "Write something before you post it." in page(client.post(f"{path}comment/", {"text": " "}), 422)


def test_an_item_closed_by_hand_says_that_nothing_shows_it(as_user, cast, taken):
    move_item(item=taken[0], framework=FRAMEWORK, state="done", rev=taken[0].rev, by=cast.member)
    assert "no evidence and no review shows it yet" in page(as_user(cast.member).get(f"/roadmap-items/{taken[0].pk}/"))


def test_an_item_of_a_criterion_that_is_gone_is_still_shown(as_user, cast, taken):
    RoadmapItem.objects.filter(pk=taken[0].pk).update(criterion="training.gone")
    RoadmapItem.objects.filter(pk=taken[1].pk).update(framework="gone")
    client = as_user(cast.member)
    for path in (PLAN, ITEMS, BOARD, f"/roadmap-items/{taken[0].pk}/", f"/roadmap-items/{taken[1].pk}/"):
        page(client.get(path))


@pytest.mark.parametrize("path", [ITEMS, BOARD, PLAN])
def test_many_items_take_as_many_queries_as_one(as_user, cast, path):
    client = as_user(cast.member)
    criteria = [c.id for c in FRAMEWORK.criteria]

    def queries():
        client.get(path)
        with CaptureQueriesContext(connection) as caught:
            page(client.get(path))
        return len(caught)

    take_up(team=cast.team, framework=FRAMEWORK, criteria=criteria[:1], by=cast.member, owner=cast.manager)
    one = queries()
    take_up(team=cast.team, framework=FRAMEWORK, criteria=criteria[1:12], by=cast.member, owner=cast.manager)
    assert queries() == one
    assert one < 40
