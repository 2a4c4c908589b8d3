"""The way up on the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from assessments.actions.roadmap import comment_on, take_up
from assessments.framework import shipped
from portal.accounts.models import Team

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
API = "/api/v1"
HOSTED = "training.code-hosted"


def test_the_way_is_the_one_that_the_page_shows(as_user, cast, submitted):
    client = as_user(cast.member)
    body = client.get(f"{API}/teams/credit-risk/roadmap/").json()
    assert (body["kind"], body["reachable"], body["reaches"]) == (
        "official",
        True,
        {"training": 1, "release": 1, "integration": 1},
    )
    html = client.get("/teams/credit-risk/roadmap/").content.decode()
    titles = [escape(FRAMEWORK.by_id[step["criterion"]].title.en) for step in body["steps"]]
    assert [html.index(f">{title}</a>") for title in titles] == sorted(html.index(f">{title}</a>") for title in titles)
    assert {step["todo"] for step in body["steps"]} == {"prove", "find-out"}
    claimed = client.get(f"{API}/teams/credit-risk/roadmap/?kind=claimed&level=2").json()
    assert claimed["goals"] == {"training": 2, "release": 2, "integration": 2}
    assert claimed["days"] > body["days"]


def test_a_target_that_cannot_be_reached_says_so(as_user, cast):
    client = as_user(cast.member)
    body = client.get(f"{API}/teams/credit-risk/roadmap/?level=1&without={HOSTED}").json()
    assert (body["reachable"], HOSTED in body["lacking"]) == (False, True)
    assert "There is no level 9" in client.get(f"{API}/teams/credit-risk/roadmap/?level=9").json()["problem"]
    assert client.get(f"{API}/teams/credit-risk/roadmap/?level=x").status_code == 400


def test_what_if(as_user, cast):
    asked = "&".join(f"do={c.id}" for c in FRAMEWORK.of("training", level=1, required=True))
    body = as_user(cast.member).get(f"{API}/teams/credit-risk/what-if/?{asked}&do=none").json()
    assert (body["after"]["training"], body["overall_after"]) == (1, 0)
    assert body["missing"]


def test_items_are_scoped_filtered_and_without_notes(as_user, cast):
    (item,) = take_up(team=cast.team, framework=FRAMEWORK, criteria=[HOSTED], by=cast.member, owner=cast.manager)
    take_up(team=cast.other_team, framework=FRAMEWORK, criteria=[HOSTED], by=cast.stranger)
    comment_on(item=item, framework=FRAMEWORK, text="ours", by=cast.member)
    client = as_user(cast.member)
    (row,) = client.get(f"{API}/roadmap-items/").json()["results"]
    assert (row["id"], row["team"], row["state"], row["owner"]) == (item.pk, "credit-risk", "planned", "Ono")
    assert client.get(f"{API}/roadmap-items/?state=done").json()["results"] == []
    assert len(as_user(cast.admin).get(f"{API}/roadmap-items/").json()["results"]) == 2
    stranger = as_user(cast.stranger)
    assert stranger.get(f"{API}/roadmap-items/{item.pk}/").status_code == 404
    assert stranger.get(f"{API}/teams/credit-risk/roadmap/").status_code == 404
    assert stranger.get(f"{API}/teams/credit-risk/what-if/").status_code == 404
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    assert "ours" not in stranger.get(f"{API}/roadmap-items/{item.pk}/").content.decode()


def test_more_items_take_no_more_queries(as_user, cast):
    client = as_user(cast.member)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"{API}/roadmap-items/").status_code == 200
        return len(caught)

    take_up(team=cast.team, framework=FRAMEWORK, criteria=[HOSTED], by=cast.member, owner=cast.manager)
    queries()
    one = queries()
    take_up(
        team=cast.team,
        framework=FRAMEWORK,
        criteria=[c.id for c in FRAMEWORK.criteria[1:9]],
        by=cast.member,
        owner=cast.member,
    )
    assert queries() == one
