"""Waivers: which gates are passed by, why, by whose word and until when."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.actions.exceptions import can_waive, end_waiver, gates_of, waive
from governance.approval_forms import WaiverForm
from governance.models import ExceptionKind, GateException, Promotion
from portal.web.acting import act
from portal.web.lists import Facet, ListPage


@login_required
@require_GET
def waiver_list(request: HttpRequest) -> HttpResponse:
    """All waivers of models that one sees, those that hold first."""
    seen = GateException.objects.for_user(request.user).filter(kind=ExceptionKind.WAIVER)
    whole = "model__team", "version", "by"
    page = ListPage(
        request,
        seen.select_related(*whole),
        search=("model__name", "gate", "reason", "by__name"),
        facets=[Facet("environment", _("Environment"))],
        order="-until",
    )
    now = timezone.now()
    rows = [(row, row.ended_at is None and row.until > now, _may_end(row, request.user)) for row in page.rows]
    holding = seen.at(now).count()
    return render(request, "governance/waivers.html", {"list": page, "rows": rows, "holding": holding})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a waiver of one gate of a request."""
    seen = Promotion.objects.for_user(request.user)
    whole = "version__model__team", "version__model__registry", "version__model__profile", "policy"
    promotion = get_object_or_404(seen.select_related(*whole), pk=pk)
    version, environment = promotion.version, promotion.environment
    gates = {
        key: gate
        for key, gate in gates_of(version, environment).items()
        if can_waive(version, environment, gate, request.user)
    }
    ja = (get_language() or "").startswith("ja")
    choices = [(key, gate.title.ja if ja else gate.title.en) for key, gate in gates.items()]
    form = WaiverForm(request.POST or None, gates=choices, initial={"gate": request.GET.get("gate", "")})
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, waive, version=version, environment=environment, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Signed. The gate keeps its finding, and the waiver stands beside it."))
            return redirect("promotion", promotion.pk)
    context = {"promotion": promotion, "version": version, "form": form, "gates": gates}
    return render(request, "governance/waive.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def waiver_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a waiver before its time."""
    seen = GateException.objects.for_user(request.user).filter(kind=ExceptionKind.WAIVER)
    end_waiver(waiver=get_object_or_404(seen.select_related("model__team", "version__model"), pk=pk), by=request.user)
    messages.success(request, _("Ended. Approvals that stood on it lapse."))
    return redirect("waivers")


def _may_end(row: GateException, user) -> bool:
    standing = row.ended_at is None and row.until > timezone.now()
    return standing and (row.by_id == user.pk or user.has_perm("promotion.decide", row))
