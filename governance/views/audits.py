"""The audits of a version, a page each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.models import AuditKind, EvaluationSetUse, ModelVersion, SetRole
from governance.suppression import without_values
from governance.verdict import environments
from governance.views.audit_export import export
from governance.views.audit_page import audit_context
from governance.views.drift_figures import drift_view
from governance.views.explanation_figures import explanation_view
from governance.views.fairness_figures import fairness_view
from governance.views.fairness_plain import headline, plain_words
from governance.views.lineage_figures import items_of, lineage_view
from governance.views.performance_figures import performance_view
from governance.views.safety_figures import safety_view
from governance.views.versions import find_version


@login_required
@require_safe
def lineage(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What made this version, and what is not on record of it?"""
    version = find_version(request, pk, number)
    context = audit_context(request, version, AuditKind.LINEAGE)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    named = {environment.alias: environment.title for environment in environments().values()}
    context["picture"] = lineage_view(version.lineage, named)
    context["items"] = items_of(context["audit"])
    context["lacking"] = [item for item in context["items"] if item["outcome"] != "pass" and item["remedy"]]
    return render(request, "governance/lineage.html", context)


@login_required
@require_safe
def fairness(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Is anyone treated worse, and are we sure?"""
    context = audit_context(request, find_version(request, pk, number), AuditKind.FAIRNESS)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        asked = request.GET.get("measure", ""), request.GET.get("groups", "")
        context["figures"] = figures = fairness_view(context["audit"].result, *asked)
        context["headline"] = headline(context["audit"].message)
        context["plain"] = plain_words(context["audit"].result, figures.decisive)
    return render(request, "governance/fairness.html", context)


@login_required
@require_safe
def explanation(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What drove it?"""
    context = audit_context(request, find_version(request, pk, number), AuditKind.EXPLANATION)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        result = context["audit"].result
        if not _may_see_rows(request.user, context["audit"].version):
            result = result | {"local": without_values(result.get("local"))}
        context["figures"] = explanation_view(result, request.GET.get("row", ""))
    return render(request, "governance/explanation.html", context)


def _may_see_rows(user, version: ModelVersion) -> bool:
    """Whether what stands in an explained row is for the user: its set's owner says who sees rows."""
    gold = EvaluationSetUse.objects.filter(model=version.model_id, role=SetRole.GOLD).select_related("set__team")
    return all(user.has_perm("evaluation.rows", use.set) for use in gold)


@login_required
@require_safe
def performance(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """How good is it, how sure are we, and where is it worst?"""
    context = audit_context(request, find_version(request, pk, number), AuditKind.PERFORMANCE)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        asked = request.GET.get("column", ""), request.GET.get("all", "") == "1"
        context["figures"] = performance_view(context["audit"].result, *asked)
    return render(request, "governance/performance.html", context)


@login_required
@require_safe
def drift(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Has what comes in, or what goes out, changed?"""
    context = audit_context(request, find_version(request, pk, number), AuditKind.DRIFT)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        explained = context["audit_of"].get(AuditKind.EXPLANATION)
        importance = explained.result.get("importance") if explained and explained.outcome == "pass" else None
        whole = request.GET.get("show") == "all"
        context["figures"] = drift_view(context["audit"].result, importance or (), whole=whole)
    return render(request, "governance/drift.html", context)


@login_required
@require_safe
def safety(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What would it load and run, and can its answers be repeated?"""
    context = audit_context(request, find_version(request, pk, number), AuditKind.SAFETY)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        context["figures"] = safety_view(context["audit"].result)
    return render(request, "governance/safety.html", context)
