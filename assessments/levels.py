"""The levels of teams as they stand now: the one function that page, API and PDF ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from assessments import evidence_rules, scoring
from assessments.evidence_rules import Fact, Weighed
from assessments.framework import Framework
from assessments.models import Answer, Assessment, AssessmentState, Evidence, LevelRecord
from assessments.scoring import Score
from portal.accounts.models import Team

LIVE_MODELS = "live.models"


@dataclass(frozen=True)
class Current:
    """A team's score, and what it was computed from.

    ``assessment`` is the one whose answers count: the newest submitted, or the draft that was asked
    for. Without any, the score shows evidence alone and ``assessed`` is false.
    """

    framework: Framework
    assessment: Assessment | None
    answers: Mapping[str, Answer]
    facts: tuple[Fact, ...]
    weighed: Mapping[str, Weighed]
    score: Score

    @property
    def assessed(self) -> bool:
        return self.assessment is not None


def current_score(team: Team, framework: Framework, *, assessment: Assessment | None = None) -> Score:
    """The team's score from the newest submitted answers (or those of the given draft) and the evidence."""
    return current(team, framework, assessment=assessment).score


def current(team: Team, framework: Framework, *, assessment: Assessment | None = None) -> Current:
    """As `current_score`, with what the score was computed from."""
    counted = {team.pk: assessment} if assessment else _newest_submitted([team], framework)
    return _currents([team], framework, counted)[team.pk]


def currents(teams: Iterable[Team], framework: Framework) -> dict[int, Current]:
    """`current` of many teams by their id, in three queries."""
    teams = list(teams)
    return _currents(teams, framework, _newest_submitted(teams, framework))


def draft_of(team: Team, framework: Framework) -> Assessment | None:
    """The assessment that is being filled out, if any."""
    drafts = Assessment.objects.filter(team=team, framework=framework.key, state=AssessmentState.DRAFT)
    return drafts.select_related("started_by").first()


def _newest_submitted(teams: list[Team], framework: Framework) -> dict[int, Assessment]:
    rows = Assessment.objects.closed().filter(team__in=teams, framework=framework.key)
    return {row.team_id: row for row in rows.select_related("submitted_by").order_by("submitted_at", "id")}


def _currents(teams: list[Team], framework: Framework, counted: Mapping[int, Assessment | None]) -> dict[int, Current]:
    team_of = {row.pk: team_id for team_id, row in counted.items() if row}
    answers: dict[int, dict[str, Answer]] = {team.pk: {} for team in teams}
    for row in Answer.objects.filter(assessment__in=team_of):
        answers[team_of[row.assessment_id]][row.criterion] = row
    facts: dict[int, list[Fact]] = {team.pk: [] for team in teams}
    for found in Evidence.objects.filter(team__in=teams):
        facts[found.team_id].append(fact_of(found))
    now = timezone.now()
    return {
        team.pk: _judge(framework, counted.get(team.pk), answers[team.pk], tuple(facts[team.pk]), now) for team in teams
    }


def _judge(
    framework: Framework,
    assessment: Assessment | None,
    answers: Mapping[str, Answer],
    facts: tuple[Fact, ...],
    now: datetime,
) -> Current:
    weighed = {criterion.id: evidence_rules.weigh(criterion, facts, now) for criterion in framework.criteria}
    score = scoring.score(framework, scorable(framework, answers), weighed, live_models=live_models(facts, now))
    return Current(framework, assessment, answers, facts, weighed, score)


def fact_of(found: Evidence) -> Fact:
    return Fact(found.fact, found.value, found.items, found.grade, found.observed_at, found.detail)


def live_models(facts: Iterable[Fact], now: datetime) -> int | None:
    """How many models the team has in production; None when nothing fresh tells."""
    counts = [
        fact.value for fact in facts if fact.name == LIVE_MODELS and now - fact.observed_at <= evidence_rules.FRESH
    ]
    return int(max(counts)) if counts else None


def scorable(framework: Framework, rows: Mapping[str, Answer]) -> dict[str, scoring.Answer]:
    """The answers that this version of the framework can score.

    Answers of an older version may name a criterion that is gone, or an N/A that is not allowed any
    more: what cannot be scored is unknown, so that a framework's upgrade breaks no page.
    """
    answers = {
        key: scoring.Answer(row.value or None, row.note)
        for key, row in rows.items()
        if key in framework.by_id and (row.value != "na" or framework.by_id[key].na_allowed)
    }
    for group in framework.not_all_na:
        if all(key in answers and answers[key].value == "na" for key in group):
            for key in group:
                del answers[key]
    return answers


# -- Levels as data --------------------------------------------------------------------------------


def to_json(score: Score) -> dict[str, Any]:
    """The score as it is stored and sent: levels overall and by dimension, and how each criterion stands."""

    def plain(levels: scoring.Levels) -> dict[str, Any]:
        return asdict(levels) | {
            "blocking": list(levels.blocking),
            "evidenced_blocking": list(levels.evidenced_blocking),
            "counts": [asdict(count) for count in levels.counts],
        }

    return {
        "schema": "sekisho.score/1",
        "overall": plain(score.overall),
        "dimensions": {key: plain(levels) for key, levels in score.dimensions.items()},
        "claimed": dict(score.claimed),
        "evidenced": dict(score.evidenced),
    }


def levels_of(stored: Mapping[str, Any]) -> dict[str, int]:
    """The bare levels of a stored score, for comparing and for the ledger: ``claimed``, ``claimed.training``, …"""
    parts = {"": stored["overall"], **{f".{key}": levels for key, levels in stored["dimensions"].items()}}
    kinds = ("claimed", "evidenced", "at_most")
    return {f"{kind}{name}": levels[kind] for name, levels in parts.items() for kind in kinds}


def record_levels(team: Team, framework: Framework, score: Score) -> tuple[LevelRecord | None, dict[str, int]]:
    """Append a `LevelRecord` if a level differs from the last one; with it, the levels before.

    The caller holds the transaction; the team's row is locked, so that two workers append once.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    last = LevelRecord.objects.filter(team=team, framework=framework.key).last()
    before = levels_of(last.score) if last else {}
    stored = to_json(score)
    if levels_of(stored) == before:
        return None, before
    return LevelRecord.objects.create(team=team, framework=framework.key, score=stored), before
