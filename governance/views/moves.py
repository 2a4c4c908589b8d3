"""Moves: what is on its way into an environment, what it waits for, and how each one ended."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from governance.models import UNDER_WAY, Move, MoveKind, MoveState
from governance.views.promotion_page import environment_facet, places
from portal.accounts.facets import team_facet
from portal.web.lists import Facet, ListPage

RELATED = ("model__team", "model__registry", "target_model__registry", "promotion", "restores")
STATE_KINDS = {  # state of a move → glyph
    MoveState.WAITING: "queued",
    MoveState.MOVING: "running",
    MoveState.DONE: "done",
    MoveState.FAILED: "failed",
    MoveState.OVERTAKEN: "not_applicable",
}


@login_required
@require_safe
def move_list(request: HttpRequest) -> HttpResponse:
    """The outbox, newest first."""
    into = Coalesce("promotion__environment", "restores__environment")
    seen = Move.objects.for_user(request.user).annotate(environment=into)
    facets = [
        Facet("state", gettext_lazy("State"), choices=[one for one in MoveState.choices if one[0] in STATE_KINDS]),
        Facet("kind", gettext_lazy("Kind"), choices=MoveKind.choices),
        environment_facet(),
        team_facet(request.user, field="model__team__slug"),
    ]
    search = ("model__name", "target_model__name", "model__team__name", "alias")
    page = ListPage(request, seen.select_related(*RELATED), search=search, facets=facets, order="-id")
    titles = places()
    context = {
        "list": page,
        "rows": [(row, titles.get(row.environment, row.environment), STATE_KINDS[row.state]) for row in page.rows],
        "under_way": seen.filter(state__in=UNDER_WAY).count(),
        "failed": seen.filter(state=MoveState.FAILED, promotion__state="failed").count(),
    }
    return render(request, "governance/moves.html", context)
