"""The levels of teams as they stand now: what page, API and PDF ask, computed by `position.judge`.

What lists show of many teams at once stands in `standings`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from assessments import claims, scoring
from assessments.claims import Claim
from assessments.evidence_rules import Fact, Weighed
from assessments.framework import Framework
from assessments.models import (
    Answer,
    Assessment,
    AssessmentState,
    Contradiction,
    ContradictionState,
    CriterionReview,
    Evidence,
    Target,
)
from assessments.position import LIVE_MODELS, Aim, Denial, Judged, Position, judge, live_models
from assessments.scoring import Score
from assessments.standing import Review
from assessments.stored_score import levels_of, to_json
from portal.accounts.models import Team

__all__ = [
    "LIVE_MODELS",
    "Current",
    "current",
    "current_score",
    "currents",
    "draft_of",
    "fact_of",
    "in_each",
    "levels_of",
    "live_models",
    "scorable",
    "to_json",
]

DRAFT = float("inf")  # a draft is newer than everything submitted


@dataclass(frozen=True)
class Current:
    """A team's score, and what it was computed from.

    ``assessment`` is the newest submitted of this framework, or the draft that was asked for, and
    ``answers`` are its rows. ``claims`` are the answers that count: the team's newest on each
    practice, also of other frameworks. ``contradictions`` are those that count now, by practice.
    """

    framework: Framework
    assessment: Assessment | None
    answers: Mapping[str, Answer]
    facts: tuple[Fact, ...]
    weighed: Mapping[str, Weighed]
    score: Score
    claims: Mapping[str, Claim] = field(default_factory=dict)
    contradictions: Mapping[str, Contradiction] = field(default_factory=dict)
    judged: Judged | None = None

    @property
    def assessed(self) -> bool:
        """Whether the team claims anything here: in this framework, or of practices that it shares."""
        return self.assessment is not None or bool(self.claims)

    @property
    def disputes(self) -> list[Contradiction]:
        """The contradictions that are open."""
        return [row for row in self.contradictions.values() if row.state == ContradictionState.OPEN]

    @property
    def aims(self) -> Mapping[str, Aim]:
        return self.judged.position.aims if self.judged else {}


@dataclass(frozen=True)
class Inputs:
    """What a team's levels are computed from.

    ``counted`` are the assessments that count, by framework, with their place in time; ``given``
    their answers with framework and place; ``reviews`` by practice and the answer that was seen;
    ``disputes`` the contradictions that count now, by practice.
    """

    counted: Mapping[str, tuple[Assessment, float]]
    given: list[tuple[str, Answer, float]]
    facts: tuple[Fact, ...]
    reviews: Mapping[tuple[str, str], Review]
    disputes: Mapping[str, Contradiction]
    aims: Mapping[str, Aim]


def current_score(team: Team, framework: Framework, *, assessment: Assessment | None = None) -> Score:
    """The team's score from the newest submitted answers (or those of the given draft) and the evidence."""
    return current(team, framework, assessment=assessment).score


def current(team: Team, framework: Framework, *, assessment: Assessment | None = None) -> Current:
    """As `current_score`, with what the score was computed from."""
    return currents([team], framework, drafts={team.pk: assessment} if assessment else None)[team.pk]


def currents(
    teams: Iterable[Team], framework: Framework, *, drafts: Mapping[int, Assessment] | None = None
) -> dict[int, Current]:
    """`current` of many teams by their id, in six queries."""
    now = timezone.now()
    return {team: judged(framework, found, now) for team, found in inputs(teams, framework, drafts=drafts).items()}


def in_each(wanted: Iterable[tuple[Team, Framework]]) -> dict[tuple[int, str], Current]:
    """`current` of many teams, each in many frameworks, by team id and framework key; in six queries for all."""
    now, frameworks = timezone.now(), {(team.pk, framework.key): framework for team, framework in wanted}
    return {place: judged(frameworks[place], found, now) for place, found in _inputs(frameworks, {}, None).items()}


