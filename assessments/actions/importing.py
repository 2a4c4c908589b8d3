"""Taking over answers that were given in a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from assessments.actions.checks import (
    check_answer,
    check_groups,
    check_nobody_is_apart,
    criterion_of,
    framework_of,
    lock_draft,
    subject,
)
from assessments.actions.delegating import close_delegations
from assessments.actions.inputs import cleaned
from assessments.models import Answer, AnswerValue, Assessment
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid


@dataclass(frozen=True)
class Given:
    """One answer of the file. ``rev`` is the stored revision that the person compared it with."""

    criterion: str
    value: str
    note: str
    rev: int


def import_answers(*, assessment: Assessment, given: Sequence[Given], by: User) -> int:
    """Save answers of a file, all or none; how many there were.

    Raises
    ------
    Conflict
        Somebody saved one of them since they were compared: nothing is written.
    Invalid
        One of them is no answer to its criterion; ``fields`` names which.
    """
    require(by, "assessment.answer", assessment)
    if not given:
        raise Invalid("sheet.nothing")
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        check_nobody_is_apart(locked)
        stored = {row.criterion: row for row in locked.answers.select_for_update()}
        absent = {key for key, row in stored.items() if row.value == AnswerValue.NA} - {one.criterion for one in given}
        moment, rows, new, texts = timezone.now(), [], [], {}
        for one in given:
            asked, note = criterion_of(framework, one.criterion), cleaned(one.note)
            _checked(framework, asked, one.value, note, absent)
            row = stored.get(asked.id) or Answer(assessment=locked, criterion=asked.id, practice=asked.practice)
            if row.rev != one.rev:
                raise Conflict("sheet.changed_since")
            if one.value == AnswerValue.NA:
                absent.add(asked.id)
            if note != row.note:
                texts[asked.id] = note
            row.value, row.note, row.rev = one.value, note, row.rev + 1
            row.carried = row.reconfirm = row.from_evidence = False
            row.answered_by, row.answered_at = by, moment
            (rows if row.pk else new).append(row)
        fields = ("value", "note", "rev", "carried", "reconfirm", "from_evidence", "answered_by", "answered_at")
        Answer.objects.bulk_update(rows, fields)
        Answer.objects.bulk_create(new)
        record(
            action="assessment.import",
            by=by,
            subject=subject(locked, framework),
            after={"imported": len(given)},
            params={"criteria": [one.criterion for one in given]},
            texts=texts,
            team=locked.team,
        )
        close_delegations(locked, [one.criterion for one in given if one.value])
    return len(given)


def _checked(framework, asked, value: str, note: str, absent: set[str]) -> None:
    try:
        check_answer(asked, value, note)
        if value == AnswerValue.NA:
            check_groups(framework, absent, asked)
    except Invalid as problem:
        raise Invalid(problem.message, fields={asked.id: problem.message}) from None
