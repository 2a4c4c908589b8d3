"""Answering offline: an assessment as an XLSX file, and what came back in it.

Pure: no Django; openpyxl writes and reads. Nothing of a file is worked out: formulas are taken as their
text, and what is exported is always text, whatever sign it begins with. Rows are found by the ids in
a hidden column, columns by their names in a hidden row, so that sorting and moving harm nothing.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assessments.framework import Criterion, Framework
from portal.message import Message

FORM = "sekisho.answers/1"
FILE_LIMIT = 10 * 2**20
_UNPACKED_LIMIT = 60 * 2**20
_PARTS_LIMIT = 400
_ROWS_LIMIT = 5000
_META, _ANSWERS, _HOW = "_sekisho", "answers", "instructions"
_COLUMNS = ("id", "rev", "was", "dimension", "level", "title", "statement", "answer", "note", "na_reason")
_HIDDEN = ("id", "rev", "was")
_WIDTHS = {"dimension": 18, "level": 8, "title": 36, "statement": 60, "answer": 18, "note": 60, "na_reason": 36}
_OPEN_TEXTS = 32_000  # a cell holds 32,767 characters
VALUES = ("yes", "partly", "no", "", "na")


class SheetError(ValueError):
    """A file that cannot be compared; ``message`` says why."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Kept:
    """An answer as it is stored: value, note and revision."""

    value: str
    note: str
    rev: int


@dataclass(frozen=True)
class Words:
    """What the file says in one language: heads of the columns by name, answers by value, how to fill it out."""

    language: str
    heads: Mapping[str, str]
    answers: Mapping[str, str]
    title: str
    how: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One row of a file that came back. ``number`` is that of the spreadsheet."""

    number: int
    criterion: str
    rev: int | None
    value: str | None
    written: str
    note: str
    touched: bool
    formula: bool


@dataclass(frozen=True)
class Filled:
    """A file that came back."""

    assessment: str
    framework: str
    digest: str
    rows: tuple[Row, ...]
    tampered: bool


# -- Out -------------------------------------------------------------------------------------------


def write(
    framework: Framework,
    answers: Mapping[str, Kept],
    criteria: Iterable[str],
    *,
    assessment: str,
    words: tuple[Words, ...],
) -> bytes:
    """An assessment as XLSX.

    Parameters
    ----------
    framework : Framework
    answers : mapping of criterion id to Kept
    criteria : iterable of criterion id
        Which rows, in this order.
    assessment : str
        Names the assessment; a file of another one is refused later.
    words : tuple of Words
        One language or several, which stand together.

    Returns
    -------
    bytes
    """
    from openpyxl import Workbook

    book = Workbook()
    how = book.active
    how.title = _HOW
    for line in (line for one in words for line in (one.title, *one.how, "")):
        how.append([""])
        _put(how.cell(how.max_row, 1), line)
    how.column_dimensions["A"].width = 100
    sheet = book.create_sheet(_ANSWERS)
    rows = [framework.by_id[key] for key in criteria]
    _heads(sheet, words)
    for place, criterion in enumerate(rows, 3):
        _row(sheet, place, framework, criterion, answers.get(criterion.id, Kept("", "", 0)), words)
    _finish(sheet, len(rows) + 2, words)
    meta = book.create_sheet(_META)
    meta.sheet_state = "veryHidden"
    seal = _seal(assessment, framework.digest, ((c.id, answers[c.id].rev if c.id in answers else 0) for c in rows))
    for name, value in (
        ("form", FORM),
        ("assessment", assessment),
        ("framework", framework.key),
        ("digest", framework.digest),
        ("seal", seal),
    ):
        meta.append([name, value])
    for one in (how, sheet, meta):
        one.protection.sheet = True
    book.active = 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _heads(sheet, words: tuple[Words, ...]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    for column, name in enumerate(_COLUMNS, 1):
        sheet.cell(1, column, name)
        cell = sheet.cell(2, column)
        _put(cell, " / ".join(one.heads.get(name, name) for one in words))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E4EAF4")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        letter = cell.column_letter
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 12)
        sheet.column_dimensions[letter].hidden = name in _HIDDEN
    sheet.row_dimensions[1].hidden = True
    sheet.freeze_panes = "G3"


def _row(sheet, place: int, framework: Framework, criterion: Criterion, kept: Kept, words: tuple[Words, ...]) -> None:
    from openpyxl.styles import Alignment, PatternFill, Protection

    def both(text) -> str:
        return "\n".join(text.in_(one.language) for one in words)

    shown = {
        "id": criterion.id,
        "rev": kept.rev,
        "was": _was(kept.value, kept.note),
        "dimension": both(framework.dimension(criterion.dimension).title),
        "level": "" if framework.is_checklist else criterion.level,
        "title": both(criterion.title),
        "statement": both(criterion.statement),
        "answer": _label(words, kept.value),
        "note": kept.note[:_OPEN_TEXTS],
        "na_reason": both(criterion.na_reason) if criterion.na_allowed and criterion.na_reason else "",
    }
    for column, name in enumerate(_COLUMNS, 1):
        cell = sheet.cell(place, column)
        _put(cell, shown[name])
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if name in ("answer", "note"):
            cell.protection = Protection(locked=False)
            cell.fill = PatternFill("solid", fgColor="FFFDF0")


def _finish(sheet, last: int, words: tuple[Words, ...]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = sheet.cell(1, _COLUMNS.index("answer") + 1).column_letter
    choices = ",".join(_label(words, value) for value in VALUES)
    choice = DataValidation(type="list", formula1=f'"{choices}"', allow_blank=True, showErrorMessage=True)
    sheet.add_data_validation(choice)
    choice.add(f"{letter}3:{letter}{max(last, 3)}")


def _put(cell, value: object) -> None:
    """Write a value so that no program takes it for a formula."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
    else:
        cell.value = value


