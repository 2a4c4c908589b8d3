"""Two versions of a model side by side."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance.auditing.live import live_version
from governance.comparison import compare
from governance.models import ModelVersion, RegisteredModel

MOST_OFFERED = 100


@login_required
@require_safe
def version_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """`?one=3&other=4`; without, the newest version beside the one that is live, or else beside its predecessor."""
    model = get_object_or_404(
        RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile"), pk=pk
    )
    offered = list(model.versions.order_by("-number")[:MOST_OFFERED])
    numbers = [version.number for version in offered]
    other = _asked(request, "other", model) or (offered[0] if offered else None)
    one = _asked(request, "one", model) or (_beside(other, offered) if other else None)
    context = {
        "model": model,
        "profile": getattr(model, "profile", None),
        "offered": numbers,
        "one": one,
        "other": other,
        "comparison": compare(one, other) if one and other and one != other else None,
    }
    return render(request, "governance/compare.html", context)


def _asked(request: HttpRequest, name: str, model: RegisteredModel) -> ModelVersion | None:
    """The version that the address names; 404 for one that the model does not have."""
    asked = request.GET.get(name, "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        return None
    return get_object_or_404(model.versions.select_related("model"), number=int(asked))


def _beside(version: ModelVersion, offered: list[ModelVersion]) -> ModelVersion | None:
    live = live_version(version)
    return live or next((older for older in offered if older.number < version.number), None)
