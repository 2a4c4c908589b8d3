"""Starting, answering, submitting and discarding an assessment."""

from __future__ import annotations

import pytest

from assessments import actions
from assessments.framework import shipped
from assessments.models import Answer, Assessment, LevelRecord
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
CODE = "training.code-hosted"  # applies to every team
ONLINE, BATCH = "release.online-deploy-pipeline", "release.batch-deploy-pipeline"


@pytest.fixture
def draft(cast):
    return actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)


def save(draft, by, criterion=CODE, value="yes", note="", rev=0):
    return actions.save_answer(assessment=draft, criterion=criterion, value=value, note=note, rev=rev, by=by)


def test_start_opens_one_answer_a_criterion_bound_to_the_framework(draft):
    assert draft.framework_digest == FRAMEWORK.digest
    assert set(draft.answers.values_list("criterion", flat=True)) == set(FRAMEWORK.by_id)
    assert not draft.answers.exclude(value="").exists()
    assert Event.objects.get().action == "assessment.start"


def test_a_team_has_one_draft(draft, cast):
    with pytest.raises(Conflict):
        actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.manager)
    assert Assessment.objects.count() == 1


def test_only_the_team_may_start_and_answer(draft, cast):
    for person in (cast.stranger, cast.admin, cast.reviewer):
        with pytest.raises(Forbidden):
            actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=person)
        with pytest.raises(Forbidden):
            save(draft, person)
    assert not Answer.objects.exclude(value="").exists()


def test_saving_writes_the_answer_and_its_event(draft, cast):
    answer = save(draft, cast.member, note="since 2024")
    assert (answer.value, answer.note, answer.rev, answer.answered_by) == ("yes", "since 2024", 1, cast.member)
    event = Event.objects.filter(action="assessment.answer").get()
    assert event.content["before"] == {"answer": "", "answer_rev": 0}
    assert event.content["after"] == {"answer": "yes", "answer_rev": 1}
    assert event.content["params"] == {"criterion": CODE}
    assert event.texts.get().text == "since 2024"
    assert "since 2024" not in event.body


def test_a_save_that_changes_nothing_makes_no_event(draft, cast):
    save(draft, cast.member, note="x")
    again = save(draft, cast.manager, note=" x ", rev=0)
    assert again.rev == 1
    assert Event.objects.filter(action="assessment.answer").count() == 1


def test_a_conflict_carries_both_texts_and_overwrites_nothing(draft, cast):
    save(draft, cast.member, value="no", note="theirs")
    with pytest.raises(actions.AnswerConflict) as caught:
        save(draft, cast.manager, value="yes", note="mine", rev=0)
    conflict = caught.value
    assert (conflict.stored.value, conflict.stored.note, conflict.stored.rev) == ("no", "theirs", 1)
    assert (conflict.value, conflict.note) == ("yes", "mine")
    assert draft.answers.get(criterion=CODE).note == "theirs"
    assert save(draft, cast.manager, value="yes", note="mine", rev=1).rev == 2


def test_na_only_where_the_framework_allows_it(draft, cast):
    assert not FRAMEWORK.by_id[CODE].na_allowed
    with pytest.raises(Invalid) as caught:
        save(draft, cast.member, value="na", note="because")
    assert caught.value.message.code == "assessment.na_not_allowed"


@pytest.mark.parametrize("note", ["", "  \n"])
def test_na_needs_a_reason(draft, cast, note):
    with pytest.raises(Invalid) as caught:
        save(draft, cast.member, criterion=BATCH, value="na", note=note)
    assert "note" in caught.value.fields
    assert save(draft, cast.member, criterion=BATCH, value="na", note="We serve online only").value == "na"


def test_one_of_a_group_must_apply(draft, cast):
    save(draft, cast.member, criterion=BATCH, value="na", note="online only")
    with pytest.raises(Invalid) as caught:
        save(draft, cast.member, criterion=ONLINE, value="na", note="batch only")
    assert caught.value.message.code == "assessment.na_group"
    assert FRAMEWORK.by_id[ONLINE].title.en in str(caught.value)


@pytest.mark.parametrize(("criterion", "value"), [("training.no-such", "yes"), (CODE, "maybe"), (CODE, "YES")])
def test_what_is_not_an_answer_is_refused(draft, cast, criterion, value):
    with pytest.raises(Invalid):
        save(draft, cast.member, criterion=criterion, value=value)


