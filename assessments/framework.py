"""A framework: dimensions, levels and criteria, read from one YAML file.

Pure: no Django. The YAML is checked field by field and then as a whole; an error names its line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from assessments import document, framework_checks, texts  # noqa: F401  (texts registers the messages)
from portal.message import Message

FOLDER = Path(__file__).parent / "frameworks"

Auto = Literal["Y", "E", "P", "N"]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
LevelNumber = Annotated[int, Strict(), Field(ge=0, le=9)]

_closed = ConfigDict(extra="forbid")


class FrameworkError(document.DocumentError):
    """A framework that cannot be used; ``message`` names the line and the field."""


@dataclass(frozen=True, config=_closed)
class Text:
    """One text in both languages."""

    en: Words
    ja: Words

    def in_(self, language: str | None) -> str:
        """The Japanese for ``"ja"`` (and ``"ja-jp"``), else the English."""
        return self.ja if (language or "").lower().startswith("ja") else self.en


@dataclass(frozen=True, config=_closed)
class Level:
    """One step of the ladder: its name, and how a team looks that stands there."""

    number: LevelNumber
    title: Text
    text: Text


@dataclass(frozen=True, config=_closed)
class Dimension:
    """One ladder. ``cells`` say what each level means here.

    ``adds_nothing`` are the levels that require nothing new here, said aloud so that a level that
    adds nothing differs from one that was forgotten.
    """

    key: Name
    title: Text
    text: Text
    cells: tuple[Text, ...] = ()
    adds_nothing: tuple[LevelNumber, ...] = ()


@dataclass(frozen=True, config=_closed)
class Minimum:
    """How many items a fact must rest on."""

    items: Annotated[int, Strict(), Field(ge=1)]


@dataclass(frozen=True, config=_closed)
class Rule:
    """A condition on facts: ``all`` of its parts, ``any`` of them, or one test of one ``fact``."""

    all: tuple[Rule, ...] = ()
    any: tuple[Rule, ...] = ()
    fact: str | None = None
    is_: Flag | None = Field(default=None, alias="is")
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    minimum: Minimum | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        names = ("is_", "at_least", "at_most", "above", "below")
        return tuple(name for name in names if getattr(self, name) is not None)

    @property
    def parts(self) -> tuple[Rule, ...]:
        return self.all or self.any

    def facts(self) -> frozenset[str]:
        """The names of all facts that the rule looks at."""
        if self.fact:
            return frozenset({self.fact})
        return frozenset().union(*(part.facts() for part in self.parts))


@dataclass(frozen=True, config=_closed)
class Criterion:
    """One observable statement that a level of a dimension requires, or recommends.

    ``auto`` says who can settle it: Y ordinary facts, E facts once an event happened, P a person
    whom facts support or contradict, N a person alone. ``live`` marks what is said of each live
    model: with none live it is unknown. ``table_demands`` marks what stands only in the source's
    overview table, ``ours`` what we added to the source, ``person`` what no fact can show.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$", max_length=100)]
    level: LevelNumber
    required: Flag
    practice: Name
    theme: Name
    effort: Annotated[int, Strict(), Field(ge=1, le=5)]
    auto: Auto
    title: Text
    statement: Text
    challenge: Text
    how: Text
    prerequisites: tuple[str, ...] = ()
    na_reason: Text | None = None
    live: Flag = False
    table_demands: Flag = False
    ours: Flag = False
    person: Text | None = None
    supports: Rule | None = None
    contradicts: Rule | None = None

    @property
    def dimension(self) -> str:
        return self.id.partition(".")[0]

    @property
    def na_allowed(self) -> bool:
        return self.na_reason is not None

    @property
    def why(self) -> Text:
        return self.challenge


@dataclass(frozen=True, config=_closed)
class Framework:
    """A levelled model. ``not_all_na`` are groups of criteria of which one at least must apply."""

    key: Name
    version: Annotated[int, Strict(), Field(ge=1)]
    title: Text
    description: Text
    themes: dict[Name, Text]
    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=10)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=30)]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=500)]
    not_all_na: tuple[tuple[str, ...], ...] = ()
    digest: str = field(default="", kw_only=True)

    @cached_property
    def by_id(self) -> Mapping[str, Criterion]:
        return MappingProxyType({criterion.id: criterion for criterion in self.criteria})

    @cached_property
    def top(self) -> int:
        """The highest level."""
        return self.levels[-1].number

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


_ADAPTER = TypeAdapter(Framework)


def load(source: Path | str) -> Framework:
    """Read a framework.

    Parameters
    ----------
    source : Path or str
        A file, or the YAML text itself.

    Returns
    -------
    Framework
        With ``digest``, the SHA-256 of its content (comments and layout do not count).

    Raises
    ------
    FrameworkError
        With one sentence that names the line and the field.
    """
    try:
        read = document.read(source)
    except document.DocumentError as error:
        raise FrameworkError(error.message) from None
    if not isinstance(read.data, dict):
        raise FrameworkError(read.error((), Message("maturity.yaml.mapping")))
    if "digest" in read.data:  # it is computed, never claimed
        raise FrameworkError(read.error(("digest",), Message("maturity.yaml.unexpected")))
    try:
        framework = _ADAPTER.validate_python(read.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise FrameworkError(read.error(first["loc"], document.reason(first))) from None
    for path, reason in framework_checks.problems(framework):
        raise FrameworkError(read.error(path, reason))
    return replace(framework, digest=_digest(read.data))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Framework]:
    """The frameworks that come with the product, by key; read once a process."""
    frameworks = (load(path) for path in sorted(FOLDER.glob("*.yaml")))
    return MappingProxyType({framework.key: framework for framework in frameworks})


def _digest(data: Any) -> str:
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
