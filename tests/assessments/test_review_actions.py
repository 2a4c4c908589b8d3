"""Reviewing: who may, verdicts bound to answers, the signature, and sending back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import actions, levels
from assessments.actions import review
from assessments.actions.review import ReviewConflict
from assessments.framework import shipped
from assessments.models import Answer, Assessment, Attachment, CriterionReview, Evidence, LevelRecord
from assessments.reviewing import reviewing
from portal.accounts.models import Membership, Team
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
CODE = "training.code-hosted"
NA = next(c for c in FRAMEWORK.criteria if c.na_allowed and c.required)


def judge(found, criterion, by, verdict="confirmed", note="", rev=0):
    answer = found.answers.get(criterion=criterion)
    return review.save_verdict(
        assessment=found, criterion=criterion, verdict=verdict, note=note, rev=rev, answer_rev=answer.rev, by=by
    )


@pytest.fixture
@remembered
def claimed(cast, draft, answer):
    """Everything that level 1 requires is claimed, and one thing does not apply."""
    for criterion in FRAMEWORK.criteria:
        if criterion.required and criterion.level == 1:
            answer(draft, criterion.id)
    answer(draft, NA.id, "na", "We have none of it.")
    return actions.submit(assessment=draft, by=cast.manager)


@pytest.fixture
@remembered
def judged(cast, claimed):
    for item in reviewing(claimed).first:
        judge(claimed, item.criterion.id, cast.reviewer)
    return claimed


def test_only_somebody_from_outside_reviews(cast, claimed):
    for user in (cast.manager, cast.member, cast.admin, cast.auditor, cast.stranger):
        with pytest.raises(Forbidden):
            judge(claimed, CODE, user)
    for user in (cast.manager, cast.member):
        user.is_reviewer = True
        user.save()
        with pytest.raises(Forbidden):
            judge(claimed, CODE, type(user).objects.get(pk=user.pk))
    assert judge(claimed, CODE, cast.reviewer).verdict == "confirmed"


def test_who_answered_and_left_the_team_does_not_review(cast, claimed):
    Membership.objects.filter(user=cast.member).delete()
    cast.member.is_reviewer = True
    cast.member.save()
    former = type(cast.member).objects.get(pk=cast.member.pk)
    with pytest.raises(Forbidden):
        judge(claimed, CODE, former)
    assert not Assessment.objects.to_review_by(former).exists()
    assert list(Assessment.objects.to_review_by(cast.reviewer)) == [claimed]


def test_a_refusal_needs_a_reason(cast, claimed):
    with pytest.raises(Invalid) as refused:
        judge(claimed, CODE, cast.reviewer, "refused", "  ")
    assert refused.value.message.code == "review.why"
    assert not CriterionReview.objects.exists()


def test_a_verdict_is_recorded_with_the_answer_that_was_seen(cast, claimed):
    judge(claimed, CODE, cast.reviewer, "refused", "No repository is there.")
    event = Event.objects.get(action="assessment.review")
    assert event.actor == cast.reviewer.pseudonym
    assert '"answer": "yes"' in event.body.replace('":"', '": "')
    row = CriterionReview.objects.get()
    assert (row.answer_rev, row.until) == (claimed.answers.get(criterion=CODE).rev, None)


def test_saying_the_same_again_writes_nothing(cast, claimed):
    judge(claimed, CODE, cast.reviewer)
    assert judge(claimed, CODE, cast.reviewer, rev=1).rev == 1
    assert Event.objects.filter(action="assessment.review").count() == 1


def test_two_reviewers_do_not_overwrite_each_other(cast, claimed):
    judge(claimed, CODE, cast.reviewer, "refused", "theirs")
    with pytest.raises(ReviewConflict) as conflict:
        judge(claimed, CODE, cast.reviewer, "confirmed", "mine")
    assert (conflict.value.stored.note, conflict.value.note) == ("theirs", "mine")
    assert CriterionReview.objects.get().note == "theirs"


def test_a_verdict_on_another_answer_than_was_seen_is_refused(cast, claimed):
    with pytest.raises(Conflict) as refused:
        review.save_verdict(
            assessment=claimed, criterion=CODE, verdict="confirmed", note="", rev=0, answer_rev=99, by=cast.reviewer
        )
    assert refused.value.message.code == "review.answer_changed"


def test_what_has_no_answer_has_nothing_to_confirm(cast, claimed):
    silent = claimed.answers.filter(value="").first()
    with pytest.raises(Invalid):
        judge(claimed, silent.criterion, cast.reviewer)


def test_first_is_what_the_official_level_hangs_on(claimed):
    seen = reviewing(claimed)
    assert seen.first
    assert {item.criterion.level for item in seen.first} == {1}
    assert all(item.criterion.required and item.value in ("yes", "na") for item in seen.first)


def test_what_evidence_meets_is_not_needed_and_confirmed_at_once(cast, claimed):
    now = timezone.now()
    Evidence.objects.create(
        team=cast.team, fact="git.hosted", source="t", grade="A", value=1.0, items=3, observed_at=now
    )
    seen = reviewing(claimed)
    shown = [item for item in seen.queue if item.evidenced]
    assert shown, "no criterion is supported by these facts"
    assert all(item.need == "evident" for item in shown)
    revs = {item.criterion.id: item.answer.rev for item in shown}
    foreign = next(item for item in seen.first)
    given = revs | {foreign.criterion.id: foreign.answer.rev}
    assert set(review.confirm_evidenced(assessment=claimed, answers=given, by=cast.reviewer)) == set(revs)
    assert review.confirm_evidenced(assessment=claimed, answers=given, by=cast.reviewer) == ()
    assert Event.objects.filter(action="assessment.review_evidenced").count() == 1


def test_signing_makes_the_level_official(cast, judged):
    before = levels.current_score(cast.team, FRAMEWORK).overall
    expected = reviewing(judged).signed_score.overall.official
    signed = review.sign(assessment=judged, note="Seen on site.", by=cast.reviewer)
    after = levels.current_score(cast.team, FRAMEWORK).overall
    assert (before.official, after.official, expected) == (0, 1, 1)
    assert (signed.state, signed.signed_by, signed.framework_digest) == ("signed", cast.reviewer, FRAMEWORK.digest)
    days = {row.until - signed.signed_at for row in signed.reviews.all()}
    assert days == {timedelta(days=FRAMEWORK.review_days)}
    assert LevelRecord.objects.filter(framework=FRAMEWORK.key).last().score["overall"]["official"] == 1


def test_the_record_of_a_signature_binds_the_verdicts(cast, judged):
    review.sign(assessment=judged, note="", by=cast.reviewer)
    digest = review.digest_of(judged)
    assert digest in Event.objects.get(action="assessment.sign").body
    row = judged.reviews.first()
    CriterionReview.objects.filter(pk=row.pk).update(verdict="refused", note="tampered")
    assert review.digest_of(judged) != digest


def test_a_signed_assessment_changes_no_more(cast, judged):
    review.sign(assessment=judged, note="", by=cast.reviewer)
    for change in (
        lambda: judge(judged, CODE, cast.reviewer, "refused", "after all", rev=1),
        lambda: review.sign(assessment=judged, note="", by=cast.reviewer),
        lambda: review.send_back(assessment=judged, reason="x", by=cast.reviewer),
        lambda: review.confirm_evidenced(assessment=judged, answers={CODE: 1}, by=cast.reviewer),
        lambda: actions.save_answer(assessment=judged, criterion=CODE, value="no", note="", rev=1, by=cast.member),
    ):
        with pytest.raises(Conflict):
            change()


def test_signing_needs_a_verdict_on_all_that_decides(cast, claimed):
    with pytest.raises(Invalid) as refused:
        review.sign(assessment=claimed, note="", by=cast.reviewer)
    assert refused.value.message.code == "review.nothing"
    judge(claimed, CODE, cast.reviewer)
    with pytest.raises(Invalid) as refused:
        review.sign(assessment=claimed, note="", by=cast.reviewer)
    assert refused.value.message.params["n"] == len(reviewing(claimed).first) - 1


def test_a_refused_na_counts_as_not_met(cast, judged):
    rev = judged.reviews.filter(criterion=NA.id).values_list("rev", flat=True).first() or 0
    judge(judged, NA.id, cast.reviewer, "refused", "You do have it.", rev=rev)
    review.sign(assessment=judged, note="", by=cast.reviewer)
    assert levels.current_score(cast.team, FRAMEWORK).claimed[NA.id] == "unmet"


def test_a_lapsed_review_lowers_the_level(cast, judged):
    review.sign(assessment=judged, note="", by=cast.reviewer)
    judged.reviews.update(until=timezone.now() - timedelta(seconds=1))
    assert levels.current_score(cast.team, FRAMEWORK).overall.official == 0


def test_a_verdict_that_saw_another_answer_is_not_signed(cast, judged):
    Answer.objects.filter(assessment=judged, criterion=CODE).update(rev=7)
    with pytest.raises(Conflict) as refused:
        review.sign(assessment=judged, note="", by=cast.reviewer)
    assert refused.value.message.code == "review.answer_changed"


def test_sent_back_the_team_has_every_answer_and_the_refused_ones_open(cast, claimed):
    judge(claimed, CODE, cast.reviewer, "refused", "Show me.")
    Attachment.objects.create(
        assessment=claimed, criterion=CODE, name="a.txt", kind="text/plain", size=1, sha256="0" * 64, by=cast.member
    )
    draft = review.send_back(assessment=claimed, reason="One repository is missing.", by=cast.reviewer)
    old = {row.criterion: row for row in claimed.answers.all()}
    new = {row.criterion: row for row in draft.answers.all()}
    assert old.keys() == new.keys()
    assert (new[CODE].value, new[CODE].note) == ("", old[CODE].note)
    for key in old.keys() - {CODE}:
        kept = (new[key].value, new[key].note, new[key].answered_by_id, new[key].carried)
        assert kept == (old[key].value, old[key].note, old[key].answered_by_id, False)
    assert [file.name for file in draft.attachments.all()] == ["a.txt"]
    assert Assessment.objects.get(pk=claimed.pk).answers.get(criterion=CODE).value == "yes"  # nothing is lost
    assert not Assessment.objects.to_review_by(cast.reviewer).exists()
    assert (
        actions.save_answer(
            assessment=draft, criterion=CODE, value="yes", note="It is at …", rev=0, by=cast.member
        ).value
        == "yes"
    )


def test_sending_back_says_why(cast, claimed):
    with pytest.raises(Invalid):
        review.send_back(assessment=claimed, reason=" ", by=cast.reviewer)
    assert Assessment.objects.get().returned_at is None


def test_sent_back_into_a_draft_in_progress_takes_nothing_from_it(cast, claimed, answer):
    draft = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    touched = next(c.id for c in FRAMEWORK.criteria if c.required and c.level == 1 and c.id != CODE)
    answer(draft, touched, "partly", "being rebuilt")
    for key in (CODE, touched):
        judge(claimed, key, cast.reviewer, "refused", "Show me.")
    assert review.send_back(assessment=claimed, reason="See there.", by=cast.reviewer) == draft
    assert draft.answers.get(criterion=CODE).value == ""
    assert draft.answers.get(criterion=touched).value == "partly"


def test_a_newer_submission_takes_the_older_out_of_the_queue(cast, claimed):
    Assessment.objects.filter(pk=claimed.pk).update(submitted_at=timezone.now() - timedelta(days=90))
    again = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    actions.submit(assessment=again, by=cast.manager)
    assert [row.pk for row in Assessment.objects.to_review_by(cast.reviewer)] == [again.pk]
    with pytest.raises(Conflict) as refused:
        judge(claimed, CODE, cast.reviewer)
    assert refused.value.message.code == "review.overtaken"


def test_every_framework_can_be_reviewed(cast):
    for key, framework in shipped().items():
        draft = actions.start_assessment(team=Team.objects.get(pk=cast.team.pk), framework=framework, by=cast.member)
        criterion = framework.criteria[0]
        row = draft.answers.get(criterion=criterion.id)
        actions.save_answer(assessment=draft, criterion=criterion.id, value="yes", note="", rev=row.rev, by=cast.member)
        found = actions.submit(assessment=draft, by=cast.manager)
        for item in reviewing(found).queue:
            if not item.done:
                judge(found, item.criterion.id, cast.reviewer)
        assert review.sign(assessment=found, note="", by=cast.reviewer).state == "signed", key
