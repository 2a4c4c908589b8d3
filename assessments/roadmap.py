"""The way to the next level: what is unmet, in an order in which it can be done.

Pure: no Django.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from assessments import texts  # noqa: F401  (registers the messages)
from assessments.framework import Criterion, Framework
from assessments.scoring import Standing
from portal.message import Message


@dataclass(frozen=True)
class Step:
    """One unmet criterion on the way.

    ``from_level`` and ``to_level`` are of the dimension that the step helps to raise, which for a
    prerequisite may be another than its own. ``after`` are the steps it waits for. ``raises_overall``
    tells that the dimension is the lowest now, so that the whole rises only with it.
    """

    criterion: str
    dimension: str
    from_level: int
    to_level: int
    effort: int
    after: tuple[str, ...]
    raises_overall: bool
    known: bool
    why: Message


def steps(
    framework: Framework,
    standing: Mapping[str, Standing],
    target: int | Mapping[str, int] | None = None,
) -> tuple[Step, ...]:
    """The unmet required criteria on the way to a target, prerequisites included.

    Parameters
    ----------
    framework : Framework
    standing : mapping of criterion id to "met", "unmet" or "unknown"
        ``Score.claimed`` or ``Score.evidenced``; what is left out is unknown.
    target : int or mapping of dimension to int, optional
        One level for all dimensions, or for some; by default the next level of each.

    Returns
    -------
    tuple of Step
        Each after what it waits for; among those that can be begun, the least effort first, then
        the lower level, then the framework's order.
    """
    levels = {d.key: _level(framework, standing, d.key) for d in framework.dimensions}
    goals = {key: _goal(framework, key, level, target) for key, level in levels.items()}
    wanted = _wanted(framework, standing, goals)
    lowest = min(levels.values())
    return tuple(
        _step(framework, standing, criterion, wanted, levels, goals, lowest)
        for criterion in _ordered(framework, wanted)
    )


def _level(framework: Framework, standing: Mapping[str, Standing], dimension: str) -> int:
    lacking = [c.level for c in framework.of(dimension, required=True) if standing.get(c.id) != "met"]
    return min(lacking) - 1 if lacking else framework.top


def _goal(framework: Framework, dimension: str, level: int, target: int | Mapping[str, int] | None) -> int:
    if target is None:
        return min(level + 1, framework.top)
    wanted = target if isinstance(target, int) else target.get(dimension, level)
    return max(level, min(wanted, framework.top))


def _wanted(
    framework: Framework, standing: Mapping[str, Standing], goals: Mapping[str, int]
) -> dict[str, tuple[str, str]]:
    """Each criterion on the way → the dimension it helps to raise, and the criterion it prepares."""
    own = [c for c in framework.criteria if c.required and c.level <= goals[c.dimension]]
    queue = [(c, c.dimension, "") for c in own if standing.get(c.id) != "met"]
    wanted: dict[str, tuple[str, str]] = {}
    for criterion, dimension, prepares in queue:  # grows while it is walked
        if criterion.id in wanted:
            continue
        wanted[criterion.id] = (dimension, prepares)
        before = (framework.by_id[name] for name in criterion.prerequisites)
        queue += [(c, dimension, criterion.id) for c in before if standing.get(c.id) != "met"]
    return wanted


def _ordered(framework: Framework, wanted: Mapping[str, object]) -> list[Criterion]:
    place = {criterion.id: index for index, criterion in enumerate(framework.criteria)}
    waits = {key: {name for name in framework.by_id[key].prerequisites if name in wanted} for key in wanted}

    def entry(key: str) -> tuple[int, int, int, str]:
        criterion = framework.by_id[key]
        return criterion.effort, criterion.level, place[key], key

    ready = [entry(key) for key, names in waits.items() if not names]
    heapq.heapify(ready)
    order: list[Criterion] = []
    while ready:
        done = heapq.heappop(ready)[-1]
        order.append(framework.by_id[done])
        for key, names in waits.items():
            if done in names:
                names.discard(done)
                if not names:
                    heapq.heappush(ready, entry(key))
    return order


def _step(framework, standing, criterion, wanted, levels, goals, lowest) -> Step:
    dimension, prepares = wanted[criterion.id]
    known = standing.get(criterion.id, "unknown") != "unknown"
    if prepares:
        why = Message("maturity.step.prepares", {"id": prepares})
    else:
        code = "maturity.step.unmet" if known else "maturity.step.unknown"
        why = Message(code, {"level": criterion.level})
    return Step(
        criterion=criterion.id,
        dimension=dimension,
        from_level=levels[dimension],
        to_level=goals[dimension],
        effort=criterion.effort,
        after=tuple(name for name in criterion.prerequisites if name in wanted),
        raises_overall=levels[dimension] == lowest,
        known=known,
        why=why,
    )
