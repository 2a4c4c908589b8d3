"""Would it pass, and if not, what would let it? Exit code 0 on a pass, 1 on a fail, 2 where it is not known."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandError

from governance.management.commands.verdict import Command as VerdictCommand
from governance.management.commands.verdict import find_version
from governance.preflight import document, preflight
from portal.web.errors import DomainError
from portal.web.say import say

CODES = {"pass": 0, "fail": 1}
NOT_KNOWN, ERROR = 2, 3


class Command(VerdictCommand):
    help = (
        "Say whether a version would pass, and what would let it. Exits 0 on a pass, 1 on a fail, 2 where it is not "
        "known, 3 on an error."
    )

    def add_arguments(self, parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--draft", default="", metavar="KEY", help="as if this draft of a policy were published")

    def handle(
        self, *, registry: str, model: str, number: int, environment: str, as_json: bool, draft: str = "", **_: Any
    ) -> None:
        try:
            found = document(preflight(find_version(registry, model, number), environment, draft=draft))
        except DomainError as error:
            raise CommandError(say(error.message), returncode=ERROR) from error
        except Exception as error:  # a crash must not look like an answer
            raise CommandError(f"{type(error).__name__}: {error}", returncode=ERROR) from error
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) if as_json else _text(found))
        if code := CODES.get(found["outcome"], NOT_KNOWN):
            sys.exit(code)


def _text(found: dict[str, Any]) -> str:
    way = found["way"]
    lines = [found["sentence"]]
    if way["steps"]:
        lines += [
            "",
            "What would let it pass:",
            *(f"- {step['title']['en']}: {step['sentence']}" for step in way["steps"]),
        ]
    if way["durations"]:
        lines += ["", "How long a re-run takes:", *(f"- {one['what']}: {_lasting(one)}" for one in way["durations"])]
    if found["automatic"]:
        lines += ["", "Approve: not needed, it goes without a person"]
    for what, people in (("Approve", way["approve"]), ("Waive", way["waive"])):
        if people:
            lines += ["", f"{what}: " + "; ".join(_people(one) for one in people)]
    return "\n".join(lines)


def _lasting(one: dict[str, Any]) -> str:
    if one["seconds"] is None:
        return "not known"
    return f"{one['seconds'] / 60:.0f} min (median of {one['of']})"


def _people(one: dict[str, Any]) -> str:
    about = one["title"]["en"] if one["title"] else one["group"]
    names = ", ".join(one["names"]) or "nobody at the moment"
    return f"{about}: {names}" if about else names
