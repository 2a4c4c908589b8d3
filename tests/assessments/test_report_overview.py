"""The reports of many teams: the portfolio, and a campaign; and the team's report in every framework."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from assessments import catalogue, portfolio
from assessments.actions.campaigns import create_campaign
from assessments.overview_content import campaign_report
from assessments.reports import request_campaign, request_portfolio, request_report
from portal.accounts.models import Team, Unit
from portal.jobs.models import Job, State
from portal.pdf.models import Document
from portal.web.errors import Forbidden


@pytest.fixture
def printed(run_jobs):
    """`printed(job)`: the text of the PDF, page by page and without white space."""

    def read(job: Job) -> list[str]:
        run_jobs()
        job.refresh_from_db()
        assert job.state == State.DONE, job.error
        pages = PdfReader(Document.objects.get(job=job).file).pages
        return ["".join(page.extract_text().split()) for page in pages]

    return read


def squeezed(words: str) -> str:
    return "".join(words.split())


def test_the_portfolios_first_page_is_for_management(cast, submitted, framework, printed):
    pages = printed(request_portfolio(framework=framework.key, language="en", by=cast.auditor))
    shown = portfolio.portfolio(cast.auditor, framework)
    weakest = shown.whole.weakest
    assert squeezed(f"The weakest link is {weakest.team.name}, on level {weakest.cell.level}:") in pages[0]
    assert squeezed(weakest.criterion.title.en) in pages[0]
    assert squeezed("Not assessed yet: 1 of 2.") in pages[0]
    assert "Imaging" in "".join(pages[1:])


def test_a_portfolio_is_of_what_its_reader_may_see_and_only_theirs(cast, submitted, framework, printed, as_user):
    Team.objects.create(unit=Unit.objects.create(name="Wholesale"), name="Credit Lines", slug="credit-lines")
    job = request_portfolio(framework=framework.key, language="ja", by=cast.manager)
    text = "".join(printed(job))
    assert "ポートフォリオ" in text
    assert "CreditRisk" in text
    assert "CreditLines" not in text
    assert "Wholesale" not in text
    document = Document.objects.get(job=job)
    address = reverse("document", args=[document.pk])
    handed = as_user(cast.manager).get(address)
    assert handed.getvalue().startswith(b"%PDF")
    assert as_user(cast.member).get(address).status_code == 404


def test_a_member_cannot_ask_for_the_portfolio(cast, framework, as_user):
    with pytest.raises(Forbidden):
        request_portfolio(framework=framework.key, language="en", by=cast.member)
    assert as_user(cast.member).post("/portfolio/report/").status_code == 403
    assert as_user(cast.manager).post("/portfolio/report/").status_code == 302


def test_a_campaigns_report_counts_as_its_page(cast, submitted, framework, printed, as_user):
    made = create_campaign(
        title="Autumn",
        framework=framework,
        teams=[cast.team, cast.other_team],
        due=timezone.localdate() + timedelta(days=30),
        note="",
        by=cast.admin,
    )
    content = campaign_report(cast.admin, made)
    html = as_user(cast.admin).get(f"/campaigns/{made.pk}/").content.decode()
    assert f"<b>{content['done']} of {content['total']} teams have submitted.</b>" in html
    pages = printed(request_campaign(campaign=made, language="en", by=cast.admin))
    assert squeezed(f"{content['done']} of {content['total']} teams have submitted.") in pages[0]
    assert "CreditRisk" in pages[1]
    assert as_user(cast.admin).post(f"/campaigns/{made.pk}/report/").status_code == 302
    assert as_user(cast.admin).get(f"/campaigns/{made.pk}/csv/?format=xlsx").status_code == 200


def test_every_framework_is_printed_for_a_team(cast, printed):
    for language, (key, model) in zip(cycle(("en", "ja")), catalogue.currents().items(), strict=False):
        pages = printed(request_report(team=cast.team, language=language, by=cast.member, framework=key))
        assert squeezed(model.title.in_(language)) in pages[0]
        if model.is_checklist:
            assert "Level0" not in pages[0] + pages[1]


def test_the_pages_ask_for_the_framework_they_show(cast, as_user):
    html = as_user(cast.member).get("/teams/credit-risk/?framework=cd4ml").content.decode()
    assert 'action="/teams/credit-risk/report/?framework=cd4ml"' in html
    as_user(cast.member).post("/teams/credit-risk/report/?framework=cd4ml", {"language": "en"})
    assert Job.objects.get(kind="report.maturity").params["framework"] == "cd4ml"
