"""Portfolio: the teams of each unit by level, the weakest link, and the trend."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import catalogue, exports, tables, wording
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from assessments.heat import key_of
from assessments.overview_content import pictures
from assessments.portfolio import portfolio as portfolio_of
from assessments.views.frame import framework, in_framework
from assessments.views.overview import overview_tabs
from portal.accounts.permissions import permission_required


@permission_required("portfolio.view")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """How the teams that one may see are spread, by unit. Names of teams show where somebody opens a unit."""
    model = framework(request)
    shown = portfolio_of(request.user, model)
    if request.GET.get("format") in exports.FORMATS:
        return exports.respond(tables.portfolio(shown), request.GET["format"])
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


def _frameworks(model: Framework) -> list[tuple[str, str, bool]]:
    return [
        ("" if key == FRAMEWORK else key, wording.text(one.title), key == model.key)
        for key, one in catalogue.currents().items()
    ]
