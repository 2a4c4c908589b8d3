"""Tables that leave the portal: the same rows as CSV, XLSX or JSON.

A table is a name, what it is about, its head, and rows of plain values. Text is never a formula:
CSV quotes it, XLSX stores it as text.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, JsonResponse

from portal.web.csv_export import csv_response

FORMATS = ("csv", "xlsx", "json")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """``key`` names it in JSON, ``words`` in the head of a sheet."""

    key: str
    words: str


@dataclass(frozen=True)
class Table:
    name: str
    about: dict[str, Any]
    columns: Sequence[Column]
    rows: list[list[Any]] = field(default_factory=list)


def respond(table: Table, form: str) -> HttpResponse:
    """The table as a download."""
    if form == "csv":
        return csv_response(table.name, [[column.words for column in table.columns], *table.rows])
    if form == "json":
        keys = [column.key for column in table.columns]
        rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
        return JsonResponse({**table.about, "rows": rows}, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response = HttpResponse(workbook(table), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{table.name}.xlsx"'
    return response


def workbook(table: Table) -> bytes:
    """The table as a workbook of one sheet; each text is stored as text, also one that begins with "="."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.title = table.name[:31]
    for number, values in enumerate([[column.words for column in table.columns], *table.rows], 1):
        for place, value in enumerate(values, 1):
            written = sheet.cell(number, place)
            written.value = _printable(value) if isinstance(value, str) else value
            if isinstance(value, str):
                written.data_type = "s"
            if number == 1:
                written.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for place, values in enumerate(zip(*([[c.words for c in table.columns], *table.rows]), strict=True), 1):
        longest = max(len(str(value or "")) for value in values)
        sheet.column_dimensions[get_column_letter(place)].width = min(60, longest + 3)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _printable(words: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(character for character in words if character >= " " or character in "\n\t")
