"""Every change to an assessment: check, then write and record in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments import campaigns, catalogue, drafts, levels, standings
from assessments.actions.apart import set_answerers
from assessments.actions.attaching import drop_attachments
from assessments.actions.checks import (
    AnswerConflict,
    check_answer,
    check_groups,
    check_nobody_is_apart,
    criterion_of,
    framework_of,
    lock_draft,
    subject,
    unfit,
)
from assessments.actions.delegating import close_delegations
from assessments.actions.inputs import cleaned
from assessments.framework import Framework
from assessments.models import Answer, AnswerValue, Assessment, AssessmentState
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid


def start_assessment(*, team: Team, framework: Framework, by, apart: Sequence[User] = ()) -> Assessment:
    """Open a draft, filled with the answers of last time: by practice, so that other frameworks' count too.

    With two people in ``apart``, these answer on their own first.
    """
    require(by, "assessment.start", team)
    try:
        with transaction.atomic():
            catalogue.hold(framework)
            assessment = Assessment.objects.create(
                team=team,
                framework=framework.key,
                framework_version=str(framework.version),
                framework_digest=framework.digest,
                started_by=by,
                independent=bool(apart),
                campaign=campaigns.running_for(team, framework.key),
            )
            if apart:
                set_answerers(assessment=assessment, people=apart)
            answers = _carried(assessment, framework)
            Answer.objects.bulk_create(answers)
            record(
                action="assessment.start",
                by=by,
                subject=subject(assessment, framework),
                after={
                    "framework": framework.key,
                    "framework_version": str(framework.version),
                    "framework_digest": framework.digest,
                },
                params={
                    "carried": sum(answer.carried for answer in answers),
                    **({"apart": [str(person.pseudonym) for person in apart]} if apart else {}),
                },
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
    note = cleaned(note)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        asked = criterion_of(framework, criterion)
        check_answer(asked, value, note)
        check_nobody_is_apart(locked)
        answer, _ = Answer.objects.get_or_create(
            assessment=locked, criterion=asked.id, defaults={"practice": asked.practice}
        )
        waiting = answer.carried or answer.reconfirm
        if (answer.value, answer.note, waiting) == (value, note, False):
            return answer
        if answer.rev != rev:
            raise AnswerConflict(stored=answer, value=value, note=note)
        if value == AnswerValue.NA:
            others = locked.answers.filter(value=AnswerValue.NA).values_list("criterion", flat=True)
            check_groups(framework, others, asked)
        before = {"answer": answer.value, "answer_rev": answer.rev}
        texts = {"note": note} if note != answer.note else {}
        answer.value, answer.note, answer.rev = value, note, rev + 1
        answer.carried = answer.reconfirm = answer.from_evidence = False
        answer.answered_by, answer.answered_at = by, timezone.now()
        answer.save()
        if value:
            close_delegations(locked, [asked.id])
        record(
            action="assessment.answer",
            by=by,
            subject=subject(locked, framework),
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
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        check_nobody_is_apart(locked)
        lacking = unfit(framework, {row.criterion: row for row in locked.answers.all()})
        if lacking:
            raise Invalid("assessment.not_ready", fields=lacking)
        settled = _settle(locked, framework)
        before = levels.levels_of(levels.to_json(levels.current_score(locked.team, framework)))
        now = levels.current(locked.team, framework, assessment=locked)
        if not any(row.value for row in now.answers.values()):
            raise Invalid("assessment.nothing")
        locked.state, locked.submitted_by, locked.submitted_at = AssessmentState.SUBMITTED, by, timezone.now()
        locked.framework_version, locked.framework_digest = str(framework.version), framework.digest
        locked.score = levels.to_json(now.score)
        locked.save()
        standings.refresh_all(locked.team, by, recorded=framework.key)
        record(
            action="assessment.submit",
            by=by,
            subject=subject(locked, framework),
            before=before,
            after=levels.levels_of(locked.score),
            params={
                "framework": framework.key,
                "framework_version": str(framework.version),
                "framework_digest": framework.digest,
                "from_evidence": settled,
            },
            team=locked.team,
        )
    return locked


def discard_draft(*, assessment: Assessment, by) -> None:
    """Throw a draft away. Its saved answers remain readable in the ledger."""
    require(by, "assessment.submit", assessment)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        answered = locked.answers.exclude(value="").count()
        named, team = subject(locked, framework), locked.team
        drop_attachments(locked)
        locked.delete()
        record(action="assessment.discard", by=by, subject=named, before={"answered": answered}, team=team)


def _settle(draft: Assessment, framework: Framework) -> int:
    """Write down what evidence says where nobody was asked, so that the claim is whole; how many there were."""
    now = levels.current(draft.team, framework, assessment=draft)
    rows = drafts.settled(framework, now.answers, now)
    moment = timezone.now()
    for key, row in rows.items():
        row.assessment, row.practice = draft, framework.by_id[key].practice
        row.rev, row.answered_by, row.answered_at = row.rev + 1, None, moment
    fields = ("value", "carried", "reconfirm", "from_evidence", "rev", "answered_by", "answered_at")
    Answer.objects.bulk_create([row for row in rows.values() if row.pk is None])
    Answer.objects.bulk_update([row for row in rows.values() if row.pk is not None], fields)
    return len(rows)


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
