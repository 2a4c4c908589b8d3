"""The maturity report of a team: levels, criteria, roadmap and names in both languages, and who gets it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from assessments.actions.roadmap import take_up
from assessments.models import Evidence
from assessments.report_content import maturity_report
from assessments.reports import KIND, request_report
from portal.accounts.models import Visibility
from portal.jobs.models import Job, State
from portal.ledger.models import Event
from portal.pdf.models import Document

HOSTILE = '<img src="file:///etc/passwd"><script>alert(1)</script>'


@pytest.fixture
def printed(cast, run_jobs):
    """`printed(team, language)` gives the text of the report as the worker printed it, without white space."""

    def make_it(team, language="en", by=None) -> str:
        job = request_report(team=team, language=language, by=by or cast.member)
        run_jobs()
        job.refresh_from_db()
        assert job.state == State.DONE, job.error
        pages = PdfReader(Document.objects.get(job=job).file).pages
        return squeezed("\n".join(page.extract_text() for page in pages))

    return make_it


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_submitted_assessment_is_printed_with_all_that_belongs_to_it(cast, submitted, framework, printed, as_user):
    """One print for all that it must say, since printing takes seconds."""
    (item,) = take_up(
        team=cast.team, framework=framework, criteria=["release.versioned"], by=cast.member, owner=cast.manager
    )
    text = printed(cast.team)
    assert_levels_criteria_and_people(text, framework)
    assert_the_way_that_the_page_shows_and_what_is_in_work(text, cast, framework, item, as_user)
    assert_the_ledgers_entries_are_named_and_answers_counted(text)
    job = Job.objects.get(kind=KIND)
    page = as_user(cast.member).get(reverse("job", args=[job.pk])).content.decode()
    assert job.result["url"] in page  # the job's page hands it out


def assert_levels_criteria_and_people(text: str, framework) -> None:
    for part in (
        "Maturity report",
        "Credit Risk, Retail",
        "Official level",
        "Level 0, which requires nothing.",
        "Ono (manager of the team Credit Risk)",
        "Ito",
        "member of the team Credit Risk",
        "Roadmap to the next level",
        "Twelve months",
        "unknown is never yes",
        "Glossary",
        "Claimed level",
        framework.digest,
    ):
        assert squeezed(part) in text, part
    for criterion in framework.criteria:
        assert squeezed(criterion.title.en) in text, criterion.id


def assert_the_way_that_the_page_shows_and_what_is_in_work(text: str, cast, framework, item, as_user) -> None:
    part = maturity_report(cast.team, framework)["roadmap"]
    html = as_user(cast.member).get("/teams/credit-risk/roadmap/").content.decode()
    assert f"<b>Steps: {len(part['steps'])}.</b>" in html
    assert [line.item for line in part["items"]] == [item]
    assert squeezed(f"Steps: {len(part['steps'])}.") in text
    assert squeezed("What is released is under version control") in text


def assert_the_ledgers_entries_are_named_and_answers_counted(text: str) -> None:
    event = Event.objects.get(action="assessment.submit")
    assert event.leaf_hash in text
    answers = Event.objects.filter(action="assessment.answer").count()
    assert squeezed(f"not listed here: {answers}.") in text
    assert "Nothinghereissigned" in text


def test_it_is_japanese_throughout_where_japanese_was_asked_for(cast, submitted, framework, printed):
    text = printed(cast.team, "ja", by=cast.japanese)
    for part in ("成熟度レポート", "申告", "実証", "用語集", "台帳の参照番号", "次のレベルへのロードマップ", "JST"):
        assert part in text, part
    for criterion in framework.criteria:
        assert squeezed(criterion.title.ja) in text, criterion.id
    for english in ("Summary", "Glossary", "Claimed", "Evidenced", "recommended", "Level1", "No evidence"):
        assert squeezed(english) not in text, english


def test_what_nobody_has_submitted_is_no_claim(cast, draft, answer, framework, printed):
    """A draft and its notes stay out, stale evidence is marked, and hostile text is printed."""
    answer(draft, framework.of("training", level=1)[0].id, "yes", "Our secret note")
    long_ago = timezone.now() - timezone.timedelta(days=120)
    Evidence.objects.create(
        team=cast.team, fact="team.members", source="team", grade="A", value=3, detail=HOSTILE, observed_at=long_ago
    )
    text = printed(cast.team)
    assert squeezed("Not assessed yet.") in text
    assert squeezed("Nobody has submitted an assessment yet.") in text
    assert squeezed("secret note") not in text
    assert "120stale" in text
    assert squeezed("<script>alert(1)</script>") in text


def test_the_roadmap_numbers_what_each_step_waits_for(cast, submitted, framework):
    lines = maturity_report(cast.team, framework)["roadmap"]["steps"]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(before < line.number for line in lines for before in line.after)


# Asking


def test_asking_leads_to_the_job_in_the_language_that_was_chosen(cast, as_user):
    address = reverse("team-report", args=[cast.team.slug])
    answer = as_user(cast.member).post(address, {"language": "ja"})
    job = Job.objects.get(kind=KIND)
    assert answer.url == reverse("job", args=[job.pk])
    assert job.params["language"] == "ja"


def test_without_a_choice_the_readers_own_language_is_taken(cast, as_user):
    as_user(cast.japanese).post(reverse("team-report", args=[cast.team.slug]))
    assert Job.objects.get(kind=KIND).params == {"subject": "credit-risk", "language": "ja", "timezone": "Asia/Tokyo"}


def test_a_foreign_team_is_not_there(cast, as_user):
    address = reverse("team-report", args=[cast.team.slug])
    assert as_user(cast.stranger).post(address, {"language": "en"}).status_code == 404
    assert not Job.objects.exists()
    cast.team.visibility = Visibility.ORGANISATION
    cast.team.save()
    assert as_user(cast.stranger).post(address, {"language": "en"}).status_code == 302


def test_the_teams_page_offers_the_report(cast, as_user):
    page = as_user(cast.member).get(reverse("team", args=[cast.team.slug])).content.decode()
    assert reverse("team-report", args=[cast.team.slug]) in page
    assert 'name="language" value="ja"' in page
