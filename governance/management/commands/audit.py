"""``manage.py audit KIND``: the audit engines on files, without a database, a server or an environment."""

from __future__ import annotations

import json
import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance import commands


def kinds() -> dict[str, ModuleType]:
    """The modules of `governance.commands`, by the name of the subcommand."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    return {name: import_module(f"governance.commands.{name}") for name in names}


class Command(BaseCommand):
    help = "Audit a model or its decisions from files. Exits with 0 whatever the verdict, 2 for bad input."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        subparsers = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
        for kind, module in kinds().items():
            subparser = subparsers.add_parser(kind, help=module.TITLE)
            module.add_arguments(subparser)
            subparser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")

    def handle(self, *, kind: str, **options: Any) -> None:
        from governance.engine.authority import InvalidEvidence
        from governance.engine.tables import EvaluationDataError

        module = kinds()[kind]
        try:
            result = module.run(options)
        except EvaluationDataError as error:
            raise CommandError(str(error), returncode=2) from error
        except InvalidEvidence as error:
            raise CommandError(str(error), returncode=1) from error
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False, allow_nan=False))
        else:
            module.describe(result, self.stdout)
