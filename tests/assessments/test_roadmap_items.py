"""The roadmap follows evidence by itself."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import evidence_rules, roadmap_items, scoring, standings
from assessments.actions.roadmap import move_item, take_up
from assessments.evidence_rules import Fact
from assessments.framework import shipped
from assessments.levels import fact_of
from assessments.models import Evidence, RoadmapItem
from assessments.scoring import Answer, Review
from portal.ledger.models import Event
from portal.message import Message, render

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
SHOWABLE, OTHER = "integration.code-tests-automated", "training.code-hosted"
GOOD = [Fact("ci.tests_on_push", 1.0, 12, "A", timezone.now()), Fact("git.tests", 40, 40, "A", timezone.now())]
BAD = [Fact("git.tests", 0, 12, "A", timezone.now())]


@pytest.fixture
def items(cast):
    return take_up(team=cast.team, framework=FRAMEWORK, criteria=[SHOWABLE, OTHER], by=cast.member, owner=cast.manager)


def found(team, facts):
    Evidence.objects.filter(team=team).delete()
    for fact in facts:
        Evidence.objects.create(
            team=team,
            fact=fact.name,
            source="test",
            grade=fact.grade,
            value=fact.value,
            items=fact.items,
            observed_at=timezone.now(),
        )


def follow(team, answers=None, reviews=None):
    facts = [fact_of(row) for row in Evidence.objects.filter(team=team)]
    weighed = {c.id: evidence_rules.weigh(c, facts, timezone.now()) for c in FRAMEWORK.criteria}
    score = scoring.score(FRAMEWORK, answers or {}, weighed, reviews=reviews or {})
    with transaction.atomic():
        return roadmap_items.follow(team, FRAMEWORK, score)


def test_evidence_closes_the_item_and_says_so(cast, items):
    found(cast.team, GOOD)
    (closed,) = follow(cast.team)
    row = RoadmapItem.objects.get(criterion=SHOWABLE)
    assert closed == row
    assert (row.state, row.closed_by) == ("done", None)
    said = render(Message.from_json(row.closed_because))
    assert said.startswith("Closed by evidence: ")
    assert "100" in said
    event = Event.objects.get(action="roadmap.shown")
    assert event.actor is None
    assert event.content["params"]["shown_by"] == "evidence"
    assert RoadmapItem.objects.get(criterion=OTHER).state == "planned"


def test_nothing_shown_changes_nothing(cast, items):
    assert follow(cast.team) == []
    assert follow(cast.team, {OTHER: Answer("yes")}) == []  # a claim shows nothing
    assert not RoadmapItem.objects.exclude(state="planned").exists()


def test_whatever_refreshes_a_standing_follows(cast, items):
    found(cast.team, GOOD)
    with transaction.atomic():
        standings.refresh_all(cast.team)
    assert RoadmapItem.objects.get(criterion=SHOWABLE).state == "done"
    found(cast.team, BAD)
    with transaction.atomic():
        standings.refresh_all(cast.team)
    assert list(RoadmapItem.objects.filter(criterion=SHOWABLE).values_list("state", flat=True)) == ["done", "planned"]


def test_a_review_closes_too(cast, items):
    (closed,) = follow(cast.team, {OTHER: Answer("yes")}, {OTHER: Review("confirmed")})
    assert (closed.criterion, closed.closed_because["code"]) == (OTHER, "roadmap.closed.review")


def test_what_is_lost_again_is_taken_up_anew_once(cast, items):
    found(cast.team, GOOD)
    follow(cast.team)
    found(cast.team, BAD)
    (again,) = follow(cast.team)
    assert (again.state, again.owner, again.due) == ("planned", cast.manager, None)
    assert again.opened_because["code"] == "roadmap.lost"
    assert Event.objects.get(action="roadmap.lost").content["params"]["item"] == items[0].pk
    assert RoadmapItem.objects.get(pk=items[0].pk).state == "done"  # what was true then stays written
    assert follow(cast.team) == []


def test_what_a_person_closed_by_hand_is_left_alone(cast, items):
    move_item(item=items[0], framework=FRAMEWORK, state="done", rev=items[0].rev, by=cast.member)
    found(cast.team, BAD)
    assert follow(cast.team) == []


def test_following_takes_few_queries_however_many_items(cast, items):
    criteria = [c.id for c in FRAMEWORK.criteria if c.required]
    take_up(team=cast.team, framework=FRAMEWORK, criteria=criteria, by=cast.member)
    score = scoring.score(FRAMEWORK, {})
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        roadmap_items.follow(cast.team, FRAMEWORK, score)
    assert len(queries) == 1
