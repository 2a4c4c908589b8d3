"""Portfolio: the teams of each unit by level, the weakest link, and the trend."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assessments import catalogue, exports, wording
from assessments.framework import Framework
from assessments.portfolio import portfolio as portfolio_of
from assessments.views.compare import key_of, step_words
from assessments.views.frame import FRAMEWORK, framework, in_framework
from assessments.views.overview import overview_tabs
from portal.accounts.permissions import permission_required


@permission_required("portfolio.view")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """How the teams that one may see are spread, by unit. Names of teams show where somebody opens a unit."""
    model = framework(request)
    shown = portfolio_of(request.user, model)
    if request.GET.get("format") in exports.FORMATS:
        return exports.respond(exports.portfolio(shown), request.GET["format"])
    context = {
        "nav": "teams",
        "tabs": overview_tabs(request, "portfolio", model),
        "framework": model,
        "within": in_framework(model),
        "shown": shown,
        "whole": shown.whole,
        "opened": request.GET.get("open", ""),
        "frameworks": _frameworks(model),
        "key": key_of(model),
        **pictures(model, shown),
    }
    return render(request, "assessments/portfolio.html", context)


def pictures(model: Framework, shown) -> dict[str, Any]:
    """The figures of the trend with their words, for page and paper."""
    words = [word for _value, word in step_words(model)]
    return {
        "step_words": words,
        "columns": [(quarter.spread.counts, quarter.spread.unknown) for quarter in shown.quarters],
        "quarter_names": [quarter.name for quarter in shown.quarters],
        "trend_label": _("Teams by official level at the end of each quarter; the table below has the figures"),
        "has_trend": any(sum(quarter.spread.counts) for quarter in shown.quarters[:-1]),
    }


def _frameworks(model: Framework) -> list[tuple[str, str, bool]]:
    return [
        ("" if key == FRAMEWORK else key, wording.text(one.title), key == model.key)
        for key, one in catalogue.currents().items()
    ]
