"""The cheapest set of things to do, exactly: what is wanted, what must come before, what shares its effort.

Pure: no Django. What has no choice in it is followed directly; choices are settled by
`scipy.optimize.milp` (HiGHS), imported only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Clause = tuple[str, ...]
"""Names of which at least one is done."""

_CHUNK = 16  # names decided by one solution among equals: weights up to 2**15 stay far from the tolerances


@dataclass(frozen=True)
class Option:
    """One thing that can be done.

    Parameters
    ----------
    effort : int
        0 or more.
    shared : str
        Options of one name share their work: together they cost as much as the dearest.
    needs : tuple of Clause
        Of each, one must be done before this.
    """

    effort: int
    shared: str
    needs: tuple[Clause, ...] = ()


def possible(options: Mapping[str, Option]) -> frozenset[str]:
    """What can be done at all: in some order, each after what it needs."""
    done: set[str] = set()
    while ready := {name for name, option in options.items() if name not in done and _can_begin(option, done)}:
        done |= ready
    return frozenset(done)


def cost(options: Mapping[str, Option], names: Iterable[str]) -> int:
    """The effort of doing these, shared work counted once."""
    dearest: dict[str, int] = {}
    for name in names:
        option = options[name]
        dearest[option.shared] = max(option.effort, dearest.get(option.shared, 0))
    return sum(dearest.values())


def cheapest(options: Mapping[str, Option], wanted: Sequence[Clause]) -> tuple[str, ...]:
    """The set of least effort that does one of each wanted clause, and can be done in some order.

    Of several, the one of fewest options; of those, the one whose places in ``options`` come first.

    Parameters
    ----------
    options : mapping of name to Option
        All must be `possible`.
    wanted : sequence of Clause
        Each with at least one name of ``options``; other names are left out of account.

    Returns
    -------
    tuple of str
        In the order of ``options``.
    """
    usable = {name: _known(option, options) for name, option in options.items()}
    clauses = [tuple(name for name in clause if name in usable) for clause in wanted]
    forced, choices = _forced(usable, clauses)
    if not choices and forced <= possible({name: usable[name] for name in forced}):
        chosen = forced
    else:
        chosen = _solved(_reachable(usable, clauses), clauses, forced)
    return tuple(name for name in usable if name in chosen)


def _can_begin(option: Option, done: set[str]) -> bool:
    return all(any(name in done for name in clause) for clause in option.needs)


def _known(option: Option, options: Mapping[str, Option]) -> Option:
    needs = tuple(tuple(name for name in clause if name in options) for clause in option.needs)
    return Option(option.effort, option.shared, needs)


def _forced(options: Mapping[str, Option], wanted: Iterable[Clause]) -> tuple[set[str], list[Clause]]:
    """What each solution holds, and the clauses that leave a choice."""
    forced: set[str] = set()
    clauses = list(wanted)
    for clause in clauses:  # grows while it is walked
        if len(clause) == 1 and clause[0] not in forced:
            forced.add(clause[0])
            clauses += options[clause[0]].needs
    return forced, [clause for clause in clauses if forced.isdisjoint(clause)]


def _reachable(options: Mapping[str, Option], wanted: Iterable[Clause]) -> dict[str, Option]:
    found: set[str] = set()
    clauses = list(wanted)
    for clause in clauses:  # grows while it is walked
        for name in clause:
            if name not in found:
                found.add(name)
                clauses += options[name].needs
    return {name: option for name, option in options.items() if name in found}


@dataclass
class _Program:
    """Rows ``low <= row @ x <= high`` of a mixed integer program, by the names of its columns."""

    low: list[float]
    high: list[float]
    whole: list[int]
    column: dict[Any, int] = field(default_factory=dict)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    @classmethod
    def empty(cls) -> _Program:
        return cls([], [], [])

    def add(self, key: Any, low: float, high: float, whole: bool) -> None:
        self.column[key] = len(self.low)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))

    def require(self, parts: Mapping[Any, float], low: float, high: float = float("inf")) -> None:
        self.rows.append(({self.column[key]: value for key, value in parts.items()}, low, high))

    def least(self, objective: Mapping[Any, float]) -> Mapping[Any, int]:
        """The values of the columns at the least of the objective, rounded."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        matrix = np.zeros((len(self.rows), len(self.low)))
        for place, (parts, _low, _high) in enumerate(self.rows):
            for column, value in parts.items():
                matrix[place, column] = value
        costs = np.zeros(len(self.low))
        for key, value in objective.items():
            costs[self.column[key]] = value
        found = milp(
            costs,
            integrality=np.array(self.whole),
            bounds=Bounds(self.low, self.high),
            constraints=LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows]),
            # Presolving gains nothing at this size, and was seen to call a feasible program infeasible (HiGHS 1.12).
            options={"mip_rel_gap": 0, "presolve": False},
        )
        if found.status != 0:
            raise RuntimeError(f"milp found no least set: {found.message}")
        return {key: round(found.x[place]) for key, place in self.column.items()}


