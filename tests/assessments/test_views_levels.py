"""Pages around a team's levels: frameworks, reasons, targets, milestones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import catalogue
from assessments.models import LevelRecord, Milestone, Target
from portal.accounts.models import Team
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
TEAM = "/teams/credit-risk/"


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_every_framework_has_its_page_and_a_checklist_counts(as_user, cast, submitted):
    client = as_user(cast.member)
    for key, framework in catalogue.currents().items():
        html = page(client.get(f"{TEAM}?framework={key}"))
        assert f'aria-current="true">{framework.title.en} <span>' in html
        if framework.is_checklist:
            required = sum(c.required for c in framework.criteria)
            assert f"of {required} required." in html
            assert "Official level" not in html
        page(client.get(f"{TEAM}levels/?framework={key}"))
        page(client.get(f"{TEAM}targets/?framework={key}"))
    assert client.get(f"{TEAM}?framework=nothing").status_code == 404


def test_the_page_reads_as_much_however_long_the_history(as_user, cast, submitted, framework):
    client = as_user(cast.member)
    client.get(TEAM)
    with CaptureQueriesContext(connection) as few:
        client.get(TEAM)
    score = LevelRecord.objects.filter(team=cast.team, framework=framework.key).last().score
    now = timezone.now()
    for days in range(30, 900, 30):
        at = now - timedelta(days=days)
        LevelRecord.objects.create(team=cast.team, framework=framework.key, score=score, at=at)
        Milestone.objects.create(team=cast.team, on=at.date(), label=f"Day {days}")
    with CaptureQueriesContext(connection) as many:
        client.get(TEAM)
    assert len(many) == len(few)


def test_records_of_the_first_schema_are_still_drawn(as_user, cast, submitted, framework):
    """What knew only claims and evidence has no official level: a gap, and no error."""
    part = {"claimed": 1, "evidenced": 0, "at_least": 1, "at_most": 4, "blocking": [], "evidenced_blocking": []}
    old = {
        "schema": "sekisho.score/1",
        "overall": part,
        "dimensions": {key: {**part, "counts": []} for key in ("training", "release", "integration")},
        "claimed": {},
        "evidenced": {},
    }
    at = timezone.now() - timedelta(days=200)
    LevelRecord.objects.create(team=cast.team, framework=framework.key, score=old, at=at)
    html = page(as_user(cast.member).get(TEAM))
    assert "official –, claimed 1, evidenced 0" in html
    assert page(as_user(cast.member).get(f"{TEAM}history/"))


def test_why_is_told_for_each_sense(as_user, cast, submitted):
    html = page(as_user(cast.auditor).get(f"{TEAM}levels/"))
    assert html.count("Not level ") >= 12
    assert "Level 1, since the team says that every criterion required up to it is met." in html
    assert as_user(cast.stranger).get(f"{TEAM}levels/").status_code == 404


def test_a_manager_sets_a_target_with_its_reason(as_user, cast, framework):
    client = as_user(cast.manager)
    given = {"dimension": "release", "release-level": "3", "release-reason": "A person approves credit models."}
    assert client.post(f"{TEAM}targets/", given).status_code == 302
    row = Target.objects.get()
    assert (row.dimension, row.level, row.by) == ("release", 3, cast.manager)
    assert "A person approves credit models." in page(client.get(f"{TEAM}targets/"))
    assert Event.objects.get(action="target.set").content["after"] == {"target_level": 3}
    assert client.post(f"{TEAM}targets/", {"dimension": "release", "clear": "1"}).status_code == 302
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"release-level": "3", "release-reason": "  "},
        {"release-level": "9", "release-reason": "x"},
        {"release-level": "0", "release-reason": "x"},
    ],
)
def test_a_target_without_reason_or_beyond_the_ladder_is_refused(as_user, cast, given):
    response = as_user(cast.manager).post(f"{TEAM}targets/", {"dimension": "release", **given})
    assert response.status_code == 422
    assert not Target.objects.exists()


def test_only_managers_set_targets_and_reasons_stay_in_the_team(as_user, cast):
    Target.objects.create(team=cast.team, framework="mlops-maturity", dimension="", level=2, reason="Between ourselves")
    given = {"dimension": "", "all-level": "3", "all-reason": "x"}
    assert as_user(cast.member).post(f"{TEAM}targets/", given).status_code == 403
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    for path in ("", "targets/"):
        assert "Between ourselves" not in page(as_user(cast.stranger).get(TEAM + path))
        assert "Between ourselves" in page(as_user(cast.member).get(TEAM + path))


def test_a_target_is_on_the_ladder(as_user, cast, submitted):
    Target.objects.create(team=cast.team, framework="mlops-maturity", dimension="training", level=3, reason="Enough")
    html = page(as_user(cast.member).get(TEAM))
    assert "Target: level 3" in html
    assert "; target 3" in html


def test_milestones_are_added_seen_and_removed(as_user, cast, submitted):
    client = as_user(cast.member)
    today = timezone.localdate()
    assert client.post(f"{TEAM}milestones/", {"on": str(today), "label": "New platform"}).status_code == 302
    assert "New platform" in page(client.get(TEAM))
    row = Milestone.objects.get()
    assert as_user(cast.stranger).post(f"/milestones/{row.pk}/remove/").status_code == 404
    assert as_user(cast.auditor).post(f"/milestones/{row.pk}/remove/").status_code == 403
    assert as_user(cast.member).post(f"/milestones/{row.pk}/remove/").status_code == 302
    assert not Milestone.objects.exists()
    assert list(Event.objects.filter(action__startswith="milestone").values_list("action", flat=True)) == [
        "milestone.remove",
        "milestone.add",
    ]


@pytest.mark.parametrize("given", [{"on": "1066-10-14", "label": "x"}, {"on": "soon", "label": "x"}, {"label": "x"}])
def test_a_milestone_needs_a_day(as_user, cast, given):
    assert as_user(cast.member).post(f"{TEAM}milestones/", given).status_code == 422


def test_who_is_not_of_the_team_adds_no_milestone(as_user, cast):
    given = {"on": str(timezone.localdate()), "label": "x"}
    assert as_user(cast.auditor).post(f"{TEAM}milestones/", given).status_code == 403
