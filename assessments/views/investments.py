"""Investments: what, done once for all, lifts most teams for its effort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from assessments import catalogue, standings, wording
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from assessments.investments import Investment, Place, credited, investments
from assessments.views.overview import overview_tabs
from portal.accounts.models import Team
from portal.accounts.permissions import permission_required
from portal.web.csv_export import csv_response

SIZE = 20
ALL = "all"
TEAMS_NAMED, PRACTICES_NAMED = 6, 2
KINDS = {
    "practice": gettext_lazy("One practice"),
    "theme": gettext_lazy("A theme"),
    "package": gettext_lazy("A package"),
}


@dataclass(frozen=True)
class Row:
    """One investment with its names."""

    found: Investment
    title: str
    practices: tuple[str, ...]
    lifted: tuple[str, ...]
    frameworks: str

    @property
    def kind(self) -> str:
        return str(KINDS[self.found.kind])

    @property
    def named(self) -> tuple[str, ...]:
        return self.lifted[:TEAMS_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.lifted) - TEAMS_NAMED)


@permission_required("investments.view")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What to do once for all, within the teams that the reader may see."""
    in_use = catalogue.currents()
    mine = Team.objects.for_user(request.user).select_related("unit").order_by("name")
    units = Counter(mine.order_by("unit__name").values_list("unit__name", flat=True))
    unit, key, kind = (request.GET.get(name, "").replace("\x00", "") for name in ("unit", "framework", "kind"))
    teams = {team.pk: team for team in (mine.filter(unit__name=unit) if unit else mine)}
    key = key if key in in_use or key == ALL else FRAMEWORK
    frameworks = in_use if key == ALL else {key: in_use[key]}
    places, assessed = _places(teams.values(), frameworks)
    everything = investments(places)
    counts = Counter(one.kind for one in everything)
    shown = [one for one in everything if kind not in KINDS or one.kind == kind]
    rows = (_row(one, frameworks, teams) for one in shown)
    if request.GET.get("format") == "csv":
        return _csv(rows)
    rows = [row for row, _place in zip(rows, range(SIZE), strict=False)]
    context = {
        "nav": "teams",
        "tabs": overview_tabs(request, "investments"),
        "several": len(frameworks) > 1,
        "rows": rows,
        "best": rows[0] if rows else None,
        "found": len(shown),
        "size": SIZE,
        "teams": len(teams),
        "assessed": len(assessed),
        "left_out": len(teams) - len(assessed),
        "facets": [
            (_("Kind"), "kind", [(name, words, counts[name]) for name, words in KINDS.items()], kind),
            (
                _("Framework"),
                "framework",
                [*((k, wording.text(f.title), None) for k, f in in_use.items()), (ALL, _("All"), None)],
                key,
            ),
            (_("Unit"), "unit", [(name, name, count) for name, count in units.items()], unit),
        ],
        "filtered": bool(unit or kind in KINDS or key != FRAMEWORK),
    }
    return render(request, "assessments/investments.html", context)


def _places(teams: Iterable[Team], frameworks: Mapping[str, Framework]) -> tuple[list[Place], set[int]]:
    """How the assessed teams stand, and who they are. Of the others nothing is known, which is no reason to invest."""
    found = standings.of(teams, frameworks.values())
    places = [
        Place(team, frameworks[key], credited(standing.score["official"], standing.score["claimed"]))
        for (team, key), standing in found.items()
        if standing.assessed
    ]
    return places, {place.team for place in places}


def _row(one: Investment, frameworks: Mapping[str, Framework], teams: Mapping[int, Team]) -> Row:
    practices = tuple(
        wording.text(frameworks[framework].by_id[criterion].title) for framework, criterion in one.practices.values()
    )
    names = tuple(sorted(teams[pk].name for pk in one.lifted))
    if one.theme:
        framework, theme = one.theme
        title = wording.text(frameworks[framework].themes[theme])
        where = wording.text(frameworks[framework].title)
    else:
        title = practices[0] if len(practices) == 1 else _together(practices)
        where = wording.joined(
            [wording.text(frameworks[key].title) for key in dict.fromkeys(key for key, _c in one.practices.values())]
        )
    return Row(one, title, practices, names, where)


def _together(practices: tuple[str, ...]) -> str:
    named = wording.joined([wording.quoted(name) for name in practices[:PRACTICES_NAMED]])
    rest = len(practices) - PRACTICES_NAMED
    return _("%(named)s and %(rest)s more") % {"named": named, "rest": rest} if rest > 0 else named


def _csv(rows: Iterable[Row]) -> HttpResponse:
    head = [
        _("Investment"),
        _("Kind"),
        _("Framework"),
        _("Practices"),
        _("Working days"),
        _("Teams lifted"),
        _("Teams that need it for their next level"),
        _("Teams that lack it"),
        _("Lifted"),
    ]
    lines = (
        [
            row.title,
            row.kind,
            row.frameworks,
            wording.joined(row.practices),
            row.found.days,
            len(row.found.lifted),
            len(row.found.needing),
            len(row.found.lacking),
            wording.joined(row.lifted),
        ]
        for row in rows
    )
    return csv_response("investments", [head, *lines])
