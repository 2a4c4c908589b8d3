"""Compute levels from a file: an exported position, or answers; or print answers to fill in.

Needs no database and no environment.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext, override

from assessments import answers_file, explanation, position_file
from assessments.document import DocumentError
from assessments.framework import Framework, load, shipped
from assessments.position import Judged, holds_until, judge
from assessments.scoring import KINDS, AnswerError, Levels, Score, score
from assessments.stored_score import to_json
from portal.message import Message, render
from portal.web.say import say


class Command(BaseCommand):
    help = "Compute levels from an exported position or from answers, or print a file of answers to fill in."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="a position that a team's page exported")
        parser.add_argument("--framework", help="for answers: key of a shipped framework, or a YAML file")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--template", action="store_true", help="print a file to fill in")
        what.add_argument("--answers", metavar="FILE", help="YAML file with the answers")
        parser.add_argument("--json", action="store_true", help="print the score as JSON")
        parser.add_argument("--language", choices=("en", "ja"), default="en", help="of texts and questions")

    def handle(self, *args: Any, **options: Any) -> None:
        language = options["language"]
        with override(language):
            try:
                shown = self._shown(options, language)
            except (DocumentError, AnswerError) as error:
                raise CommandError(say(error.message), returncode=2) from None
        self.stdout.write(shown, ending="" if options["template"] else None)

    def _shown(self, options: dict[str, Any], language: str) -> str:
        if options["file"]:
            judged = judge(position_file.read(Path(options["file"])))
            return position_as_json(judged) if options["json"] else position_as_text(judged)
        if not options["framework"] or not (options["template"] or options["answers"]):
            raise CommandError("give an exported position, or --framework with --answers or --template", returncode=2)
        framework = _framework(options["framework"])
        if options["template"]:
            return answers_file.template(framework, language, gettext)
        file = answers_file.read(framework, Path(options["answers"]))
        result = score(framework, file.answers, live_models=file.live_models)
        return as_json(framework, result) if options["json"] else as_text(framework, result, language)


def position_as_json(judged: Judged) -> str:
    """The score of a position as JSON, as the API gives it."""
    framework = judged.position.framework
    named = {"framework": framework.key, "version": framework.version, "digest": framework.digest}
    body = named | {"as_of": judged.position.as_of.isoformat(), "score": to_json(judged.score)}
    return json.dumps(body, indent=2, ensure_ascii=False)


def position_as_text(judged: Judged) -> str:
    """The levels of a position in words: each of the four, why the official one, and until when."""
    framework = judged.position.framework
    lines = []
    for key in ("", *judged.score.dimensions):
        levels = judged.score.levels(key)
        name = explanation.dimension_title(framework, key) if key else Message("maturity.level.overall")
        if framework.is_checklist:
            lines.append(say(Message("maturity.level.name", {"name": name})))
        else:
            four = {kind: levels.level(kind) for kind in KINDS}
            lines.append(say(Message("maturity.level.four", {"name": name, **four})))
        lines += [f"    {say(sentence)}" for sentence in explanation.explain(judged, "official", key)]
        lapse = holds_until(judged, key)
        if lapse:
            lines.append(f"    {say(explanation.holds(lapse, framework))}")
    return "\n".join(lines)


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
