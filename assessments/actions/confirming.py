"""Saying in one act that answers of last time still hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from assessments.actions.checks import check_nobody_is_apart, framework_of, lock_draft, problem_of, subject
from assessments.actions.delegating import close_delegations
from assessments.models import Answer, Assessment
from portal.accounts.permissions import require
from portal.ledger.actions import record


@dataclass(frozen=True)
class Confirmed:
    """What came of it, by criterion: ``changed`` were saved by somebody since the page was opened and stay open."""

    criteria: tuple[str, ...]
    changed: tuple[str, ...]


def confirm_answers(*, assessment: Assessment, answers: Mapping[str, int], by) -> Confirmed:
    """Confirm answers that were taken over from last time, or kept by an upgrade.

    Parameters
    ----------
    answers : mapping of criterion id to revision
        What the person saw; an answer of another revision by now is left as it is, and named.
    """
    require(by, "assessment.answer", assessment)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        check_nobody_is_apart(locked)
        rows = list(locked.answers.filter(criterion__in=answers).select_for_update())
        waiting = [row for row in rows if row.carried or row.reconfirm]
        good = [row for row in waiting if row.rev == answers[row.criterion] and _fits(framework, row)]
        moment = timezone.now()
        for row in good:
            row.carried = row.reconfirm = row.from_evidence = False
            row.rev, row.answered_by, row.answered_at = row.rev + 1, by, moment
        fields = ("carried", "reconfirm", "from_evidence", "rev", "answered_by", "answered_at")
        Answer.objects.bulk_update(good, fields)
        if good:
            record(
                action="assessment.confirm",
                by=by,
                subject=subject(locked, framework),
                after={"confirmed": len(good)},
                params={"criteria": [row.criterion for row in good]},
                team=locked.team,
            )
            close_delegations(locked, [row.criterion for row in good])
    done = {row.criterion for row in good}
    return Confirmed(tuple(sorted(done)), tuple(row.criterion for row in rows if row.criterion not in done))


def _fits(framework, row: Answer) -> bool:
    asked = framework.by_id.get(row.criterion)
    return bool(asked and row.value and not problem_of(asked, row.value, row.note))
