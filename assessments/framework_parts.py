"""What a framework is made of: texts, levels, dimensions, rules, criteria, tools, and its map from the version before.

Pure: no Django. The shapes alone are checked here; `framework_checks` looks at the whole.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, Strict
from pydantic.dataclasses import dataclass

Auto = Literal["Y", "E", "P", "N"]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
Version = Annotated[int, Strict(), Field(ge=1, le=9999)]
LevelNumber = Annotated[int, Strict(), Field(ge=0, le=9)]

closed = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=closed)
class Text:
    """One text in both languages."""

    en: Words
    ja: Words

    def in_(self, language: str | None) -> str:
        """The Japanese for ``"ja"`` (and ``"ja-jp"``), else the English."""
        return self.ja if (language or "").lower().startswith("ja") else self.en


@dataclass(frozen=True, config=closed)
class Level:
    """One step of the ladder: its name, and how a team looks that stands there."""

    number: LevelNumber
    title: Text
    text: Text


@dataclass(frozen=True, config=closed)
class Dimension:
    """One ladder. ``cells`` say what each level means here; in a checklist, its two ends.

    ``adds_nothing`` are the levels that require nothing new here, said aloud so that a level that
    adds nothing differs from one that was forgotten.
    """

    key: Name
    title: Text
    text: Text
    cells: tuple[Text, ...] = ()
    adds_nothing: tuple[LevelNumber, ...] = ()


@dataclass(frozen=True, config=closed)
class Minimum:
    """How many items a fact must rest on."""

    items: Annotated[int, Strict(), Field(ge=1)]


@dataclass(frozen=True, config=closed)
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

    @cached_property
    def tests(self) -> tuple[str, ...]:
        names = ("is_", "at_least", "at_most", "above", "below")
        return tuple(name for name in names if getattr(self, name) is not None)

    @cached_property
    def parts(self) -> tuple[Rule, ...]:
        return self.all or self.any

    def facts(self) -> frozenset[str]:
        """The names of all facts that the rule looks at."""
        if self.fact:
            return frozenset({self.fact})
        return frozenset().union(*(part.facts() for part in self.parts))


@dataclass(frozen=True, config=closed)
class Tool:
    """A tool that a team may use; ``seen`` is the rule on facts that shows that it does."""

    key: Name
    title: Text
    text: Text
    seen: Rule | None = None


@dataclass(frozen=True, config=closed)
class Criterion:
    """One observable statement that a level of a dimension requires, or recommends.

    ``auto`` says who can settle it: Y ordinary facts, E facts once an event happened, P a person
    whom facts support or contradict, N a person alone. ``live`` marks what is said of each live
    model: with none live it is unknown. ``any_of`` names criteria of the same framework that meet
    this one too, when they are met themselves. ``same_as`` is the criterion of a shipped framework
    whose texts and rules were filled in here. ``pulse`` is what members are asked without a name.
    ``covered_by`` says which tools cover it, ``limits`` what they do not. ``table_demands`` marks
    what stands only in the source's overview table, ``ours`` what we added to the source,
    ``person`` what no fact can show.
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
    same_as: str | None = None
    any_of: tuple[str, ...] = ()
    pulse: Text | None = None
    covered_by: dict[Name, Literal["full", "part"]] = field(default_factory=dict, hash=False)
    limits: dict[Name, Text] = field(default_factory=dict, hash=False)

    @property
    def dimension(self) -> str:
        return self.id.partition(".")[0]

    @property
    def na_allowed(self) -> bool:
        return self.na_reason is not None

    @property
    def why(self) -> Text:
        return self.challenge


@dataclass(frozen=True, config=closed)
class Change:
    """What became of criteria of the version before, and of what was said of them.

    ``answers``: keep them; keep them but ask again (until then they count as unknown); or drop
    them, which keeps their text beside the new assessment. ``reviews``: keep or drop.
    """

    kind: Literal["renamed", "split", "merged", "retired", "tightened"]
    from_: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    answers: Literal["keep", "reconfirm", "drop"]
    why: Text
    to: tuple[str, ...] = ()
    reviews: Literal["keep", "drop"] = "drop"


@dataclass(frozen=True, config=closed)
class Migrates:
    """How answers to the version ``from`` are read in this one; what is not named is kept as it is."""

    from_: Version = Field(alias="from")
    changes: tuple[Change, ...] = ()
