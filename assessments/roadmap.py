"""The way up: the least-effort set of what is unmet, in an order in which it can be done; and "what if".

Pure: no Django. `assessments.least_effort` chooses; here stands what a framework makes of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from assessments import least_effort, texts, texts_roadmap  # noqa: F401  (texts: registers the messages)
from assessments.framework import Framework
from assessments.least_effort import Clause, Option
from assessments.scoring import Standing
from portal.message import Message

DAYS = {1: 3, 2: 8, 3: 20, 4: 60, 5: 100}
"""Working days of one team that an effort of 1 to 5 stands for: a few days, one or two weeks, about a month,
about a quarter, more than a quarter. Efforts are added as days: five small things are less than one large one."""

Todo = Literal["do", "find-out", "prove"]


@dataclass(frozen=True)
class Step:
    """One criterion on the way.

    ``from_level`` and ``to_level`` are of the dimension that the step helps to raise, which for a
    prerequisite may be another than its own. ``after`` are the steps it waits for. ``raises_overall``
    tells that the dimension is the lowest now, so that the whole rises only with it. ``todo`` says
    whether the thing is to be done, to be found out (nobody knows yet how it stands), or, where the
    team says that it is done, to be shown by evidence or a review; that costs no ``days``.
    """

    criterion: str
    dimension: str
    from_level: int
    to_level: int
    effort: int
    days: int
    after: tuple[str, ...]
    raises_overall: bool
    known: bool
    todo: Todo
    why: Message


@dataclass(frozen=True)
class Way:
    """The steps to a target.

    ``days`` is their effort together, work that criteria share counted once. ``lacking`` are the
    criteria of the target that nothing which can be done meets: the steps then lead as far as they
    can, to ``reaches``, and ``problem`` says so.
    """

    steps: tuple[Step, ...]
    levels: Mapping[str, int]
    goals: Mapping[str, int]
    reaches: Mapping[str, int]
    days: int
    lacking: tuple[str, ...] = ()
    problem: Message | None = None

    @property
    def reachable(self) -> bool:
        return self.problem is None


@dataclass(frozen=True)
class WhatIf:
    """The levels by dimension before and after doing some criteria.

    ``met`` are the criteria that are met after and were not before; ``waiting`` those that were to
    be done although something before them stays unmet, with what that is. ``missing`` are the
    required criteria that then hold the whole below its next level. ``days`` is the effort of
    doing them, shared work counted once.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    met: tuple[str, ...]
    waiting: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    days: int

    @property
    def overall_before(self) -> int:
        return min(self.before.values())

    @property
    def overall_after(self) -> int:
        return min(self.after.values())


def way(
    framework: Framework,
    standing: Mapping[str, Standing],
    target: int | Mapping[str, int] | None = None,
    *,
    claimed: Mapping[str, Standing] | None = None,
    without: AbstractSet[str] = frozenset(),
    absent: AbstractSet[str] = frozenset(),
) -> Way:
    """The cheapest way to a target.

    Parameters
    ----------
    framework : Framework
    standing : mapping of criterion id to "met", "unmet" or "unknown"
        ``Score.standing(kind)``; what is left out is unknown.
    target : int or mapping of dimension to int, optional
        One level for all dimensions, or for some; by default the next level of those dimensions
        that hold the whole where it is.
    claimed : mapping of criterion id to standing, optional
        What the team says. What is claimed and only not known to ``standing`` costs nothing to do.
    without : set of criterion ids
        What cannot be done, or will not be.
    absent : set of criterion ids
        What the team calls not applicable: it can be confirmed, but it meets no other criterion.

    Returns
    -------
    Way
        Exact: no set of less effort in days reaches the target. Of equal sets the one with the
        fewest steps, then the one that comes first in the framework.
    """
    levels = levels_of(framework, standing)
    goals, problem = _goals(framework, levels, target)
    meets = alternatives(framework, absent)
    options = _options(framework, standing, claimed or {}, without, meets)
    can = least_effort.possible(options)
    options = {key: option for key, option in options.items() if key in can}
    required = [c for c in framework.criteria if c.required and c.level <= goals[c.dimension]]
    unmet = [c for c in required if standing.get(c.id) != "met"]
    lacking = tuple(c.id for c in unmet if can.isdisjoint(meets[c.id]))
    wanted = [(meets[c.id], c.dimension) for c in unmet if c.id not in lacking]
    chosen = least_effort.cheapest(options, [clause for clause, _dimension in wanted])
    if lacking:
        problem = Message("maturity.way.lacking", {"ids": list(lacking)})
    return Way(
        steps=_steps(framework, standing, claimed or {}, options, chosen, wanted, levels, goals),
        levels=levels,
        goals=goals,
        reaches=what_if(framework, standing, chosen, absent=absent).after,
        days=least_effort.cost(options, chosen),
        lacking=lacking,
        problem=problem,
    )


