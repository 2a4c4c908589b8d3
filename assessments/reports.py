"""The maturity report of a team as a PDF: asked for, made by a job, handed out by the job's page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from assessments import catalogue
from assessments.report_content import maturity_report
from portal.accounts.models import Team
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job
from portal.pdf.actions import Subject, make_document, request_document
from portal.web.errors import Conflict

KIND = "report.maturity"
FRAMEWORK = "mlops-maturity"


def request_report(*, team: Team, language: str, by) -> Job:
    """Ask for a team's report; the caller has found the team among those that `by` may see."""
    return request_document(kind=KIND, subject=_subject(team), language=language, by=by)


@job_kind(KIND, title=_("Maturity report"), lease=60, deadline=600)
def run(job: Job, progress) -> dict:
    team = Team.objects.select_related("unit").filter(slug=job.params["subject"]).first()
    if team is None:
        raise Conflict("pdf.gone")
    return make_document(
        job=job,
        progress=progress,
        subject=_subject(team),
        name=f"maturity-{team.slug}",
        template="pdf/maturity.html",
        context=lambda: maturity_report(team, catalogue.current(FRAMEWORK)),
    )


def _subject(team: Team) -> Subject:
    return Subject("team", team.slug, team.name, team)


@login_required
@require_POST
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the report in the language that was chosen, and go to its job."""
    team = get_object_or_404(Team.objects.for_user(request.user), slug=slug)
    language = request.POST.get("language") or request.user.language
    job = request_report(team=team, language=language, by=request.user)
    return redirect("job", job.pk)


urlpatterns = [path("teams/<str:slug>/report/", report, name="team-report")]
