"""A framework: dimensions, levels and criteria, read from one YAML file.

Pure: no Django. The YAML is checked field by field and then as a whole; an error names its line.
docs/frameworks.md tells every field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from assessments import document, framework_checks, framework_filling, texts  # noqa: F401  (texts: messages)
from assessments.framework_parts import (
    Auto,
    Change,
    Criterion,
    Dimension,
    Level,
    Migrates,
    Minimum,
    Name,
    Rule,
    Text,
    Tool,
    Version,
    closed,
)
from portal.message import Message

__all__ = [
    "Auto",
    "Change",
    "Criterion",
    "Dimension",
    "Fault",
    "Framework",
    "FrameworkError",
    "Level",
    "Migrates",
    "Minimum",
    "Rule",
    "Text",
    "Tool",
    "faults",
    "filled",
    "from_filled",
    "history",
    "load",
    "shipped",
]

FOLDER = Path(__file__).parent / "frameworks"


class FrameworkError(document.DocumentError):
    """A framework that cannot be used; ``message`` names the line and the field."""


@dataclass(frozen=True, config=closed)
class Framework:
    """A levelled model, or a checklist, which is a ladder of one step.

    ``not_all_na`` are groups of criteria of which one at least must apply. ``review_days`` is how
    long a review stays current. ``tools`` make a map of it: which of them covers which criterion.
    """

    key: Name
    version: Version
    title: Text
    description: Text
    themes: dict[Name, Text]
    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=10)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=30)]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=500)]
    not_all_na: tuple[tuple[str, ...], ...] = ()
    kind: Literal["levelled", "checklist"] = "levelled"
    review_days: Annotated[int, Strict(), Field(ge=1, le=3650)] = 365
    tools: Annotated[tuple[Tool, ...], Field(max_length=60)] = ()
    migrates: Migrates | None = None
    digest: str = field(default="", kw_only=True)

    @cached_property
    def by_id(self) -> Mapping[str, Criterion]:
        return MappingProxyType({criterion.id: criterion for criterion in self.criteria})

    @cached_property
    def ladders(self) -> Mapping[str, tuple[Criterion, ...]]:
        """The required criteria of each dimension, in the file's order."""
        required: dict[str, list[Criterion]] = {dimension.key: [] for dimension in self.dimensions}
        for criterion in self.criteria:
            if criterion.required:
                required[criterion.dimension].append(criterion)
        return MappingProxyType({key: tuple(found) for key, found in required.items()})

    @cached_property
    def required(self) -> tuple[Criterion, ...]:
        """All that is required, dimension by dimension."""
        return tuple(criterion for ladder in self.ladders.values() for criterion in ladder)

    @cached_property
    def top(self) -> int:
        """The highest level."""
        return self.levels[-1].number

    @property
    def is_checklist(self) -> bool:
        """No levels to show: pages say how much of what is required is met."""
        return self.kind == "checklist"

    def level(self, number: int) -> Level:
        return self.levels[number]

    def dimension(self, key: str) -> Dimension:
        return next(dimension for dimension in self.dimensions if dimension.key == key)

    def of(self, dimension: str, *, level: int | None = None, required: bool | None = None):
        """The criteria of a dimension, in the file's order; of one level, or by need, where given."""
        return tuple(
            criterion
            for criterion in self.criteria
            if criterion.dimension == dimension
            and level in (None, criterion.level)
            and required in (None, criterion.required)
        )


@plain_dataclass(frozen=True)
class Fault:
    """One thing that keeps a YAML text from being a framework. ``line`` counts from 1; ``field`` is in words."""

    line: int
    field: str
    reason: Message
    message: Message


_ADAPTER = TypeAdapter(Framework)


def load(source: Path | str, *, complete: bool = False) -> Framework:
    """Read a framework.

    Parameters
    ----------
    source : Path or str
        A file, or the YAML text itself.
    complete : bool
        Each ``same_as`` is written out already: nothing is looked up, so the digest stays what it
        was when the text was written.

    Returns
    -------
    Framework
        With ``digest``, the SHA-256 of its content (comments and layout do not count), after each
        ``same_as`` is written out.

    Raises
    ------
    FrameworkError
        With one sentence that names the line and the field.
    """
    return _made(_read(source), None if complete else _homes())


