"""Standings: kept ready, refreshed with each change, and never old without saying so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import catalogue, collectors, jobs, standings
from assessments.evidence_rules import FRESH, Fact
from assessments.models import Contradiction, CriterionReview, LevelRecord, TeamStanding
from portal.accounts.models import Team
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.message import Message, render

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(submitted, cast):
    """Every answer of the submitted assessment that claims something is confirmed, and it is signed."""
    now = timezone.now()
    for row in submitted.answers.exclude(value=""):
        CriterionReview.objects.create(
            assessment=submitted,
            criterion=row.criterion,
            practice=row.practice,
            verdict="confirmed",
            by=cast.reviewer,
            at=now,
            until=now + timedelta(days=365),
        )
    submitted.state, submitted.signed_by, submitted.signed_at = "signed", cast.reviewer, now
    submitted.save()
    refresh(cast.team)
    return submitted


def refresh(team):
    with transaction.atomic():
        standings.refresh_all(team)


def standing(team, framework):
    return standings.of([team], [framework])[team.pk, framework.key]


def test_submitting_makes_the_standing_of_every_framework_in_use(submitted, cast, framework):
    kept = {row.framework for row in TeamStanding.objects.filter(team=cast.team)}
    assert kept == set(catalogue.currents())
    found = standing(cast.team, framework)
    assert (found.assessed, found.level("claimed", "training"), found.level()) == (True, 1, 0)
    assert found.assessment == submitted.pk


def test_a_current_review_makes_a_level_official_until_it_lapses(signed, cast, framework):
    found = standing(cast.team, framework)
    assert (found.level("reviewed", "training"), found.level("official", "training")) == (1, 1)
    CriterionReview.objects.update(until=timezone.now() + timedelta(seconds=1))
    row = TeamStanding.objects.get(team=cast.team, framework=framework.key)
    row.valid_until = timezone.now() - timedelta(seconds=1)
    row.save()
    CriterionReview.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert standing(cast.team, framework).level("official", "training") == 0


def test_a_lapse_lowers_the_level_and_says_so(signed, cast, framework):
    CriterionReview.objects.filter(criterion="training.code-hosted").update(until=timezone.now())
    TeamStanding.objects.update(valid_until=timezone.now())
    jobs.refresh_hourly()
    job = Job.objects.get(kind="levels.refresh")
    assert jobs.refresh_levels(job, lambda *about: None)["standings"] == 2 * len(catalogue.currents())  # of both teams
    record = LevelRecord.objects.filter(team=cast.team, framework=framework.key).last()
    assert record.score["dimensions"]["training"]["official"] == 0
    (said,) = record.because
    assert said["params"]["dimension"]["en"] == "Training"
    assert "Fell from 1 to 0" in render(Message.from_json(said))
    event = Event.objects.filter(action="levels.change").latest("at")
    assert (event.content["before"]["official.training"], event.content["after"]["official.training"]) == (1, 0)
    assert standings.overdue() == []


def test_one_answer_counts_in_every_framework_of_its_practice(submitted, cast):
    shared = {c.practice for c in catalogue.current("mlops-maturity").of("training", level=1, required=True)}
    for framework in catalogue.currents().values():
        found = standing(cast.team, framework)
        for criterion in framework.criteria:
            if criterion.practice in shared and not criterion.live:
                assert found.score["claimed"][criterion.id] == "met", criterion.id


def test_lists_read_one_query_however_many_teams(submitted, cast, framework):
    teams = [cast.team]
    for number in range(5):
        teams.append(Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}"))
    for team in teams:
        refresh(team)
    frameworks = list(catalogue.currents().values())
    with CaptureQueriesContext(connection) as queries:
        found = standings.of(teams, frameworks)
    assert len(queries) == 1
    assert len(found) == len(teams) * len(frameworks)
    TeamStanding.objects.update(valid_until=timezone.now() - timedelta(days=1))
    with CaptureQueriesContext(connection) as queries:
        standings.of(teams, [framework])
    assert len(queries) <= 8


def test_without_a_change_the_date_stays_and_nothing_is_recorded(signed, cast, framework):
    before = TeamStanding.objects.get(team=cast.team, framework=framework.key)
    events, records = Event.objects.count(), LevelRecord.objects.count()
    refresh(cast.team)
    after = TeamStanding.objects.get(team=cast.team, framework=framework.key)
    assert (after.since, after.official) == (before.since, before.official)
    assert (Event.objects.count(), LevelRecord.objects.count()) == (events, records)


def test_evidence_that_grows_old_is_foreseen(signed, cast, framework, monkeypatch):
    monkeypatch.setattr(collectors, "COLLECTORS", {})
    seen = timezone.now() - timedelta(days=80)
    collectors.register("git", lambda team, now: [Fact("git.hosted", True, None, "A", seen)])
    collectors.collect_for(cast.team)
    row = TeamStanding.objects.get(team=cast.team, framework=framework.key)
    assert abs(row.valid_until - (seen + FRESH)) < timedelta(seconds=1)


def test_a_standing_of_an_older_version_is_computed_anew(submitted, cast, framework):
    TeamStanding.objects.update(framework_digest="old")
    assert standing(cast.team, framework).digest == framework.digest
    assert (cast.team, framework) in standings.overdue()
    assert Contradiction.objects.count() == 0