def test_only_a_manager_submits(draft, cast):
    save(draft, cast.member)
    for person in (cast.member, cast.stranger, cast.admin):
        with pytest.raises(Forbidden):
            actions.submit(assessment=draft, by=person)
    actions.submit(assessment=draft, by=cast.manager)
    draft.refresh_from_db()
    assert draft.state == "submitted"
    assert draft.submitted_by == cast.manager


def test_submit_keeps_the_score_and_the_levels(draft, cast):
    for criterion in FRAMEWORK.of("training", level=1, required=True):
        save(draft, cast.member, criterion=criterion.id)
    actions.submit(assessment=draft, by=cast.manager)
    draft.refresh_from_db()
    assert draft.score["dimensions"]["training"]["claimed"] == 1
    assert draft.score["overall"]["claimed"] == 0
    assert LevelRecord.objects.get(team=cast.team, framework=draft.framework).score == draft.score
    event = Event.objects.get(action="assessment.submit")
    assert event.content["before"]["claimed.training"] == 0
    assert event.content["after"]["claimed.training"] == 1
    assert event.content["params"]["framework_digest"] == FRAMEWORK.digest


def test_nothing_answered_is_not_submitted(draft, cast):
    with pytest.raises(Invalid) as caught:
        actions.submit(assessment=draft, by=cast.manager)
    assert caught.value.message.code == "assessment.nothing"
    assert not LevelRecord.objects.exists()


def test_submit_checks_the_reasons_of_na_again(draft, cast):
    save(draft, cast.member)
    draft.answers.filter(criterion=BATCH).update(value="na", note="")
    with pytest.raises(Invalid) as caught:
        actions.submit(assessment=draft, by=cast.manager)
    assert set(caught.value.fields) == {BATCH}
    assert not Event.objects.filter(action="assessment.submit").exists()


def test_a_submitted_assessment_is_closed(draft, cast):
    save(draft, cast.member)
    actions.submit(assessment=draft, by=cast.manager)
    for change in (
        lambda: save(draft, cast.member, value="no", rev=1),
        lambda: actions.submit(assessment=draft, by=cast.manager),
        lambda: actions.discard_draft(assessment=draft, by=cast.manager),
    ):
        with pytest.raises(Conflict):
            change()
    assert draft.answers.get(criterion=CODE).value == "yes"


def test_the_next_start_carries_the_answers_over(draft, cast):
    save(draft, cast.member, note="as before")
    save(draft, cast.member, criterion=BATCH, value="na", note="online only")
    actions.submit(assessment=draft, by=cast.manager)
    second = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    carried = {row.criterion: row for row in second.answers.filter(carried=True)}
    assert set(carried) == {CODE, BATCH}
    assert (carried[CODE].value, carried[CODE].note, carried[CODE].rev) == ("yes", "as before", 0)
    assert Event.objects.filter(action="assessment.start").first().content["params"]["carried"] == 2


def test_confirming_a_carried_answer_is_a_change(draft, cast):
    save(draft, cast.member)
    actions.submit(assessment=draft, by=cast.manager)
    second = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    confirmed = save(second, cast.manager)
    assert (confirmed.carried, confirmed.rev, confirmed.answered_by) == (False, 1, cast.manager)


def test_answers_carry_over_by_practice(draft, cast):
    """A criterion that is renamed in the framework keeps its answer, since the practice is the same."""
    save(draft, cast.member)
    actions.submit(assessment=draft, by=cast.manager)
    Answer.objects.filter(criterion=CODE).update(criterion="training.its-old-name")
    second = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    assert second.answers.get(criterion=CODE).value == "yes"


def test_another_teams_answers_are_not_carried(draft, cast):
    save(draft, cast.member)
    actions.submit(assessment=draft, by=cast.manager)
    other = actions.start_assessment(team=cast.other_team, framework=FRAMEWORK, by=cast.stranger)
    assert not other.answers.filter(carried=True).exists()


def test_discard_takes_the_draft_and_leaves_its_record(draft, cast):
    save(draft, cast.member)
    with pytest.raises(Forbidden):
        actions.discard_draft(assessment=draft, by=cast.member)
    actions.discard_draft(assessment=draft, by=cast.manager)
    assert not Assessment.objects.exists()
    event = Event.objects.get(action="assessment.discard")
    assert event.content["before"] == {"answered": 1}
    with pytest.raises(Conflict):
        save(draft, cast.member, value="no", rev=1)