def filled(source: Path | str) -> dict[str, Any]:
    """The content of a framework with each ``same_as`` written out: it depends on no other file any more.

    Raises
    ------
    FrameworkError
        As `load`.
    """
    read = _read(source)
    _made(read, _homes())
    return framework_filling.fill(read.data, _homes())[0]


def from_filled(data: Mapping[str, Any]) -> Framework:
    """The framework of a content that `filled` gave: nothing is looked up, so its digest stays what it was.

    Raises
    ------
    FrameworkError
        Without a line; no text was read.
    """
    framework, problems = _examined(dict(data), None)
    if framework is None:
        raise FrameworkError(problems[0][1])
    return framework


def faults(
    source: str, also: Callable[[Framework], Iterable[framework_checks.Problem]] = lambda framework: ()
) -> tuple[Fault, ...]:
    """Everything that is wrong with a YAML text, in the order of its lines; empty for one that can be used.

    Parameters
    ----------
    also : callable
        What is expected of the framework beyond its being one; asked once all else is right.
    """
    try:
        read = _read(source)
    except FrameworkError as error:
        line, named = error.message.params.get("line", 1), error.message.params.get("field", "")
        return (Fault(line, named, error.message, error.message),)
    framework, problems = _examined(read.data, _homes())
    if framework is not None:
        problems = list(also(framework))
    found = [Fault(read.line(path), read.field(path), why, read.error(path, why)) for path, why in problems]
    return tuple(sorted(found, key=lambda fault: fault.line))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Framework]:
    """The frameworks that come with the product, by key; read once a process."""
    frameworks = (_made(read, _homes()) for read in _documents())
    return MappingProxyType({framework.key: framework for framework in frameworks})


@lru_cache(maxsize=1)
def history() -> Mapping[tuple[str, int], Framework]:
    """The versions that were shipped before, by key and version.

    Their files have each ``same_as`` written out, since what they took over may have changed.
    """
    frameworks = (_made(_read(path), None) for path in sorted((FOLDER / "history").glob("*.yaml")))
    return MappingProxyType({(framework.key, framework.version): framework for framework in frameworks})


@lru_cache(maxsize=1)
def _documents() -> tuple[document.Document, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.yaml")))


@lru_cache(maxsize=1)
def _homes() -> framework_filling.Homes:
    return framework_filling.homes_of(read.data for read in _documents())


def _read(source: Path | str) -> document.Document:
    try:
        read = document.read(source)
    except document.DocumentError as error:
        raise FrameworkError(error.message) from None
    if not isinstance(read.data, dict):
        raise FrameworkError(read.error((), Message("maturity.yaml.mapping")))
    return read


def _made(read: document.Document, homes: framework_filling.Homes | None) -> Framework:
    framework, problems = _examined(read.data, homes)
    if framework is None:
        path, reason = problems[0]
        raise FrameworkError(read.error(path, reason))
    return framework


def _examined(
    data: dict[str, Any], homes: framework_filling.Homes | None
) -> tuple[Framework | None, list[framework_checks.Problem]]:
    """The framework, or what keeps it from being one: references first, then fields, then the whole."""
    if "digest" in data:  # it is computed, never claimed
        return None, [(("digest",), Message("maturity.yaml.unexpected"))]
    data, problems = (data, []) if homes is None else framework_filling.fill(data, homes)
    laddered, unfit = framework_filling.ladder(data)
    if problems or unfit:
        return None, [*problems, *unfit]
    try:
        framework = _ADAPTER.validate_python(laddered)
    except ValidationError as error:
        return None, _deepest([(one["loc"], document.reason(one)) for one in error.errors(include_url=False)])
    problems = list(framework_checks.problems(framework))
    return (None, problems) if problems else (replace(framework, digest=_digest(data)), [])


def _deepest(problems: list[framework_checks.Problem]) -> list[framework_checks.Problem]:
    """Without what is wrong only because a part of it is: pydantic calls a list with a bad item too short."""
    within = {path[:length] for path, _ in problems for length in range(len(path))}
    return [problem for problem in problems if problem[0] not in within]


def _digest(data: Any) -> str:
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
