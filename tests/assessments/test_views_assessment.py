"""The assessment: task list, criterion by criterion, check and submit."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments import actions, levels
from assessments.models import Answer, Assessment
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
BASE = "/teams/credit-risk/assessment/"
CODE = f"{BASE}training.code-hosted/"
BATCH = "release.batch-deploy-pipeline"
SCRIPT = {"X-Autosave": "1"}


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def stored(criterion="training.code-hosted") -> Answer:
    return Answer.objects.get(criterion=criterion)


def test_start_leads_to_the_first_question(as_user, cast):
    response = as_user(cast.member).post(f"{BASE}start/")
    assert response.status_code == 302
    assert response.url == f"{BASE}training.shared-platform/"
    assert Assessment.objects.get().started_by == cast.member


def test_starting_twice_continues_the_first(as_user, cast, draft):
    response = as_user(cast.manager).post(f"{BASE}start/", follow=True)
    assert "An assessment is already in progress." in page(response)
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize("who", ["auditor", "admin", "reviewer"])
def test_those_who_only_look_cannot_start_or_answer(as_user, cast, draft, who):
    client = as_user(getattr(cast, who))
    assert client.post(f"{BASE}start/").status_code == 403
    assert client.post(CODE, {"answer": "yes", "rev": 0}).status_code == 403
    assert client.post(CODE, {"answer": "yes", "rev": 0}, headers=SCRIPT).status_code == 403
    assert 'name="answer"' not in page(client.get(CODE))
    assert stored().value == ""


def test_every_change_needs_the_csrf_token(cast, draft):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in (f"{BASE}start/", f"{BASE}discard/", f"{BASE}check/", CODE):
        assert client.post(path, {"answer": "yes", "rev": 0}).status_code == 403
    assert stored().value == ""
    assert Assessment.objects.get().state == "draft"


def test_the_task_list_asks_what_decides_first(as_user, cast, draft):
    html = page(as_user(cast.member).get(BASE))
    assert "<b>0 of 16 answered.</b>" in html  # the required criteria of levels 1 and 2
    assert html.count("training.performance-metrics-chosen") == 1  # level 4 is there too, folded away


def test_the_task_list_takes_as_many_queries_for_many_answers(as_user, cast, draft, answer, framework):
    client = as_user(cast.member)
    client.get(BASE)
    counts = []
    for given in (framework.criteria[:1], framework.criteria[1:]):
        for criterion in given:
            answer(draft, criterion.id)
        for path in (BASE, CODE):
            with CaptureQueriesContext(connection) as queries:
                page(client.get(path))
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_the_criterion_shows_question_evidence_and_answers(as_user, cast, draft, framework):
    html = page(as_user(cast.member).get(CODE))
    asked = framework.by_id["training.code-hosted"]
    for text in (asked.title.en, asked.how.en, "Live models whose code is in a hosted repository"):
        assert text.replace("'", "&#x27;") in html
    assert [key for key in "3210n" if f'data-key="{key}"' in html] == list("3210")  # N/A is not allowed here
    assert 'data-key="n"' in page(as_user(cast.member).get(f"{BASE}{BATCH}/"))


def test_save_by_script_answers_with_the_new_revision(as_user, cast, draft):
    client = as_user(cast.member)
    response = client.post(CODE, {"answer": "yes", "note": "all four", "rev": 0}, headers=SCRIPT)
    assert (response.status_code, response.headers["Sekisho-Rev"]) == (204, "1")
    assert (stored().value, stored().note) == ("yes", "all four")
    again = client.post(CODE, {"answer": "yes", "note": "all four", "rev": 1}, headers=SCRIPT)
    assert again.headers["Sekisho-Rev"] == "1"
    assert Event.objects.filter(action="assessment.answer").count() == 1


def test_save_without_script_goes_to_the_next_open_question(as_user, cast, draft):
    client = as_user(cast.member)
    response = client.post(CODE, {"answer": "partly", "note": "", "rev": 0, "go": "next"})
    assert response.url == f"{BASE}training.data-platform-started/"
    assert stored().value == "partly"
    assert client.post(CODE, {"answer": "no", "note": "", "rev": 1, "go": "stay"}).url == CODE


def test_the_last_question_leads_to_the_check(as_user, cast, draft, answer, framework):
    for criterion in framework.criteria:
        if criterion.required:
            answer(draft, criterion.id)
    response = as_user(cast.member).post(CODE, {"answer": "yes", "note": "x", "rev": 1, "go": "next"})
    assert response.url == f"{BASE}check/"


def test_a_conflict_by_script_carries_the_stored_answer(as_user, cast, draft, answer):
    answer(draft, "training.code-hosted", "no", "theirs")
    response = as_user(cast.manager).post(CODE, {"answer": "yes", "note": "mine", "rev": 0}, headers=SCRIPT)
    assert response.status_code == 409
    body = response.json()
    assert (body["rev"], body["values"]) == (1, {"note": "theirs", "answer": "no"})
    assert body["who"].startswith("Ito, ")
    assert stored().note == "theirs"


def test_a_conflict_without_script_shows_both_texts(as_user, cast, draft, answer):
    answer(draft, "training.code-hosted", "no", "theirs")
    response = as_user(cast.manager).post(CODE, {"answer": "yes", "note": "mine", "rev": 0})
    assert response.status_code == 409
    html = response.content.decode()
    assert "mine</textarea>" in html
    assert "theirs</textarea>" in html
    assert 'name="rev" value="1"' in html
    assert stored().note == "theirs"


def test_na_without_a_reason_is_refused_and_the_text_stays(as_user, cast, draft):
    client, path = as_user(cast.member), f"{BASE}{BATCH}/"
    refused = client.post(path, {"answer": "na", "note": "", "rev": 0}, headers=SCRIPT)
    assert (refused.status_code, refused.json()["title"]) == (422, "Write in the note why it does not apply.")
    shown = client.post(path, {"answer": "na", "note": " ", "rev": 0})
    assert shown.status_code == 422
    assert 'value="na" data-key="n" checked' in shown.content.decode()
    assert stored(BATCH).value == ""
    assert client.post(path, {"answer": "na", "note": "online only", "rev": 0}, headers=SCRIPT).status_code == 204


@pytest.mark.parametrize("fields", [{"answer": "yes"}, {"answer": "yes", "rev": "x"}, {"answer": "perhaps", "rev": 0}])
def test_what_is_not_an_answer_is_refused(as_user, cast, draft, fields):
    assert as_user(cast.member).post(CODE, fields, headers=SCRIPT).status_code == 422
    assert stored().value == ""


def test_an_unknown_criterion_is_not_there(as_user, cast, draft):
    assert as_user(cast.member).get(f"{BASE}training.no-such/").status_code == 404


def test_after_submission_the_script_is_told(as_user, cast, submitted):
    response = as_user(cast.member).post(CODE, {"answer": "no", "note": "", "rev": 1}, headers=SCRIPT)
    assert response.status_code == 422
    assert "has been submitted" in response.json()["title"]


def test_after_submission_the_text_of_an_open_page_is_not_lost(as_user, cast, submitted):
    """Without a script: somebody submitted while another was writing."""
    response = as_user(cast.member).post(CODE, {"answer": "no", "note": "An hour of words", "rev": 1})
    html = response.content.decode()
    assert response.status_code == 409
    assert "has been submitted" in html
    assert "An hour of words</textarea>" in html
    assert "<b>Answer: Yes.</b>" in html


def test_check_shows_what_is_missing_and_submits(as_user, cast, draft, answer, framework):
    for criterion in framework.of("training", level=1, required=True):
        answer(draft, criterion.id)
    html = page(as_user(cast.manager).get(f"{BASE}check/"))
    assert "These answers claim level 0" in html
    assert "Still open" in html
    response = as_user(cast.manager).post(f"{BASE}check/")
    assert response.url == "/teams/credit-risk/"
    assert Assessment.objects.get().state == "submitted"


def test_a_member_checks_and_cannot_submit(as_user, cast, draft, answer):
    answer(draft, "training.code-hosted")
    client = as_user(cast.member)
    assert "A manager of the team submits it." in page(client.get(f"{BASE}check/"))
    assert client.post(f"{BASE}check/").status_code == 403
    assert Assessment.objects.get().state == "draft"


def test_an_empty_assessment_is_not_submitted(as_user, cast, draft):
    response = as_user(cast.manager).post(f"{BASE}check/")
    assert response.status_code == 422
    assert "No criterion is answered yet." in response.content.decode()


def test_discard_asks_first(as_user, cast, draft):
    client = as_user(cast.manager)
    assert "<b>Discard the draft?</b>" in page(client.get(f"{BASE}discard/"))
    assert Assessment.objects.exists()
    assert client.post(f"{BASE}discard/").url == BASE
    assert not Assessment.objects.exists()


def test_carried_answers_wait_for_their_confirmation(as_user, cast, submitted, framework):
    actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    html = page(as_user(cast.member).get(CODE))
    assert "Confirm and next" in html
    assert "last time: Yes" in html


def test_better_answers_never_lower_a_level(as_user, cast, draft, framework):
    """Law 9, through the page: each better answer keeps or raises every level."""
    client = as_user(cast.member)

    criteria = framework.of("integration")

    def reached():
        part = levels.current_score(cast.team, framework, assessment=draft).dimensions["integration"]
        return part.claimed, part.at_most

    ranks = ("no", "partly", "yes")
    for criterion in criteria:
        fields = {"answer": ranks[0], "note": "", "rev": 0}
        assert client.post(f"{BASE}{criterion.id}/", fields, headers=SCRIPT).status_code == 204
    last = reached()
    assert last == (0, 0)
    for criterion in criteria:
        for rev, value in enumerate(ranks[1:], start=1):
            fields = {"answer": value, "note": "", "rev": rev}
            assert client.post(f"{BASE}{criterion.id}/", fields, headers=SCRIPT).status_code == 204
        now = reached()
        assert all(after >= before for after, before in zip(now, last, strict=True))
        last = now
    assert last == (4, 4)
