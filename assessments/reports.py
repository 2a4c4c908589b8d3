"""Reports as PDFs: of a team, the portfolio, a campaign. Asked for, made by a job, handed out by its page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from assessments import catalogue
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from assessments.models import Campaign
from assessments.overview_content import campaign_report, portfolio_report
from assessments.report_content import maturity_report
from assessments.views.frame import framework
from portal.accounts.models import Team
from portal.accounts.permissions import permission_required, require
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job
from portal.pdf.actions import Subject, make_document, request_document
from portal.web.errors import Conflict

KIND, PORTFOLIO, CAMPAIGN = "report.maturity", "report.portfolio", "report.campaign"


def request_report(*, team: Team, language: str, by, framework: str = FRAMEWORK) -> Job:
    """Ask for a team's report; the caller has found the team among those that `by` may see."""
    params = {} if framework == FRAMEWORK else {"framework": framework}
    return request_document(kind=KIND, subject=_subject(team), language=language, by=by, params=params)


@job_kind(KIND, title=_("Maturity report"), lease=60, deadline=600)
def run(job: Job, progress) -> dict:
    team = Team.objects.select_related("unit").filter(slug=job.params["subject"]).first()
    model = _model(job)
    if team is None:
        raise Conflict("pdf.gone")
    return make_document(
        job=job,
        progress=progress,
        subject=_subject(team),
        name=f"maturity-{team.slug}" + ("" if model.key == FRAMEWORK else f"-{model.key}"),
        template="pdf/maturity.html",
        context=lambda: maturity_report(team, model),
    )


def request_portfolio(*, framework: str, language: str, by) -> Job:
    """Ask for the portfolio of what `by` may see."""
    require(by, "portfolio.view")
    return request_document(kind=PORTFOLIO, subject=_portfolio(by, framework), language=language, by=by)


@job_kind(PORTFOLIO, title=_("Portfolio report"), lease=60, deadline=600)
def run_portfolio(job: Job, progress) -> dict:
    reader, key = job.created_by, job.params["subject"]
    if reader is None or not reader.is_active or key not in catalogue.currents():
        raise Conflict("pdf.gone")
    require(reader, "portfolio.view")  # what it shows is what the reader may see now, not when it was asked for
    model = catalogue.current(key)
    return make_document(
        job=job,
        progress=progress,
        subject=_portfolio(reader, key),
        name=f"portfolio-{key}",
        template="pdf/portfolio.html",
        context=lambda: portfolio_report(reader, model),
    )


def request_campaign(*, campaign: Campaign, language: str, by) -> Job:
    """Ask for a campaign's report, with the teams that `by` may see."""
    return request_document(kind=CAMPAIGN, subject=_campaign(campaign), language=language, by=by)


@job_kind(CAMPAIGN, title=_("Campaign report"), lease=60, deadline=600)
def run_campaign(job: Job, progress) -> dict:
    reader = job.created_by
    campaign = Campaign.objects.select_related("created_by").filter(pk=job.params["subject"]).first()
    if campaign is None or reader is None or not reader.is_active:
        raise Conflict("pdf.gone")
    return make_document(
        job=job,
        progress=progress,
        subject=_campaign(campaign),
        name=f"campaign-{campaign.pk}",
        template="pdf/campaign.html",
        context=lambda: campaign_report(reader, campaign),
    )


def _model(job: Job) -> Framework:
    try:
        return catalogue.current(job.params.get("framework", FRAMEWORK))
    except KeyError:
        raise Conflict("pdf.gone") from None


def _subject(team: Team) -> Subject:
    return Subject("team", team.slug, team.name, team)


def _portfolio(reader, key: str) -> Subject:
    return Subject("portfolio", key, key, None)


def _campaign(campaign: Campaign) -> Subject:
    return Subject("campaign", campaign.pk, campaign.title, None)


def _language(request: HttpRequest) -> str:
    return request.POST.get("language") or request.user.language


@login_required
@require_POST
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the report in the language that was chosen, and go to its job."""
    team = get_object_or_404(Team.objects.for_user(request.user), slug=slug)
    model = framework(request)
    job = request_report(team=team, language=_language(request), by=request.user, framework=model.key)
    return redirect("job", job.pk)


@permission_required("portfolio.view")
@require_POST
def portfolio(request: HttpRequest) -> HttpResponse:
    """The same of the portfolio."""
    job = request_portfolio(framework=framework(request).key, language=_language(request), by=request.user)
    return redirect("job", job.pk)


@login_required
@require_POST
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """The same of a campaign."""
    found = get_object_or_404(Campaign.objects.for_user(request.user), pk=pk)
    return redirect("job", request_campaign(campaign=found, language=_language(request), by=request.user).pk)


urlpatterns = [
    path("teams/<str:slug>/report/", report, name="team-report"),
    path("portfolio/report/", portfolio, name="portfolio-report"),
    path("campaigns/<int:pk>/report/", campaign, name="campaign-report"),
]
