"""The list of models, and one model: what runs where, and is it sound?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time

from django.contrib.auth.decorators import login_required
from django.db.models import Max, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from governance.audit_kinds import kinds_for
from governance.evidence import latest_audits
from governance.lane import lane, placed_on
from governance.models import Audit, AuditKind, ModelVersion, Placement, Profile, RegisteredModel, Registry, Risk
from governance.titles import gates_named
from portal.accounts.models import Team
from portal.web.lists import Facet, ListPage

MOST_FINDINGS = 5  # on the model's page; the list has all


@login_required
@require_GET
def model_list(request: HttpRequest) -> HttpResponse:
    """All models that the user may see."""
    seen = (
        RegisteredModel.objects.for_user(request.user)
        .present()
        .filter(origin=None)  # copies for environments stand with what they copy
        .select_related("team", "registry", "profile")
        .annotate(newest=Max("versions__number"))
        .prefetch_related(
            Prefetch("placements", Placement.objects.filter(until=None).select_related("version"), to_attr="standing")
        )
    )
    teams = [(team.slug, team.name) for team in Team.objects.for_user(request.user)]
    facets = [
        Facet("team", _("Team"), field="team__slug", choices=teams),
        Facet("risk", _("Risk"), field="profile__risk", choices=Risk.choices),
        Facet("registry", _("Registry"), field="registry__slug"),
    ]
    page = ListPage(request, seen, search=("name", "description", "team__name"), facets=facets, order="name")
    behind = Registry.objects.filter(models__in=seen.values("pk")).distinct()
    stale = [registry for registry in behind if registry.stale]
    connected = Registry.objects.exists()
    context = {"list": page, "stale": stale, "connected": connected, "oversees": request.user.has_perm("control.view")}
    return render(request, "governance/models.html", context)


@login_required
@require_GET
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """One model."""
    model = get_object_or_404(
        RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile"), pk=pk
    )
    stops = lane(model)
    versions = ListPage(
        request,
        model.versions.prefetch_related("placements", newest_first()),
        search=("run_id", "author"),
        order="-number",
    )
    for version in versions.rows:
        # A plain dictionary: in a template, `.items` of a Counter is the count of "items".
        version.outcomes = dict(Counter(audit.outcome for audit in by_kind(version).values()))
    live = next((stop.placement for stop in reversed(stops) if stop.placement), None)
    elsewhere = dict.fromkeys(stop.placement.elsewhere for stop in stops if stop.placement and stop.placement.elsewhere)
    shown = live.version if live else model.versions.present().first()
    audits = latest_audits(shown) if shown else {}
    context = {
        "model": model,
        "profile": getattr(model, "profile", None),
        "stops": stops,
        "registries": [model.registry, *elsewhere],
        "strange": [stop for stop in stops if not stop.agrees],
        "findings": model.findings.for_user(request.user).open().order_by("due", "pk")[:MOST_FINDINGS],
        "exceptions": gates_named(
            model.gate_exceptions.at(timezone.now()).select_related("version", "by").order_by("until")
        ),
        "list": versions,
        "shown": shown,
        "is_live": bool(live),
        "live": live,
        "audits": audit_rows(getattr(model, "profile", None), audits),
        **_on_a_day(request, model, stops),
    }
    return render(request, "governance/model.html", context)


def audit_rows(profile: Profile | None, audits: Mapping[str, Audit]) -> list[tuple[str, Audit | None]]:
    """The audits that such a model is to have, and those it has beside them."""
    expected = kinds_for(profile)
    return [(kind.value, audits.get(kind)) for kind in AuditKind if kind in expected or kind in audits]


def newest_first() -> Prefetch:
    """Audits without their results, which are large."""
    return Prefetch("audits", Audit.objects.defer("result").order_by("id"))


def by_kind(version: ModelVersion) -> dict[str, Audit]:
    """The newest audit of each kind, of prefetched ones."""
    return {audit.kind: audit for audit in version.audits.all()}


def _on_a_day(request: HttpRequest, model: RegisteredModel, stops) -> dict:
    """What ran on a date, at its end, in the last environment of the lane."""
    text = request.GET.get("on", "")
    try:
        day = parse_date(text) if text else None
    except ValueError:
        day = None
    if day is None or not stops:
        return {"on": text, "on_error": bool(text)}
    try:
        end = timezone.make_aware(datetime.combine(day, time.max))
        end.astimezone(UTC)
    except OverflowError:
        return {"on": text, "on_error": True}
    return {"on": text, "on_day": day, "on_placement": placed_on(model, stops[-1].key, end), "on_stop": stops[-1]}
