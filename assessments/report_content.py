"""What a team's maturity report says: the same words and figures as the team's pages, gathered for paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments import comparison, evidence_rules, explanation, standings, wording
from assessments.framework import Criterion, Dimension, Framework, Level
from assessments.levels import Current, current, fact_of
from assessments.models import (
    Answer,
    Assessment,
    AssessmentState,
    Contradiction,
    ContradictionState,
    CriterionReview,
    Evidence,
    LevelRecord,
    ReviewVerdict,
)
from assessments.position import holds_until
from assessments.roadmap_content import roadmap_part
from assessments.scoring import KINDS, Levels, Standing
from assessments.tasklist import MARKS
from assessments.trends import trends
from portal.accounts.models import Team
from portal.message import Message
from portal.pdf.people import Person, people
from portal.pdf.references import References, references
from portal.web.say import say

RECORDS = 12


@dataclass(frozen=True)
class CriterionLine:
    """One criterion: whether it counts officially and if not why, what the team says, what the facts say."""

    criterion: Criterion
    answer: str
    mark: str
    official: Standing
    reviewed: Standing
    weighed: evidence_rules.Weighed
    why: Message | None

    @property
    def word(self) -> str:
        return str(MARKS[self.answer][1])

    @property
    def evidence(self) -> str:
        """A state for the glyph: unknown never looks met."""
        return {"supports": "pass", "contradicts": "fail"}.get(self.weighed.verdict, "not_evaluated")


@dataclass(frozen=True)
class Rung:
    """The criteria of one level of one dimension, with how many required ones are officially met."""

    level: Level
    lines: list[CriterionLine]
    met: int
    required: int


@dataclass(frozen=True)
class DimensionPart:
    """One dimension: its levels, what holds the official one, its criteria. ``met`` is by kind, of what is required."""

    dimension: Dimension
    levels: Levels
    met: dict[str, tuple[int, int]]
    level: Level
    next_level: int | None
    blocking: list[CriterionLine]
    rungs: list[Rung]

    @property
    def unknown(self) -> int:
        return sum(count.official_unknown for count in self.levels.counts)


@dataclass(frozen=True)
class EvidenceLine:
    """One fact with its age."""

    row: Evidence
    words: str
    source: str
    age_days: int
    stale: bool


@dataclass(frozen=True)
class Contribution:
    """One person who answered, and how many criteria."""

    person: Person | None
    answers: int
    last: datetime | None


@dataclass(frozen=True)
class ReviewPart:
    """The newest signed assessment: who signed, and what was found of each answer."""

    assessment: Assessment
    signed_by: Person | None
    lines: list[tuple[Criterion | None, str, CriterionReview]]
    until: datetime | None
    lapsed: bool

    @property
    def confirmed(self) -> int:
        return sum(review.verdict == ReviewVerdict.CONFIRMED for _criterion, _answer, review in self.lines)

    @property
    def refused(self) -> int:
        return len(self.lines) - self.confirmed


def maturity_report(team: Team, framework: Framework, now: datetime | None = None) -> dict[str, Any]:
    """The context of the report's template, in the language in force."""
    now = now or timezone.now()
    state = current(team, framework)
    records = list(LevelRecord.objects.filter(team=team, framework=framework.key))
    answers = _answers(state)
    assessment = state.assessment
    named = people([*(row.answered_by for row in answers), assessment.submitted_by if assessment else None], team)
    parts = [_part(state, dimension) for dimension in framework.dimensions]
    return {
        "team": team,
        "framework": framework,
        "current": state,
        "overall": state.score.overall,
        "level": framework.level(state.score.overall.official),
        "figures": _figures(state),
        "since": standings.of([team], [framework])[team.pk, framework.key].since,
        "why": explanation.explain(state.judged),
        "holds": explanation.holds(holds_until(state.judged), framework) if state.score.overall.official else None,
        "aim": state.aims.get(""),
        "parts": parts,
        "contradictions": _contradictions(state),
        "roadmap": roadmap_part(team, state),
        "trends": trends(framework, records, now) if records else [],
        "records": [(row, comparison.cell(framework, row.score, "official")) for row in records[: -RECORDS - 1 : -1]],
        "met": explanation.count(state.judged),
        "label": wording.official_label(team.name, state.score.overall),
        "no_reviews": [],
        "review": _review(team, framework, now),
        "evidence": _evidence(team, now),
        "fresh_days": evidence_rules.FRESH.days,
        "contributions": _contributions(answers, named),
        "submitted_by": named.get(assessment.submitted_by_id) if assessment else None,
        "ledger": _ledger(team, framework),
        "glossary": glossary(),
    }


def _answers(state: Current) -> list[Answer]:
    if not state.assessment:
        return []
    return list(state.assessment.answers.exclude(value="").select_related("answered_by"))


def _part(state: Current, dimension: Dimension) -> DimensionPart:
    framework, levels = state.framework, state.score.dimensions[dimension.key]
    rungs = []
    for level in framework.levels[1:]:
        criteria = sorted(framework.of(dimension.key, level=level.number), key=lambda c: not c.required)
        if criteria:
            lines = [_line(state, criterion) for criterion in criteria]
            required = [line for line in lines if line.criterion.required]
            rungs.append(Rung(level, lines, sum(line.official == "met" for line in required), len(required)))
    top = levels.official == framework.top
    return DimensionPart(
        dimension,
        levels,
        {kind: explanation.count(state.judged, kind, dimension.key) for kind in KINDS},
        framework.level(levels.official),
        None if top else levels.official + 1,
        [_line(state, framework.by_id[key]) for key in levels.official_blocking],
        rungs,
    )


