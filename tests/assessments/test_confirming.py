"""What is unchanged since last time, confirmed in one act."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import actions
from assessments.models import Answer
from portal.ledger.models import Event
from portal.web.errors import Forbidden

pytestmark = pytest.mark.django_db
PAGE = "/teams/credit-risk/assessment/unchanged/"


@pytest.fixture
def second(cast, submitted, framework):
    """A second assessment: training's first level is carried over."""
    return actions.start_assessment(team=cast.team, framework=framework, by=cast.member)


def carried(draft):
    return {row.criterion: row.rev for row in draft.answers.filter(carried=True).exclude(value="")}


def test_one_act_confirms_them_all_and_is_one_record(cast, second):
    answers = carried(second)
    assert len(answers) >= 3
    done = actions.confirm_answers(assessment=second, answers=answers, by=cast.member)
    assert set(done.criteria) == set(answers)
    rows = second.answers.filter(criterion__in=answers)
    assert {(row.carried, row.rev, row.answered_by) for row in rows} == {(False, 1, cast.member)}
    assert Event.objects.filter(action="assessment.confirm").count() == 1
    assert not Event.objects.filter(action="assessment.answer", subject_id=str(second.pk)).exists()


def test_what_somebody_changed_meanwhile_stays_open_and_is_named(cast, second, answer):
    answers = carried(second)
    first = next(iter(answers))
    answer(second, first, "no", "not any more")
    second.answers.filter(criterion=first).update(carried=True)
    done = actions.confirm_answers(assessment=second, answers=answers, by=cast.manager)
    assert done.changed == (first,)
    assert second.answers.get(criterion=first).value == "no"


def test_what_an_upgrade_kept_counts_after_it_is_confirmed(cast, second):
    key = next(iter(carried(second)))
    second.answers.filter(criterion=key).update(carried=False, reconfirm=True)
    actions.confirm_answers(assessment=second, answers={key: 0}, by=cast.member)
    assert not second.answers.get(criterion=key).reconfirm


def test_others_confirm_nothing(cast, second):
    with pytest.raises(Forbidden):
        actions.confirm_answers(assessment=second, answers=carried(second), by=cast.stranger)


def test_an_answer_without_the_reason_that_it_needs_is_not_confirmed(cast, second):
    key = "release.batch-deploy-pipeline"
    second.answers.filter(criterion=key).update(value="na", note="", carried=True)
    done = actions.confirm_answers(assessment=second, answers={key: 0}, by=cast.member)
    assert (done.criteria, done.changed) == ((), (key,))


def test_starting_again_leads_to_the_table_and_one_post_goes_on(as_user, cast, submitted):
    client = as_user(cast.member)
    started = client.post("/teams/credit-risk/assessment/start/")
    assert started.url == PAGE
    html = client.get(PAGE).content.decode()
    boxes = [line.split('"')[0] for line in html.split('name="same" value="')[1:]]
    assert len(boxes) == len(carried(cast.team.assessments.get(state="draft")))
    sent = client.post(PAGE, {"same": boxes[1:]}, follow=True)
    assert f"Confirmed: {len(boxes) - 1}." in sent.content.decode()
    assert Answer.objects.filter(assessment__state="draft", carried=True).exclude(value="").count() == 1


def test_a_yes_that_evidence_denies_is_not_checked_beforehand(as_user, cast, second, observe):
    observe("git.unhosted", 2)
    html = as_user(cast.member).get(PAGE).content.decode()
    row = html.split('value="training.code-hosted:')[1].split(">")[0]
    assert "checked" not in row
    assert "The evidence denies it" in html


@pytest.mark.parametrize("box", ["", "x", "training.code-hosted", "training.code-hosted:x", ":1", "nothing:0"])
def test_what_is_no_box_of_the_table_confirms_nothing(as_user, cast, second, box):
    assert as_user(cast.member).post(PAGE, {"same": [box]}).status_code == 302
    assert Answer.objects.filter(assessment=second, carried=True).exclude(value="").count() >= 3


def test_the_table_takes_as_many_queries_for_many_rows(as_user, cast, second):
    client = as_user(cast.member)
    client.get(PAGE)
    counts = []
    for keep in (1, None):
        if keep:
            keys = list(carried(second))[keep:]
            second.answers.filter(criterion__in=keys).update(carried=False)
        else:
            second.answers.update(carried=True)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
