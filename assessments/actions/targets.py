"""The level that is enough for a team, by dimension, and why."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from assessments.actions.inputs import cleaned_within, invalid
from assessments.framework import Framework
from assessments.models import Target
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record

REASON_LIMIT = 4000


def set_target(*, team: Team, framework: Framework, dimension: str, level: int, reason: str, by) -> Target:
    """Say which level is enough in a dimension, and why; "" speaks of the whole."""
    require(by, "target.set", team)
    _check_dimension(framework, dimension)
    reason = cleaned_within(REASON_LIMIT, reason, "reason", "target.reason_long")
    if not 1 <= level <= framework.top:
        raise invalid("level", "target.level")
    if not reason:
        raise invalid("reason", "target.reason")
    with transaction.atomic():
        row = _lock(team, framework, dimension)
        before = {"target_level": row.level} if row else {}
        if row and (row.level, row.reason) == (level, reason):
            return row
        row = row or Target(team=team, framework=framework.key, dimension=dimension)
        row.level, row.reason, row.by, row.at = level, reason, by, timezone.now()
        row.save()
        _record(row, "target.set", by, before=before, after={"target_level": level}, texts={"reason": reason})
    return row


def clear_target(*, team: Team, framework: Framework, dimension: str, by) -> None:
    """Set no level any more."""
    require(by, "target.set", team)
    with transaction.atomic():
        row = _lock(team, framework, dimension)
        if row:
            _record(row, "target.clear", by, before={"target_level": row.level})
            row.delete()


def _lock(team: Team, framework: Framework, dimension: str) -> Target | None:
    rows = Target.objects.select_for_update(of=("self",))
    return rows.filter(team=team, framework=framework.key, dimension=dimension).first()


def _check_dimension(framework: Framework, dimension: str) -> None:
    if dimension and dimension not in {part.key for part in framework.dimensions}:
        raise invalid("dimension", "target.dimension")


def _record(row: Target, action: str, by, **changes) -> None:
    record(
        action=action,
        by=by,
        subject=("target", row.pk, f"{row.team.name} · {row.framework} {row.dimension}".strip()),
        params={"framework": row.framework, "dimension": row.dimension},
        team=row.team,
        **changes,
    )