def steps(
    framework: Framework,
    standing: Mapping[str, Standing],
    target: int | Mapping[str, int] | None = None,
) -> tuple[Step, ...]:
    """The steps of `way`: each after what it waits for; among those that can be begun, the least effort first."""
    return way(framework, standing, target).steps


def what_if(
    framework: Framework,
    standing: Mapping[str, Standing],
    done: Iterable[str],
    *,
    claimed: Mapping[str, Standing] | None = None,
    absent: AbstractSet[str] = frozenset(),
) -> WhatIf:
    """The levels afterwards, if these criteria were met besides those that are met now; the rest is as in `way`."""
    done, meets = set(done), alternatives(framework, absent)
    after = {
        c.id: "met" if standing.get(c.id) == "met" or not done.isdisjoint(meets[c.id]) else "unmet"
        for c in framework.criteria
    }
    waiting = {
        c.id: gaps
        for c in framework.criteria
        if c.id in done and (gaps := tuple(name for name in c.prerequisites if after[name] != "met"))
    }
    levels = levels_of(framework, after)
    options = _options(framework, standing, claimed or {}, frozenset(), meets)
    next_level = min(levels.values()) + 1
    return WhatIf(
        before=levels_of(framework, standing),
        after=levels,
        met=tuple(c.id for c in framework.criteria if after[c.id] == "met" and standing.get(c.id) != "met"),
        waiting=waiting,
        missing=tuple(
            c.id for c in framework.criteria if c.required and c.level <= next_level and after[c.id] != "met"
        ),
        days=least_effort.cost(options, done & options.keys()),
    )


def alternatives(framework: Framework, absent: AbstractSet[str] = frozenset()) -> dict[str, Clause]:
    """Of each criterion, those of which one, done, meets it: itself, then what does as well and applies."""
    return {c.id: (c.id, *(name for name in c.any_of if name not in absent)) for c in framework.criteria}


def levels_of(framework: Framework, standing: Mapping[str, Standing]) -> dict[str, int]:
    """The level of each dimension: the highest whose required criteria, and those below, are all met."""
    levels = {dimension.key: framework.top for dimension in framework.dimensions}
    for c in framework.criteria:
        if c.required and standing.get(c.id) != "met":
            levels[c.dimension] = min(levels[c.dimension], c.level - 1)
    return levels


def next_goals(framework: Framework, levels: Mapping[str, int]) -> dict[str, int]:
    """The next overall level: one more for the dimensions that hold the whole, the present one for the others."""
    lowest = min(levels.values())
    return {key: min(level + 1, framework.top) if level == lowest else level for key, level in levels.items()}


def _goals(
    framework: Framework, levels: Mapping[str, int], target: int | Mapping[str, int] | None
) -> tuple[dict[str, int], Message | None]:
    if target is None:
        return next_goals(framework, levels), None
    asked = dict.fromkeys(levels, target) if isinstance(target, int) else target
    highest = max((asked[key] for key in levels if key in asked), default=0)
    problem = None
    if highest > framework.top:
        problem = Message("maturity.way.top", {"asked": highest, "top": framework.top})
    return {key: max(level, min(asked.get(key, level), framework.top)) for key, level in levels.items()}, problem


