"""A team's position as a file, "sekisho.position/1": what its levels follow from, and nothing that follows.

Pure: no Django. Whoever holds the file gets the same levels from `manage.py level` as the pages show.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from assessments import document
from assessments.evidence_rules import Fact
from assessments.facts import CATALOGUE
from assessments.framework import Framework, history, load, shipped
from assessments.position import Aim, Denial, Position
from assessments.scoring import AnswerError, problems
from assessments.standing import Answer, Review
from portal.message import Message

SCHEMA = "sekisho.position/1"
MAX_BYTES = 20_000_000

_closed = ConfigDict(extra="forbid")
Words = Annotated[str, Field(max_length=20_000)]
Key = Annotated[str, Field(max_length=200)]
Whole = Annotated[int, Strict(), Field(ge=0)]


@dataclass(frozen=True, config=_closed)
class _Framework:
    key: Key
    version: Whole
    digest: Key
    source: Annotated[str, Field(max_length=2_000_000)] = ""


@dataclass(frozen=True, config=_closed)
class _Answer:
    answer: Literal["yes", "partly", "no", "na"] | None = None
    reason: Words = ""


@dataclass(frozen=True, config=_closed)
class _Fact:
    name: Key
    value: Annotated[bool, Strict()] | Annotated[int, Strict()] | Annotated[float, Strict()]
    grade: Literal["A", "B", "C"]
    observed_at: AwareDatetime
    items: Whole | None = None
    detail: Words = ""


@dataclass(frozen=True, config=_closed)
class _Review:
    verdict: Literal["confirmed", "refused"]
    at: AwareDatetime | None = None
    until: AwareDatetime | None = None


@dataclass(frozen=True, config=_closed)
class _Contradiction:
    criterion: Key
    set_aside_until: AwareDatetime | None = None


@dataclass(frozen=True, config=_closed)
class _Target:
    level: Whole
    reason: Words = ""


@dataclass(frozen=True, config=_closed)
class _File:
    schema: Literal["sekisho.position/1"]
    framework: _Framework
    as_of: AwareDatetime
    answers: dict[Key, _Answer]
    facts: tuple[_Fact, ...] = ()
    reviews: dict[Key, _Review] = Field(default_factory=dict)
    contradictions: tuple[_Contradiction, ...] = ()
    live_models: Whole | None = None
    targets: dict[Annotated[str, Field(max_length=80)], _Target] = Field(default_factory=dict)
    team: Key = ""


_ADAPTER = TypeAdapter(_File)


def write(position: Position, *, team: str = "", source: str = "", with_words: bool = True) -> dict[str, Any]:
    """The file's content.

    Parameters
    ----------
    team : str
        Whose position it is.
    source : str
        The framework's YAML, for one that does not come with the product.
    with_words : bool
        Whether notes, details and reasons go out too; no level follows from them.
    """
    framework = position.framework
    return {
        "schema": SCHEMA,
        "team": team,
        "framework": {"key": framework.key, "version": framework.version, "digest": framework.digest}
        | ({"source": source} if source else {}),
        "as_of": position.as_of.isoformat(),
        "live_models": position.live_models,
        "answers": {
            key: {"answer": answer.value} | _words(with_words, reason=answer.reason)
            for key, answer in position.answers.items()
        },
        "facts": [_fact(fact, with_words) for fact in position.facts],
        "reviews": {
            key: {"verdict": review.verdict, "at": _moment(review.at), "until": _moment(review.until)}
            for key, review in position.reviews.items()
        },
        "contradictions": [
            {"criterion": denial.criterion, "set_aside_until": _moment(denial.set_aside_until)}
            for denial in position.denials
        ],
        "targets": {
            key: {"level": aim.level} | _words(with_words, reason=aim.reason) for key, aim in position.aims.items()
        },
    }


def read(source: Path | str) -> Position:
    """Read a position.

    Parameters
    ----------
    source : Path or str
        A file, or the JSON text itself.

    Raises
    ------
    AnswerError, DocumentError
        With one sentence: the file cannot be read, its framework is not known and not in it, or it
        answers what cannot be answered so.
    """
    read_ = document.read(source, MAX_BYTES)
    try:
        file = _ADAPTER.validate_python(read_.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise document.DocumentError(read_.error(first["loc"], document.reason(first))) from None
    framework = _framework(read_, file.framework)
    position = Position(
        framework,
        file.as_of,
        answers={key: Answer(given.answer, given.reason) for key, given in file.answers.items()},
        facts=tuple(_read_fact(read_, place, fact) for place, fact in enumerate(file.facts)),
        reviews={key: Review(row.verdict, row.at, row.until) for key, row in file.reviews.items()},
        denials=tuple(Denial(row.criterion, row.set_aside_until) for row in file.contradictions),
        live_models=file.live_models,
        aims={key: Aim(aim.level, aim.reason) for key, aim in file.targets.items()},
    )
    for problem in problems(framework, position.answers):
        raise AnswerError(problem)
    return position


def _framework(read_: document.Document, named: _Framework) -> Framework:
    known = [shipped().get(named.key), history().get((named.key, named.version))]
    for framework in known:
        if framework and framework.digest == named.digest:
            return framework
    if not named.source:
        raise document.DocumentError(read_.error(("framework", "digest"), Message("maturity.position.framework")))
    framework = load(named.source, complete=True)
    if framework.digest != named.digest:
        raise document.DocumentError(read_.error(("framework", "source"), Message("maturity.position.changed")))
    return framework


def _read_fact(read_: document.Document, place: int, fact: _Fact) -> Fact:
    if fact.name not in CATALOGUE:
        reason = Message("maturity.check.fact", {"name": fact.name})
        raise document.DocumentError(read_.error(("facts", place, "name"), reason))
    return Fact(fact.name, fact.value, fact.items, fact.grade, fact.observed_at, fact.detail)


def _fact(fact: Fact, with_words: bool) -> dict[str, Any]:
    return {
        "name": fact.name,
        "value": fact.value,
        "items": fact.items,
        "grade": fact.grade,
        "observed_at": _moment(fact.observed_at),
    } | _words(with_words, detail=fact.detail)


def _words(wanted: bool, **texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if wanted and text}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
