"""A team's criteria as a table for other programs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from assessments import exports, tables
from assessments.levels import current
from assessments.views.frame import framework, team_or_404


@login_required
@require_safe
def criteria_table(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """How each criterion stands, as CSV, XLSX or JSON; with notes for the team itself."""
    if form not in exports.FORMATS:
        raise Http404
    team, model = team_or_404(request, slug), framework(request)
    return exports.respond(tables.criteria(team, current(team, model), with_notes=request.user.is_insider(team)), form)
