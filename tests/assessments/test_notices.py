"""What the maturity half tells: to whom, by when, until when, and in how many queries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from assessments import actions
from assessments.models import (
    Assessment,
    Campaign,
    CampaignTeam,
    Contradiction,
    CriterionReview,
    Delegation,
    Evidence,
    Pulse,
    PulseInvitation,
    RoadmapItem,
)
from portal.accounts.models import Membership, Team, User
from portal.inbox.kinds import KINDS, SOURCES
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from portal.web.say import say

pytestmark = pytest.mark.django_db
OURS = [f"assessment.{name}" for name in ("delegated", "contradiction", "campaign", "draft", "review", "reviewed")]
OURS += ["assessment.lapse", "assessment.roadmap", "assessment.pulse"]
NOON = dt.datetime(2026, 11, 24, 3, tzinfo=dt.UTC)
SOON = dt.date(2026, 11, 26)


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def look() -> None:
    for source in OURS:
        remind(source)


def told(user, kind: str) -> list[str]:
    rows = Notice.objects.for_user(User.objects.get(pk=user.pk)).open().filter(kind=kind).order_by("pk")
    return [say(row.message) for row in rows]


def ago(days: float) -> dt.datetime:
    return NOON - dt.timedelta(days=days)


def test_every_source_is_registered():
    assert set(OURS) <= set(SOURCES)
    assert set(OURS) - {"assessment.roadmap", "assessment.reviewed"} <= set(KINDS)
    assert KINDS["assessment.contradiction"].channel == "now"
    assert KINDS["assessment.delegated"].channel == KINDS["due.soon"].channel == "digest"


def test_who_was_asked_for_answers_is_told_once_for_all(cast, draft, framework, answer):
    for criterion in framework.criteria[:3]:
        Delegation.objects.create(assessment=draft, criterion=criterion.id, to=cast.japanese, by=cast.manager, due=SOON)
    look()
    assert told(cast.japanese, "assessment.delegated") == [
        f"Ono asks you for answers: 3 ({framework.title.en} of Credit Risk)."
    ]
    with translation.override("ja"):
        [words] = told(cast.japanese, "assessment.delegated")
    assert framework.title.ja in words
    assert told(cast.japanese, "due.soon") == [f"Give your answers to {framework.title.en} of Credit Risk."]
    assert Notice.objects.filter(kind="due.soon").get().due == SOON
    Delegation.objects.filter(criterion=framework.criteria[0].id).update(done_at=NOON)
    look()
    assert Notice.objects.count() == 2  # the rest still waits, and is not told anew
    Delegation.objects.update(done_at=NOON)
    look()
    assert not Notice.objects.open().exists()


def test_a_contradiction_goes_to_its_owner_else_to_the_managers(cast, framework):
    criterion = framework.criteria[0]
    row = Contradiction.objects.create(
        team=cast.team, framework=framework.key, criterion=criterion.id, practice="x", because={}, due=SOON
    )
    look()
    words = [f"Evidence denies what Credit Risk claims: {criterion.title.en}."]
    assert told(cast.manager, "assessment.contradiction") == words
    assert not told(cast.member, "assessment.contradiction")
    Contradiction.objects.update(owner=cast.member)
    look()
    assert told(cast.member, "assessment.contradiction") == told(cast.member, "due.soon") == words
    assert not told(cast.manager, "assessment.contradiction")
    assert Notice.objects.open().filter(kind="assessment.contradiction").get().channel == "now"
    Contradiction.objects.filter(pk=row.pk).update(state="resolved", resolution="claim", resolved_at=NOON)
    look()
    assert not Notice.objects.open().exists()


def test_items_of_the_roadmap_are_matters_of_their_due_date(cast, framework):
    criterion = framework.criteria[0]
    RoadmapItem.objects.create(
        team=cast.team, framework=framework.key, criterion=criterion.id, practice="x", owner=cast.member, due=SOON
    )
    look()
    assert told(cast.member, "due.soon") == [f"Do what the roadmap of Credit Risk holds: {criterion.title.en}."]
    RoadmapItem.objects.update(due=dt.date(2026, 11, 20))
    look()
    assert not told(cast.member, "due.soon")
    assert len(told(cast.member, "due.overdue")) == 1
    RoadmapItem.objects.update(state="done", closed_at=NOON)
    look()
    assert not Notice.objects.open().exists()


def test_a_campaign_asks_the_managers_until_they_submit(cast, framework, draft):
    campaign = Campaign.objects.create(title="Autumn", framework=framework.key, due=SOON)
    for team in (cast.team, cast.other_team):
        CampaignTeam.objects.create(campaign=campaign, team=team)
    look()
    words = f"Autumn: submit the assessment of Credit Risk ({framework.title.en})."
    assert told(cast.manager, "assessment.campaign") == told(cast.manager, "due.soon") == [words]
    assert len(told(cast.stranger, "assessment.campaign")) == 1
    assert not told(cast.member, "assessment.campaign")
    Assessment.objects.filter(pk=draft.pk).update(campaign=campaign, state="submitted", submitted_at=NOON)
    look()
    assert not told(cast.manager, "assessment.campaign")
    assert len(told(cast.stranger, "assessment.campaign")) == 1


def test_a_draft_left_lying_is_told_to_who_can_finish_it(cast, draft, answer, framework):
    Assessment.objects.update(started_at=ago(20))
    answer(draft, framework.criteria[0].id)
    look()
    assert not told(cast.manager, "assessment.draft")
    draft.answers.exclude(answered_at=None).update(answered_at=ago(15))
    look()
    words = [f"Finish the assessment of Credit Risk, or discard it ({framework.title.en})."]
    assert told(cast.manager, "assessment.draft") == told(cast.member, "assessment.draft") == words
    assert not told(cast.japanese, "assessment.draft")
    answer(draft, framework.criteria[1].id)
    look()
    assert not Notice.objects.open().filter(kind="assessment.draft").exists()


def test_reviews_wait_for_reviewers_outside_the_team(cast, submitted):
    User.objects.filter(pk=cast.japanese.pk).update(is_reviewer=True)  # of the team itself
    look()
    assert len(told(cast.reviewer, "assessment.review")) == 1
    assert not told(cast.japanese, "assessment.review")
    Assessment.objects.filter(pk=submitted.pk).update(state="signed", signed_at=NOON)
    look()
    assert not told(cast.reviewer, "assessment.review")
    assert len(told(cast.manager, "assessment.signed")) == 1


def test_what_was_submitted_on_one_day_is_one_notice(cast, submitted, framework):
    for number in range(5):
        team = Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
        Assessment.objects.create(
            team=team, framework=framework.key, framework_version="1", framework_digest=framework.digest,
            state="submitted", submitted_at=NOON,
        )  # fmt: skip
    look()
    [words] = told(cast.reviewer, "assessment.review")
    assert words.startswith("Review what was submitted on 2026-11-24: assessments: 6 (")
    assert words.endswith(", …).")
    assert Notice.objects.get(kind="assessment.review").url == "/reviews/"


def test_who_took_part_is_not_asked_for_the_review(cast, submitted):
    others = [User.objects.create_user(f"r{n}@example.org", name=f"R{n}", is_reviewer=True) for n in range(2)]
    submitted.answers.filter(pk=submitted.answers.first().pk).update(answered_by=others[0])
    look()
    waiting = set(Notice.objects.filter(kind="assessment.review").values_list("user", flat=True))
    assert waiting == {cast.reviewer.pk, others[1].pk}
    assert waiting == {
        user.pk for user in User.objects.all() if user.is_reviewer and Assessment.objects.to_review_by(user).exists()
    }


def test_what_was_sent_back_is_told_and_not_to_be_reviewed(cast, submitted):
    Assessment.objects.filter(pk=submitted.pk).update(returned_at=NOON, returned_by=cast.reviewer, returned_note="x")
    look()
    assert not told(cast.reviewer, "assessment.review")
    assert len(told(cast.manager, "assessment.returned")) == 1


def test_an_old_or_replaced_assessment_is_not_to_be_reviewed(cast, submitted, framework):
    Assessment.objects.update(submitted_at=ago(91))
    look()
    assert not told(cast.reviewer, "assessment.review")
    Assessment.objects.update(submitted_at=ago(10))
    newer = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    actions.submit(assessment=newer, by=cast.manager)
    look()
    assert [n.url for n in Notice.objects.filter(kind="assessment.review")] == [f"/reviews/{newer.pk}/"]


def test_reviews_about_to_lapse_are_told_to_managers(cast, submitted, framework):
    Assessment.objects.filter(pk=submitted.pk).update(state="signed", signed_at=ago(340))
    for n, days in enumerate((10, 20, 40)):
        CriterionReview.objects.create(
            assessment=submitted, criterion=framework.criteria[n].id, practice=f"p{n}", verdict="confirmed",
            until=NOON + dt.timedelta(days=days),
        )  # fmt: skip
    look()
    assert told(cast.manager, "assessment.lapse") == [
        f"Have Credit Risk reviewed again: reviews that lapse by 2026-12-04: 2 ({framework.title.en})."
    ]
    assert not told(cast.member, "assessment.lapse")


def test_evidence_about_to_lapse_is_what_nobody_renews(cast):
    def fact(name, days, source="git"):
        Evidence.objects.create(team=cast.team, fact=name, source=source, grade="A", value=True, observed_at=ago(days))

    fact("fresh", 1)
    fact("old", 70)
    fact("gone", 91)
    fact("renewed", 80)
    fact("renewed", 1, "ci")
    look()
    assert told(cast.manager, "assessment.lapse") == [
        "Renew the evidence of Credit Risk: facts that count only until 2026-12-14: 1."
    ]


def test_members_are_asked_until_they_have_answered(cast, framework):
    pulse = Pulse.objects.create(
        team=cast.team, framework=framework.key, framework_digest=framework.digest, closes_on=SOON
    )
    for person in (cast.member, cast.japanese):
        PulseInvitation.objects.create(pulse=pulse, person=person)
    PulseInvitation.objects.filter(person=cast.japanese).update(answered=True)
    look()
    assert len(told(cast.member, "assessment.pulse")) == len(told(cast.member, "due.soon")) == 1
    assert not told(cast.japanese, "assessment.pulse")
    Pulse.objects.update(closed_at=NOON)
    look()
    assert not told(cast.member, "assessment.pulse")


def test_who_leaves_the_team_hears_no_more_of_it(cast, framework):
    RoadmapItem.objects.create(
        team=cast.team, framework=framework.key, criterion="x", practice="x", owner=cast.member, due=SOON
    )
    look()
    assert told(cast.member, "due.soon")
    Membership.objects.filter(user=cast.member).delete()
    assert not told(cast.member, "due.soon")


def test_more_rows_cost_no_more_queries(cast, framework, draft):
    def add(n: int) -> None:
        criterion = framework.criteria[n]
        given = {"team": cast.team, "framework": framework.key, "criterion": criterion.id, "practice": f"p{n}"}
        Contradiction.objects.create(**given, because={})
        RoadmapItem.objects.create(**given, owner=cast.member, due=SOON)
        Delegation.objects.create(assessment=draft, criterion=criterion.id, to=cast.member, by=cast.manager)
        campaign = Campaign.objects.create(title=f"C{n}", framework=framework.key, due=SOON)
        CampaignTeam.objects.create(campaign=campaign, team=cast.team)
        Evidence.objects.create(team=cast.team, fact=f"f{n}", source="git", grade="A", value=True, observed_at=ago(70))

    def cost() -> int:
        look()
        with CaptureQueriesContext(connection) as queries:
            look()
        return len(queries)

    add(0)
    few = cost()
    for n in range(1, 12):
        add(n)
    assert cost() == few
    assert timezone.now() == NOON
