"""A framework as its pages show it: criteria in groups with what leans on them, and texts with their differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assessments import wording
from assessments.framework import Criterion, Dimension, Fault, Framework, Level, Tool


@dataclass(frozen=True)
class CriterionShown:
    """A criterion with its rules in words, and its neighbours as criteria."""

    criterion: Criterion
    supports: list[str]
    contradicts: list[str]
    prerequisites: list[Criterion]
    alternatives: list[Criterion]
    covered: list[tuple[Tool, str, object]]
    shared_with: list[str]


@dataclass(frozen=True)
class Group:
    """The criteria of one level of a dimension; of the whole dimension in a checklist."""

    dimension: Dimension
    level: Level | None
    criteria: list[CriterionShown]


@dataclass(frozen=True)
class Line:
    """One line of a text, with what is wrong there and whether the version before had it."""

    number: int
    text: str
    faults: list[Fault]
    changed: bool


@dataclass(frozen=True)
class Hunk:
    """Lines taken out and put in, and the number of the line where that begins."""

    line: int
    removed: list[str]
    added: list[str]


def groups(framework: Framework, others: Sequence[Framework]) -> list[tuple[Dimension, list[Group]]]:
    """The criteria by dimension and level; `others` are the frameworks that may share their practices."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for other in others:
        if other.key != framework.key:
            for practice in {criterion.practice for criterion in other.criteria}:
                sharing[practice].append(wording.text(other.title))
    levels: list[Level | None] = [None] if framework.is_checklist else list(framework.levels[1:])
    return [
        (
            dimension,
            [
                Group(dimension, level, [_shown(framework, one, sharing[one.practice]) for one in found])
                for level in levels
                if (found := framework.of(dimension.key, level=level.number if level else None))
            ],
        )
        for dimension in framework.dimensions
    ]


def _shown(framework: Framework, criterion: Criterion, shared_with: list[str]) -> CriterionShown:
    tools = {tool.key: tool for tool in framework.tools}
    return CriterionShown(
        criterion,
        wording.rule(criterion.supports),
        wording.rule(criterion.contradicts),
        [framework.by_id[key] for key in criterion.prerequisites],
        [framework.by_id[key] for key in criterion.any_of],
        [(tools[key], how, criterion.limits.get(key)) for key, how in criterion.covered_by.items()],
        shared_with,
    )


def lines(text: str, faults: Sequence[Fault] = (), before: str | None = None) -> list[Line]:
    """The text line by line; with `before`, lines that it did not have are marked."""
    wrong: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        wrong[fault.line].append(fault)
    changed = set()
    if before is not None:
        changed = {hunk.line + n for hunk in difference(before, text) for n in range(len(hunk.added))}
    return [Line(n, line, wrong[n], n in changed) for n, line in enumerate(text.splitlines(), 1)]


def difference(before: str, after: str) -> list[Hunk]:
    """Where two texts differ, by lines."""
    old, new = before.splitlines(), after.splitlines()
    return [
        Hunk(start + 1, old[first:last], new[start:end])
        for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
