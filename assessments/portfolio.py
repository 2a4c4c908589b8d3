"""The teams of an organisation by unit in one framework: what page, tables and PDF show alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Case, Value, When
from django.utils import timezone

from assessments import comparison, distribution, standings
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
    cells = {pk: comparison.cell(framework, score, "official") for pk, score in scores.items()}
    by_unit: dict[str, list[Team]] = {}
    for team in teams:
        by_unit.setdefault(team.unit.name, []).append(team)
    return Portfolio(
        framework,
        _part(framework, ALL, teams, scores, cells),
        [_part(framework, name, by_unit[name], scores, cells) for name in sorted(by_unit)],
        _quarters(framework, teams, now),
        now,
    )


def _part(
    framework: Framework, name: str, teams: list[Team], scores: Mapping[int, Any], cells: Mapping[int, Cell]
) -> Part:
    by_id = {team.pk: team for team in teams}
    link = distribution.weakest_link(framework, scores, {pk: cells[pk] for pk in by_id})
    weakest = None
    if link:
        named = by_id[link.team], link.cell, framework.by_id[link.criterion]
        weakest = Weakest(*named, len(link.others), link.also)
    spread = distribution.spread(framework, (cells[pk].step for pk in by_id))
    return Part(name, [(team, cells[team.pk]) for team in teams], spread, weakest)


def _quarters(framework: Framework, teams: Iterable[Team], now: datetime) -> list[Quarter]:
    """From the records of levels, of which only team, quarter and step are read."""
    ends = distribution.quarter_ends(timezone.localtime(now).date())
    zone = timezone.get_current_timezone()
    after = [datetime.combine(day + timedelta(days=1), time.min, zone) for _name, day in ends]
    place = Case(*(When(at__lt=end, then=Value(number)) for number, end in enumerate(after)))
    rows = LevelRecord.objects.filter(framework=framework.key, at__lt=after[-1]).order_by("at", "id")
    records = rows.annotate(place=place).values_list("team_id", "place", "step")
    return distribution.quarters(framework, [team.pk for team in teams], ends, records)
