"""Every change to an assessment: check, then write and record in one transaction."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language

from assessments import levels
from assessments.framework import Criterion, Framework, shipped
from assessments.models import Answer, AnswerValue, Assessment, AssessmentState
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

NOTE_LIMIT = 10_000


class AnswerConflict(Conflict):
    """The answer was changed since the page was opened; both texts are here."""

    def __init__(self, *, stored: Answer, value: str, note: str) -> None:
        super().__init__("assessment.conflict", value=stored.value, note=stored.note, rev=stored.rev)
        self.stored, self.value, self.note = stored, value, note


def start_assessment(*, team: Team, framework: Framework, by) -> Assessment:
    """Open a draft, filled with the answers of last time: by practice, so that other frameworks' count too."""
    require(by, "assessment.start", team)
    try:
        with transaction.atomic():
            assessment = Assessment.objects.create(
                team=team,
                framework=framework.key,
                framework_version=str(framework.version),
                framework_digest=framework.digest,
                started_by=by,
            )
            answers = _carried(assessment, framework)
            Answer.objects.bulk_create(answers)
            record(
                action="assessment.start",
                by=by,
                subject=_subject(assessment, framework),
                after={
                    "framework": framework.key,
                    "framework_version": str(framework.version),
                    "framework_digest": framework.digest,
                },
                params={"carried": sum(answer.carried for answer in answers)},
                team=team,
            )
    except IntegrityError:
        raise Conflict("assessment.running") from None
    return assessment


def save_answer(*, assessment: Assessment, criterion: str, value: str, note: str, rev: int, by) -> Answer:
    """Save one answer.

    Parameters
    ----------
    value : str
        An `AnswerValue`; "" is "I do not know yet".
    rev : int
        The revision that the person saw; another one now stored is a conflict.

    Returns
    -------
    Answer
        With its new revision; unchanged, and with no event, when there is nothing to save.

    Raises
    ------
    AnswerConflict, Conflict, Invalid, Forbidden
    """
    require(by, "assessment.answer", assessment)
    framework = framework_of(assessment)
    asked = framework.by_id.get(criterion)
    if asked is None:
        raise Invalid("assessment.no_criterion", id=criterion)
    note = note.replace("\r\n", "\n").replace("\x00", "").strip()
    _check_answer(asked, value, note)
    with transaction.atomic():
        locked = _lock_draft(assessment)
        answer, _ = Answer.objects.get_or_create(
            assessment=locked, criterion=asked.id, defaults={"practice": asked.practice}
        )
        if (answer.value, answer.note, answer.carried) == (value, note, False):
            return answer
        if answer.rev != rev:
            raise AnswerConflict(stored=answer, value=value, note=note)
        if value == AnswerValue.NA:
            _check_groups(framework, locked, asked)
        before = {"answer": answer.value, "answer_rev": answer.rev}
        texts = {"note": note} if note != answer.note else {}
        answer.value, answer.note, answer.rev, answer.carried = value, note, rev + 1, False
        answer.answered_by, answer.answered_at = by, timezone.now()
        answer.save()
        record(
            action="assessment.answer",
            by=by,
            subject=_subject(locked, framework),
            before=before,
            after={"answer": value, "answer_rev": answer.rev},
            params={"criterion": asked.id},
            texts=texts,
            team=locked.team,
        )
    return answer


def submit(*, assessment: Assessment, by) -> Assessment:
    """Close a draft: its answers become the team's claim, and the score of the moment is kept with it."""
    require(by, "assessment.submit", assessment)
    framework = framework_of(assessment)
    with transaction.atomic():
        locked = _lock_draft(assessment)
        lacking = unfit(framework, {row.criterion: row for row in locked.answers.all()})
        if lacking:
            raise Invalid("assessment.not_ready", fields=lacking)
        before = levels.levels_of(levels.to_json(levels.current_score(locked.team, framework)))
        now = levels.current(locked.team, framework, assessment=locked)
        if not any(row.value for row in now.answers.values()):
            raise Invalid("assessment.nothing")
        locked.state, locked.submitted_by, locked.submitted_at = AssessmentState.SUBMITTED, by, timezone.now()
        locked.framework_version, locked.framework_digest = str(framework.version), framework.digest
        locked.score = levels.to_json(now.score)
        locked.save()
        levels.record_levels(locked.team, framework, now.score)
        record(
            action="assessment.submit",
            by=by,
            subject=_subject(locked, framework),
            before=before,
            after=levels.levels_of(locked.score),
            params={
                "framework": framework.key,
                "framework_version": str(framework.version),
                "framework_digest": framework.digest,
            },
            team=locked.team,
        )
    return locked


