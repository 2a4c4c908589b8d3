"""The teams of an organisation by unit in one framework: what page, tables and PDF show alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from assessments import comparison, distribution, standings, wording
from assessments.comparison import Cell
from assessments.distribution import Distribution, Quarter
from assessments.framework import Criterion, Framework
from assessments.models import LevelRecord
from portal.accounts.models import Team, User

ALL = ""


@dataclass(frozen=True)
class Weakest:
    """The weakest link with its names."""

    team: Team
    cell: Cell
    criterion: Criterion
    others: int
    also: int


@dataclass(frozen=True)
class Part:
    """One unit, or the whole: how its teams are spread, and what holds the lowest."""

    name: str
    teams: list[tuple[Team, Cell]]
    spread: Distribution
    weakest: Weakest | None

    @property
    def steps(self) -> list[tuple[int | None, list[tuple[Team, Cell]]]]:
        """The teams on each step that some stand on, the lowest first; those of which nothing is known at the end."""
        known = sorted({cell.step for _team, cell in self.teams if cell.step is not None})
        order: list[int | None] = [*known, *([None] if self.spread.unknown else [])]
        return [(step, [one for one in self.teams if one[1].step == step]) for step in order]


@dataclass(frozen=True)
class Portfolio:
    framework: Framework
    whole: Part
    units: list[Part]
    quarters: list[Quarter]
    as_of: datetime


def portfolio(user: User, framework: Framework, unit: str = ALL) -> Portfolio:
    """The portfolio of what a person may see; four queries, however many teams."""
    seen = Team.objects.for_user(user).select_related("unit").order_by("name")
    teams = list(seen.filter(unit__name=unit) if unit else seen)
    now = timezone.now()
    found = standings.of(teams, [framework])
    scores = {team.pk: found[team.pk, framework.key].score for team in teams}
    by_unit: dict[str, list[Team]] = {}
    for team in teams:
        by_unit.setdefault(team.unit.name, []).append(team)
    return Portfolio(
        framework,
        _part(framework, ALL, teams, scores),
        [_part(framework, name, by_unit[name], scores) for name in sorted(by_unit)],
        _quarters(framework, teams, now),
        now,
    )


def _part(framework: Framework, name: str, teams: list[Team], scores: Mapping[int, Any]) -> Part:
    cells = [(team, comparison.cell(framework, scores[team.pk], "official")) for team in teams]
    by_id = {team.pk: team for team in teams}
    link = distribution.weakest_link(framework, {pk: scores[pk] for pk in by_id})
    weakest = link and Weakest(
        by_id[link.team], link.cell, framework.by_id[link.criterion], len(link.others), link.also
    )
    return Part(name, cells, distribution.spread(framework, (cell.step for _team, cell in cells)), weakest or None)


def _quarters(framework: Framework, teams: Iterable[Team], now: datetime) -> list[Quarter]:
    """From the records of levels, of which only team, day and step are read."""
    ids = {team.pk for team in teams}
    rows = LevelRecord.objects.filter(framework=framework.key).order_by("at", "id")
    records = (
        (team, timezone.localtime(at).date(), step)
        for team, at, step in rows.values_list("team_id", "at", "step").iterator()
        if team in ids
    )
    return distribution.quarters(framework, sorted(ids), records, timezone.localtime(now).date())


def title(criterion: Criterion) -> str:
    return wording.text(criterion.title)
