"""One version: where it came from, what its audits found, and whether it could go on."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from governance.actions.audits import request_audits
from governance.evidence import latest_audits
from governance.models import AuditKind, ModelVersion
from governance.requesters import would_ask
from governance.supplied import newest_facts
from governance.verdict import environments, verdict_for
from governance.views.models import audit_rows
from portal.jobs.models import Job


def find_version(request: HttpRequest, pk: int, number: int) -> ModelVersion:
    """The version if the user may see it, else 404."""
    seen = ModelVersion.objects.for_user(request.user).select_related(
        "model__team", "model__registry", "model__profile"
    )
    return get_object_or_404(seen, model_id=pk, number=number)


def version_context(request: HttpRequest, version: ModelVersion) -> dict:
    """What every page of a version shows."""
    audits = latest_audits(version)
    profile = getattr(version.model, "profile", None)
    return {
        "version": version,
        "model": version.model,
        "profile": profile,
        "audits": audit_rows(profile, audits),
        "audit_of": audits,
        "jobs": list(Job.objects.for_user(request.user).about("version", version.pk).active()),
        "promotions": list(version.promotions.all()[:5]),
    }


MOST_NAMED_ROWS = 20


@login_required
@require_GET
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The overview, with what each environment's policy would say now."""
    found = find_version(request, pk, number)
    context = version_context(request, found)
    asked_by = would_ask(found, request.user)
    context["preflight"] = [
        (key, environment, verdict_for(found, key, asked_by=asked_by)) for key, environment in environments().items()
    ]
    context["told"] = newest_facts(found)
    failed = Job.objects.for_user(request.user).about("version", found.pk).filter(state="failed").first()
    newest = max((audit.created_at for _, audit in context["audits"] if audit), default=None)
    context["failed_job"] = failed if failed and (newest is None or failed.ended_at > newest) else None
    return render(request, "governance/version.html", context)


@login_required
@require_POST
def version_audit(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Ask for audits anew."""
    found = find_version(request, pk, number)
    kinds = [kind for kind in request.POST.getlist("kind") if kind in AuditKind.values]
    rows = [row.strip()[:200] for row in request.POST.get("rows", "").split(",") if row.strip()][:MOST_NAMED_ROWS]
    request_audits(version=found, by=request.user, kinds=kinds, rows=rows if kinds == [AuditKind.EXPLANATION] else ())
    messages.success(request, _("The audits are in the queue."))
    return redirect("version", pk, number)
