"""The pages of a review: queue, overview, one answer a page, table, signature, sending back, and the record after."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import actions
from assessments.actions import review
from assessments.framework import shipped
from assessments.models import Assessment, CriterionReview, Evidence
from assessments.reviewing import reviewing
from portal.accounts.models import Membership, Team, User
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
SCRIPT = {"X-Autosave": "1"}
CODE = "training.code-hosted"


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.fixture
@remembered
def claimed(cast, draft, answer, framework):
    for criterion in framework.criteria:
        if criterion.required and criterion.level == 1:
            answer(draft, criterion.id, note="Look at the wiki.")
    return actions.submit(assessment=draft, by=cast.manager)


@pytest.fixture
@remembered
def judged(cast, claimed):
    for item in reviewing(claimed).first:
        review.save_verdict(
            assessment=claimed, criterion=item.criterion.id, verdict="confirmed", note="", rev=0,
            answer_rev=item.answer.rev, by=cast.reviewer,
        )  # fmt: skip
    return claimed


def url(found, rest=""):
    return f"/reviews/{found.pk}/{rest}"


def given(found, criterion=CODE, verdict="confirmed", note="", rev=0, **more):
    answer_rev = found.answers.get(criterion=criterion).rev
    return {"verdict": verdict, "note": note, "rev": rev, "answer_rev": answer_rev, **more}


def test_the_queue_shows_what_waits(as_user, cast, claimed):
    html = page(as_user(cast.reviewer).get("/reviews/"))
    assert "Assessments that wait for a review: 1." in html
    assert f'href="{url(claimed)}"' in html
    assert "0 of 0" not in html


def test_the_queue_is_for_reviewers(as_user, cast, claimed):
    for user in (cast.manager, cast.admin, cast.auditor, cast.stranger):
        assert as_user(user).get("/reviews/").status_code == 403


def test_facets_tell_begun_from_not_begun(as_user, cast, judged):
    client = as_user(cast.reviewer)
    assert url(judged) in page(client.get("/reviews/?begun=True"))
    assert url(judged) not in page(client.get("/reviews/?begun=False"))


def test_the_queue_takes_as_many_queries_for_many_teams(as_user, cast, claimed, framework):
    client = as_user(cast.reviewer)
    page(client.get("/reviews/"))
    with CaptureQueriesContext(connection) as few:
        page(client.get("/reviews/"))
    for number in range(8):
        team = Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
        user = User.objects.create_user(f"m{number}@example.org", name=f"M{number}")
        Membership.objects.create(team=team, user=user, role="manager")
        Assessment.objects.create(
            team=team, framework=framework.key, framework_version="2", framework_digest=framework.digest,
            state="submitted", submitted_at=timezone.now(), submitted_by=user,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        assert "wait for a review: 9" in page(client.get("/reviews/"))
    assert len(many) == len(few)


def test_insiders_learn_why_they_may_not(as_user, cast, claimed):
    User.objects.filter(pk=cast.manager.pk).update(is_reviewer=True)
    response = as_user(User.objects.get(pk=cast.manager.pk)).get(url(claimed))
    assert response.status_code == 403
    assert "Somebody from outside reviews this assessment." in response.content.decode()
    assert as_user(cast.stranger).get(url(claimed)).status_code == 404
    assert as_user(cast.auditor).get(url(claimed)).status_code == 403


def test_the_overview_leads_to_the_first_without_a_verdict(as_user, cast, claimed):
    html = page(as_user(cast.reviewer).get(url(claimed)))
    first = reviewing(claimed).first
    assert f"{len(first)} of {len(first)} answers that the official level depends on have no verdict yet." in html
    assert f'class="btn btn-main" href="{url(claimed, first[0].criterion.id)}/"' in html
    assert "Confirm what evidence supports" not in html  # there is no evidence


def test_a_draft_is_not_reviewed(as_user, cast, draft):
    assert as_user(cast.reviewer).get(url(draft)).status_code == 404


def test_one_answer_with_statement_answer_note_and_evidence(as_user, cast, claimed, framework):
    html = page(as_user(cast.reviewer).get(url(claimed, f"{CODE}/")))
    asked = framework.by_id[CODE]
    for text in (asked.title.en, asked.statement.en, "Credit Risk says", "Look at the wiki.", "It is shown by"):
        assert text.replace("'", "&#x27;") in html
    for key in "cxj":
        assert f'data-key="{key}"' in html


def test_a_verdict_saves_by_script_with_its_revision(as_user, cast, claimed):
    client = as_user(cast.reviewer)
    response = client.post(url(claimed, f"{CODE}/"), given(claimed), headers=SCRIPT)
    assert (response.status_code, response.headers["Sekisho-Rev"]) == (204, "1")
    assert CriterionReview.objects.get().verdict == "confirmed"
    changed = given(claimed, verdict="refused", note="No.", rev=1)
    assert client.post(url(claimed, f"{CODE}/"), changed, headers=SCRIPT).headers["Sekisho-Rev"] == "2"


def test_a_refusal_without_a_reason_is_not_saved_and_says_so(as_user, cast, claimed):
    client = as_user(cast.reviewer)
    response = client.post(url(claimed, f"{CODE}/"), given(claimed, verdict="refused"), headers=SCRIPT)
    assert (response.status_code, response.json()["title"]) == (422, "Write why you do not confirm it.")
    html = client.post(url(claimed, f"{CODE}/"), given(claimed, verdict="refused", go="next"))
    assert html.status_code == 422
    assert 'value="refused" data-key="x" checked' in html.content.decode()


def test_a_conflict_shows_both(as_user, cast, claimed):
    client = as_user(cast.reviewer)
    client.post(url(claimed, f"{CODE}/"), given(claimed, verdict="refused", note="theirs"), headers=SCRIPT)
    mine = given(claimed, verdict="confirmed", note="mine")
    response = client.post(url(claimed, f"{CODE}/"), mine, headers=SCRIPT)
    assert response.status_code == 409
    assert response.json()["values"] == {"note": "theirs", "verdict": "refused"}
    html = client.post(url(claimed, f"{CODE}/"), mine).content.decode()
    assert ">mine</textarea>" in html
    assert ">theirs</textarea>" in html


def test_next_goes_on_also_without_a_verdict(as_user, cast, claimed):
    client = as_user(cast.reviewer)
    first, second = reviewing(claimed).first[:2]
    here = url(claimed, f"{first.criterion.id}/")
    skipped = client.post(here, given(claimed, first.criterion.id, verdict="", go="next"))
    assert skipped.url == url(claimed, f"{second.criterion.id}/")
    assert not CriterionReview.objects.exists()
    assert client.post(here, given(claimed, first.criterion.id, go="next")).url == skipped.url
    assert CriterionReview.objects.count() == 1


def test_a_bare_note_waits_for_its_verdict(as_user, cast, claimed):
    response = as_user(cast.reviewer).post(
        url(claimed, f"{CODE}/"), given(claimed, verdict="", note="Hm."), headers=SCRIPT
    )
    assert (response.status_code, CriterionReview.objects.count()) == (422, 0)


def test_the_table_confirms_what_is_checked(as_user, cast, claimed):
    Evidence.objects.create(
        team=cast.team, fact="git.hosted", source="t", grade="A", value=1.0, items=3, observed_at=timezone.now()
    )
    client = as_user(cast.reviewer)
    rev = claimed.answers.get(criterion=CODE).rev
    assert f'value="{CODE}:{rev}" checked' in page(client.get(url(claimed, "evidenced/")))
    client.post(url(claimed, "evidenced/"), {"same": [f"{CODE}:{rev}", "nonsense", "training.shared-platform:1"]})
    assert [row.criterion for row in CriterionReview.objects.all()] == [CODE]
    assert "No answer waits that evidence supports." in page(client.get(url(claimed, "evidenced/")))


def test_sign_tells_the_level_first_and_leads_to_the_record(as_user, cast, judged, framework):
    client = as_user(cast.reviewer)
    html = page(client.get(url(judged, "sign/")))
    assert "With these verdicts the official level becomes 1; now it is 0." in html
    response = client.post(url(judged, "sign/"), {"note": "Seen on site."})
    assert response.url == f"/assessments/{judged.pk}/"
    record = page(client.get(response.url))
    for text in (framework.digest, 'class="seal"', "REVIEWED", "Sato", "Seen on site.", "current until"):
        assert text in record
    assert record.count("Confirmed</span>") == len(reviewing(judged).reviewed)
    assert client.get(url(judged)).url == f"/assessments/{judged.pk}/"


def test_signing_too_early_says_what_lacks(as_user, cast, claimed):
    response = as_user(cast.reviewer).post(url(claimed, "sign/"), {"note": ""})
    assert response.status_code == 422
    assert "Give at least one verdict before you sign." in response.content.decode()


def test_send_back_leads_the_team_to_a_draft(as_user, cast, claimed):
    client = as_user(cast.reviewer)
    client.post(url(claimed, f"{CODE}/"), given(claimed, verdict="refused", note="Where is it?"), headers=SCRIPT)
    assert "Where is it?" in page(client.get(url(claimed, "send-back/")))
    assert client.post(url(claimed, "send-back/"), {"reason": ""}).status_code == 422
    assert client.post(url(claimed, "send-back/"), {"reason": "One is missing."}).url == "/reviews/"
    team = as_user(cast.member)
    assert "One is missing." in page(team.get(f"/assessments/{claimed.pk}/"))
    html = page(team.get(f"/teams/credit-risk/assessment/{CODE}/"))
    assert "Where is it?" in html  # beside the question that is open again
    assert "Look at the wiki." in html


def test_verdicts_show_only_once_the_review_is_over(as_user, cast, judged):
    assert "Confirmed" not in page(as_user(cast.member).get(f"/assessments/{judged.pk}/"))
    review.sign(assessment=judged, note="", by=cast.reviewer)
    assert "Confirmed" in page(as_user(cast.member).get(f"/assessments/{judged.pk}/"))


def test_notes_stay_within_the_team_where_results_are_open(as_user, cast, judged):
    row = judged.reviews.first()
    row.note = "They keep passwords in a wiki."
    row.save()
    review.sign(assessment=judged, note="Only for you.", by=cast.reviewer)
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    html = page(as_user(cast.stranger).get(f"/assessments/{judged.pk}/"))
    assert "REVIEWED" in html
    assert "passwords" not in html
    assert "Only for you." not in html


@pytest.mark.parametrize("key", sorted(shipped()))
def test_every_framework_has_its_pages(as_user, cast, key):
    framework = shipped()[key]
    draft = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    asked = framework.criteria[0]
    actions.save_answer(assessment=draft, criterion=asked.id, value="yes", note="", rev=0, by=cast.member)
    found = actions.submit(assessment=draft, by=cast.manager)
    client = as_user(cast.reviewer)
    for rest in ("", "evidenced/", "sign/", "send-back/", f"{asked.id}/"):
        html = page(client.get(url(found, rest)))
        if framework.is_checklist:
            assert "level 1" not in html.lower().replace("level 1:", "")
    assert page(client.get(f"/assessments/{found.pk}/"))
