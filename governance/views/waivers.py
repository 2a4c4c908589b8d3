"""Exceptions to gates: the list of them, signing a waiver, deciding on an undecided gate, ending one early."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions.exceptions import can_sign, end_exception, gates_of, rule, waive
from governance.approval_forms import RulingForm, WaiverForm
from governance.models import ExceptionKind, GateException, Outcome, Promotion
from governance.verdict import judge_request
from governance.views.promotion_page import environment_facet
from portal.web.acting import act
from portal.web.lists import Facet, ListPage

WHOLE = ("version__model__team", "version__model__registry", "version__model__profile", "policy")


@login_required
@require_safe
def waiver_list(request: HttpRequest) -> HttpResponse:
    """Every exception that was signed, those that hold now first."""
    seen = GateException.objects.for_user(request.user)
    whole = "model__team", "version", "by"
    page = ListPage(
        request,
        seen.select_related(*whole),
        search=("model__name", "gate", "reason", "by__name"),
        facets=[
            Facet("kind", gettext_lazy("Kind"), choices=ExceptionKind.choices),
            environment_facet(),
        ],
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
    promotion = _find(request, pk)
    version, environment = promotion.version, promotion.environment
    gates = _choices(promotion, ExceptionKind.WAIVER, request.user)
    form = WaiverForm(request.POST or None, gates=gates, initial={"gate": request.GET.get("gate", "")})
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, waive, version=version, environment=environment, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Signed. The gate keeps its finding, and the waiver stands beside it."))
            return redirect("promotion", promotion.pk)
    context = {"promotion": promotion, "version": version, "form": form, "gates": gates}
    return render(request, "governance/waive.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on an undecided gate of a request."""
    promotion = _find(request, pk)
    judgement = judge_request(promotion)
    undecided = [one for one in judgement.verdict.results if one.outcome == Outcome.INCONCLUSIVE and not one.waived]
    gates = _choices(promotion, ExceptionKind.RULING, request.user, {one.id for one in undecided})
    shown = [one for one in undecided if one.id in dict(gates)]
    initial = {"gate": request.GET.get("gate", ""), "evidence": judgement.bound["evidence"]}
    form = RulingForm(request.POST or None, gates=gates, initial=initial)
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, rule, promotion=promotion, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Recorded. The gate stays undecided, and your decision stands beside it."))
            return redirect("promotion", promotion.pk)
    context = {"promotion": promotion, "version": promotion.version, "form": form, "shown": shown}
    return render(request, "governance/rule.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def waiver_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an exception before its time."""
    seen = GateException.objects.for_user(request.user).select_related("model__team", "version__model")
    end_exception(exception=get_object_or_404(seen, pk=pk), by=request.user)
    messages.success(request, _("Ended. Approvals that stood on it lapse."))
    return redirect("waivers")


def _find(request: HttpRequest, pk: int) -> Promotion:
    return get_object_or_404(Promotion.objects.for_user(request.user).select_related(*WHOLE), pk=pk)


def _choices(promotion: Promotion, kind: str, user, among: set[str] | None = None) -> list[tuple[str, str]]:
    """The gates of a request that the reader may sign such an exception to, by their titles."""
    version, environment = promotion.version, promotion.environment
    ja = (get_language() or "").startswith("ja")
    return [
        (key, gate.title.ja if ja else gate.title.en)
        for key, gate in gates_of(version, environment).items()
        if (among is None or key in among) and can_sign(kind, version, environment, gate, user)
    ]


def _may_end(row: GateException, user) -> bool:
    standing = row.ended_at is None and row.until > timezone.now()
    return standing and (row.by_id == user.pk or user.has_perm("promotion.decide", row))
