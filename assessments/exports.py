"""Tables that leave the portal: the same rows as CSV, XLSX or JSON.

A table is a name, what it is about, its head, and rows of plain values. Text is never a formula:
CSV quotes it, XLSX stores it as text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments import comparison, wording
from assessments.framework import Framework
from assessments.portfolio import Part, Portfolio
from assessments.team_list import Row, TeamList
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


def about(framework: Framework, **more: Any) -> dict[str, Any]:
    """What a table was made of: enough to make it again."""
    return {
        "framework": framework.key,
        "version": framework.version,
        "digest": framework.digest,
        "as_of": timezone.now().isoformat(timespec="seconds"),
        **more,
    }


def compare(shown: TeamList) -> Table:
    """All teams that match what the address asks for, on whatever page they are."""
    framework, kind = shown.framework, shown.kind
    parts = [("", _("Overall"))] + [(part.key, wording.text(part.title)) for part in framework.dimensions]
    columns = [
        Column("team", _("Team")),
        Column("unit", _("Unit")),
        *(column for key, words in parts for column in figure_columns(framework, key or "overall", words)),
        Column("held_by", _("What holds it back")),
        Column("since", _("Official level since")),
    ]
    rows = []
    for row in shown.matching:
        cells = [comparison.cell(framework, row.standing.score, kind, key) for key, _words in parts]
        figures = [value for cell in cells for value in figures_of(framework, cell)]
        rows.append([row.team.name, row.team.unit.name, *figures, held(framework, row, kind), _day(row)])
    return Table(f"compare-{framework.key}", about(framework, kind=kind), columns, rows)


def portfolio(shown: Portfolio) -> Table:
    """The units with their distribution and weakest link, and the whole in the last row."""
    framework = shown.framework
    columns = [
        Column("unit", _("Unit")),
        Column("teams", _("Teams")),
        *(Column(f"step.{step}", _step(framework, step)) for step in comparison.steps(framework)),
        Column("unknown", _("not assessed")),
        Column("weakest.team", _("Weakest link: team")),
        Column("weakest.figure", _("Weakest link: met of required") if framework.is_checklist else _("Lowest level")),
        Column("weakest.criterion", _("Weakest link: criterion")),
    ]
    rows = [_unit_row(part) for part in (*shown.units, shown.whole)]
    spreads = [
        {"quarter": q.name, "end": q.end.isoformat(), "counts": list(q.spread.counts), "unknown": q.spread.unknown}
        for q in shown.quarters
    ]
    return Table(f"portfolio-{framework.key}", about(framework, kind="official", quarters=spreads), columns, rows)


def _unit_row(part: Part) -> list[Any]:
    weak = part.weakest
    names: list[Any] = ["", None, ""]
    if weak:
        low = weak.cell.figure if weak.cell.level is None else weak.cell.level
        names = [weak.team.name, low, wording.text(weak.criterion.title)]
    return [part.name or _("All units"), part.spread.total, *part.spread.counts, part.spread.unknown, *names]


def _step(framework: Framework, step: int) -> str:
    if not framework.is_checklist:
        return _("Teams on level %(level)s") % {"level": step}
    low, high = comparison.BANDS[step]
    return _("Teams that meet %(share)s") % {"share": f"{low}%" if low == high else f"{low}–{high}%"}


def figure_columns(framework: Framework, key: str, words: str) -> list[Column]:
    if framework.is_checklist:
        names: Sequence[tuple[str, Callable[[], str]]] = (
            ("met", lambda: _("met")),
            ("required", lambda: _("required")),
            ("unknown", lambda: _("unknown")),
        )
    else:
        names = (("level", lambda: _("level")), ("at_most", lambda: _("at most")))
    return [Column(f"{key}.{name}", f"{words}: {word()}") for name, word in names]


def figures_of(framework: Framework, cell: comparison.Cell) -> Iterable[int | None]:
    """The cell's figures; none where nothing is known, so that nobody reads a nought."""
    known = cell.step is not None
    if framework.is_checklist:
        return (cell.count.met if known else None, cell.count.required, cell.count.unknown)
    return (cell.level, cell.at_most if known else None)


def held(framework: Framework, row: Row, kind: comparison.Kind) -> str:
    if row.cell.step is None:
        return ""
    keys = [key for key in comparison.held_by(row.standing.score, kind) if key in framework.by_id]
    return wording.joined([wording.text(framework.by_id[key].title) for key in keys])


def _day(row: Row) -> str:
    return timezone.localtime(row.standing.since).date().isoformat() if row.standing.since else ""
