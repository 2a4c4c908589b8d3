"""What ran on a day, who approved it, and on which data."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from governance.models import RegisteredModel
from governance.placements import day, described, within
from governance.verdict import environments


@login_required
@require_safe
def model_on(request: HttpRequest, pk: int) -> HttpResponse:
    """All that stood in each environment at some time of the day; today unless another is asked for."""
    whole = RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile")
    model = get_object_or_404(whole, pk=pk)
    text = request.GET.get("date", "")
    span = _span(text) if text else day(timezone.localdate())
    rows = model.placements.select_related("version", "promotion__requested_by", "copy__model__registry")
    found = described(within(rows, *span).order_by("since", "seq")) if span else []
    titles = {key: environment.title for key, environment in environments().items()}
    named = dict.fromkeys([*titles, *(place.placement.environment for place in found)])
    stops = [(titles.get(key, key), [place for place in found if place.placement.environment == key]) for key in named]
    context = {
        "model": model,
        "profile": getattr(model, "profile", None),
        "date": text or timezone.localdate().isoformat(),
        "day": span[0] if span else None,
        "stops": stops,
    }
    return render(request, "governance/on_date.html", context, status=200 if span else 422)


def _span(text: str):
    try:
        which = parse_date(text)
        return day(which) if which else None
    except (ValueError, OverflowError):
        return None
