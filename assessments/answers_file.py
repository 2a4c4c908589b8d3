"""Answers in a YAML file: the template to fill in, and reading it back.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assessments import document, texts  # noqa: F401  (texts registers the messages)
from assessments.framework import Criterion, Framework
from assessments.scoring import VALUES, Answer, AnswerError, problems
from portal.message import Message, gettext_noop, render

Translate = Callable[[str], str]


@dataclass(frozen=True)
class AnswerFile:
    """What a file says: the answers, and how many models are live where it tells."""

    answers: Mapping[str, Answer]
    live_models: int | None = None


def template(framework: Framework, language: str = "en", translate: Translate = gettext_noop) -> str:
    """A YAML file to fill in, with each question as a comment.

    Parameters
    ----------
    framework : Framework
    language : {"en", "ja"}
        Of the framework's texts.
    translate : callable
        From the English of our own sentences to that language.
    """
    return "\n".join(_lines(framework, language, translate)) + "\n"


def read(framework: Framework, source: Path | str) -> AnswerFile:
    """Read answers to a framework.

    Parameters
    ----------
    framework : Framework
    source : Path or str
        A file, or the YAML text itself.

    Raises
    ------
    AnswerError
        With one sentence: the file cannot be read, is meant for another framework, names an
        unknown criterion or field, or holds an answer that is none.
    """
    try:
        read_ = document.read(source)
        _check_fields(read_, (), {"framework", "answers", "live_models"})
        _check_framework(read_, framework)
        file = AnswerFile(_answers(read_), _live_models(read_))
    except document.DocumentError as error:
        raise AnswerError(error.message) from None
    for problem in problems(framework, file.answers):
        raise AnswerError(problem)
    return file


def _lines(framework: Framework, language: str, translate: Translate) -> Iterator[str]:
    def say(code: str, **params: Any) -> str:
        return render(Message(f"maturity.template.{code}", params), translate)

    yield f"# {framework.title.in_(language)}"
    yield f"# {say('how')}"
    yield f"# {say('na')}"
    yield f"framework: {framework.key}"
    yield f"# {say('live')}"
    yield "# live_models: 0"
    yield "answers:"
    place = None
    for criterion in framework.criteria:
        if place != (criterion.dimension, criterion.level):
            place = criterion.dimension, criterion.level
            title = framework.dimension(criterion.dimension).title.in_(language)
            yield f"\n  # ---- {say('place', dimension=title, level=criterion.level)} ----"
        yield from _question(criterion, language, say)


def _question(criterion: Criterion, language: str, say: Callable[..., str]) -> Iterator[str]:
    need = say("required" if criterion.required else "recommended")
    yield f"\n  # {criterion.title.in_(language)} ({need})"
    yield f"  # {criterion.statement.in_(language)}"
    if criterion.na_reason:
        yield f"  # {say('na-if', reason=criterion.na_reason.in_(language))}"
    yield f"  {criterion.id}: {{answer: , reason: }}"


def _check_fields(read_: document.Document, path: tuple, known: set[str]) -> None:
    data = read_.data
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        raise document.DocumentError(read_.error(path, Message("maturity.yaml.mapping")))
    for key in data:
        if key not in known:
            raise document.DocumentError(read_.error((*path, str(key)), Message("maturity.yaml.unexpected")))


def _check_framework(read_: document.Document, framework: Framework) -> None:
    key = read_.data.get("framework")
    if key is not None and key != framework.key:
        reason = Message("maturity.answer.other-framework", {"found": _short(key), "framework": framework.key})
        raise document.DocumentError(read_.error(("framework",), reason))


def _answers(read_: document.Document) -> dict[str, Answer]:
    if "answers" not in read_.data:
        raise document.DocumentError(read_.error(("answers",), Message("maturity.yaml.missing")))
    if not isinstance(read_.data["answers"], dict):
        raise document.DocumentError(read_.error(("answers",), Message("maturity.yaml.mapping")))
    answers = {}
    for key, entry in read_.data["answers"].items():
        if entry is None:  # the id stands there with nothing behind it: not known yet
            answers[str(key)] = Answer()
            continue
        _check_fields(read_, ("answers", key), {"answer", "reason"})
        answers[str(key)] = Answer(_value(read_, key, entry), _reason(read_, key, entry))
    return answers


def _value(read_: document.Document, key: Any, entry: Mapping[str, Any]) -> str | None:
    value = entry.get("answer")
    if isinstance(value, bool):  # YAML reads a plain yes and no as true and false
        return "yes" if value else "no"
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and value.strip().lower() in VALUES:
        return value.strip().lower()
    reason = Message("maturity.answer.one-of", {"value": _short(value)})
    raise document.DocumentError(read_.error(("answers", key, "answer"), reason))


def _short(value: Any) -> str:
    return " ".join(str(value).split())[:40]


def _reason(read_: document.Document, key: Any, entry: Mapping[str, Any]) -> str:
    reason = entry.get("reason")
    if reason is None:
        return ""
    if not isinstance(reason, str):
        raise document.DocumentError(read_.error(("answers", key, "reason"), Message("maturity.yaml.text")))
    return reason.strip()


def _live_models(read_: document.Document) -> int | None:
    number = read_.data.get("live_models")
    if number is None or (isinstance(number, int) and not isinstance(number, bool) and number >= 0):
        return number
    raise document.DocumentError(read_.error(("live_models",), Message("maturity.yaml.whole")))
