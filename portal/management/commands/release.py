"""`manage.py release`: let moves go again after a restore."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from portal.management.commands.keys import person
from portal.web.errors import DomainError


class Command(BaseCommand):
    requires_system_checks = []
    help = "Let moves go again after a restore: by another administrator than the one who restored."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the administrator who has looked")
        parser.add_argument("--reason", required=True, help="what was looked at; stands in the records")

    def handle(self, *, by: str, reason: str, **options) -> None:
        from portal.ledger.hold import release_hold

        try:
            release_hold(reason=reason, by=person(by))
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Moves go again; what waited is called for within half a minute.")
