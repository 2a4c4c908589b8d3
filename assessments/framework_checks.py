"""What must hold of a framework as a whole, beyond each of its fields.

Pure: no Django. Each check yields the path of what is wrong, so that the reader can name the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assessments import facts
from portal.message import Message

if TYPE_CHECKING:
    from assessments.framework import Change, Criterion, Framework, Rule

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
    yield from _tools(framework)
    yield from _map(framework)


def _levels(framework: Framework) -> Iterator[Problem]:
    for index, level in enumerate(framework.levels):
        if level.number != index:
            yield ("levels", index, "number"), Message("maturity.check.levels", {"expected": index})


def _twice(framework: Framework) -> Iterator[Problem]:
    for name, attribute in (("dimensions", "key"), ("criteria", "id"), ("tools", "key")):
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
        for level in () if framework.is_checklist else framework.levels[1:]:
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
    yield from _alternatives(framework, criterion, path)
    yield from _coverage(framework, criterion, path)
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


def _alternatives(framework: Framework, criterion: Criterion, path: tuple) -> Iterator[Problem]:
    for place, name in enumerate(criterion.any_of):
        code = ""
        if name not in framework.by_id:
            code = "maturity.check.unknown"
        elif name == criterion.id:
            code = "maturity.check.own-alternative"
        elif name in criterion.any_of[:place]:
            code = "maturity.check.twice"
        if code:
            yield (*path, "any_of", place), Message(code, {"name": name})


def _coverage(framework: Framework, criterion: Criterion, path: tuple) -> Iterator[Problem]:
    known = {tool.key for tool in framework.tools}
    for side in ("covered_by", "limits"):
        for name in getattr(criterion, side):
            if name not in known:
                yield (*path, side, name), Message("maturity.check.tool", {"name": name})


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


def _tools(framework: Framework) -> Iterator[Problem]:
    for index, tool in enumerate(framework.tools):
        if tool.seen is not None:
            yield from _rule(tool.seen, ("tools", index, "seen"))


_SHAPES = {  # how many criteria a change leads from, and to; None is any number, but one at least
    "renamed": (1, 1),
    "split": (1, None),
    "merged": (None, 1),
    "retired": (None, 0),
    "tightened": (None, None),
}


def _map(framework: Framework) -> Iterator[Problem]:
    """The map from the version before, as far as it can be checked without that version."""
    if framework.migrates is None:
        return
    if framework.migrates.from_ >= framework.version:
        yield ("migrates", "from"), Message("maturity.check.map-from", {"version": framework.version})
    before: set[str] = set()
    after: set[str] = set()
    for index, change in enumerate(framework.migrates.changes):
        path = ("migrates", "changes", index)
        yield from _shape(change, path)
        for place, name in enumerate(change.from_):
            if name in before:
                yield (*path, "from", place), Message("maturity.check.twice", {"name": name})
            before.add(name)
        for place, name in enumerate(change.to):
            if name not in framework.by_id:
                yield (*path, "to", place), Message("maturity.check.unknown", {"name": name})
            elif name in after:
                yield (*path, "to", place), Message("maturity.check.twice", {"name": name})
            after.add(name)


def _shape(change: Change, path: tuple) -> Iterator[Problem]:
    sources, targets = _SHAPES[change.kind]
    if sources is not None and len(change.from_) != sources:
        yield (*path, "from"), Message("maturity.check.map-number", {"kind": change.kind, "expected": sources})
    if targets is not None and len(change.to) != targets:
        yield (*path, "to"), Message("maturity.check.map-number", {"kind": change.kind, "expected": targets})
    elif targets is None and not change.to:
        yield (*path, "to"), Message("maturity.yaml.missing")
    elif change.kind == "tightened" and set(change.from_) != set(change.to):
        yield (*path, "to"), Message("maturity.check.map-same")
    if change.kind == "retired" and change.answers != "drop":
        yield (*path, "answers"), Message("maturity.check.map-retired")
    if change.answers == "drop" and change.reviews == "keep":
        yield (*path, "reviews"), Message("maturity.check.map-review")


def map_problems(old: Framework, new: Framework) -> Iterator[Problem]:
    """What keeps answers to `old` from being carried into `new`; paths are those of the new framework's file.

    Each criterion of the old version is either still there or named by one change, and nothing is
    filled from two sides.
    """
    if new.migrates is None:
        changes: tuple[Change, ...] = ()
    else:
        changes = new.migrates.changes
        if new.key != old.key or new.migrates.from_ != old.version:
            yield ("migrates", "from"), Message("maturity.check.map-other", {"version": old.version})
            return
    named = {name for change in changes for name in change.from_}
    for index, change in enumerate(changes):
        path = ("migrates", "changes", index)
        for place, name in enumerate(change.from_):
            if name not in old.by_id:
                yield (*path, "from", place), Message("maturity.check.map-unknown", {"name": name})
        for place, name in enumerate(change.to):
            if name in old.by_id and name not in named:
                yield (*path, "to", place), Message("maturity.check.map-kept", {"name": name})
    for name in old.by_id:
        if name not in new.by_id and name not in named:
            yield ("migrates", "changes"), Message("maturity.check.map-gone", {"name": name})
