"""What a team's maturity report says: the same words and figures as the team's pages, gathered for paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments import evidence_rules, wording
from assessments.framework import Criterion, Dimension, Framework, Level
from assessments.levels import Current, current, fact_of
from assessments.models import Answer, Assessment, Evidence, LevelRecord
from assessments.roadmap_content import roadmap_part
from assessments.scoring import Levels, Standing
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
    """One criterion: what the team says, and what the facts say."""

    criterion: Criterion
    answer: str
    mark: str
    standing: Standing
    weighed: evidence_rules.Weighed

    @property
    def word(self) -> str:
        return str(MARKS[self.answer][1])

    @property
    def evidence(self) -> str:
        """A state for the glyph: unknown never looks met."""
        return {"supports": "pass", "contradicts": "fail"}.get(self.weighed.verdict, "not_evaluated")


@dataclass(frozen=True)
class Rung:
    """The criteria of one level of one dimension, with how many required ones are claimed as met."""

    level: Level
    lines: list[CriterionLine]
    met: int
    required: int


@dataclass(frozen=True)
class DimensionPart:
    """One dimension: its levels, what holds it, its criteria."""

    dimension: Dimension
    levels: Levels
    level: Level
    next_level: int | None
    blocking: list[CriterionLine]
    rungs: list[Rung]

    @property
    def unknown(self) -> int:
        return sum(count.unknown for count in self.levels.counts)


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
        "claimed_level": framework.level(state.score.overall.claimed),
        "lead": wording.lead(state),
        "reason": wording.reason(state),
        "parts": parts,
        "denied": [line for part in parts for rung in part.rungs for line in rung.lines if _is_denied(line)],
        "roadmap": roadmap_part(team, state),
        "trends": trends(framework, records, now) if records else [],
        "records": list(reversed(records))[:RECORDS],
        "no_reviews": [],
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
            rungs.append(Rung(level, lines, sum(line.standing == "met" for line in required), len(required)))
    top = levels.claimed == framework.top
    return DimensionPart(
        dimension,
        levels,
        framework.level(levels.claimed),
        None if top else levels.claimed + 1,
        [_line(state, framework.by_id[key]) for key in levels.blocking],
        rungs,
    )


def _line(state: Current, criterion: Criterion) -> CriterionLine:
    row = state.answers.get(criterion.id)
    value = row.value if row else ""
    return CriterionLine(
        criterion, value, MARKS[value][0], state.score.claimed[criterion.id], state.weighed[criterion.id]
    )


def _is_denied(line: CriterionLine) -> bool:
    return line.standing == "met" and line.weighed.verdict == "contradicts"


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
