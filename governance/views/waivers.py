"""Exceptions to gates: the list of them, signing a waiver, deciding on an undecided gate, ending one early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions.exceptions import can_sign, end_exception, gates_of, rule, signing_of, waive
from governance.approval_forms import RulingForm, WaiverForm
from governance.gates import GateResult, Verdict
from governance.models import ExceptionKind, GateException, Outcome, Promotion, PromotionState
from governance.policy import Gate
from governance.titles import gates_named
from governance.verdict import judge_request
from governance.views.promotion_page import environment_facet
from portal.web.acting import act
from portal.web.lists import Facet, ListPage
from portal.web.say import localised

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
    rows = [
        (row, title, row.ended_at is None and row.until > now, _may_end(row, request.user))
        for row, title in gates_named(page.rows)
    ]
    holding = seen.at(now).count()
    return render(request, "governance/waivers.html", {"list": page, "rows": rows, "holding": holding})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a waiver of one gate of a request."""
    promotion = _find(request, pk)
    version, environment = promotion.version, promotion.environment
    shown = _signable(promotion, ExceptionKind.WAIVER, request.user, _results(promotion))
    form = WaiverForm(request.POST or None, gates=_choices(shown), initial={"gate": request.GET.get("gate", "")})
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, waive, version=version, environment=environment, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Signed. The gate keeps its finding, and the waiver stands beside it."))
            return redirect("promotion", promotion.pk)
    context = {"promotion": promotion, "version": version, "form": form, "shown": shown}
    return render(request, "governance/waive.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on an undecided gate of a request."""
    promotion = _find(request, pk)
    judgement = judge_request(promotion)
    results = judgement.verdict.results
    undecided = {one.id: one for one in results if one.outcome == Outcome.INCONCLUSIVE and not one.waived}
    signable = _signable(promotion, ExceptionKind.RULING, request.user, undecided)
    shown = [one for one in signable if one.result]
    initial = {"gate": request.GET.get("gate", ""), "evidence": judgement.bound["evidence"]}
    form = RulingForm(request.POST or None, gates=_choices(shown), initial=initial)
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


@dataclass(frozen=True)
class Signable:
    """A gate that the reader may sign an exception to: what it says, and for how long that may be."""

    gate: Gate
    result: GateResult | None
    days: int
    last: date


def _results(promotion: Promotion) -> dict[str, GateResult]:
    """What each gate of a request says: now while it is open, else as it was frozen."""
    if promotion.state == PromotionState.OPEN:
        verdict = judge_request(promotion).verdict
    elif promotion.verdict:
        verdict = Verdict.from_json(promotion.verdict)
    else:
        return {}
    return {result.id: result for result in verdict.results}


def _signable(promotion: Promotion, kind: str, user, results: dict[str, GateResult]) -> list[Signable]:
    """The gates of a request that the reader may sign such an exception to."""
    version, environment, found = promotion.version, promotion.environment, []
    for key, gate in gates_of(version, environment).items():
        if can_sign(kind, version, environment, gate, user):
            days = signing_of(kind, gate).max_days
            last = timezone.localdate() + timedelta(days=days - 1)  # to its end it must not last longer
            found.append(Signable(gate, results.get(key), days, last))
    return found


def _choices(gates: list[Signable]) -> list[tuple[str, str]]:
    return [(one.gate.id, localised(one.gate.title)) for one in gates]


def _may_end(row: GateException, user) -> bool:
    standing = row.ended_at is None and row.until > timezone.now()
    return standing and (row.by_id == user.pk or user.has_perm("promotion.decide", row))