def discard_draft(*, assessment: Assessment, by) -> None:
    """Throw a draft away. Its saved answers remain readable in the ledger."""
    require(by, "assessment.submit", assessment)
    framework = framework_of(assessment)
    with transaction.atomic():
        locked = _lock_draft(assessment)
        answered = locked.answers.exclude(value="").count()
        subject, team = _subject(locked, framework), locked.team
        locked.delete()
        record(action="assessment.discard", by=by, subject=subject, before={"answered": answered}, team=team)


def framework_of(assessment: Assessment) -> Framework:
    """The framework as it is shipped now; answers are kept by criterion, so they outlive its versions."""
    return shipped()[assessment.framework]


def unfit(framework: Framework, answers: dict[str, Answer]) -> dict[str, Message]:
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


def _lock_draft(assessment: Assessment) -> Assessment:
    locked = Assessment.objects.select_for_update(of=("self",)).select_related("team").filter(pk=assessment.pk).first()
    if locked is None:
        raise Conflict("assessment.gone")
    if locked.state != AssessmentState.DRAFT:
        raise Conflict("assessment.closed")
    return locked


def _check_answer(asked: Criterion, value: str, note: str) -> None:
    if value not in AnswerValue.values:
        problem = Message("assessment.value")
        raise Invalid(problem, fields={"value": problem})
    if value == AnswerValue.NA and not asked.na_allowed:
        problem = Message("assessment.na_not_allowed")
        raise Invalid(problem, fields={"value": problem})
    if value == AnswerValue.NA and not note:
        problem = Message("assessment.na_reason")
        raise Invalid(problem, fields={"note": problem})
    if len(note) > NOTE_LIMIT:
        problem = Message("assessment.note_long", {"limit": NOTE_LIMIT})
        raise Invalid(problem, fields={"note": problem})


def _check_groups(framework: Framework, assessment: Assessment, asked: Criterion) -> None:
    """Refuse the N/A that would leave nothing of a group that must apply in part."""
    absent = set(assessment.answers.filter(value=AnswerValue.NA).values_list("criterion", flat=True)) | {asked.id}
    for group in framework.not_all_na:
        if asked.id in group and absent.issuperset(group):
            problem = _all_na(framework, group)
            raise Invalid(problem, fields={"value": problem})


def _all_na(framework: Framework, group: tuple[str, ...]) -> Message:
    titles = [framework.by_id[key].title.in_(get_language()) for key in group if key in framework.by_id]
    return Message("assessment.na_group", {"titles": titles})


def _carried(assessment: Assessment, framework: Framework) -> list[Answer]:
    """One answer a criterion: that of the same criterion last time, else of the same practice."""
    by_criterion, by_practice = _last_answers(assessment.team)
    answers = []
    for asked in framework.criteria:
        last = by_criterion.get((framework.key, asked.id)) or by_practice.get(asked.practice)
        if last and last.value == AnswerValue.NA and not asked.na_allowed:
            last = None
        answers.append(
            Answer(
                assessment=assessment,
                criterion=asked.id,
                practice=asked.practice,
                value=last.value if last else AnswerValue.UNKNOWN,
                note=last.note if last else "",
                carried=bool(last),
                answered_by=last.answered_by if last else None,
                answered_at=last.answered_at if last else None,
            )
        )
    return answers


def _last_answers(team: Team) -> tuple[dict[tuple[str, str], Answer], dict[str, Answer]]:
    submitted = Assessment.objects.closed().filter(team=team).order_by("submitted_at", "id")
    newest = {framework: pk for pk, framework in submitted.values_list("pk", "framework")}
    rows = Answer.objects.filter(assessment__in=newest.values()).exclude(value=AnswerValue.UNKNOWN)
    by_criterion: dict[tuple[str, str], Answer] = {}
    by_practice: dict[str, Answer] = {}
    for row in rows.select_related("assessment", "answered_by").order_by("assessment__submitted_at", "id"):
        by_criterion[row.assessment.framework, row.criterion] = row
        by_practice[row.practice] = row
    return by_criterion, by_practice


def _subject(assessment: Assessment, framework: Framework) -> tuple[str, int, str]:
    return "assessment", assessment.pk, f"{assessment.team.name} · {framework.title.en}"
