"""Check a framework's file, or bring a later version of a framework into use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments import upgrades
from assessments.actions import upgrading
from assessments.framework import faults
from assessments.upgrade_words import sentence
from assessments.upgrades import Upgrade
from portal.web.errors import DomainError
from portal.web.say import say


class Command(BaseCommand):
    help = "Check a framework's file, or upgrade teams to a later version of a framework."

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="what", required=True)
        check = parts.add_parser("check", help="say what is wrong with a YAML file, with lines")
        check.add_argument("file")
        upgrade = parts.add_parser("upgrade", help="carry every team into a later version")
        upgrade.add_argument("key", help="key of the framework")
        upgrade.add_argument("--to", type=int, metavar="N", help="the version; the newest where it is left out")
        upgrade.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        upgrade.add_argument("--json", action="store_true", help="print it as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "check":
            self._check(Path(options["file"]))
            return
        try:
            if options["dry_run"]:
                found = upgrades.dry_run(*upgrades.target(options["key"], options["to"]))
            else:
                found = upgrading.upgrade(key=options["key"], version=options["to"], by=None)
        except DomainError as error:
            raise CommandError(say(error.message), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(upgrades.as_data(found), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(_lines(found, options["dry_run"])))

    def _check(self, file: Path) -> None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}", returncode=2) from None
        found = faults(text)
        if found:
            raise CommandError("\n".join(say(fault.message) for fault in found), returncode=1)
        self.stdout.write(f"{file}: ok")


def _lines(upgrade: Upgrade, dry: bool) -> list[str]:
    lines = []
    for one in upgrade.teams:
        for move in one.moves:
            lines.append(f"{sentence(one.team.name, move)}:" if move.causes else sentence(one.team.name, move))
            lines += [f"    {cause.criterion}: {say(cause.reason)}" for cause in move.causes]
        if not one.moves:
            lines.append(f"{one.team.name}: =")
    if not dry:
        lines.append(say(upgrading.said(upgrade)))
    return lines
