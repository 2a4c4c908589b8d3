"""Asking members of the team to answer criteria."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone

from assessments.actions.checks import NOTE_LIMIT, framework_of, lock_draft, subject
from assessments.actions.inputs import cleaned_within
from assessments.models import Assessment, Delegation
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid


def delegate(
    *, assessment: Assessment, criteria: Iterable[str], to: User, due: date | None, note: str, by: User
) -> list[Delegation]:
    """Ask a member for the answers to criteria; who was asked before is not asked any more."""
    require(by, "assessment.delegate", assessment)
    asked = set(criteria)
    if not (to.is_active and to.has_perm("assessment.answer", assessment)):
        raise Invalid("assessment.delegate_to")
    note = cleaned_within(NOTE_LIMIT, note, "note", "assessment.note_long")
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        chosen = [criterion.id for criterion in framework.criteria if criterion.id in asked]
        if not chosen:
            raise Invalid("assessment.delegate_none")
        if locked.independent:
            raise Conflict("assessment.delegate_apart")
        locked.delegations.filter(criterion__in=chosen).delete()
        made = Delegation.objects.bulk_create(
            Delegation(assessment=locked, criterion=key, to=to, by=by, due=due, note=note) for key in chosen
        )
        record(
            action="assessment.delegate",
            by=by,
            subject=subject(locked, framework),
            after={"delegated_to": str(to.pseudonym), "due": due.isoformat() if due else ""},
            params={"criteria": chosen},
            texts={"note": note},
            team=locked.team,
        )
    return made


def take_back(*, assessment: Assessment, criterion: str, by: User) -> None:
    """Ask the member no longer; what they answered stays."""
    require(by, "assessment.delegate", assessment)
    with transaction.atomic():
        locked = lock_draft(assessment)
        framework = framework_of(locked)
        row = locked.delegations.select_related("to").filter(criterion=criterion).first()
        if row is None:
            return
        before = {"delegated_to": str(row.to.pseudonym)}
        row.delete()
        record(
            action="assessment.take_back",
            by=by,
            subject=subject(locked, framework),
            before=before,
            params={"criteria": [criterion]},
            team=locked.team,
        )


def close_delegations(assessment: Assessment, criteria: Iterable[str]) -> None:
    """Note that what was asked for has been answered; part of the action that saves the answers."""
    assessment.delegations.filter(criterion__in=list(criteria), done_at=None).update(done_at=timezone.now())