def _options(
    framework: Framework,
    standing: Mapping[str, Standing],
    claimed: Mapping[str, Standing],
    without: AbstractSet[str],
    meets: Mapping[str, Clause],
) -> dict[str, Option]:
    """What could be done: all that is not met, and alternatives that are met only through another."""
    asked = {name for c in framework.criteria if standing.get(c.id) != "met" for name in meets[c.id]}
    options = {}
    for c in framework.criteria:
        if c.id in asked and c.id not in without:
            needs = tuple(meets[name] for name in c.prerequisites if standing.get(name) != "met")
            days = 0 if _todo(c.id, standing, claimed) == "prove" else DAYS[c.effort]
            options[c.id] = Option(days, c.practice, needs)
    return options


def _todo(key: str, standing: Mapping[str, Standing], claimed: Mapping[str, Standing]) -> Todo:
    if standing.get(key, "unknown") != "unknown":
        return "do"
    said = claimed.get(key, "unknown")
    return "prove" if said == "met" else "do" if said == "unmet" else "find-out"


def _steps(framework, standing, claimed, options, chosen, wanted, levels, goals) -> tuple[Step, ...]:
    reasons = _reasons(options, chosen, wanted)
    lowest = min(levels.values())
    order = _ordered(framework, options, chosen)
    result = []
    for key in order:
        dimension, counts_as, prepares = reasons[key]
        todo = _todo(key, standing, claimed)
        result.append(
            Step(
                criterion=key,
                dimension=dimension,
                from_level=levels[dimension],
                to_level=goals[dimension],
                effort=framework.by_id[key].effort,
                days=options[key].effort,
                after=_after(options[key].needs, order[: len(result)]),
                raises_overall=levels[dimension] == lowest,
                known=todo != "find-out",
                todo=todo,
                why=_why(framework, key, todo, claimed.get(key) == "met", counts_as, prepares),
            )
        )
    return tuple(result)


def _ordered(framework: Framework, options: Mapping[str, Option], chosen: Iterable[str]) -> list[str]:
    place = {criterion.id: number for number, criterion in enumerate(framework.criteria)}
    left, order = set(chosen), []
    ready: list[tuple[int, int, int, str]] = []
    while left or ready:
        begun = {key for key in left if all(any(name in order for name in clause) for clause in options[key].needs)}
        left -= begun
        for key in begun:
            heapq.heappush(ready, (options[key].effort, framework.by_id[key].level, place[key], key))
        order.append(heapq.heappop(ready)[-1])
    return order


def _after(needs: Iterable[Clause], before: list[str]) -> tuple[str, ...]:
    """Of each need, what comes first on the way."""
    return tuple(dict.fromkeys(next(name for name in before if name in clause) for clause in needs))


def _reasons(
    options: Mapping[str, Option], chosen: Iterable[str], wanted: Iterable[tuple[Clause, str]]
) -> dict[str, tuple[str, str, str]]:
    """Each step → the dimension that it helps to raise, what it counts as, and what it prepares."""
    chosen, reasons = set(chosen), {}
    clauses = [(clause[:1], dimension, "") for clause, dimension in wanted]  # what the level itself requires, first
    clauses += [(clause, dimension, "") for clause, dimension in wanted]
    for clause, dimension, prepares in clauses:  # grows while it is walked
        for key in clause:
            if key in chosen and key not in reasons:
                reasons[key] = dimension, clause[0] if key != clause[0] else "", prepares
                clauses += [(need, dimension, key) for need in options[key].needs]
    return reasons


def _why(framework: Framework, key: str, todo: Todo, said: bool, counts_as: str, prepares: str) -> Message:
    if counts_as:
        return Message("maturity.step.instead", {"counts_as": counts_as})
    if prepares:
        return Message("maturity.step.prepares", {"id": prepares})
    code = {"do": "denied" if said else "unmet", "find-out": "unknown", "prove": "prove"}[todo]
    if framework.is_checklist:
        return Message(f"maturity.step.{code}-list")
    return Message(f"maturity.step.{code}", {"level": framework.by_id[key].level})