def _figures(state: Current) -> dict[str, str]:
    """The four figures of the whole, as the team's page leads with them."""
    if not state.framework.is_checklist:
        return {kind: str(state.score.overall.level(kind)) for kind in KINDS}
    return {kind: "{}/{}".format(*explanation.count(state.judged, kind)) for kind in KINDS}


def _contradictions(state: Current) -> list[tuple[Criterion, Contradiction]]:
    """Those that are open now and deny a criterion of this framework."""
    return [
        (criterion, state.contradictions[criterion.practice])
        for criterion in state.framework.criteria
        if criterion.practice in state.contradictions
        and state.contradictions[criterion.practice].state == ContradictionState.OPEN
    ]


def _line(state: Current, criterion: Criterion) -> CriterionLine:
    row = state.answers.get(criterion.id)
    value = row.value if row else ""
    official = state.score.official[criterion.id]
    return CriterionLine(
        criterion,
        value,
        MARKS[value][0],
        official,
        state.score.reviewed[criterion.id],
        state.weighed[criterion.id],
        None if official == "met" else explanation.clause(state.judged, criterion.id),
    )


def _review(team: Team, framework: Framework, now: datetime) -> ReviewPart | None:
    rows = Assessment.objects.filter(team=team, framework=framework.key, state=AssessmentState.SIGNED)
    signed = rows.select_related("signed_by").order_by("-signed_at", "-pk").first()
    if signed is None:
        return None
    said = dict(signed.answers.values_list("criterion", "value"))
    place = {criterion.id: index for index, criterion in enumerate(framework.criteria)}
    found = sorted(signed.reviews.all(), key=lambda review: place.get(review.criterion, len(place)))
    lines = [
        (framework.by_id.get(review.criterion), str(MARKS[said.get(review.criterion, "")][1]), review)
        for review in found
    ]
    until = found[0].until if found else None
    named = people([signed.signed_by], team)
    return ReviewPart(signed, named.get(signed.signed_by_id), lines, until, bool(until and until <= now))


def _evidence(team: Team, now: datetime) -> list[EvidenceLine]:
    return [
        EvidenceLine(
            row,
            say(fact_of(row).message()),
            say(Message(f"maturity.source.{row.fact.partition('.')[0]}")),
            max(0, (now - row.observed_at).days),
            now - row.observed_at > evidence_rules.FRESH,
        )
        for row in Evidence.objects.filter(team=team).order_by("fact", "source")
    ]


def _contributions(answers: Iterable[Answer], named: Mapping[int, Person]) -> list[Contribution]:
    given: dict[int | None, list[Answer]] = {}
    for row in answers:
        given.setdefault(row.answered_by_id, []).append(row)
    counted = [
        Contribution(
            named.get(key) if key else None,
            len(rows),
            max((row.answered_at for row in rows if row.answered_at), default=None),
        )
        for key, rows in given.items()
    ]
    return sorted(counted, key=lambda part: -part.answers)


def _ledger(team: Team, framework: Framework) -> References:
    taken = Assessment.objects.filter(team=team, framework=framework.key).values_list("pk", flat=True)
    subjects = [("team", team.pk), ("team", team.slug), *(("assessment", key) for key in taken)]
    return references(subjects)


def glossary() -> list[tuple[str, str]]:
    """The words of the report, for a reader who knows none of them."""
    return [
        (
            _("Framework"),
            _("The levelled model that the team is measured by: dimensions, levels 0 to 4, and criteria."),
        ),
        (_("Dimension"), _("One side of the work that is measured on a ladder of its own.")),
        (
            _("Criterion"),
            _("One observable statement that a level requires, or only recommends."),
        ),
        (
            _("Official level"),
            _("The level by what fresh evidence or a current review meets, and no open contradiction denies."),
        ),
        (_("Reviewed level"), _("The level by what somebody outside the team confirmed, while that is current.")),
        (_("Claimed level"), _("The level by what the team says of itself. Unknown counts as not met.")),
        (
            _("Evidenced level"),
            _("The level by what was found in the team's systems alone, whatever the team says."),
        ),
        (
            _("Range"),
            _("The level if everything unknown turns out badly, and if everything unknown turns out well."),
        ),
        (
            _("Contradiction"),
            _("The team says that a criterion is met, and what was found says that it is not."),
        ),
        (_("Roadmap"), _("What is not met on the way to the next level, in an order in which it can be done.")),
        (_("Effort"), _("A rough size from 1 (days) to 5 (many months), as the framework gives it.")),
        (
            _("Grade of evidence"),
            _("A: seen happening. B: seen configured. C: declared somewhere; this alone settles nothing."),
        ),
        (
            _("Ledger"),
            _("The list of all actions in Sekisho, numbered without a gap in the order in which they were recorded."),
        ),
        (_("Hash"), _("A fingerprint of a record: another record has another one.")),
    ]