def inputs(
    teams: Iterable[Team],
    framework: Framework,
    *,
    drafts: Mapping[int, Assessment] | None = None,
    also: Framework | None = None,
) -> dict[int, Inputs]:
    """What the levels of many teams are computed from, in six queries; `also` for another version."""
    found = _inputs({(team.pk, framework.key): framework for team in teams}, drafts or {}, also)
    return {team: given for (team, _key), given in found.items()}


def _inputs(
    wanted: Mapping[tuple[int, str], Framework], drafts: Mapping[int, Assessment], also: Framework | None
) -> dict[tuple[int, str], Inputs]:
    """By team id and framework key; a team's draft counts in each framework, and so do the practices of `also`."""
    ids = list({team for team, _key in wanted})
    newest, counted = _newest_closed(ids), {}
    for team, key in wanted:
        draft = {key: (drafts[team], DRAFT)} if team in drafts else {}
        counted[team, key] = newest[team] | draft
    practices = {
        key: {criterion.practice for one in (framework, also) if one for criterion in one.criteria}
        for key, framework in {key: framework for (_team, key), framework in wanted.items()}.items()
    }
    given, aims = _answers(counted, practices), _aims(ids, practices)
    facts, reviews, disputes = _facts(ids), reviews_of(ids), _contradictions(ids)
    return {
        (team, key): Inputs(rows, given[team, key], facts[team], reviews[team], disputes[team], aims[team, key])
        for (team, key), rows in counted.items()
    }


def draft_of(team: Team, framework: Framework) -> Assessment | None:
    """The assessment that is being filled out, if any."""
    drafts = Assessment.objects.filter(team=team, framework=framework.key, state=AssessmentState.DRAFT)
    return drafts.select_related("started_by").first()


def fact_of(found: Evidence) -> Fact:
    return Fact(found.fact, found.value, found.items, found.grade, found.observed_at, found.detail)


def scorable(framework: Framework, rows: Mapping[str, Answer]) -> dict[str, scoring.Answer]:
    """The answers that this version of the framework can score.

    Answers of an older version may name a criterion that is gone, or an N/A that is not allowed any
    more: what cannot be scored is unknown, so that a framework's upgrade breaks no page.
    """
    own = (_claim(framework.key, row, 0) for row in rows.values() if row.criterion in framework.by_id)
    return {key: claim.answer() for key, claim in claims.counted(framework, own).items()}


# -- What was said, found, reviewed and disputed ----------------------------------------------------


def _newest_closed(teams: list[int]) -> dict[int, dict[str, tuple[Assessment, float]]]:
    """The newest submitted assessment of each framework, by team, with its place in time."""
    same = Assessment.objects.closed().filter(team=OuterRef("team"), framework=OuterRef("framework"))
    newest = Subquery(same.order_by("-submitted_at", "-id").values("pk")[:1])
    rows = Assessment.objects.closed().filter(team__in=teams, pk=newest).select_related("submitted_by")
    found: dict[int, dict[str, tuple[Assessment, float]]] = {team: {} for team in teams}
    rows = rows.defer("score")  # levels are computed from the answers, never from what was stored then
    for place, row in enumerate(rows.order_by("submitted_at", "id")):
        found[row.team_id][row.framework] = (row, place)
    return found


def _answers(
    counted: Mapping[tuple[int, str], Mapping[str, tuple[Assessment, float]]], practices: Mapping[str, set[str]]
) -> dict[tuple[int, str], list[tuple[str, Answer, float]]]:
    """The answers of those assessments to the practices of each framework, by team and framework."""
    places: dict[int, list[tuple[int, str, str, float]]] = defaultdict(list)
    for (team, framework), rows in counted.items():
        for key, (assessment, order) in rows.items():
            places[assessment.pk].append((team, framework, key, order))
    own = [rows[key][0].pk for (_team, key), rows in counted.items() if key in rows]
    asked = set().union(*practices.values())
    found: dict[tuple[int, str], list[tuple[str, Answer, float]]] = defaultdict(list)
    for row in Answer.objects.filter(assessment__in=places).filter(Q(assessment__in=own) | Q(practice__in=asked)):
        for team, framework, key, order in places[row.assessment_id]:
            if key == framework or row.practice in practices[framework]:
                found[team, framework].append((key, row, order))
    return found


