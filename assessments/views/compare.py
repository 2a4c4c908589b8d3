"""Compare: teams beside each other in one framework, opening to themes and to criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from assessments import catalogue, comparison, exports, tables, wording
from assessments.catalogue import FRAMEWORK
from assessments.comparison import Cell, Lesson, Theme
from assessments.framework import Criterion, Dimension, Framework
from assessments.heat import key_of, step_words
from assessments.team_list import Row, TeamList
from assessments.views.frame import framework, in_framework
from assessments.views.overview import overview_tabs

KINDS = (
    ("official", _("Official")),
    ("claimed", _("Claimed")),
    ("evidenced", _("Evidenced")),
    ("reviewed", _("Reviewed")),
)
LESSONS, NAMED = 8, 4
MARKS = {"met": "pass", "unmet": "x", "unknown": "none"}


@dataclass(frozen=True)
class Line:
    """One team's row: its cells by dimension, and what holds it back."""

    row: Row
    cells: list[tuple[Dimension, Cell]]
    held: Criterion | None
    more: int
    open: bool


@dataclass(frozen=True)
class Opened:
    """One dimension of the opened team: its themes, of which one may show its criteria."""

    dimension: Dimension
    cell: Cell
    themes: list[tuple[Theme, list[dict[str, Any]] | None]]


@login_required
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """The teams one may see, with their levels by dimension."""
    model = framework(request)
    shown = TeamList(request, model)
    if request.GET.get("format") in exports.FORMATS:
        return exports.respond(tables.compare(shown), request.GET["format"])
    everyone = {row.team.pk: row for row in shown.matching}
    scores = {pk: row.standing.score for pk, row in everyone.items() if row.cell.step is not None}
    opened = next((row for row in shown.rows if row.team.slug == request.GET.get("open")), None)
    low = comparison.weakest(model, scores.values(), shown.kind)
    context = {
        "nav": "teams",
        "tabs": overview_tabs(request, "teams", model),
        "list": shown,
        "several": len(request.user.managed_ids) > 1,
        "framework": model,
        "within": in_framework(model),
        "kind": shown.kind,
        "kind_word": dict(KINDS)[shown.kind],
        "lines": [_line(row, shown, row is opened) for row in shown.rows],
        "opened": _opened(request, opened, shown, everyone) if opened else [],
        "facets": _facets(shown),
        "unassessed": sum(row.cell.step is None for row in shown.matching),
        "low": {"title": wording.text(model.dimension(low[0]).title), "number": low[1], "of": low[2]} if low else None,
        "lessons": _lessons(model, scores, shown, everyone),
        "key": key_of(model),
        "columns": "few" if len(model.dimensions) <= 4 else "many",
    }
    return render(request, "assessments/compare.html", context)


def _line(row: Row, shown: TeamList, open_: bool) -> Line:
    model, score = shown.framework, row.standing.score
    cells = [(part, comparison.cell(model, score, shown.kind, part.key)) for part in model.dimensions]
    keys = [key for key in comparison.held_by(score, shown.kind) if key in model.by_id]
    if row.cell.step is None:
        keys = []
    return Line(row, cells, model.by_id[keys[0]] if keys else None, max(0, len(keys) - 1), open_)


def _opened(request: HttpRequest, row: Row, shown: TeamList, everyone: Mapping[int, Row]) -> list[Opened]:
    """The dimensions of the opened team. Criteria are given for the opened theme alone."""
    model, score, wanted = shown.framework, row.standing.score, request.GET.get("theme", "")
    scores = {pk: one.standing.score for pk, one in everyone.items() if pk != row.team.pk}
    found = []
    for part in model.dimensions:
        themes = comparison.themes(model, score, shown.kind, part.key)
        lines = [
            (theme, _criteria(theme, score, shown, scores, everyone) if wanted == f"{part.key}.{theme.key}" else None)
            for theme in themes
        ]
        found.append(Opened(part, comparison.cell(model, score, shown.kind, part.key), lines))
    return found


def _criteria(
    theme: Theme, score: comparison.Score, shown: TeamList, scores: Mapping[int, Any], everyone: Mapping[int, Row]
) -> list[dict[str, Any]]:
    """The criteria of a theme with how they stand, and who has met what this team has not."""
    found = []
    for criterion in theme.criteria:
        state = score[shown.kind].get(criterion.id, "unknown")
        met = () if state == "met" else comparison.teachers(scores, shown.kind, criterion.id)
        found.append({"criterion": criterion, "mark": MARKS[state], "state": state, "teachers": _names(met, everyone)})
    return found


def _lessons(
    model: Framework, scores: Mapping[int, Any], shown: TeamList, everyone: Mapping[int, Row]
) -> list[dict[str, Any]]:
    def plain(lesson: Lesson) -> dict[str, Any]:
        return {
            "criterion": lesson.criterion,
            "theme": model.themes[lesson.criterion.theme],
            "needing": _names(lesson.needing, everyone),
            "teachers": _names(lesson.teachers, everyone),
        }

    return [plain(lesson) for lesson in comparison.lessons(model, scores, shown.kind)[:LESSONS]]


def _names(teams: tuple[int, ...], everyone: Mapping[int, Row]) -> dict[str, Any]:
    return {"teams": [everyone[pk].team for pk in teams[:NAMED]], "more": max(0, len(teams) - NAMED)}


def _facets(shown: TeamList) -> list[dict[str, Any]]:
    """The framework, the kind of level, and what narrows the teams, each as links with counts."""
    units, levels = shown.counts("unit"), shown.counts("level")
    clean = {"open": None, "theme": None}

    def links(name: str, values, current: str) -> list[dict[str, Any]]:
        return [
            {"words": words, "count": count, "url": shown.url(**clean, **{name: value}), "current": value == current}
            for value, words, count in values
        ]

    frameworks = [
        ("" if key == FRAMEWORK else key, wording.text(one.title), None) for key, one in catalogue.currents().items()
    ]
    here = "" if shown.framework.key == FRAMEWORK else shown.framework.key
    kinds = [("" if name == "official" else name, words, None) for name, words in KINDS]
    kind = "" if shown.kind == "official" else shown.kind
    every = [("", _("All"), sum(units.values()))] + [(unit, unit, units[unit]) for unit in sorted(units)]
    steps = [("", _("All"), sum(levels.values()))] + [
        (value, words, levels[value]) for value, words in step_words(shown.framework) if levels[value]
    ]
    return [
        {"label": _("Framework"), "options": links("framework", frameworks, here)},
        {"label": _("Counted as"), "options": links("kind", kinds, kind)},
        {"label": _("Unit"), "options": links("unit", every, shown.asked["unit"])},
        {
            "label": _("Met") if shown.framework.is_checklist else _("Level"),
            "options": links("level", steps, shown.asked["level"]),
        },
    ]
