"""What the organisation could do once for many teams, and which teams it would lift.

Pure: no Django. A shared platform, a template or a monitor brings a practice to every team that lacks
it. Of each practice, of the practices of each theme together, and of each set that brings some team
to its next level, it is counted whom it helps; the effort is that of doing it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assessments.framework import Criterion, Framework
from assessments.roadmap import DAYS, levels_of
from assessments.standing import Standing

Kind = Literal["practice", "theme", "package"]
Key = tuple[str, str]
"""A framework's key with the key of a theme, or the id of a criterion."""


@dataclass(frozen=True)
class Place:
    """How one team stands in one framework."""

    team: int
    framework: Framework
    standing: Mapping[str, Standing]


@dataclass(frozen=True)
class Investment:
    """One thing, or several at once, that could be done for all.

    ``practices`` come with the criterion that names each. ``lacking`` are the teams that have not
    all of it; ``needing`` those of them that need some of it for their next level; ``lifted`` those
    that reach a next level with it alone: the overall one of a levelled framework, all of an area of
    a checklist. ``theme`` is of a theme's practices.
    """

    kind: Kind
    practices: Mapping[str, Key]
    days: int
    lacking: frozenset[int]
    needing: frozenset[int]
    lifted: frozenset[int]
    theme: Key | None = None

    @property
    def lifted_per_day(self) -> float:
        return len(self.lifted) / self.days


def credited(official: Mapping[str, Standing], claimed: Mapping[str, Standing]) -> dict[str, Standing]:
    """How criteria stand when what is claimed, and denied by nothing, counts as in place.

    What only has to be shown by evidence or a review needs no investment.
    """
    return {
        key: "met" if state == "unknown" and claimed.get(key) == "met" else state for key, state in official.items()
    }


def investments(places: Sequence[Place]) -> tuple[Investment, ...]:
    """What can be done for all, the most lifted teams per day of effort first.

    Parameters
    ----------
    places : sequence of Place
        Of any teams in any frameworks; ``standing`` as `credited` gives it.

    Returns
    -------
    tuple of Investment
        Those that at least one team needs for its next level. Of equal ones the one that more teams
        need and lack for its effort comes first, then the cheaper, then by name.
    """
    ground = _Ground(places)
    found = [ground.investment("practice", [name]) for name in ground.needed]
    found += [ground.investment("theme", names, theme) for theme, names in ground.themes() if len(names) > 1]
    found += [ground.investment("package", names) for names in ground.packages()]
    return tuple(sorted(found, key=_order))


def _order(one: Investment) -> tuple:
    per_day = (-len(teams) / one.days for teams in (one.lifted, one.needing, one.lacking))
    return *per_day, one.days, one.kind, tuple(one.practices)


class _Ground:
    """Who lacks what, and what would close each step of each team."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.criteria: dict[str, list[tuple[Framework, Criterion]]] = {}
        for framework in {place.framework.digest or id(place.framework): place.framework for place in places}.values():
            for criterion in framework.criteria:
                self.criteria.setdefault(criterion.practice, []).append((framework, criterion))
        self.bit = {name: 1 << number for number, name in enumerate(self.criteria)}
        self.lacks: dict[int, int] = {}
        self.steps: dict[tuple[int, ...], set[int]] = {}  # clauses of practices, each of which one has to be in place
        for place in places:
            self.lacks[place.team] = self.lacks.get(place.team, 0) | self._lacks(place)
            for clauses in self._steps(place):
                self.steps.setdefault(clauses, set()).add(place.team)
        self.reach = {clauses: self._union(clauses) for clauses in self.steps}
        needed = self._union(self.reach.values())
        self.needed = [name for name, bit in self.bit.items() if bit & needed]

    @staticmethod
    def _union(masks: Iterable[int]) -> int:
        found = 0
        for mask in masks:
            found |= mask
        return found

    def _lacks(self, place: Place) -> int:
        return self._union(self.bit[c.practice] for c in place.framework.criteria if place.standing.get(c.id) != "met")

    def _steps(self, place: Place) -> list[tuple[int, ...]]:
        """What closes the next level: of the whole, or of each area of a checklist."""
        framework = place.framework
        levels = levels_of(framework, place.standing)
        lowest = min(levels.values())
        if framework.is_checklist:
            groups = [[key] for key, level in levels.items() if level < framework.top]
        else:
            groups = [list(levels)] if lowest < framework.top else []
        steps = []
        for group in groups:
            upto = min(levels[key] for key in group) + 1
            lacking = [
                criterion
                for key in group
                for criterion in framework.ladders[key]
                if criterion.level <= upto and place.standing.get(criterion.id) != "met"
            ]
            steps.append(tuple(sorted({self._clause(place, criterion) for criterion in lacking})))
        return steps

    def _clause(self, place: Place, criterion: Criterion) -> int:
        """The practices of which one meets the criterion; an alternative that is met already evidently does not."""
        others = (place.framework.by_id[name] for name in criterion.any_of if place.standing.get(name) != "met")
        return self._union(self.bit[c.practice] for c in (criterion, *others))

    def days(self, name: str) -> int:
        return max(DAYS[criterion.effort] for _framework, criterion in self.criteria[name])

    def home(self, name: str) -> Key:
        """The criterion that names a practice: the one that others take their text from, where there is one."""
        framework, criterion = min(self.criteria[name], key=lambda found: found[1].same_as is not None)
        return framework.key, criterion.id

    def themes(self) -> list[tuple[Key, list[str]]]:
        """The needed practices of each theme of each framework."""
        found: dict[Key, list[str]] = {}
        for name in self.needed:
            for framework, criterion in self.criteria[name]:
                names = found.setdefault((framework.key, criterion.theme), [])
                if name not in names:
                    names.append(name)
        return list(found.items())

    def packages(self) -> list[list[str]]:
        """The sets of several practices that bring a team to its next level, the cheapest of each choice."""
        cheapest = sorted(self.needed, key=lambda name: (self.days(name), self.bit[name]))
        sets = set()
        for clauses in self.steps:
            chosen = 0
            for clause in sorted(clauses, key=int.bit_count):  # those without a choice first
                if not clause & chosen:
                    chosen |= next(self.bit[name] for name in cheapest if self.bit[name] & clause)
            sets.add(chosen)
        return [
            [name for name in self.needed if self.bit[name] & mask] for mask in sorted(sets) if mask.bit_count() > 1
        ]

    def investment(self, kind: Kind, names: Sequence[str], theme: Key | None = None) -> Investment:
        mask = self._union(self.bit[name] for name in names)
        needing, lifted = set(), set()
        for clauses, teams in self.steps.items():
            if self.reach[clauses] & mask:
                needing |= teams
                if all(clause & mask for clause in clauses):
                    lifted |= teams
        return Investment(
            kind=kind,
            practices={name: self.home(name) for name in names},
            days=sum(self.days(name) for name in names),
            lacking=frozenset(team for team, lacks in self.lacks.items() if lacks & mask),
            needing=frozenset(needing),
            lifted=frozenset(lifted),
            theme=theme,
        )
