"""Teams: who stands where."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from assessments import wording
from assessments.levels import Current, currents
from assessments.models import Assessment
from assessments.views.frame import framework
from portal.accounts.models import Team
from portal.web.lists import Facet, ListPage

VIEWS = (("claimed", _("Claimed")), ("evidenced", _("Evidenced")))


@login_required
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """The teams one may see, with their levels by dimension."""
    model = framework()
    mine = Team.objects.for_user(request.user)
    page = ListPage(
        request,
        mine.select_related("unit"),
        search=("name", "unit__name"),
        facets=[Facet("unit", _("Unit"), field="unit__name")],
        order="name",
    )
    kind = request.GET.get("level") if request.GET.get("level") in dict(VIEWS) else "claimed"
    by_team = currents(page.rows, model)
    rows = [{"team": team, "current": by_team[team.pk], "cells": _cells(by_team[team.pk], kind)} for team in page.rows]
    submitted = Assessment.objects.closed().filter(framework=model.key, team__in=mine)
    context = {
        "list": page,
        "rows": rows,
        "framework": model,
        "views": [(name, words, page.url(level=name), name == kind) for name, words in VIEWS],
        "total": mine.count(),
        "unassessed": mine.exclude(pk__in=submitted.values("team")).count(),
        "lowest": _lowest([row["current"] for row in rows]),
    }
    return render(request, "assessments/teams.html", context)


def _cells(current: Current, kind: str) -> list[int | None]:
    """Overall, then each dimension; None is "not assessed"."""
    if not current.assessed and (kind == "claimed" or not current.facts):
        return [None] * (1 + len(current.score.dimensions))
    parts = (current.score.overall, *current.score.dimensions.values())
    return [getattr(levels, kind) for levels in parts]


def _lowest(shown: list[Current]) -> dict | None:
    """The dimension that most often is the lowest of a team that is not at the top."""
    counted: Counter[str] = Counter()
    assessed = [current for current in shown if current.assessed]
    for current in assessed:
        low = current.score.overall.claimed
        if low < current.framework.top:
            counted.update(key for key, levels in current.score.dimensions.items() if levels.claimed == low)
    if not counted:
        return None
    key, number = counted.most_common(1)[0]
    title = wording.text(assessed[0].framework.dimension(key).title)
    return {"dimension": title, "number": number, "of": len(assessed)}
