"""The list of moves, by page and API: what is on its way, what it waits for, and how it ended."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import SATURDAY, again, fake, shut  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(cast):
    return make_model(cast)


def move(cast, model, number: int):
    promotion = approved(cast, audited(make_version(model, number)))
    again(promotion)
    return promotion.move


@pytest.fixture
def moves(cast, fake, model, request):  # noqa: F811
    """One that is done, and one that waits for its window."""
    done = move(cast, model, 1)
    request.getfixturevalue("shut")
    with time_machine.travel(SATURDAY, tick=False):
        return done, move(cast, model, 2)


def test_the_page_tells_what_each_waits_for(cast, moves, as_user):
    done, waiting = moves
    page = as_user(cast.member).get("/moves/").content.decode()
    assert "On their way: 1." in page
    assert "2026-11-23 09:00 Asia/Tokyo" in page
    assert f'href="/promotions/{waiting.promotion_id}/"' in page
    only = as_user(cast.member).get("/moves/", {"state": "done"}).context["list"].rows
    assert list(only) == [done]


def test_the_api_says_the_same(cast, moves, as_user):
    done, waiting = moves
    told = {one["id"]: one for one in as_user(cast.member).get("/api/v1/moves/").json()["results"]}
    assert told.keys() == {done.pk, waiting.pk}
    assert "2026-11-23 09:00 Asia/Tokyo" in told[waiting.pk]["why"]
    assert (told[done.pk]["environment"], told[done.pk]["alias"], told[done.pk]["version"]) == (
        "production", "champion", 1,
    )  # fmt: skip
    asked = as_user(cast.member).get("/api/v1/moves/", {"state": "waiting", "environment": "production"}).json()
    assert [one["id"] for one in asked["results"]] == [waiting.pk]


def test_others_see_none(cast, moves, as_user):
    assert as_user(cast.stranger).get("/api/v1/moves/").json()["results"] == []
    assert "Nothing was moved yet" in as_user(cast.stranger).get("/moves/").content.decode()


@pytest.mark.parametrize("what", ["moves", "promotions", "placements", "versions"])
def test_a_model_is_found_by_its_name_with_outer_spaces(cast, moves, model, as_user, what):
    for name, found in ((" churn ", True), ("churn", False)):
        type(model).objects.filter(pk=model.pk).update(name=" churn ")
        assert bool(as_user(cast.member).get(f"/api/v1/{what}/", {"model": name}).json()["results"]) is found


def test_the_api_does_not_tell_whether_a_foreign_promotion_exists(cast, moves, as_user):
    mine = as_user(cast.member).get("/api/v1/moves/", {"promotion": moves[0].promotion_id}).json()["results"]
    assert [one["id"] for one in mine] == [moves[0].pk]
    asked = as_user(cast.stranger)
    for promotion in (moves[0].promotion_id, 10**9):
        answer = asked.get("/api/v1/moves/", {"promotion": promotion})
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert asked.get("/api/v1/moves/", {"promotion": 10**30}).status_code == 400


@pytest.mark.parametrize("address", ["/moves/", "/api/v1/moves/"])
def test_more_moves_take_no_more_reads(cast, moves, model, as_user, address):
    def reads() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert as_user(cast.member).get(address).status_code == 200
        return len(caught)

    reads()
    before = reads()
    for number in range(3, 6):
        approved(cast, audited(make_version(model, number)))
    assert reads() == before
