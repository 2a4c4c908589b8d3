"""What every audit's page shows: the newest audit or the named one, what is under way, what failed since."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from governance.models import Audit, ModelVersion
from governance.views.versions import version_context
from portal.jobs.models import Job


def audit_context(request: HttpRequest, version: ModelVersion, kind: str) -> dict:
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