def _solved(options: Mapping[str, Option], wanted: Sequence[Clause], forced: set[str]) -> set[str]:
    program = _program(options, wanted, forced)
    efforts = {("effort", option.shared): 1.0 for option in options.values()}
    found = program.least(efforts)
    program.require(efforts, 0, sum(found[key] for key in efforts) + 0.5)
    count = dict.fromkeys(options, 1.0)
    found = program.least(count)
    program.require(count, 0, sum(found[name] for name in options) + 0.5)
    free = [name for name in options if name not in forced]
    for start in range(0, len(free), _CHUNK):
        part = free[start : start + _CHUNK]
        found = program.least({name: -float(2 ** (len(part) - place)) for place, name in enumerate(part, 1)})
        for name in part:
            program.require({name: 1}, found[name], found[name])
    return {name for name in options if found[name]}


def _program(options: Mapping[str, Option], wanted: Sequence[Clause], forced: set[str]) -> _Program:
    program = _Program.empty()
    for name in options:
        program.add(name, 1 if name in forced else 0, 1, whole=True)
    for option in options.values():
        if ("effort", option.shared) not in program.column:
            program.add(("effort", option.shared), 0, float("inf"), whole=False)
    for name, option in options.items():
        program.require({("effort", option.shared): 1, name: -option.effort}, 0)
    for clause in wanted:
        program.require(dict.fromkeys(clause, 1), 1)
    circle = _circles(options)
    for name in options:
        program.add(("place", name), 0, len(options), whole=False)
    for name, option in options.items():
        for number, clause in enumerate(option.needs):
            if any(circle[other] == circle[name] for other in clause):
                _require_in_order(program, name, number, clause, circle, len(options))
            else:
                program.require({**dict.fromkeys(clause, 1), name: -1}, 0)
    return program


def _require_in_order(
    program: _Program, name: str, number: int, clause: Clause, circle: Mapping[str, int], size: int
) -> None:
    """One of the clause comes before the name: needed where alternatives could wait for each other in a circle."""
    used = {other: ("used", name, number, other) for other in clause}
    for other, key in used.items():
        program.add(key, 0, 1, whole=True)
        program.require({other: 1, key: -1}, 0)
        if circle[other] == circle[name] and other != name:
            # place of name >= place of other + 1 when other is what it rests on
            program.require({("place", name): 1, ("place", other): -1, key: -(size + 1)}, -size)
        elif other == name:
            program.require({key: 1}, 0, 0)
    program.require({**dict.fromkeys(used.values(), 1), name: -1}, 0)


def _circles(options: Mapping[str, Option]) -> dict[str, int]:
    """The names that could wait for each other, by a common number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = {name: number for number, name in enumerate(options)}
    arrows = [(place[name], place[other]) for name in options for c in options[name].needs for other in c]
    rows, columns = zip(*arrows, strict=True) if arrows else ((), ())
    graph = coo_array(([1] * len(arrows), (rows, columns)), shape=(len(place), len(place)))
    _count, label = connected_components(graph, directed=True, connection="strong")
    return {name: int(label[number]) for name, number in place.items()}