def _label(words: tuple[Words, ...], value: str) -> str:
    return " / ".join(one.answers[value] for one in words)


def _was(value: str, note: str) -> str:
    return hashlib.sha256(f"{value}\n{plain(note)}".encode()).hexdigest()[:16]


def _seal(assessment: str, digest: str, rows: Iterable[tuple[str, int | None]]) -> str:
    listed = ";".join(f"{key}={rev}" for key, rev in sorted(rows, key=lambda row: row[0]))
    return hashlib.sha256(f"{FORM}|{assessment}|{digest}|{listed}".encode()).hexdigest()


# -- In --------------------------------------------------------------------------------------------


def read(data: bytes, words: Iterable[Words]) -> Filled:
    """Read a file that came back.

    Parameters
    ----------
    data : bytes
    words : iterable of Words
        Of every language in which it may have been exported.

    Raises
    ------
    SheetError
        It is no XLSX file, too large, or was not exported from an assessment.
    """
    meta, sheet = _opened(data)
    known = {name: str(value) for name, value in meta if name}
    columns = {str(name): place for place, name in enumerate(sheet[0]) if name}
    if known.get("form") != FORM or not {"id", "answer", "note"} <= columns.keys():
        raise SheetError(Message("sheet.foreign"))
    values = _values(tuple(words))
    rows = []
    for number, cells in enumerate(sheet[2:], 3):
        if any(cell not in (None, "") for cell in cells):
            rows.append(_read_row(number, cells, columns, values))
    seal = _seal(known.get("assessment", ""), known.get("digest", ""), ((row.criterion, row.rev) for row in rows))
    return Filled(
        known.get("assessment", ""),
        known.get("framework", ""),
        known.get("digest", ""),
        tuple(rows),
        seal != known.get("seal"),
    )


def _opened(data: bytes) -> tuple[list, list]:
    """The hidden sheet and that of the answers, as lists of rows of plain values."""
    from openpyxl import load_workbook

    if len(data) > FILE_LIMIT:
        raise SheetError(Message("sheet.large"))
    try:
        _check_package(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        if _META not in book.sheetnames or _ANSWERS not in book.sheetnames:
            raise SheetError(Message("sheet.foreign"))
        meta = [tuple(row)[:2] for row in book[_META].iter_rows(max_row=20, max_col=2, values_only=True)]
        answers = book[_ANSWERS].iter_rows(max_row=_ROWS_LIMIT, max_col=60)
        sheet = [[_plain_cell(cell) for cell in row] for row in answers]
    except SheetError:
        raise
    except Exception as error:  # openpyxl raises whatever a broken part makes it stumble over
        raise SheetError(Message("sheet.unreadable")) from error
    if len(sheet) < 2 or any(len(row) != 2 for row in meta):
        raise SheetError(Message("sheet.foreign"))
    return meta, sheet


def _check_package(data: bytes) -> None:
    """No bomb, and no document types of XML in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
        if len(parts) > _PARTS_LIMIT or sum(part.file_size for part in parts) > _UNPACKED_LIMIT:
            raise SheetError(Message("sheet.large"))
        for part in parts:
            if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in package.read(part)[:2000]:
                raise SheetError(Message("sheet.unreadable"))


def _plain_cell(cell) -> object:
    """A cell's value; a formula is marked, and stays text."""
    if cell.value is None:
        return None
    if cell.data_type == "f":
        return _Formula(str(getattr(cell.value, "text", cell.value)))
    return cell.value


class _Formula(str):
    """The text of a formula."""


def _read_row(number: int, cells: list, columns: Mapping[str, int], values: Mapping[str, str]) -> Row:
    def cell(name: str) -> object:
        place = columns.get(name, len(cells))
        return cells[place] if place < len(cells) else None

    answer, note, rev = cell("answer"), cell("note"), cell("rev")
    written = plain(answer)
    value = None if isinstance(answer, _Formula) else values.get(written.casefold())
    return Row(
        number,
        plain(cell("id")),
        rev if isinstance(rev, int) and not isinstance(rev, bool) else None,
        value,
        written,
        plain(note),
        _was(value or "", plain(note)) != plain(cell("was")) or value is None,
        isinstance(answer, _Formula) or isinstance(note, _Formula),
    )


def plain(value: object) -> str:
    """A cell's value as the text that is compared."""
    return "" if value is None else str(value).replace("\r\n", "\n").replace("_x000D_", "").replace("\x00", "").strip()


def _values(words: tuple[Words, ...]) -> dict[str, str]:
    """What people may write for each answer: its word in any language, in both, or its value."""
    found = {value.casefold(): value for value in VALUES}
    for one in words:
        found |= {label.casefold(): value for value, label in one.answers.items()}
    for first in words:
        for second in words:
            found |= {_label((first, second), value).casefold(): value for value in VALUES}
    return found
