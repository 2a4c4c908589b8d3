"""Are we in control? One page of figures, each with its list behind it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from governance.control import OUTCOMES, RISKS, blocked_by, control, ending_waivers, live_placements, ungoverned
from governance.models import Outcome, Risk
from governance.titles import gates_named
from governance.views.promotion_page import STATE_KINDS, places
from portal.accounts.permissions import permission_required
from portal.web.csv_export import csv_response
from portal.web.lists import Facet, ListPage

WHOLE = ("version", "model__team", "model__registry", "promotion")
OUTCOME_WORDS = [*Outcome.choices, ("", gettext_lazy("Not judged yet"))]
RISK_WORDS = [*Risk.choices, ("", gettext_lazy("Not agreed"))]


@permission_required("control.view")
@require_safe
def control_page(request: HttpRequest) -> HttpResponse:
    """The figures at one glance."""
    found = control(request.user, timezone.now())
    words, risks = dict(OUTCOME_WORDS), dict(RISK_WORDS)
    shown = [one for one in OUTCOMES if one or found.of("")]
    context = {
        "control": found,
        "judged_amiss": found.not_passing - found.unjudged,
        "outcomes": [(one, words[one]) for one in shown],
        "rows": [
            (risk, risks[risk], [(one, found.live.get((risk, one), 0)) for one in shown])
            for risk in RISKS
            if risk or any(found.live.get((risk, one)) for one in OUTCOMES)
        ],
        "sums": [(one, found.of(one)) for one in shown],
    }
    return render(request, "governance/control.html", context)


@permission_required("control.view")
@require_safe
def control_live(request: HttpRequest) -> HttpResponse:
    """What is in production, by risk and outcome; as CSV too."""
    rows = live_placements(request.user).select_related(*WHOLE)
    if request.GET.get("format") == "csv":
        return csv_response("live-models", _as_table(rows.order_by("model__name", "pk")))
    facets = [
        Facet("outcome", gettext_lazy("Would it still pass?"), choices=_or_none(OUTCOME_WORDS)),
        Facet("risk", gettext_lazy("Risk"), choices=_or_none(RISK_WORDS)),
    ]
    page = ListPage(
        request, rows, search=("model__name", "model__team__name"), facets=facets, order=("model__name", "pk")
    )
    risks = dict(RISK_WORDS)
    return render(
        request,
        "governance/control_live.html",
        {"list": page, "rows": [(row, risks[row.risk or ""]) for row in page.rows]},
    )


@permission_required("control.view")
@require_safe
def control_ungoverned(request: HttpRequest) -> HttpResponse:
    """Models in production that no decision brought there."""
    rows = ungoverned(request.user).select_related("team", "registry")
    page = ListPage(request, rows, search=("name", "team__name"), order=("name", "pk"))
    return render(request, "governance/control_ungoverned.html", {"list": page, "rows": page.rows})


@permission_required("control.view")
@require_safe
def control_blocked(request: HttpRequest) -> HttpResponse:
    """The requests that one gate is in the way of."""
    gate, titles = request.GET.get("gate", "")[:130], places()
    rows = [
        (row, titles.get(row.environment, row.environment), STATE_KINDS[row.state])
        for row in blocked_by(request.user, gate, timezone.now())
    ]
    return render(request, "governance/control_blocked.html", {"gate": gate, "rows": rows})


@permission_required("control.view")
@require_safe
def control_waivers(request: HttpRequest) -> HttpResponse:
    """Waivers that end within thirty days, the first to end first."""
    rows = ending_waivers(request.user, timezone.now()).select_related("model__team", "version", "by")
    page = ListPage(request, rows, search=("model__name", "gate"), order=("until", "pk"))
    return render(request, "governance/control_waivers.html", {"list": page, "rows": gates_named(page.rows)})


def _or_none(choices) -> list[tuple[str | None, object]]:
    return [(value or None, words) for value, words in choices]


def _as_table(rows):
    yield [_("Registry"), _("Model"), _("Version"), _("Team"), _("Risk"), _("Would it still pass?"), _("Since")]
    words, risks = dict(OUTCOME_WORDS), dict(RISK_WORDS)
    for row in rows:
        model = row.model
        of_model = [model.registry.name, model.name, row.version.number, model.team.name if model.team else ""]
        yield [*of_model, risks[row.risk or ""], words[row.outcome or ""], row.since.isoformat()]
