"""A framework's upgrade: tried first, then carried out with nothing lost."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import catalogue, levels, upgrades
from assessments.actions import filling, upgrading
from assessments.models import (
    Answer,
    Assessment,
    Attachment,
    CriterionReview,
    Delegation,
    FrameworkVersion,
    IndependentAnswer,
    RoadmapItem,
)
from portal.accounts.models import Team
from portal.jobs.models import Job
from portal.ledger.models import Event, EventText
from portal.web.errors import Conflict, Forbidden, Invalid, Missing
from tests.assessments.framework_rows import CHANGES, FIRST, SECOND, assessed, row

pytestmark = pytest.mark.django_db

ALL_YES = {
    "training.tracked": "yes",
    "training.repeated": "yes",
    "training.old": "yes",
    "release.versioned": "yes",
    "release.gate": "na",
}
NOTES = {"training.old": "An old note.", "training.tracked": "In MLflow.", "release.gate": "Nothing is live."}


@pytest.fixture
def first(cast):
    return row()


@pytest.fixture
def second(first):
    return row(2, SECOND, CHANGES, state="published")


@pytest.fixture
def before(cast, first):
    return assessed(cast.team, first, ALL_YES, by=cast.member, notes=NOTES)


def claimed(team, framework):
    score = levels.current_score(team, framework)
    return {key: part.claimed for key, part in score.dimensions.items()}


# -- the dry run


def test_the_dry_run_says_what_would_become_of_each_team(cast, before, second):
    found = upgrades.dry_run(*upgrades.target("ours"))
    [one] = found.teams
    assert one.team == cast.team
    moves = {(move.dimension, move.before, move.after): move for move in one.moves if move.kind == "claimed"}
    assert set(moves) == {("training", 2, 1), ("release", 2, 1)}
    [again] = moves["training", 2, 1].causes
    assert (again.criterion, again.reason.code) == ("training.repeated", "upgrade.cause.asked")
    assert again.why.in_("ja") == "本人以外が行うこととしました。"
    causes = {cause.criterion: cause.reason.code for cause in moves["release", 2, 1].causes}
    assert causes == {"release.gate": "upgrade.cause.na", "release.new": "upgrade.cause.new"}
    assert one.drops
    assert found.dropping == (one,)


def test_the_dry_run_changes_nothing(cast, before, second):
    kept = list(Answer.objects.values()), list(FrameworkVersion.objects.values()), Event.objects.count()
    upgrades.dry_run(*upgrades.target("ours"))
    assert (list(Answer.objects.values()), list(FrameworkVersion.objects.values()), Event.objects.count()) == kept


def test_the_dry_run_is_what_is_carried_out(cast, before, second):
    tried = upgrades.dry_run(*upgrades.target("ours")).teams[0].after
    upgrading.upgrade(key="ours", by=cast.admin)
    assert levels.current_score(cast.team, catalogue.current("ours")) == tried


def test_the_number_of_queries_does_not_grow_with_teams(cast, first, second):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            upgrades.dry_run(*upgrades.target("ours"))
        return len(seen)

    assessed(cast.team, first, ALL_YES, by=cast.member)
    upgrades.dry_run(*upgrades.target("ours"))
    few = queries()
    for number in range(20):
        team = Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
        assessed(team, first, ALL_YES, by=cast.member)
    assert queries() == few <= 20


# -- carried out


def test_each_team_gets_a_successor_and_the_old_assessment_stays(cast, before, second):
    kept = list(before.answers.order_by("id").values())
    upgrading.upgrade(key="ours", by=cast.admin)
    before.refresh_from_db()
    assert list(before.answers.order_by("id").values()) == kept
    assert (before.framework_version, catalogue.of(before).version) == ("1", 1)
    after = Assessment.objects.get(migrated_from=before)
    assert (after.framework_version, after.framework_digest) == ("2", second.digest)
    assert (after.state, after.submitted_by, after.submitted_at) == ("submitted", cast.member, before.submitted_at)
    answers = {answer.criterion: answer for answer in after.answers.all()}
    assert answers["training.recorded"].value == "yes"
    assert answers["training.recorded"].note == "In MLflow."
    assert answers["training.recorded"].answered_by == cast.member
    assert answers["training.repeated"].value == "yes"
    assert answers["training.repeated"].reconfirm
    assert (answers["release.gate"].value, answers["release.gate"].note) == ("", "Nothing is live.")
    assert claimed(cast.team, catalogue.current("ours")) == {"training": 1, "release": 1}
    assert levels.current(cast.team, catalogue.current("ours")).assessment == after


def test_versions_change_hands_and_levels_are_computed_by_a_job(cast, before, second):
    upgrading.upgrade(key="ours", by=cast.admin)
    states = dict(FrameworkVersion.objects.values_list("version", "state"))
    assert states == {1: "retired", 2: "current"}
    assert Job.objects.get().kind == "framework.rescore"


def test_what_is_dropped_is_kept_in_the_record(cast, before, second):
    upgrading.upgrade(key="ours", by=cast.admin)
    event = Event.objects.get(action="assessment.migrate")
    texts = dict(EventText.objects.filter(event=event).values_list("name", "text"))
    assert texts["training.old"] == "yes: An old note."
    assert texts["release.gate"] == "na: Nothing is live."
    assert event.team_id == cast.team.pk
    body = json.loads(event.body)
    assert body["params"]["asked_again"] == 1
    assert body["params"]["dropped_answers"] == 2
    whole = json.loads(Event.objects.get(action="framework.upgrade").body)
    assert (whole["before"]["framework_version"], whole["after"]["framework_version"]) == ("1", "2")


def test_reviews_are_kept_or_end_as_the_map_says(cast, first, second):
    signed = assessed(cast.team, first, ALL_YES, by=cast.member, state="signed")
    until = timezone.now() + timedelta(days=90)
    for key in ("training.tracked", "training.repeated", "release.versioned"):
        CriterionReview.objects.create(
            assessment=signed,
            criterion=key,
            practice=key.replace(".", "-"),
            verdict="confirmed",
            note=f"Seen {key}.",
            by=cast.reviewer,
            until=until,
        )
    tried = upgrades.dry_run(*upgrades.target("ours")).teams[0].after
    assert tried.official["training.recorded"] == "met"
    assert tried.official["training.repeated"] == "unknown"
    upgrading.upgrade(key="ours", by=cast.admin)
    after = Assessment.objects.get(migrated_from=signed)
    assert after.state == "signed"
    kept = {review.criterion: (review.note, review.by, review.until) for review in after.reviews.all()}
    assert kept == {
        "training.recorded": ("Seen training.tracked.", cast.reviewer, until),
        "release.versioned": ("Seen release.versioned.", cast.reviewer, until),
    }
    assert signed.reviews.get(criterion="training.repeated").until <= timezone.now()
    texts = EventText.objects.filter(event__action="assessment.migrate").values_list("name", "text")
    assert ("review training.repeated", "confirmed: Seen training.repeated.") in set(texts)
    score = levels.current_score(cast.team, catalogue.current("ours"))
    assert score == tried
    Answer.objects.filter(assessment=after, criterion="training.repeated").update(reconfirm=False)
    confirmed = levels.current_score(cast.team, catalogue.current("ours"))
    assert confirmed.official["training.repeated"] == "unknown"  # nobody looked at what is asked now


@pytest.mark.parametrize("reviewed_again", [False, True])
def test_reviews_of_earlier_assessments_end_with_what_the_map_drops(cast, first, second, reviewed_again):
    def reviewed(assessment, days):
        for key in ("training.tracked", "training.repeated"):
            CriterionReview.objects.create(
                assessment=assessment,
                criterion=key,
                practice=key.replace(".", "-"),
                verdict="confirmed",
                by=cast.reviewer,
                until=timezone.now() + timedelta(days=days),
            )

    quarter_ago = timezone.now() - timedelta(days=90)
    reviewed(assessed(cast.team, first, ALL_YES, by=cast.member, state="signed", at=quarter_ago), 90)
    newest = assessed(cast.team, first, ALL_YES, by=cast.member, state="signed" if reviewed_again else "submitted")
    if reviewed_again:
        reviewed(newest, 180)
    tried = upgrades.dry_run(*upgrades.target("ours")).teams[0].after
    upgrading.upgrade(key="ours", by=cast.admin)
    assert levels.current_score(cast.team, catalogue.current("ours")) == tried
    Answer.objects.filter(assessment__migrated_from=newest).update(reconfirm=False)
    confirmed = levels.current_score(cast.team, catalogue.current("ours"))
    assert confirmed.official["training.repeated"] == "unknown"  # nobody looked at what is asked now
    assert confirmed.official["training.recorded"] == "met"


def test_reviews_of_other_frameworks_are_not_ended(cast, first, second):
    assessed(cast.team, first, ALL_YES, by=cast.member)
    other = assessed(cast.team, row(key="other"), {"training.repeated": "yes"}, by=cast.member, state="signed")
    CriterionReview.objects.create(
        assessment=other,
        criterion="training.repeated",
        practice="training-repeated",
        verdict="confirmed",
        by=cast.reviewer,
        until=timezone.now() + timedelta(days=90),
    )
    before = levels.current_score(cast.team, catalogue.current("other"))
    tried = upgrades.dry_run(*upgrades.target("ours")).teams[0].after
    upgrading.upgrade(key="ours", by=cast.admin)
    assert levels.current_score(cast.team, catalogue.current("other")).official == before.official
    assert levels.current_score(cast.team, catalogue.current("ours")) == tried


def test_an_action_that_waited_for_the_upgrade_goes_on_in_the_new_version(cast, first, second):
    draft = assessed(cast.team, first, ALL_YES, by=cast.manager, state="draft")
    seen = Assessment.objects.get(pk=draft.pk)  # read before the upgrade, as another request has it
    upgrading.upgrade(key="ours", by=cast.admin)
    with pytest.raises(Invalid):
        filling.save_answer(assessment=seen, criterion="training.tracked", value="no", note="", rev=1, by=cast.member)
    assert not Answer.objects.filter(assessment=draft, criterion="training.tracked").exists()
    submitted = filling.submit(assessment=seen, by=cast.manager)
    assert (submitted.framework_version, submitted.framework_digest) == ("2", second.digest)
    assert submitted.score["official"].keys() == catalogue.current("ours").by_id.keys()


def test_nobody_starts_in_a_version_that_was_upgraded_meanwhile(cast, first, second):
    seen = catalogue.current("ours")
    upgrading.upgrade(key="ours", by=cast.admin)
    with pytest.raises(Conflict):
        filling.start_assessment(team=cast.team, framework=seen, by=cast.member)
    assert not Assessment.objects.exists()


def test_a_draft_is_carried_over_in_place(cast, first, second):
    draft = assessed(cast.team, first, ALL_YES, by=cast.member, state="draft", notes=NOTES)
    Delegation.objects.create(assessment=draft, criterion="training.tracked", to=cast.member, note="Please look.")
    Delegation.objects.create(assessment=draft, criterion="training.old", to=cast.manager, note="And this.")
    IndependentAnswer.objects.create(
        assessment=draft, person=cast.manager, criterion="training.tracked", value="no", note="I doubt it."
    )
    IndependentAnswer.objects.create(
        assessment=draft, person=cast.manager, criterion="training.old", value="no", note="Gone."
    )
    Attachment.objects.create(
        assessment=draft, criterion="training.tracked", name="a.png", kind="image/png", size=1, sha256="0" * 64
    )
    done = upgrading.upgrade(key="ours", by=cast.admin)
    assert (done.drafts, len(done.teams)) == (1, 0)
    draft.refresh_from_db()
    assert (draft.state, draft.framework_version, draft.framework_digest) == ("draft", "2", second.digest)
    answers = dict(draft.answers.values_list("criterion", "value"))
    assert answers == {
        "training.recorded": "yes",
        "training.repeated": "yes",
        "release.versioned": "yes",
        "release.gate": "",
        "release.new": "",
    }
    assert [(one.criterion, one.to) for one in draft.delegations.all()] == [("training.recorded", cast.member)]
    apart = draft.independent_answers.get()
    assert (apart.criterion, apart.value, apart.note) == ("training.recorded", "no", "I doubt it.")
    assert draft.attachments.get().criterion == "training.recorded"
    texts = dict(EventText.objects.values_list("name", "text"))
    assert texts["training.old"] == "yes: An old note."
    assert texts["training.old (1)"] == "no: Gone."
    assert texts["delegation training.old"] == "And this."


def test_attachments_and_items_of_the_way_up_follow_their_criterion(cast, before, second):
    Attachment.objects.create(
        assessment=before, criterion="training.tracked", name="a.png", kind="image/png", size=1, sha256="0" * 64
    )
    item = RoadmapItem.objects.create(
        team=cast.team, framework="ours", criterion="training.tracked", practice="training-tracked"
    )
    upgrading.upgrade(key="ours", by=cast.admin)
    after = Assessment.objects.get(migrated_from=before)
    assert after.attachments.get().criterion == "training.recorded"
    assert before.attachments.get().criterion == "training.tracked"
    item.refresh_from_db()
    assert item.criterion == "training.recorded"


def test_an_assessment_two_versions_back_goes_through_both_maps(cast, before, second):
    third = row(
        3,
        (*SECOND[:-1],),
        [{"kind": "retired", "from": ["release.new"], "to": [], "answers": "drop", "why": {"en": "x", "ja": "文"}}],
        state="published",
    )
    done = upgrading.upgrade(key="ours", by=cast.admin)
    assert done.new.version == 3
    after = Assessment.objects.get(migrated_from=before)
    assert (after.framework_version, after.framework_digest) == ("3", third.digest)
    assert after.answers.get(criterion="training.recorded").value == "yes"
    assert after.answers.get(criterion="training.repeated").reconfirm


def test_reviews_of_two_versions_back_come_along(cast, first, second):
    signed = assessed(cast.team, first, ALL_YES, by=cast.member, state="signed")
    until = timezone.now() + timedelta(days=90)
    CriterionReview.objects.create(
        assessment=signed, criterion="training.tracked", practice="training-tracked", verdict="confirmed", until=until
    )
    again = [
        {
            "kind": "renamed",
            "from": ["training.recorded"],
            "to": ["training.logged"],
            "answers": "keep",
            "reviews": "keep",
            "why": {"en": "x", "ja": "文"},
        }
    ]
    logged = {"id": "training.logged", "practice": "training-logged"}
    row(3, (logged, *SECOND[1:]), again, state="published")
    upgrading.upgrade(key="ours", by=cast.admin)
    after = Assessment.objects.get(migrated_from=signed)
    assert [(one.criterion, one.practice) for one in after.reviews.all()] == [("training.logged", "training-logged")]
    score = levels.current_score(cast.team, catalogue.current("ours"))
    assert score.official["training.logged"] == "met"


def test_only_the_successor_waits_for_review(cast, before, second):
    upgrading.upgrade(key="ours", by=cast.admin)
    assert [one.migrated_from for one in Assessment.objects.waiting_for_review()] == [before]


def test_a_named_version_is_upgraded_to(cast, before, second):
    row(3, SECOND, state="published")
    assert upgrading.upgrade(key="ours", version=2, by=cast.admin).new.version == 2
    assert upgrading.upgrade(key="ours", by=cast.admin).new.version == 3
    assert Assessment.objects.filter(team=cast.team).count() == 3


def test_refusals(cast, first):
    with pytest.raises(Conflict, match="No version later"):
        upgrades.target("ours")
    with pytest.raises(Missing):
        upgrades.target("nothing")
    with pytest.raises(Missing):
        upgrades.target("ours", 7)
    row(2, SECOND, CHANGES, state="published")
    with pytest.raises(Forbidden):
        upgrading.upgrade(key="ours", by=cast.manager)
    assert catalogue.current("ours").version == 1


def test_answers_that_no_map_leads_on_stop_the_upgrade(cast, first, second):
    lost = assessed(cast.team, first, ALL_YES, by=cast.member)
    third = row(3, FIRST[:1], state="published", key="ours")
    with pytest.raises(Conflict) as refusal:
        upgrades.dry_run(*upgrades.target("ours", 3))
    assert refusal.value.message.code in ("maturity.migration.map", "maturity.migration.path")
    assert (lost.framework_version, third.state) == ("1", "published")


# -- page, API, command


def test_the_page_tries_and_carries_out(cast, as_user, before, second):
    client = as_user(cast.admin)
    page = client.get("/frameworks/ours/upgrade/").content.decode()
    assert "A level drops in 1 of 1 teams." in page
    assert "Credit Risk drops from 2 to 1 in Text (claimed)" in page
    assert "Repeated by others" in page
    assert "Now somebody else must do it." in page
    assert catalogue.current("ours").version == 1
    response = client.post("/frameworks/ours/upgrade/", follow=True)
    assert "Assessments carried over: 1; drafts: 0." in response.content.decode()
    assert catalogue.current("ours").version == 2
    for again in (client.get, client.post):  # nothing waits any more
        page = again("/frameworks/ours/upgrade/", follow=True)
        assert page.redirect_chain == [("/frameworks/ours/", 302)]
        assert "No version later than the one in use is there." in page.content.decode()


@pytest.mark.parametrize("asked", ["x", "²", "9" * 5000, "-1", "%00"])
def test_a_version_that_is_no_number_is_not_there(cast, as_user, before, second, asked):
    client = as_user(cast.admin)
    assert client.get(f"/frameworks/ours/upgrade/?to={asked}").status_code == 404
    assert client.post(f"/frameworks/ours/upgrade/?to={asked}").status_code == 404
    assert client.get(f"/api/v1/frameworks/ours/upgrade/?to={asked}").status_code == 422
    assert catalogue.current("ours").version == 1


def test_the_page_is_for_administrators(cast, as_user, before, second):
    for user in (cast.manager, cast.reviewer, cast.auditor):
        assert as_user(user).get("/frameworks/ours/upgrade/").status_code == 403
        assert as_user(user).post("/frameworks/ours/upgrade/").status_code == 403


def test_the_record_of_an_old_assessment_prints_as_it_was(cast, as_user, before, second):
    upgrading.upgrade(key="ours", by=cast.admin)
    old = as_user(cast.member).get(f"/assessments/{before.pk}/").content.decode()
    assert "Tracked" in old
    assert "Old" in old
    assert "Recorded" not in old
    new = as_user(cast.member).get(f"/assessments/{Assessment.objects.get(migrated_from=before).pk}/").content.decode()
    assert "Recorded" in new
    assert f'href="/assessments/{before.pk}/"' in new


def test_the_api_tries_and_carries_out(cast, as_user, before, second):
    client = as_user(cast.admin)
    tried = client.get("/api/v1/frameworks/ours/upgrade/").json()
    assert (tried["from"], tried["to"], tried["teams"][0]["team"]) == (1, 2, "credit-risk")
    assert tried["teams"][0]["to_confirm"] == ["training.repeated"]
    assert {"what": "answer", "criterion": "training.old", "said": "yes", "text": "An old note."} in tried["teams"][0][
        "set_aside"
    ]
    assert client.get("/api/v1/frameworks/ours/upgrade/?to=x").status_code == 422
    assert client.get("/api/v1/frameworks/ours/upgrade/?to=9").status_code == 404
    assert client.post("/api/v1/frameworks/ours/upgrade/").json() == tried
    assert client.post("/api/v1/frameworks/ours/upgrade/").status_code == 409
    assert as_user(cast.member).get("/api/v1/frameworks/ours/upgrade/").status_code == 403


def test_the_command_tries_and_carries_out(cast, before, second):
    out = StringIO()
    call_command("framework", "upgrade", "ours", "--dry-run", stdout=out)
    assert "Credit Risk drops from 2 to 1 in Text (claimed):" in out.getvalue()
    assert "training.repeated: to be confirmed again" in out.getvalue()
    assert catalogue.current("ours").version == 1
    out = StringIO()
    call_command("framework", "upgrade", "ours", "--to", "2", "--json", stdout=out)
    assert json.loads(out.getvalue())["to"] == 2
    assert catalogue.current("ours").version == 2
    with pytest.raises(CommandError, match="No version later"):
        call_command("framework", "upgrade", "ours")


def test_the_command_checks_a_file(tmp_path, second):
    file = tmp_path / "ours.yaml"
    file.write_text(second.source, "utf-8")
    out = StringIO()
    call_command("framework", "check", str(file), stdout=out)
    assert out.getvalue().endswith("ok\n")
    file.write_text(second.source.replace("effort: 1", "effort: 9"), "utf-8")
    with pytest.raises(CommandError, match=r"effort: it must be 5 or less"):
        call_command("framework", "check", str(file))


def test_the_job_brings_standings_up_to_date(cast, before, second, run_jobs):
    from assessments.models import TeamStanding

    upgrading.upgrade(key="ours", by=cast.admin)
    run_jobs()
    job = Job.objects.get(kind="framework.rescore")
    assert job.state == "done", job.error
    standing = TeamStanding.objects.get(team=cast.team, framework="ours")
    assert standing.framework_version == "2"
