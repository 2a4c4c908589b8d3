"""`manage.py verify`: check the whole ledger, and a checkpoint that was kept elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    requires_system_checks = []
    help = "Check every record, the tree over them, and every signed checkpoint; exit with 1 if anything was changed."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--pinned", metavar="FILE", type=Path, help="a checkpoint that was kept outside")
        parser.add_argument("--json", action="store_true", help="what was found, as JSON on standard output")

    def handle(self, *args, **options) -> None:
        from portal.ledger.checking import check_ledger

        report = check_ledger(pinned=_read(options["pinned"]) if options["pinned"] else "")
        covered = report.checkpoint.size if report.checkpoint else 0
        if options["json"]:
            found = {
                "size": report.size,
                "waiting": report.waiting,
                "checkpoint": report.checkpoint.note if report.checkpoint else None,
                "problems": [problem.to_json() | {"text": str(problem)} for problem in report.problems],
            }
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(
                f"Records: {report.size}, under a signed checkpoint: {covered}, waiting for a number: {report.waiting}."
            )
            for problem in report.problems:
                self.stdout.write(f"NOT WHOLE: {problem}")
            if not report.problems:
                self.stdout.write(_holds(covered, options["pinned"]))
        if report.problems:
            sys.exit(1)


def _holds(covered: int, pinned: Path | None) -> str:
    if not covered:
        return "Nothing was found, but nothing is signed either: a rewrite of the whole would not be seen."
    if pinned:
        return f"No change found since checkpoint {covered}, nor since the pinned one."
    return (
        f"No change found since checkpoint {covered}. A server cannot vouch for itself: compare with a checkpoint "
        "kept elsewhere (--pinned)."
    )


def _read(path: Path) -> str:
    """The checkpoint in a file. A wrong file says nothing about the ledger: it is a mistake in the call."""
    from portal.ledger.checkpoint import Wrong, log_name, parse_note
    from portal.ledger.models import Head

    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read(65536)
        note = parse_note(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=2) from error
    except Wrong as error:
        told = f"{path}, given as --pinned, is no checkpoint ({error}). Give the file that you kept, as it was."
        raise CommandError(told, returncode=2) from error
    instance = Head.objects.filter(id=1).values_list("instance", flat=True).first()
    if instance and note.origin.rpartition("/")[0] != log_name(instance):
        told = f"{path}, given as --pinned, is a checkpoint of {note.origin}; this ledger is {log_name(instance)}."
        raise CommandError(told, returncode=2)
    return text
