"""The files of a period pack: the PDF, tables that a spreadsheet opens and runs nothing of, and the proof, in a ZIP."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from governance.pack import COLUMNS, Pack, Row
from governance.texts_pack import COLUMN_WORDS, WAY_WORDS
from portal.pdf.proof import FILE
from portal.web.csv_export import cell
from portal.web.say import localised


def zipped(printed: Path, context: dict[str, Any]) -> Path:
    """Put everything beside the PDF into a ZIP; names within it are ours alone."""
    pack: Pack = context["pack"]
    target = printed.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(printed, "pack.pdf")
        file.writestr("changes.csv", csv_text(change_rows(pack)))
        file.writestr("readings.csv", csv_text(reading_rows(pack)))
        if context["proof"]:
            file.writestr(FILE, context["proof"].data)
        file.writestr("README.txt", readme(pack, proven=bool(context["proof"])))
    return target


def csv_text(rows: Iterable[Iterable[Any]]) -> bytes:
    """With a mark of UTF-8, so that Excel reads Japanese."""
    text = io.StringIO()
    csv.writer(text).writerows([[cell(value) for value in row] for row in rows])
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")


def change_rows(pack: Pack) -> Iterator[list[Any]]:
    """Every listed entry, oldest first, below a line of headings."""
    yield [
        _("Number"), _("When"), _("Column"), _("What"), _("About"), _("Who"), _("By way of"), _("Version before"),
        _("Version after"), _("Decided by"), _("Reason"), _("In the sample"), _("Hash (SHA-256)"),
        _("Record"), _("Copy"),
    ]  # fmt: skip
    for row in pack.rows:
        event = row.event
        yield [
            event.seq,
            timezone.localtime(event.at).isoformat(timespec="seconds"),
            _(COLUMN_WORDS[row.column]),
            row.entry.action,
            row.entry.subject,
            row.entry.who,
            _(WAY_WORDS[row.way]) if row.way else "",
            row.found,
            row.left,
            deciders(row),
            row.reason,
            _("Yes") if row.drawn else "",
            event.leaf_hash,
            str(event.uuid),
            row.copy,
        ]


def reading_rows(pack: Pack) -> Iterator[list[Any]]:
    """How far each registry was read."""
    yield [_("Registry"), _("Days"), _("Days read"), _("Not read from"), _("Not read to"), _("Longest hours between")]
    for one in pack.registries:
        longest = one.covered.longest
        hours = "" if longest is None else round(longest.total_seconds() / 3600, 1)
        ends = one.covered.missing or (("", ""),)
        for number, (first, last) in enumerate(ends):
            known = [one.covered.days, one.covered.read] if number == 0 else ["", ""]
            yield [one.registry.name, *known, str(first), str(last), hours if number == 0 else ""]


def deciders(row: Row) -> str:
    """Who decided on a move; the policy itself where no person did."""
    return ", ".join(str(decision.by) if decision.by else _("the policy") for decision in row.decided)


def readme(pack: Pack, *, proven: bool) -> str:
    """What lies in the ZIP, and how it is checked."""
    period = pack.period
    lines = [
        _("Changes of %(environment)s, %(first)s to %(last)s")
        % {"environment": localised(period.title), "first": period.first, "last": period.last},
        "",
        "pack.pdf      " + _("the report"),
        "changes.csv   " + _("every entry: moves, refusals, exceptions, findings"),
        "readings.csv  " + _("how far each registry was read"),
    ]
    if proven:
        lines += [
            f"{FILE}    " + _("the proof of every entry in changes.csv, and of the decisions behind the moves"),
            "",
            _("Check it with a key and a verifier that you have from elsewhere:"),
            f"python sekisho_verify.py verify {FILE} --key BASE64",
        ]
    else:
        lines += ["", _("No signed checkpoint covers these entries, so there is no proof in this file.")]
    lines += ["", *(f"{_(COLUMN_WORDS[column])}: {len(pack.of(column))}" for column in COLUMNS)]
    return "\r\n".join(lines) + "\r\n"