def _facts(teams: list[int]) -> dict[int, tuple[Fact, ...]]:
    found: dict[int, list[Fact]] = {team: [] for team in teams}
    columns = ("team_id", "fact", "value", "items", "grade", "observed_at", "detail")
    for team, *fact in Evidence.objects.filter(team__in=teams).values_list(*columns):
        found[team].append(Fact(*fact))
    return {team: tuple(facts) for team, facts in found.items()}


def reviews_of(teams: list[int], *, but_of: str = "") -> dict[int, dict[tuple[str, str], Review]]:
    """What reviewers found, by the practice and the answer that they looked at; the newest counts.

    `but_of` leaves those of a framework out.
    """
    seen = Answer.objects.filter(assessment=OuterRef("assessment"), criterion=OuterRef("criterion"))
    rows = CriterionReview.objects.filter(
        assessment__team__in=teams, assessment__state=AssessmentState.SIGNED, until__gt=timezone.now()
    ).annotate(answer=Subquery(seen.values("value")[:1]))
    rows = rows.exclude(assessment__framework=but_of) if but_of else rows
    found: dict[int, dict[tuple[str, str], Review]] = defaultdict(dict)
    columns = ("assessment__team", "practice", "answer", "verdict", "at", "until")
    for team, practice, answer, verdict, at, until in rows.order_by("assessment__signed_at", "pk").values_list(
        *columns
    ):
        found[team][practice, answer or ""] = Review(verdict, at, until)
    return found


def _contradictions(teams: list[int]) -> dict[int, dict[str, Contradiction]]:
    """Those that are open, and those whose evidence is set aside still, by practice."""
    counting = Q(state=ContradictionState.OPEN) | Q(accepted_until__gt=timezone.now())
    found: dict[int, dict[str, Contradiction]] = defaultdict(dict)
    rows = Contradiction.objects.filter(counting, team__in=teams).select_related("owner")
    for row in rows.order_by("opened_at", "pk"):
        found[row.team_id][row.practice] = row
    return found


def _aims(teams: list[int], frameworks: Iterable[str]) -> dict[tuple[int, str], dict[str, Aim]]:
    found: dict[tuple[int, str], dict[str, Aim]] = defaultdict(dict)
    for row in Target.objects.filter(team__in=teams, framework__in=list(frameworks)):
        found[row.team_id, row.framework][row.dimension] = Aim(row.level, row.reason)
    return found


def _claim(key: str, row: Answer, order: float) -> Claim:
    return Claim(
        key,
        row.criterion,
        row.practice,
        row.value,
        order,
        row.note,
        given=row.rev > 0 or row.reconfirm,
        reconfirm=row.reconfirm,
        source=row,
    )


def judged(framework: Framework, found: Inputs, now: datetime, weighed: Mapping[str, Weighed] | None = None) -> Current:
    """The levels that follow from what was said, found, reviewed and disputed."""
    reviews, disputes = found.reviews, found.disputes
    assessment = found.counted[framework.key][0] if framework.key in found.counted else None
    own = {row.criterion: row for key, row, _ in found.given if key == framework.key}
    said = claims.counted(framework, (_claim(*one) for one in found.given))
    result = judge(
        Position(
            framework,
            now,
            answers={key: claim.answer() for key, claim in said.items()},
            facts=found.facts,
            reviews={
                key: reviews[claim.practice, claim.value]
                for key, claim in said.items()
                if (claim.practice, claim.value) in reviews
            },
            denials=tuple(
                Denial(criterion.id, disputes[criterion.practice].accepted_until)
                for criterion in framework.criteria
                if criterion.practice in disputes
            ),
            aims=found.aims,
        ),
        weighed,
    )
    return Current(framework, assessment, own, found.facts, result.weighed, result.score, said, disputes, result)
