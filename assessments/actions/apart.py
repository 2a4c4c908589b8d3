"""Two people who answer apart, and what becomes of it once both are done."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from assessments.actions.checks import (
    AnswerConflict,
    check_answer,
    check_groups,
    criterion_of,
    framework_of,
    lock_draft,
    subject,
)
from assessments.actions.inputs import cleaned
from assessments.models import Answer, Answerer, AnswerValue, Assessment, IndependentAnswer
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Forbidden, Invalid


def set_answerers(*, assessment: Assessment, people: Sequence[User]) -> None:
    """Name the two; part of `start_assessment`, whose transaction and record these are."""
    if len({person.pk for person in people}) != 2:
        raise Invalid("assessment.two_people")
    for person in people:
        if not person.has_perm("assessment.answer", assessment):
            raise Invalid("assessment.not_a_member")
    Answerer.objects.bulk_create(Answerer(assessment=assessment, person=person) for person in people)


def save_own_answer(
    *, assessment: Assessment, criterion: str, value: str, note: str, rev: int, by: User
) -> IndependentAnswer:
    """Save what one of the two says; as `save_answer`, but the other does not see it.

    The record tells that an answer was saved and not which: the other reads the team's records too.
    """
    require(by, "assessment.answer", assessment)
    note = cleaned(note)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        asked = criterion_of(framework, criterion)
        check_answer(asked, value, note)
        _own_turn(locked, by)
        own, _ = IndependentAnswer.objects.get_or_create(assessment=locked, person=by, criterion=asked.id)
        if (own.value, own.note) == (value, note):
            return own
        if own.rev != rev:
            raise AnswerConflict(stored=own, value=value, note=note)
        if value == AnswerValue.NA:
            others = locked.independent_answers.filter(person=by, value=AnswerValue.NA)
            check_groups(framework, others.values_list("criterion", flat=True), asked)
        own.value, own.note, own.rev, own.answered_at = value, note, rev + 1, timezone.now()
        own.save()
        record(
            action="assessment.answer_apart",
            by=by,
            subject=subject(locked, framework),
            after={"answer_rev": own.rev},
            params={"criterion": asked.id},
            team=locked.team,
        )
    return own


def finish_own(*, assessment: Assessment, by: User) -> bool:
    """Say that one's answers are done; true once both are, and what both say alike is taken."""
    require(by, "assessment.answer", assessment)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        turn = _own_turn(locked, by)
        if not locked.independent_answers.filter(person=by).exclude(value="").exists():
            raise Invalid("assessment.nothing")
        turn.finished_at = timezone.now()
        turn.save()
        both = not locked.answerers.filter(finished_at=None).exists()
        taken, differ = _compare(locked, framework) if both else (0, 0)
        record(
            action="assessment.finish_apart",
            by=by,
            subject=subject(locked, framework),
            after={"taken_alike": taken, "to_settle": differ} if both else {},
            team=locked.team,
        )
    return both


def answered_apart(assessment: Assessment) -> dict[str, list[IndependentAnswer]]:
    """What the two said, by criterion, in their order; only of those who are both done."""
    order = list(assessment.answerers.order_by("pk").values_list("person_id", "finished_at"))
    if not order or any(finished is None for _, finished in order):
        return {}
    place = {person: index for index, (person, _) in enumerate(order)}
    found: dict[str, list[IndependentAnswer | None]] = {}
    for row in assessment.independent_answers.select_related("person"):
        if row.person_id in place:
            found.setdefault(row.criterion, [None, None])[place[row.person_id]] = row
    return found


def _own_turn(assessment: Assessment, by: User) -> Answerer:
    turn = assessment.answerers.filter(person=by).first() if assessment.independent else None
    if turn is None:
        raise Forbidden("assessment.not_one_of_two")
    if turn.finished_at is not None:
        raise Conflict("assessment.finished_apart")
    return turn


def _compare(draft: Assessment, framework) -> tuple[int, int]:
    """Take what both say alike; what they say differently is open until somebody settles it."""
    rows = {row.criterion: row for row in draft.answers.all()}
    moment, changed, taken, differ = timezone.now(), [], 0, 0
    for key, pair in answered_apart(draft).items():
        said = [own for own in pair if own and own.value]
        row = rows.get(key)
        if not said or row is None:
            continue
        alike = len(said) == 2 and said[0].value == said[1].value
        taken, differ = taken + alike, differ + (not alike)
        row.value = said[0].value if alike else AnswerValue.UNKNOWN
        row.note = joined_notes(said) if alike else ""
        row.carried = row.reconfirm = row.from_evidence = False
        row.rev, row.answered_by, row.answered_at = row.rev + 1, None, moment
        changed.append(row)
    fields = ("value", "note", "carried", "reconfirm", "from_evidence", "rev", "answered_by", "answered_at")
    Answer.objects.bulk_update(changed, fields)
    return taken, differ


def joined_notes(said: Sequence[IndependentAnswer]) -> str:
    """Both notes, each with its name where they differ."""
    notes = [own for own in said if own.note]
    if len({own.note for own in notes}) <= 1:
        return notes[0].note if notes else ""
    return "\n\n".join(f"{own.person.name}: {own.note}" for own in notes)
