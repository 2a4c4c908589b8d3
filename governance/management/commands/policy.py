"""Check the file of a policy: exit code 0 if it is valid, 1 with a line for each error if it is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from assessments.catalogue import currents
from assessments.framework import shipped
from governance.models import ApproverGroup
from governance.policy import MAX_BYTES, Policy, PolicyError, parse, too_high
from governance.policy_people import few_people
from portal.message import Message
from portal.web.say import say


class Command(BaseCommand):
    help = (
        "Check a policy's file. Exits 0 if it is valid, 1 with a line for each error, 2 if it cannot be opened. "
        "Where there is a database, it warns of groups with fewer people than the policy asks for."
    )
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
        known = has_database()
        try:
            policy = parse(text)
            wrong = _levels(policy, known)
        except PolicyError as error:
            wrong = list(error.messages)
        for message in wrong:
            self.stderr.write(say(message))
        if wrong:
            sys.exit(1)
        for message in few_people(policy) if known else ():
            self.stderr.write(say(message))
        self.stdout.write(f"{policy.key} {policy.digest}")


def has_database() -> bool:
    """Whether a database with our tables is at hand; asking makes none."""
    file = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and not Path(file).exists():
        return False
    try:
        return ApproverGroup._meta.db_table in connection.introspection.table_names()
    except DatabaseError:
        return False


def _levels(policy: Policy, known: bool) -> list[Message]:
    frameworks = currents() if known else shipped()
    return too_high(policy, {key: framework.top for key, framework in frameworks.items()})
