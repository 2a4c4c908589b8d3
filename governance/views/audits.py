"""The three audits of a version, a page each: lineage, fairness, explanation."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance.models import Audit, AuditKind, ModelVersion
from governance.verdict import environments
from governance.views.audit_export import export
from governance.views.explanation_figures import explanation_view
from governance.views.fairness_figures import fairness_view
from governance.views.lineage_figures import items_of, lineage_view
from governance.views.versions import find_version, version_context
from portal.jobs.models import Job


@login_required
@require_safe
def lineage(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What made this version, and what is not on record of it?"""
    version = find_version(request, pk, number)
    context = _context(request, version, AuditKind.LINEAGE)
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
    context = _context(request, find_version(request, pk, number), AuditKind.FAIRNESS)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        asked = request.GET.get("measure", ""), request.GET.get("groups", "")
        context["figures"] = fairness_view(context["audit"].result, *asked)
    return render(request, "governance/fairness.html", context)


@login_required
@require_safe
def explanation(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What drove it?"""
    context = _context(request, find_version(request, pk, number), AuditKind.EXPLANATION)
    if context["asked_format"]:
        return export(context["audit"], context["asked_format"])
    if context["has_result"]:
        context["figures"] = explanation_view(context["audit"].result, request.GET.get("row", ""))
    return render(request, "governance/explanation.html", context)


def _context(request: HttpRequest, version: ModelVersion, kind: str) -> dict:
    """The audit shown (the newest, or the one that the URL names), what is under way, and what failed since."""
    context = version_context(request, version)
    newest = context["audit_of"].get(kind)
    audit = _named(request, version, kind) or newest
    job_kind = f"audit.{kind}"
    failed = (
        Job.objects.for_user(request.user).about("version", version.pk).filter(kind=job_kind, state="failed").first()
    )
    asked = request.GET.get("format", "") if audit else ""
    return context | {
        "kind": kind,
        "audit": audit,
        "newest": newest if newest and newest != audit else None,
        "has_result": bool(audit and audit.result.get("schema") == f"sekisho.{kind}/1"),
        "under_way": [job for job in context["jobs"] if job.kind == job_kind],
        "failed_job": failed if failed and (newest is None or failed.ended_at > newest.created_at) else None,
        "may_audit": request.user.has_perm("audit.request", version),
        "asked_format": asked if asked in ("csv", "json") else "",
    }


def _named(request: HttpRequest, version: ModelVersion, kind: str) -> Audit | None:
    """An older audit, by `?audit=`: what a promotion was judged on stays to be seen."""
    asked = request.GET.get("audit", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 18):
        raise Http404
    return get_object_or_404(version.audits, kind=kind, pk=int(asked))
