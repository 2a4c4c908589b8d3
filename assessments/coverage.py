"""The map of pipelines: which of a team's tools covers which criterion, and where none does.

Pure: no Django. A tool counts when the team says that it uses it, or when fresh facts show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assessments import evidence_rules
from assessments.evidence_rules import Fact
from assessments.framework import Criterion, Dimension, Framework, Text, Tool

Cover = Literal["full", "part", "gap"]


@dataclass(frozen=True)
class Use:
    """A tool of a framework, and what is known of its use."""

    tool: Tool
    declared: bool
    seen: bool

    @property
    def used(self) -> bool:
        return self.declared or self.seen


@dataclass(frozen=True)
class Place:
    """One tool in one row: whether it covers it, and what it leaves open there."""

    tool: Tool
    cover: Cover
    limit: Text | None


@dataclass(frozen=True)
class Row:
    """One criterion with the team's tools; covered as well as the best of them covers it."""

    criterion: Criterion
    cover: Cover
    places: tuple[Place, ...]

    @property
    def limits(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.limit and place.cover != "gap")


@dataclass(frozen=True)
class Part:
    """One pipeline."""

    dimension: Dimension
    rows: tuple[Row, ...]


def uses(framework: Framework, declared: Iterable[str], facts: Iterable[Fact], now: datetime) -> tuple[Use, ...]:
    """Every tool of the framework in its order. Declared facts alone (grade C) show nothing."""
    chosen, known = frozenset(declared), tuple(facts)
    return tuple(
        Use(tool, tool.key in chosen, tool.seen is not None and evidence_rules.shows(tool.seen, known, now))
        for tool in framework.tools
    )


def coverage(framework: Framework, tools: Iterable[Tool]) -> tuple[Part, ...]:
    """The map for some tools, by dimension in the framework's order."""
    given = tuple(tools)
    return tuple(
        Part(dimension, tuple(_row(criterion, given) for criterion in framework.of(dimension.key)))
        for dimension in framework.dimensions
    )


def gaps(parts: Iterable[Part]) -> list[Criterion]:
    """The criteria that none of the tools covers, in the map's order."""
    return [row.criterion for part in parts for row in part.rows if row.cover == "gap"]


def count(parts: Iterable[Part]) -> Mapping[Cover, int]:
    """How many rows are covered in full, in part, and not at all."""
    covers = [row.cover for part in parts for row in part.rows]
    return {cover: covers.count(cover) for cover in ("full", "part", "gap")}


def _row(criterion: Criterion, tools: tuple[Tool, ...]) -> Row:
    places = tuple(
        Place(tool, criterion.covered_by.get(tool.key, "gap"), criterion.limits.get(tool.key)) for tool in tools
    )
    covers = {place.cover for place in places}
    best: Cover = "full" if "full" in covers else "part" if "part" in covers else "gap"
    return Row(criterion, best, places)
