"""Contradictions: the list of a team, and one with what settles it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import catalogue, evidence_rules
from assessments.actions.contradictions import accept_mistaken, assign
from assessments.forms_levels import AssignForm, MistakenForm
from assessments.levels import fact_of
from assessments.models import Contradiction, ContradictionState, Evidence
from assessments.views.frame import in_framework, team_or_404, team_page
from assessments.views.team import title_of
from portal.web.acting import act
from portal.web.lists import Facet, ListPage


@login_required
@require_safe
def contradictions(request: HttpRequest, slug: str) -> HttpResponse:
    """Every contradiction of a team, the open ones first."""
    team = team_or_404(request, slug)
    found = ListPage(
        request,
        Contradiction.objects.for_user(request.user).filter(team=team).select_related("owner"),
        search=("criterion", "owner__name"),
        facets=[Facet("state", gettext_lazy("State"), choices=ContradictionState.choices)],
        order=("state", "due", "-opened_at", "pk"),
    )
    frameworks = catalogue.currents()
    rows = [(row, title_of(row, frameworks), frameworks.get(row.framework)) for row in found.rows]
    open_ones = Contradiction.objects.filter(team=team, state=ContradictionState.OPEN)
    context = team_page(request, team, "contradictions", list=found, rows=rows, today=timezone.localdate())
    context |= {"open": open_ones.count(), "late": open_ones.filter(due__lt=timezone.localdate()).count()}
    return render(request, "assessments/contradictions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contradiction(request: HttpRequest, pk: int) -> HttpResponse:
    """One contradiction: what is said, what was found, who settles it; a POST assigns it."""
    row = _row_or_404(request, pk)
    form = AssignForm(request.POST if request.method == "POST" else None, team=row.team, initial=_initial(row))
    if request.method == "POST" and form.is_valid():
        done, _result = act(form, assign, contradiction=row, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Saved."))
            return redirect("contradiction", pk)
    return _page(request, row, form=form)


@login_required
@require_POST
def mistaken(request: HttpRequest, pk: int) -> HttpResponse:
    """Find the evidence mistaken."""
    row = _row_or_404(request, pk)
    form = MistakenForm(request.POST)
    if form.is_valid():
        done, _result = act(form, accept_mistaken, contradiction=row, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("The evidence is set aside. The levels are computed anew."))
            return redirect("contradiction", pk)
    return _page(request, row, mistaken_form=form)


def _initial(row: Contradiction) -> dict:
    return {"owner": row.owner_id, "due": row.due}


def _row_or_404(request: HttpRequest, pk: int) -> Contradiction:
    rows = Contradiction.objects.for_user(request.user).select_related("team__unit", "owner", "resolved_by")
    return get_object_or_404(rows, pk=pk)


def _page(request: HttpRequest, row: Contradiction, **forms) -> HttpResponse:
    frameworks = catalogue.currents()
    model = frameworks.get(row.framework)
    criterion = model.by_id.get(row.criterion) if model else None
    facts = [fact_of(found) for found in Evidence.objects.filter(team=row.team)]
    refused = any(form.errors for form in forms.values())
    context = team_page(request, row.team, "contradictions")
    context |= {
        "row": row,
        "title": title_of(row, frameworks),
        "criterion": criterion,
        "model": model,
        "within": in_framework(model) if model else "",
        "weighed": evidence_rules.weigh(criterion, facts, timezone.now()) if criterion else None,
        "today": timezone.localdate(),
        "is_open": row.state == ContradictionState.OPEN,
        "may_assign": request.user.has_perm("contradiction.assign", row),
        "may_accept": request.user.has_perm("contradiction.accept", row),
        "shows_reason": request.user.is_insider(row.team),
        "form": forms.get("form") or AssignForm(team=row.team, initial=_initial(row)),
        "mistaken_form": forms.get("mistaken_form") or MistakenForm(),
        "shares": [one for one in frameworks.values() if row.practice in {c.practice for c in one.criteria}],
    }
    return render(request, "assessments/contradiction.html", context, status=422 if refused else 200)
