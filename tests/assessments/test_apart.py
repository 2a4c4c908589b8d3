"""Two people who answer apart: neither sees the other's answers until both are done."""

from __future__ import annotations

import io

import pytest

from assessments import actions
from assessments.models import Answer, Attachment, IndependentAnswer
from portal.ledger.models import Event, EventText
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
BASE = "/teams/credit-risk/assessment/"
ONE, TWO, THREE = "training.shared-platform", "training.code-hosted", "training.data-platform-started"
SCRIPT = {"X-Autosave": "1"}


@pytest.fixture
def apart(cast, framework):
    return actions.start_assessment(
        team=cast.team, framework=framework, by=cast.manager, apart=(cast.member, cast.japanese)
    )


def say(draft, person, key, value, note="", rev=0):
    return actions.save_own_answer(assessment=draft, criterion=key, value=value, note=note, rev=rev, by=person)


@pytest.fixture
def done(cast, apart):
    """Both have answered three, and differ in one."""
    for person, values in ((cast.member, ("yes", "no", "yes")), (cast.japanese, ("yes", "yes", ""))):
        for key, value in zip((ONE, TWO, THREE), values, strict=True):
            say(apart, person, key, value, f"{person.name} on {key}")
        actions.finish_own(assessment=apart, by=person)
    return apart


def test_each_sees_only_their_own(as_user, cast, apart):
    client = as_user(cast.member)
    sent = client.post(f"{BASE}{ONE}/", {"answer": "no", "note": "mine alone", "rev": 0}, headers=SCRIPT)
    assert (sent.status_code, sent.headers["Sekisho-Rev"]) == (204, "1")
    assert "mine alone" in client.get(f"{BASE}{ONE}/").content.decode()
    for other in (cast.japanese, cast.manager, cast.admin):
        html = as_user(other).get(f"{BASE}{ONE}/").content.decode()
        assert "mine alone" not in html
        assert 'value="no" data-key="1" checked' not in html
    assert Answer.objects.get(criterion=ONE).value == ""


def test_the_records_tell_that_and_not_what(cast, apart):
    say(apart, cast.member, ONE, "no", "mine alone")
    event = Event.objects.get(action="assessment.answer_apart")
    assert '"no"' not in event.body
    assert not EventText.objects.filter(event=event).exists()


def test_common_answers_are_closed_meanwhile(cast, apart, answer):
    with pytest.raises(Conflict, match="apart"):
        answer(apart, ONE)
    with pytest.raises(Conflict, match="apart"):
        actions.submit(assessment=apart, by=cast.manager)
    with pytest.raises(Conflict, match="apart"):
        actions.confirm_answers(assessment=apart, answers={ONE: 0}, by=cast.manager)
    with pytest.raises(Forbidden):
        say(apart, cast.manager, ONE, "yes")


def test_a_file_waits_until_both_are_done(cast, apart):
    """Beside an answer it would tell the other what one thinks."""
    with pytest.raises(Conflict, match="answering this assessment apart"):
        actions.attach(assessment=apart, criterion=ONE, name="a.txt", file=io.BytesIO(b"as I see it"), by=cast.member)
    assert not Attachment.objects.exists()


def test_a_conflict_of_two_tabs_shows_both_texts(as_user, cast, apart):
    say(apart, cast.member, ONE, "no", "first tab")
    sent = as_user(cast.member).post(f"{BASE}{ONE}/", {"answer": "yes", "note": "second tab", "rev": 0}, headers=SCRIPT)
    assert sent.status_code == 409
    assert sent.json()["values"] == {"note": "first tab", "answer": "no"}


@pytest.mark.parametrize("names", [("member", "member"), ("member", "stranger"), ("member",)])
def test_it_takes_two_different_members(cast, framework, names):
    with pytest.raises(Invalid):
        actions.start_assessment(
            team=cast.team, framework=framework, by=cast.manager, apart=[getattr(cast, name) for name in names]
        )
    assert not cast.team.assessments.exists()


def test_what_both_say_alike_is_taken_and_the_rest_is_open(cast, done):
    stored = {row.criterion: row for row in done.answers.filter(criterion__in=(ONE, TWO, THREE))}
    assert [stored[key].value for key in (ONE, TWO, THREE)] == ["yes", "", ""]
    assert stored[ONE].note == f"Ito: Ito on {ONE}\n\nSuzuki: Suzuki on {ONE}"
    event = Event.objects.filter(action="assessment.finish_apart").order_by("pk").last()
    assert '"taken_alike":1' in event.body
    assert '"to_settle":2' in event.body


def test_who_is_done_changes_nothing_more(cast, apart):
    say(apart, cast.member, ONE, "yes")
    actions.finish_own(assessment=apart, by=cast.member)
    with pytest.raises(Conflict, match="done"):
        say(apart, cast.member, ONE, "no", rev=1)
    assert IndependentAnswer.objects.get().value == "yes"


def test_nobody_is_done_without_an_answer(cast, apart):
    with pytest.raises(Invalid):
        actions.finish_own(assessment=apart, by=cast.member)


def test_the_page_shows_agreement_and_both_texts_and_takes_what_is_settled(as_user, cast, done):
    client = as_user(cast.manager)
    html = client.get(f"{BASE}apart/").content.decode()
    assert "<b>Still to settle: 2.</b>" in html
    assert "The same answer to 1 of 2" in html
    assert f"Ito on {TWO}" in html
    assert f"Suzuki on {TWO}" in html
    rev = done.answers.get(criterion=TWO).rev
    sent = client.post(f"{BASE}{TWO}/", {"answer": "no", "note": "settled", "rev": rev, "go": "apart"})
    assert sent.url == f"{BASE}apart/"
    assert "<b>Still to settle: 1.</b>" in client.get(f"{BASE}apart/").content.decode()
    assert actions.submit(assessment=done, by=cast.manager).state == "submitted"


def test_through_the_pages(as_user, cast):
    client = as_user(cast.manager)
    started = client.post(f"{BASE}start/", {"first": cast.manager.pk, "second": cast.member.pk})
    assert started.url == f"{BASE}{ONE}/"
    client.post(f"{BASE}{ONE}/", {"answer": "yes", "rev": 0, "go": "next"})
    html = client.post(f"{BASE}apart/done/", follow=True).content.decode()
    assert "Both have to finish first." in html
    assert client.get(f"{BASE}{ONE}/").content.decode().count('name="answer"') == 0
    one = client.post(f"{BASE}start/", {"first": cast.manager.pk}, follow=True)
    assert one.status_code == 200


def test_one_person_alone_is_refused_on_the_page(as_user, cast):
    html = as_user(cast.manager).post(f"{BASE}start/", {"first": cast.manager.pk}, follow=True).content.decode()
    assert "Choose two different people." in html


def test_an_ordinary_assessment_has_no_such_page(as_user, cast, draft):
    assert as_user(cast.manager).get(f"{BASE}apart/").status_code == 404
