"""The teams that somebody may see with their standings in one framework: searched, filtered and paged.

Done in memory after two queries: a level that has lapsed is known only once it is computed anew, so
that the database cannot filter by it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict

from assessments import comparison, standings
from assessments.comparison import Cell
from assessments.framework import Framework
from assessments.standing import KINDS, Kind
from assessments.standings import Standing
from portal.accounts.models import Team

UNKNOWN = "-"  # how "not assessed" is written in an address
FILTERS = ("q", "unit", "level")


@dataclass(frozen=True)
class Row:
    """One team: its cell of the whole, and its standing."""

    team: Team
    standing: Standing
    cell: Cell

    @property
    def step(self) -> str:
        return UNKNOWN if self.cell.step is None else str(self.cell.step)


class TeamList:
    """What the address asks for; the templates of lists read it as they read a `ListPage`."""

    def __init__(self, request: HttpRequest, framework: Framework, *, size: int = 25) -> None:
        self.request, self.framework, self.size = request, framework, size
        self.asked = {key: request.GET.get(key, "").strip().replace("\x00", "")[:200] for key in FILTERS}
        asked = request.GET.get("kind", "")
        self.kind: Kind = asked if asked in KINDS else "official"

    @cached_property
    def everything(self) -> list[Row]:
        teams = list(Team.objects.for_user(self.request.user).select_related("unit").order_by("name"))
        found = standings.of(teams, [self.framework])
        rows = ((team, found[team.pk, self.framework.key]) for team in teams)
        return [Row(team, one, comparison.cell(self.framework, one.score, self.kind)) for team, one in rows]

    @cached_property
    def matching(self) -> list[Row]:
        return [row for row in self.everything if self._fits(row)]

    def _fits(self, row: Row, *, but: str = "") -> bool:
        team, words = row.team, f"{row.team.name} {row.team.unit.name}".casefold()
        return (
            all(word in words for word in self.query.casefold().split())
            and (but == "unit" or self.asked["unit"] in ("", team.unit.name))
            and (but == "level" or self.asked["level"] in ("", row.step))
        )

    def counts(self, name: str) -> Counter[str]:
        """How many teams each value of a facet would show beside the other filters."""
        rows = (row for row in self.everything if self._fits(row, but=name))
        return Counter(row.team.unit.name if name == "unit" else row.step for row in rows)

    # What the templates of lists read

    @property
    def query(self) -> str:
        return self.asked["q"]

    @property
    def filtered(self) -> bool:
        return any(self.asked.values())

    @property
    def total(self) -> int:
        return len(self.everything)

    @property
    def found(self) -> int:
        return len(self.matching)

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // self.size))

    @property
    def page(self) -> int:
        asked = self.request.GET.get("page", "1")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
        return min(max(number, 1), self.pages)

    @property
    def first(self) -> int:
        return (self.page - 1) * self.size + 1 if self.found else 0

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.found)

    @property
    def rows(self) -> list[Row]:
        return self.matching[max(0, self.first - 1) : self.last]

    def url(self, **changes: Any) -> str:
        query: QueryDict = self.request.GET.copy()
        for key, value in ({"page": None} | changes).items():
            query.pop(key, None)
            if value not in (None, ""):
                query[key] = str(value)
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    @property
    def clear_url(self) -> str:
        return self.url(**dict.fromkeys(FILTERS))

    @property
    def previous_url(self) -> str:
        return self.url(page=self.page - 1 if self.page > 2 else None) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self.url(page=self.page + 1) if self.page < self.pages else ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form carries along as hidden fields."""
        lists = self.request.GET.lists()
        return [(key, value) for key, values in lists for value in values if key not in ("q", "page")]
