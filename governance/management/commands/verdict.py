"""May this version go? For pipelines: exit code 0 on a pass, 1 on anything else, 2 on an error."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.models import ModelVersion, RegisteredModel, Registry
from governance.verdict import as_document, judge
from portal.message import Message
from portal.web.errors import DomainError, Invalid
from portal.web.say import say


class Command(BaseCommand):
    help = "Say whether a version may go into an environment, and why. Exits 0 on a pass, 1 otherwise, 2 on an error."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--registry", required=True, help="name or slug of the registry")
        parser.add_argument("--model", required=True)
        parser.add_argument("--version", required=True, type=int, dest="number")
        parser.add_argument("--environment", required=True, help="such as staging or production")
        parser.add_argument("--json", action="store_true", dest="as_json", help="JSON alone on standard output")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any):
        # Django's own --version would take the place of the version that is asked about.
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        return parser

    def handle(self, *, registry: str, model: str, number: int, environment: str, as_json: bool, **_: Any) -> None:
        try:
            version = find_version(registry, model, number)
            document = as_document(version, judge(version, environment))
        except DomainError as error:
            raise CommandError(say(error.message), returncode=2) from error
        except Exception as error:  # a crash must not look like a verdict, which is exit code 1
            raise CommandError(f"{type(error).__name__}: {error}", returncode=2) from error
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) if as_json else _text(document))
        if not document["passes"]:
            sys.exit(1)


def find_version(registry: str, model: str, number: int) -> ModelVersion:
    """The mirrored version, or a sentence that says what there is none of."""
    rows = {key: row for row in Registry.objects.all() for key in (row.name, row.slug)}
    if registry not in rows:
        known = sorted({row.slug for row in rows.values()})
        raise Invalid(Message("verdict.no-registry", {"registry": registry, "known": known}))
    row = RegisteredModel.objects.present().filter(registry=rows[registry], name=model).first()
    if row is None:
        raise Invalid(Message("verdict.no-model", {"registry": registry, "model": model}))
    whole = "model__registry", "model__profile"
    version = ModelVersion.objects.present().select_related(*whole).filter(model=row, number=number).first()
    if version is None:
        raise Invalid(Message("verdict.no-version", {"model": model, "version": number}))
    return version


def _text(document: dict[str, Any]) -> str:
    lines = [document["sentence"], ""]
    for reason in document["reasons"]:
        lines.append(f"{reason['outcome']:<15} {reason['title']['en']}: {reason['sentence']}")
        if waived := reason["waived"]:
            word = "denied" if waived["outcome"] == "fail" else "let pass" if waived["kind"] == "ruling" else "waived"
            lines.append(f"{'':<15} {word} by {waived['by']} until {waived['until']}: {waived['reason']}")
        if reason["fix"]:
            lines.append(f"{'':<15} {reason['fix']}")
    return "\n".join(lines)
