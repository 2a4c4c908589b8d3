"""Findings: the list, and one with what was expected, what was found, and who sees to it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from governance.actions.findings import SHOWN, assign, resolve, who_may_settle
from governance.at_hand import named
from governance.finding_forms import AssignForm, ResolveForm
from governance.findings import UNEXPLAINED
from governance.models import Finding, FindingState, Outcome, Severity
from governance.texts_findings import KINDS
from governance.views.promotion_page import places
from portal.accounts.facets import team_facet
from portal.web.acting import act
from portal.web.lists import Facet, ListPage

RELATED = ("model__team", "model__registry", "version", "registry", "owner", "resolved_by", "promotion")
PLACED = ("promotion__move", "placement__version", "placement__model", "placement__copy__model__registry")
EMERGENCIES = ("review", "unjustified")
STATES = ((FindingState.OPEN, gettext_lazy("Not settled")), (FindingState.RESOLVED, gettext_lazy("Settled")))
GLYPHS = {"low": "warn", "high": "fail", "critical": "fail"}


@login_required
@require_safe
def finding_list(request: HttpRequest) -> HttpResponse:
    """Everything that was found, the open ones first."""
    unexplained = Case(When(kind__in=UNEXPLAINED, then=Value("no")), default=Value("yes"))
    seen = Finding.objects.for_user(request.user).annotate(explained=unexplained)
    facets = [
        Facet("state", gettext_lazy("State"), choices=STATES),
        Facet("severity", gettext_lazy("Severity"), choices=Severity.choices),
        Facet("kind", gettext_lazy("Kind"), choices=lambda: _kinds_among(seen)),
        Facet("explained", gettext_lazy("Moves"), choices=[("no", gettext_lazy("explained by no decision"))]),
        team_facet(request.user, field="model__team__slug"),
    ]
    search = ("model__name", "model__team__name", "owner__name", "registry__name")
    page = ListPage(
        request, seen.select_related(*RELATED), search=search, facets=facets, order=("state", "due", "-opened_at", "pk")
    )
    open_ones, today = seen.open(), timezone.localdate()
    context = {
        "list": page,
        "rows": [(row, kind_of(row), GLYPHS[row.severity]) for row in page.rows],
        "open": open_ones.count(),
        "late": open_ones.filter(due__lt=today).count(),
        "today": today,
    }
    return render(request, "governance/findings.html", context)


@login_required
@require_safe
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding."""
    return _page(request, _find(request, pk))


@login_required
@require_POST
def finding_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who sees to it."""
    row = _find(request, pk)
    form = AssignForm(request.POST, finding=row)
    if form.is_valid():
        done, _result = act(form, assign, finding=row, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Saved."))
            return redirect("finding", pk)
    return _page(request, row, form=form)


@login_required
@require_POST
def finding_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle it with a reason."""
    row = _find(request, pk)
    form = ResolveForm(request.POST, finding=row, by=request.user)
    if form.is_valid():
        done, _result = act(form, resolve, finding=row, by=request.user, **form.given())
        if done:
            messages.success(request, _("Settled with your reason."))
            return redirect("finding", pk)
    return _page(request, row, resolve_form=form)


def _kinds_among(rows: QuerySet) -> list[tuple[str, str]]:
    """Those that occur: there are too many for all to be offered."""
    there = set(rows.order_by().values_list("kind", flat=True).distinct())
    return [(kind, _(word)) for kind, word in KINDS.items() if kind in there]


def kind_of(row: Finding) -> str:
    """The kind in words; a kind that nobody named shows its code."""
    return _(KINDS[row.kind]) if row.kind in KINDS else row.kind


def _find(request: HttpRequest, pk: int) -> Finding:
    return get_object_or_404(Finding.objects.for_user(request.user).select_related(*RELATED, *PLACED), pk=pk)


def _page(request: HttpRequest, row: Finding, **forms) -> HttpResponse:
    refused = any(form.errors for form in forms.values())
    is_open = row.state == FindingState.OPEN
    may_resolve = is_open and _may_resolve(request.user, row)
    context = {
        "row": row,
        "kind": kind_of(row),
        "glyph": GLYPHS[row.severity],
        "is_open": is_open,
        "shown": row.kind in SHOWN,
        "compared": _compared(row),
        "emergency": row.kind in EMERGENCIES and row.promotion is not None,
        "move": getattr(row.promotion, "move", None),
        "place": places().get(row.environment, row.environment),
        "today": timezone.localdate(),
        "may_assign": is_open and request.user.has_perm("finding.assign", row),
        "may_resolve": may_resolve,
        "settle": named("settle", "", who_may_settle(row)) if is_open and not may_resolve else None,
        "form": forms.get("form") or AssignForm(finding=row),
        "resolve_form": forms.get("resolve_form") or ResolveForm(finding=row, by=request.user),
    }
    return render(request, "governance/finding.html", context, status=422 if refused else 200)


def _may_resolve(user, row: Finding) -> bool:
    return user.has_perm("finding.resolve", row) and str(user.pseudonym) not in row.detail.get("not_by", ())


def _compared(row: Finding) -> list[tuple[str, object, object]]:
    """What was expected beside what was found, name by name where it is a map."""
    if "expected" not in row.detail and "found" not in row.detail:
        return []
    expected, found = row.detail.get("expected"), row.detail.get("found")
    if row.kind == "not_passing":
        words = dict(Outcome.choices)
        return [("", words.get(expected, expected), words.get(found, found))]
    if isinstance(expected, dict) or isinstance(found, dict):
        expected, found = expected or {}, found or {}
        return [(name, expected.get(name), found.get(name)) for name in sorted({*expected, *found})][:50]
    return [(row.detail.get("alias") or "", expected, found)]
