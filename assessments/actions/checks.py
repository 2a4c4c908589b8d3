"""What every change to an assessment asks first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import get_language

from assessments import catalogue
from assessments.framework import Criterion, Framework
from assessments.models import Answer, AnswerValue, Assessment, AssessmentState, IndependentAnswer
from portal.message import Message
from portal.web.errors import Conflict, Invalid

NOTE_LIMIT = 10_000


class AnswerConflict(Conflict):
    """The answer was changed since the page was opened; both texts are here."""

    def __init__(self, *, stored: Answer | IndependentAnswer, value: str, note: str) -> None:
        super().__init__("assessment.conflict", value=stored.value, note=stored.note, rev=stored.rev)
        self.stored, self.value, self.note = stored, value, note


def framework_of(assessment: Assessment) -> Framework:
    """The version of the framework that the assessment is made with; an upgrade brings a draft to the next."""
    return catalogue.of(assessment)


def lock_assessment(assessment: Assessment) -> Assessment:
    """The assessment as it is now, locked until the caller's transaction ends."""
    rows = Assessment.objects.select_for_update(of=("self",)).select_related("team", "campaign")
    locked = rows.filter(pk=assessment.pk).first()
    if locked is None:
        raise Conflict("assessment.gone")
    return locked


def lock_draft(assessment: Assessment) -> Assessment:
    """The draft, locked until the caller's transaction ends.

    Its version of the framework is asked for only then: an upgrade may have been waited for.
    """
    locked = lock_assessment(assessment)
    if locked.state != AssessmentState.DRAFT:
        raise Conflict("assessment.closed")
    return locked


def check_nobody_is_apart(assessment: Assessment) -> None:
    """Refuse a change of the common answers while somebody still answers apart."""
    if assessment.independent and assessment.answerers.filter(finished_at=None).exists():
        raise Conflict("assessment.apart")


def criterion_of(framework: Framework, key: str) -> Criterion:
    """A criterion by its id."""
    asked = framework.by_id.get(key)
    if asked is None:
        raise Invalid("assessment.no_criterion", id=key)
    return asked


def check_answer(asked: Criterion, value: str, note: str) -> None:
    """Refuse what is no answer to this criterion; the error names the field."""
    found = problem_of(asked, value, note)
    if found:
        field, problem = found
        raise Invalid(problem, fields={field: problem})


def problem_of(asked: Criterion, value: str, note: str) -> tuple[str, Message] | None:
    """The field that keeps an answer from being saved, and why."""
    if value not in AnswerValue.values:
        return "value", Message("assessment.value")
    if value == AnswerValue.NA and not asked.na_allowed:
        return "value", Message("assessment.na_not_allowed")
    if value == AnswerValue.NA and not note:
        return "note", Message("assessment.na_reason")
    if len(note) > NOTE_LIMIT:
        return "note", Message("assessment.note_long", {"limit": NOTE_LIMIT})
    return None


def check_groups(framework: Framework, absent: Iterable[str], asked: Criterion) -> None:
    """Refuse the N/A that would leave nothing of a group that must apply in part; `absent` are the others' N/A."""
    left_out = {*absent, asked.id}
    for group in framework.not_all_na:
        if asked.id in group and left_out.issuperset(group):
            problem = _all_na(framework, group)
            raise Invalid(problem, fields={"value": problem})


def unfit(framework: Framework, answers: Mapping[str, Answer]) -> dict[str, Message]:
    """What keeps answers from being submitted, by criterion."""
    lacking: dict[str, Message] = {}
    for key, row in answers.items():
        asked = framework.by_id.get(key)
        if asked is None or row.value != AnswerValue.NA:
            continue
        if not asked.na_allowed:
            lacking[key] = Message("assessment.na_not_allowed")
        elif not row.note.strip():
            lacking[key] = Message("assessment.na_reason")
    for group in framework.not_all_na:
        if all(key in answers and answers[key].value == AnswerValue.NA for key in group):
            lacking |= {key: _all_na(framework, group) for key in group}
    return lacking


def subject(assessment: Assessment, framework: Framework) -> tuple[str, int, str]:
    """An assessment as the ledger names it."""
    return "assessment", assessment.pk, f"{assessment.team.name} · {framework.title.en}"


def _all_na(framework: Framework, group: tuple[str, ...]) -> Message:
    titles = [framework.by_id[key].title.in_(get_language()) for key in group if key in framework.by_id]
    return Message("assessment.na_group", {"titles": titles})
