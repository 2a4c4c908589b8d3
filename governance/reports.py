"""The dossier of a version as a PDF: asked for, made by a job, handed out by the job's page."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from governance.dossier import dossier
from governance.models import ModelVersion
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job
from portal.pdf.actions import Subject, make_document, request_document
from portal.web.errors import Conflict

KIND = "report.dossier"


def request_report(*, version: ModelVersion, language: str, by) -> Job:
    """Ask for a version's dossier; the caller has found the version among those that `by` may see."""
    return request_document(kind=KIND, subject=_subject(version), language=language, by=by)


@job_kind(KIND, title=_("Dossier"), lease=60, deadline=600)
def run(job: Job, progress) -> dict:
    whole = ModelVersion.objects.select_related("model__team__unit", "model__registry", "model__profile__changed_by")
    version = whole.filter(pk=job.params["subject"]).first()
    if version is None:
        raise Conflict("pdf.gone")
    return make_document(
        job=job,
        progress=progress,
        subject=_subject(version),
        name=_file_name(version),
        template="pdf/dossier.html",
        context=lambda: dossier(version),
    )


def _subject(version: ModelVersion) -> Subject:
    return Subject("version", version.pk, str(version), version.team)


def _file_name(version: ModelVersion) -> str:
    name = re.sub(r"[^\w.-]+", "-", version.model.name).strip("-.")
    return f"dossier-{name[:120]}-{version.number}"


@login_required
@require_POST
def report(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Ask for the dossier in the language that was chosen, and go to its job."""
    seen = ModelVersion.objects.for_user(request.user).select_related("model__team")
    version = get_object_or_404(seen, model_id=pk, number=number)
    language = request.POST.get("language") or request.user.language
    job = request_report(version=version, language=language, by=request.user)
    return redirect("job", job.pk)


urlpatterns = [path("models/<int:pk>/versions/<int:number>/report/", report, name="version-report")]
