"""Collectors, the evidence that is kept, and the levels that follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import actions, collectors, levels
from assessments.evidence_rules import Fact
from assessments.framework import shipped
from assessments.jobs import KIND, collect_hourly
from assessments.models import Evidence, LevelRecord
from portal.jobs.models import Job
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
CODE = "training.code-hosted"


@pytest.fixture
def source(monkeypatch):
    """A registry of collectors with one, whose facts the test sets."""
    found: list[Fact] = []
    monkeypatch.setattr(collectors, "COLLECTORS", {})
    collectors.register("git", lambda team, now: list(found))
    return found


def hosted(models: int, at=None) -> Fact:
    """All of so many models have their code on the Git host."""
    return Fact("git.hosted", 1.0, models, "A", at or timezone.now(), "git.example.org")


def test_facts_are_kept_and_weighed(cast, source):
    source.append(hosted(6))
    assert collectors.collect_for(cast.team).facts == {"git": 1}
    row = Evidence.objects.get()
    assert (row.team, row.fact, row.source, row.items, row.detail) == (
        cast.team, "git.hosted", "git", 6, "git.example.org",
    )  # fmt: skip
    assert levels.current(cast.team, FRAMEWORK).weighed[CODE].verdict == "supports"
    assert levels.current(cast.other_team, FRAMEWORK).weighed[CODE].verdict == "unknown"


def test_the_newest_round_of_a_source_counts(cast, source):
    source.append(hosted(6))
    collectors.collect_for(cast.team)
    source[:] = [hosted(7)]
    collectors.collect_for(cast.team)
    assert Evidence.objects.get().items == 7
    source.clear()
    collectors.collect_for(cast.team)
    assert not Evidence.objects.exists()


def test_a_failing_source_keeps_its_facts_until_they_are_stale(cast, source, monkeypatch):
    old = timezone.now() - timedelta(days=80)
    source.append(hosted(6, old))
    collectors.collect_for(cast.team)

    def broken(team, now):
        raise OSError("no route")

    monkeypatch.setitem(collectors.COLLECTORS, "git", broken)
    assert collectors.collect_for(cast.team).failed == ("git",)
    assert Evidence.objects.get().items == 6
    assert levels.current(cast.team, FRAMEWORK).weighed[CODE].verdict == "supports"
    Evidence.objects.update(observed_at=timezone.now() - timedelta(days=91))
    assert levels.current(cast.team, FRAMEWORK).weighed[CODE].verdict == "unknown"


@pytest.mark.parametrize("bad", [("git.unheard-of", 1), ("mlf.run_commit", float("nan"))])
def test_a_fact_that_nobody_can_read_fails_its_source(cast, source, bad):
    source.append(Fact(bad[0], bad[1], 20, "A", timezone.now()))
    assert collectors.collect_for(cast.team).failed == ("git",)
    assert not Evidence.objects.exists()


def test_one_failing_source_does_not_silence_the_others(cast, source, monkeypatch):
    monkeypatch.setitem(collectors.COLLECTORS, "broken", lambda team, now: 1 / 0)
    source.append(hosted(1))
    collected = collectors.collect_for(cast.team)
    assert (collected.facts, collected.failed) == ({"git": 1}, ("broken",))


def test_levels_that_change_by_evidence_are_recorded_once(cast, source):
    """One dimension rises by evidence alone, since all that its first level requires can be seen."""
    collectors.collect_for(cast.team)
    assert not LevelRecord.objects.exists()  # nothing was ever claimed
    draft = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    actions.save_answer(assessment=draft, criterion=CODE, value="yes", note="", rev=0, by=cast.member)
    actions.submit(assessment=draft, by=cast.manager)
    source += [
        Fact("mlf.server_shared", True, None, "A", timezone.now()),
        Fact("mlf.runs", 40, None, "A", timezone.now()),
        hosted(6),
        Fact("pipe.data_versioned", True, None, "A", timezone.now()),
    ]
    for _ in range(2):
        assert not collectors.collect_for(cast.team).failed
    first, second = LevelRecord.objects.filter(team=cast.team, framework="mlops-maturity")
    assert first.score["dimensions"]["training"]["evidenced"] == 0
    assert second.score["dimensions"]["training"]["evidenced"] == 1
    changes = Event.objects.filter(action="levels.change")
    (event,) = (event for event in changes if event.content["params"]["framework"] == "mlops-maturity")
    assert event.actor is None
    assert (event.content["before"]["evidenced.training"], event.content["after"]["evidenced.training"]) == (0, 1)


def test_the_team_gives_its_number_of_members(cast):
    collectors.collect_for(cast.team)
    assert Evidence.objects.get(fact="team.members").value == 3


def test_unknown_until_something_is_live(cast, source):
    """What is said of each live model is unknown, whoever says it, while none is live."""
    live = next(criterion for criterion in FRAMEWORK.criteria if criterion.live)
    draft = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    actions.save_answer(assessment=draft, criterion=live.id, value="yes", note="", rev=0, by=cast.member)
    assert levels.current_score(cast.team, FRAMEWORK, assessment=draft).claimed[live.id] == "met"
    source.append(Fact("live.models", 0, None, "A", timezone.now()))
    collectors.collect_for(cast.team)
    assert levels.current_score(cast.team, FRAMEWORK, assessment=draft).claimed[live.id] == "unknown"


def test_the_job_collects_for_every_team_and_is_asked_for_once(cast, source, run_jobs):
    source.append(hosted(1))
    collect_hourly()
    collect_hourly()
    assert Job.objects.filter(kind=KIND).count() == 1
    run_jobs()
    job = Job.objects.get(kind=KIND)
    assert (job.state, job.result) == ("done", {"teams": 2, "failed": []})
    assert Evidence.objects.count() == 2
