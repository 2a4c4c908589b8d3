"""What a spreadsheet of answers that came back would change.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.framework import Criterion, Framework
from assessments.spreadsheet import Filled, Kept, Row, SheetError, plain
from portal.message import Message


@dataclass(frozen=True)
class Change:
    """One answer that the file would change; ``notices`` tell what to look at before."""

    criterion: Criterion
    now: Kept
    value: str
    note: str
    notices: tuple[Message, ...] = ()
    stale: bool = False


@dataclass(frozen=True)
class Difference:
    """What a file would change, and what in it cannot be used."""

    changes: tuple[Change, ...]
    notices: tuple[Message, ...]


def compare(framework: Framework, answers: Mapping[str, Kept], filled: Filled, *, assessment: str) -> Difference:
    """What the file would change.

    Raises
    ------
    SheetError
        It belongs to another framework, version or assessment.
    """
    if filled.framework != framework.key:
        raise SheetError(Message("sheet.other_framework", {"found": filled.framework, "wanted": framework.key}))
    if filled.digest != framework.digest:
        raise SheetError(Message("sheet.other_version"))
    if filled.assessment != assessment:
        raise SheetError(Message("sheet.other_assessment"))
    notices: list[Message] = [Message("sheet.tampered")] if filled.tampered else []
    seen: dict[str, Row] = {}
    for row in filled.rows:
        if not row.criterion:
            notices.append(Message("sheet.no_id", {"row": row.number}))
        elif row.criterion not in framework.by_id:
            notices.append(Message("sheet.unknown_id", {"row": row.number, "id": row.criterion[:100]}))
        elif row.criterion in seen:
            notices.append(Message("sheet.twice", {"row": row.number, "id": row.criterion}))
        else:
            seen[row.criterion] = row
    changes = []
    for criterion in framework.criteria:
        row = seen.get(criterion.id)
        if row is None:
            if filled.tampered and criterion.id in answers:
                notices.append(Message("sheet.no_row", {"id": criterion.id}))
            continue
        change = _change(criterion, row, answers.get(criterion.id, Kept("", "", 0)), notices)
        if change:
            changes.append(change)
    return Difference(tuple(changes), tuple(notices))


def _change(criterion: Criterion, row: Row, now: Kept, notices: list[Message]) -> Change | None:
    value = row.value
    if value is None:
        notices.append(Message("sheet.value", {"row": row.number, "value": row.written[:100]}))
        value = now.value
    if not row.touched or (value, row.note) == (now.value, plain(now.note)):
        return None
    stale = row.rev is None or row.rev != now.rev
    remarks = []
    if row.formula:
        remarks.append(Message("sheet.formula", {"row": row.number}))
    if stale:
        remarks.append(Message("sheet.stale"))
    return Change(criterion, now, value, row.note, tuple(remarks), stale)
