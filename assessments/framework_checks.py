"""What must hold of a framework as a whole, beyond each of its fields.

Pure: no Django. Each check yields the path of what is wrong, so that the reader can name the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assessments import facts
from portal.message import Message

if TYPE_CHECKING:
    from assessments.framework import Criterion, Framework, Rule

Problem = tuple[tuple[str | int, ...], Message]


def problems(framework: Framework) -> Iterator[Problem]:
    """Everything that makes the framework unusable, causes before what follows from them."""
    yield from _levels(framework)
    yield from _twice(framework)
    for index, criterion in enumerate(framework.criteria):
        yield from _criterion(framework, criterion, ("criteria", index))
    yield from _dimensions(framework)
    yield from _cycles(framework)
    yield from _groups(framework)


def _levels(framework: Framework) -> Iterator[Problem]:
    for index, level in enumerate(framework.levels):
        if level.number != index:
            yield ("levels", index, "number"), Message("maturity.check.levels", {"expected": index})


def _twice(framework: Framework) -> Iterator[Problem]:
    for name, attribute in (("dimensions", "key"), ("criteria", "id")):
        seen = set()
        for index, item in enumerate(getattr(framework, name)):
            value = getattr(item, attribute)
            if value in seen:
                yield (name, index, attribute), Message("maturity.check.twice", {"name": value})
            seen.add(value)


def _dimensions(framework: Framework) -> Iterator[Problem]:
    for index, dimension in enumerate(framework.dimensions):
        path = ("dimensions", index)
        if dimension.cells and len(dimension.cells) != len(framework.levels):
            yield (*path, "cells"), Message("maturity.check.cells", {"expected": len(framework.levels)})
        for level in framework.levels[1:]:
            empty = not framework.of(dimension.key, level=level.number, required=True)
            if empty != (level.number in dimension.adds_nothing):
                code = "maturity.check.forgotten" if empty else "maturity.check.adds"
                yield (*path, "adds_nothing"), Message(code, {"level": level.number})


def _criterion(framework: Framework, criterion: Criterion, path: tuple) -> Iterator[Problem]:
    if criterion.dimension not in {dimension.key for dimension in framework.dimensions}:
        yield (*path, "id"), Message("maturity.check.dimension", {"name": criterion.dimension})
    if not 1 <= criterion.level <= framework.top:
        yield (*path, "level"), Message("maturity.check.level", {"top": framework.top})
    if criterion.theme not in framework.themes:
        yield (*path, "theme"), Message("maturity.check.theme", {"name": criterion.theme})
    for place, name in enumerate(criterion.prerequisites):
        code = _prerequisite(framework, criterion, name)
        if code:
            yield (*path, "prerequisites", place), Message(code, {"name": name})
    for side in ("supports", "contradicts"):
        rule = getattr(criterion, side)
        if rule is not None:
            yield from _rule(rule, (*path, side))
        elif criterion.auto in ("Y", "E"):
            yield (*path, "auto"), Message("maturity.check.no-rule", {"side": side})


def _prerequisite(framework: Framework, criterion: Criterion, name: str) -> str:
    before = framework.by_id.get(name)
    if before is None:
        return "maturity.check.unknown"
    if before.level > criterion.level:
        return "maturity.check.higher"
    if criterion.required and not before.required:
        return "maturity.check.recommended"
    return ""


def _rule(rule: Rule, path: tuple) -> Iterator[Problem]:
    if sum(map(bool, (rule.all, rule.any, rule.fact))) != 1:
        yield path, Message("maturity.check.rule")
    elif rule.fact:
        fact = facts.CATALOGUE.get(rule.fact)
        if fact is None:
            yield (*path, "fact"), Message("maturity.check.fact", {"name": rule.fact})
        elif len(rule.tests) != 1 or (rule.is_ is not None) != (fact.unit == "flag"):
            yield path, Message("maturity.check.test", {"name": rule.fact, "unit": fact.unit})
    elif rule.tests or rule.minimum:
        yield path, Message("maturity.check.rule")
    for side in ("all", "any"):
        for place, part in enumerate(getattr(rule, side)):
            yield from _rule(part, (*path, side, place))


def _cycles(framework: Framework) -> Iterator[Problem]:
    done: set[str] = set()
    for index, criterion in enumerate(framework.criteria):
        stack, trail = [(criterion.id, iter(criterion.prerequisites))], {criterion.id}
        while stack:
            here, rest = stack[-1]
            following = next((name for name in rest if name not in done), None)
            if following is None:
                done.add(here)
                trail.discard(here)
                stack.pop()
            elif following in trail:
                yield ("criteria", index, "prerequisites"), Message("maturity.check.cycle", {"name": following})
                return
            elif following in framework.by_id:
                trail.add(following)
                stack.append((following, iter(framework.by_id[following].prerequisites)))


def _groups(framework: Framework) -> Iterator[Problem]:
    for index, group in enumerate(framework.not_all_na):
        for place, name in enumerate(group):
            criterion = framework.by_id.get(name)
            if criterion is None or not criterion.na_allowed:
                yield ("not_all_na", index, place), Message("maturity.check.group", {"name": name})
