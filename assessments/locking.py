"""Locking what a change touches: a team before any row of its own, so that two changes wait in one order."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from portal.accounts.models import Team
from portal.web.errors import Missing

Row = TypeVar("Row", bound=Model)


def lock_team(pk: int) -> Team:
    """A team, locked until the caller's transaction ends.

    Raises
    ------
    Missing
        It was deleted meanwhile.
    """
    return lock_row(Team.objects.all(), pk)


def lock_row(rows: QuerySet[Row], pk: int) -> Row:
    """One row as it is now, locked until the caller's transaction ends; what was joined to it is not.

    Raises
    ------
    Missing
        It was deleted meanwhile.
    """
    row = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise Missing("maturity.missing")
    return row
