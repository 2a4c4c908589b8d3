"""Check the file of a policy: exit code 0 if it is valid, 1 with a line for each error if it is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.policy import MAX_BYTES, PolicyError, parse
from portal.web.say import say


class Command(BaseCommand):
    help = "Check a policy's file. Exits 0 if it is valid, 1 with a line for each error, 2 if it cannot be opened."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("what", choices=["check"])
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_: Any) -> None:
        try:
            with file.open("rb") as opened:
                text = opened.read(MAX_BYTES + 1).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        try:
            policy = parse(text)
        except PolicyError as error:
            for message in error.messages:
                self.stderr.write(say(message))
            sys.exit(1)
        self.stdout.write(f"{policy.key} {policy.digest}")
