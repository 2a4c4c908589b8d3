"""Score a file of answers; or print one to fill in. Needs no database and no environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext, override

from assessments import answers_file
from assessments.document import DocumentError
from assessments.framework import Framework, load, shipped
from assessments.scoring import AnswerError, Levels, Score, score
from portal.message import Message, render


class Command(BaseCommand):
    help = "Score answers to a maturity framework, or print a file to fill in."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--framework", required=True, help="key of a shipped framework, or a YAML file")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--template", action="store_true", help="print a file to fill in")
        what.add_argument("--answers", metavar="FILE", help="YAML file with the answers")
        parser.add_argument("--json", action="store_true", help="print the score as JSON")
        parser.add_argument("--language", choices=("en", "ja"), default="en", help="of texts and questions")

    def handle(self, *args: Any, **options: Any) -> None:
        language = options["language"]
        with override(language):
            try:
                framework = _framework(options["framework"])
                if options["template"]:
                    self.stdout.write(answers_file.template(framework, language, gettext), ending="")
                    return
                file = answers_file.read(framework, Path(options["answers"]))
                result = score(framework, file.answers, live_models=file.live_models)
            except (DocumentError, AnswerError) as error:
                raise CommandError(render(error.message, gettext), returncode=2) from None
            shown = as_json(framework, result) if options["json"] else as_text(framework, result, language)
            self.stdout.write(shown)


def as_json(framework: Framework, result: Score) -> str:
    """The score as JSON: levels and what blocks the next, overall and by dimension."""
    return json.dumps(
        {
            "framework": framework.key,
            "version": framework.version,
            "digest": framework.digest,
            "overall": _levels(result.overall),
            "dimensions": {key: _levels(levels) for key, levels in result.dimensions.items()},
        },
        indent=2,
    )


def as_text(framework: Framework, result: Score, language: str) -> str:
    """The score in words, for a person at a terminal."""
    lines = [_line(Message("maturity.level.overall"), result.overall)]
    for key, levels in result.dimensions.items():
        lines.append(_line(framework.dimension(key).title.in_(language), levels))
        for name in levels.blocking:
            lines.append(f"    {name}: {framework.by_id[name].title.in_(language)}")
    return "\n".join(lines)


def _line(name: Message | str, levels: Levels) -> str:
    code = "known" if levels.at_least == levels.at_most else "range"
    params = {"name": name, "claimed": levels.claimed, "at_least": levels.at_least, "at_most": levels.at_most}
    return render(Message(f"maturity.level.{code}", params), gettext)


def _levels(levels: Levels) -> dict[str, Any]:
    return {
        "claimed": levels.claimed,
        "at_least": levels.at_least,
        "at_most": levels.at_most,
        "blocking": list(levels.blocking),
    }


def _framework(name: str) -> Framework:
    if name.endswith((".yaml", ".yml")):
        return load(Path(name))
    try:
        return shipped()[name]
    except KeyError:
        known = Message("maturity.level.unknown", {"name": name, "known": sorted(shipped())})
        raise DocumentError(known) from None
