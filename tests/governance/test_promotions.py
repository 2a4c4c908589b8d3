"""Promotions from the request to the decision: who may, what is bound, and who loses a race."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance import approving, seats
from governance.actions import policies, promotions
from governance.actions.promotions import deciding, writing
from governance.freshness import recompute_open
from governance.models import Audit, Decision, ModelVersion, Move, Policy, Profile, Promotion, PromotionState
from governance.policy import DEFAULT
from portal.accounts.models import Membership, User
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.evidence_made import fairness, lineage
from tests.governance.promotions_made import approved, audit, audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db
UNFAIR = fairness(0.17, 0.12, 0.22)


def reviewer(name: str = "Kimura", **fields) -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", "x", name=name, is_reviewer=True, **fields)


def actions_of(promotion) -> list[str]:
    return [event.action for event in Event.objects.about("promotion", promotion.pk).order_by("id")]


# Asking


def test_a_request_freezes_the_policy_and_computes_the_checks(cast):
    promotion = requested(cast)
    assert (promotion.state, promotion.outcome, promotion.rev) == ("open", "pass", 1)
    assert promotion.policy == Policy.objects.get(key="default", version=1)
    assert promotion.verdict["outcome"] == "pass"
    event = Event.objects.about("promotion", promotion.pk).get()
    assert event.action == "promotion.request"
    assert event.texts.get().text == "Better."
    assert event.content["params"]["bound"]["artifact"] == "sha256:files"


def test_a_request_asks_for_the_audits_that_are_due(cast):
    version = make_version(make_model(cast))
    audit(version, "lineage")
    audit(version, "fairness", age=100)
    promotion = requested(cast, version)
    assert promotion.outcome == "not_evaluated"
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["audit.explanation", "audit.fairness"]


def test_only_the_team_may_ask(cast):
    version = audited(make_version(make_model(cast)))
    for user in (cast.stranger, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            requested(cast, version, by=user)
    assert not Promotion.objects.exists()


def test_asking_twice_is_refused(cast):
    promotion = requested(cast)
    with pytest.raises(Conflict, match="already under way"):
        requested(cast, promotion.version, by=cast.manager)


def test_what_cannot_be_asked_for(cast):
    model = make_model(cast)
    version = make_version(model)
    with pytest.raises(Invalid, match="No published policy"):
        requested(cast, version, environment="moon")
    version.deleted_at = version.seen_at
    with pytest.raises(Conflict, match="does not exist"):
        requested(cast, version)
    model.team = None
    with pytest.raises(Conflict, match="Nobody owns"):
        requested(cast, make_version(model, 2))


# Approving


def test_an_approval_moves_the_promotion_into_the_outbox_in_one_transaction(cast):
    promotion = approved(cast)
    assert promotion.state == PromotionState.APPROVED
    decision = Decision.objects.get()
    move = Move.objects.get()
    event = Event.objects.get(action="promotion.approve")
    assert decision.event == move.event == event.uuid
    assert (move.alias, move.number, move.state) == ("champion", 1, "waiting")
    assert decision.bound == event.content["params"]["bound"]
    assert set(decision.bound) == {"artifact", "policy", "profile", "evidence"}
    assert decision.bound["policy"] == promotion.policy.digest
    assert decision.bound["profile"] == promotion.version.model.profile.digest
    job = Job.objects.get(kind="move.run")
    assert (job.params["move"], job.key) == (move.pk, f"move:{move.pk}")


def test_no_record_no_action(cast, monkeypatch):
    """If the ledger cannot be written, nothing is approved."""
    promotion = requested(cast)
    monkeypatch.setattr(writing, "record", lambda **_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    promotion.refresh_from_db()
    assert promotion.state == "open"
    assert not Decision.objects.exists()
    assert not Move.objects.exists()
    assert not Job.objects.filter(kind="move.run").exists()


def test_the_requester_never_approves(cast):
    Membership.objects.create(user=cast.reviewer, team=cast.team, role="member")
    version = audited(make_version(make_model(cast)))
    promotion = requested(cast, version, by=User.objects.get(pk=cast.reviewer.pk))
    with pytest.raises(Forbidden, match="You asked for this"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    assert not approving.can_approve(promotion, cast.reviewer)
    assert approving.can_approve(promotion, reviewer())


def test_who_submits_again_never_approves(cast):
    other = reviewer()
    Membership.objects.create(user=other, team=cast.team, role="member")
    promotion = requested(cast)
    promotion = promotions.send_back(promotion=promotion, rev=promotion.rev, reason="Say more.", by=cast.reviewer)
    promotion = promotions.resubmit(promotion=promotion, reason="More.", by=User.objects.get(pk=other.pk))
    with pytest.raises(Forbidden, match="You asked for this"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=other)


@pytest.mark.parametrize("author", ["sato@example.org", "Sato", "SATO ", "sato"])
def test_the_versions_author_never_approves(cast, author):
    version = audited(make_version(make_model(cast), author=author))
    promotion = requested(cast, version)
    with pytest.raises(Forbidden, match="You made this"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    assert promotions.approve(promotion=promotion, rev=promotion.rev, by=reviewer()).state == "approved"


def test_only_a_reviewer_approves(cast):
    promotion = requested(cast)
    for user in (cast.member, cast.manager, cast.admin, cast.auditor, cast.stranger):
        assert not approving.can_approve(promotion, user)
        with pytest.raises(Forbidden):
            promotions.approve(promotion=promotion, rev=promotion.rev, by=user)
    assert approving.can_approve(promotion, cast.reviewer)


@pytest.mark.parametrize(
    ("results", "outcome", "words"),
    [
        ({"fairness": UNFAIR}, "fail", "0.17, more than the 0.10 allowed"),
        ({"lineage": lineage(("commit",))}, "fail", "commit of the code"),
        ({"fairness": fairness(0.09, 0.05, 0.13)}, "inconclusive", "both sides of 0.10"),
        ({"fairness": {}}, "not_evaluated", "cannot be read"),
    ],
)
def test_a_gate_that_does_not_pass_refuses_the_approval_with_its_sentence(cast, results, outcome, words):
    promotion = requested(cast, audited(make_version(make_model(cast)), **results))
    assert promotion.outcome == outcome
    assert not approving.can_approve(promotion, cast.reviewer)
    with pytest.raises(Conflict, match=words):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    assert not Decision.objects.exists()


def test_the_verdict_is_computed_at_the_moment_of_the_approval(cast):
    """A verdict that was stored as a pass does not help when the evidence is not one any more."""
    promotion = requested(cast)
    audit(promotion.version, "fairness", UNFAIR)
    Promotion.objects.filter(pk=promotion.pk).update(
        outcome="pass", verdict=promotion.verdict, rev=promotion.rev
    )  # as if nobody had computed
    with pytest.raises(Conflict, match="checks were computed anew"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    promotion.refresh_from_db()
    assert promotion.outcome == "fail"
    with pytest.raises(Conflict, match="Cannot go yet"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_who_looked_at_another_profile_does_not_approve_this_one(cast):
    """No gate reads the intended use, but the approval binds it."""
    promotion = requested(cast)
    Profile.objects.filter(model=promotion.version.model).update(intended_use="Anything at all")
    with pytest.raises(Conflict, match="checks were computed anew"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_who_looked_at_other_files_does_not_approve_these(cast):
    """All audits were made again of new files, with the same figures and the same sentences."""
    promotion = requested(cast)
    ModelVersion.objects.filter(pk=promotion.version_id).update(artifact_digest="sha256:others")
    audited(ModelVersion.objects.get(pk=promotion.version_id))
    assert Promotion.objects.get(pk=promotion.pk).outcome == "pass"
    with pytest.raises(Conflict, match="checks were computed anew"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_the_same_audit_run_again_disturbs_nobody(cast):
    promotion = requested(cast)
    audited(promotion.version)
    assert promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer).state == "approved"


def test_evidence_that_grows_old_does_not_look_like_a_pass_any_more(cast):
    """The stored verdict is what lists, Home and the API show."""
    promotion = requested(cast)
    Audit.objects.update(created_at=timezone.now() - timedelta(days=400))
    assert recompute_open() == 1
    promotion.refresh_from_db()
    assert promotion.outcome == "not_evaluated"
    assert "promotion.recompute" in actions_of(promotion)


# Several approvals, lapsing


@pytest.fixture
def two_approvals(cast):
    text = DEFAULT.read_text("utf-8").replace("required: 1", "required: 2")
    policies.publish(text=text, by=cast.admin)


@pytest.fixture
def half_approved(cast, two_approvals):
    promotion = requested(cast)
    return promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_two_approvals_are_of_two_people(cast, half_approved):
    assert half_approved.state == "open"
    assert not Move.objects.exists()
    with pytest.raises(Conflict, match="You have approved this already"):
        promotions.approve(promotion=half_approved, rev=half_approved.rev, by=cast.reviewer)
    done = promotions.approve(promotion=half_approved, rev=half_approved.rev, by=reviewer())
    assert done.state == "approved"
    assert Move.objects.count() == 1


def test_the_same_evidence_again_keeps_the_approval(cast, half_approved):
    audit(half_approved.version, "fairness")
    promotions.recompute(promotion=half_approved)
    assert seats.standing(half_approved).count() == 1
    half_approved.refresh_from_db()
    assert half_approved.rev == 2  # the request, the approval; the same evidence changes nothing


@pytest.mark.parametrize("part", ["evidence", "profile", "artifact"])
def test_an_approval_lapses_when_what_it_binds_changes(cast, half_approved, part):
    version = half_approved.version
    if part == "evidence":
        audit(version, "fairness", fairness(0.04, 0.02, 0.06))
    elif part == "profile":
        Profile.objects.filter(model=version.model).update(risk="low")
    else:
        type(version).objects.filter(pk=version.pk).update(artifact_digest="sha256:other")
    fresh = promotions.recompute(promotion=half_approved)
    decision = Decision.objects.get()
    assert decision.lapsed_at
    assert decision.lapsed_because["params"]["what"] == [{"code": f"promotion.bound.{part}", "params": {}}]
    assert fresh.rev == half_approved.rev + 1
    assert actions_of(fresh)[-2:] == ["promotion.lapse", "promotion.recompute"]
    with pytest.raises(Conflict, match="an approval lapsed"):
        promotions.approve(promotion=half_approved, rev=half_approved.rev, by=reviewer())


def test_a_new_policy_leaves_open_promotions_under_theirs(cast, half_approved):
    policies.publish(text=DEFAULT.read_text("utf-8").replace("tolerance: 0.10", "tolerance: 0.01"), by=cast.admin)
    fresh = promotions.recompute(promotion=half_approved)
    assert fresh.outcome == "pass"
    assert seats.standing(fresh).count() == 1


# Turning down, submitting again, withdrawing


@pytest.mark.parametrize(("act", "state"), [("send_back", "sent_back"), ("refuse", "refused")])
def test_turning_down_needs_a_reason_and_a_reviewer(cast, act, state):
    promotion = requested(cast)
    action = getattr(promotions, act)
    with pytest.raises(Invalid) as caught:
        action(promotion=promotion, rev=promotion.rev, reason="  ", by=cast.reviewer)
    assert "reason" in caught.value.fields
    for user in (cast.member, cast.manager, cast.admin):
        with pytest.raises(Forbidden):
            action(promotion=promotion, rev=promotion.rev, reason="No.", by=user)
    done = action(promotion=promotion, rev=promotion.rev, reason="No.", by=cast.reviewer)
    assert done.state == state
    assert Decision.objects.get().reason == "No."
    assert actions_of(done)[-1] == f"promotion.{act}"
    with pytest.raises(Conflict, match="cannot be done to a promotion that is"):
        promotions.approve(promotion=done, rev=done.rev, by=reviewer())


def test_what_was_sent_back_comes_again_under_todays_policy(cast, half_approved):
    back = promotions.send_back(promotion=half_approved, rev=half_approved.rev, reason="Why?", by=reviewer())
    assert not seats.standing(back).exists()
    policy = policies.publish(text=DEFAULT.read_text("utf-8"), by=cast.admin)
    again = promotions.resubmit(promotion=back, reason="Because.", by=cast.manager)
    assert (again.state, again.policy) == ("open", policy)


def test_a_second_active_promotion_stops_a_resubmission(cast):
    first = requested(cast)
    first = promotions.send_back(promotion=first, rev=first.rev, reason="Why?", by=cast.reviewer)
    requested(cast, first.version)
    with pytest.raises(Conflict, match="already under way"):
        promotions.resubmit(promotion=first, by=cast.member)


def test_withdrawing(cast):
    promotion = requested(cast)
    with pytest.raises(Forbidden):
        promotions.withdraw(promotion=promotion, by=cast.stranger)
    done = promotions.withdraw(promotion=promotion, by=cast.manager)
    assert (done.state, bool(done.closed_at)) == ("withdrawn", True)
    assert requested(cast, done.version).state == "open"


# Races


def test_who_looked_at_an_older_state_is_told_what_changed(cast):
    promotion = requested(cast)
    promotions.approve(promotion=promotion, rev=promotion.rev, by=reviewer())
    with pytest.raises(Conflict, match="an approval was given"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    with pytest.raises(Conflict):
        promotions.refuse(promotion=promotion, rev=promotion.rev, reason="No.", by=cast.reviewer)
    assert Decision.objects.count() == 1


def test_a_change_right_before_the_write_loses_nothing_and_records_nothing(cast, monkeypatch):
    """Even past every check, the conditional update lets only one through."""
    promotion = requested(cast)
    real = deciding.check_can_approve

    def overtaken(fresh, user):
        real(fresh, user)
        Promotion.objects.filter(pk=fresh.pk).update(rev=fresh.rev + 1)

    monkeypatch.setattr(deciding, "check_can_approve", overtaken)
    with pytest.raises(Conflict, match="has just changed"):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    assert not Decision.objects.exists()
    assert "promotion.approve" not in actions_of(promotion)


@pytest.mark.django_db(transaction=True)
def test_of_many_approvals_at_one_moment_one_counts(cast):
    promotion = requested(cast)
    people = [reviewer(f"Reviewer{i}") for i in range(4)]
    gate, outcomes = threading.Barrier(len(people)), []

    def act(user) -> None:
        gate.wait()
        try:
            promotions.approve(promotion=Promotion.objects.get(pk=promotion.pk), rev=promotion.rev, by=user)
            outcomes.append("approved")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["approved", "conflict", "conflict", "conflict"]
    assert Decision.objects.count() == Move.objects.count() == 1
    assert Event.objects.filter(action="promotion.approve").count() == 1


# Policies


def test_publishing_makes_immutable_versions(cast):
    text = DEFAULT.read_text("utf-8")
    first = policies.publish(text=text, by=cast.admin)
    assert policies.publish(text=text, by=cast.admin) == first
    second = policies.publish(text=text.replace("0.10", "0.08"), by=cast.admin)
    assert [first.version, second.version] == [1, 2]
    first.refresh_from_db()
    assert first.text == text
    assert Event.objects.filter(action="policy.publish").count() == 2
    assert policies.ensure_default_policy() == second


def test_only_an_administrator_publishes(cast):
    for user in (cast.reviewer, cast.manager, cast.auditor):
        with pytest.raises(Forbidden):
            policies.publish(text=DEFAULT.read_text("utf-8"), by=user)


def test_a_wrong_policy_is_refused_with_line_and_field(cast):
    with pytest.raises(Invalid, match=r"Line \d+, environments.production.gates\[fairness\].needs.tolerance"):
        policies.publish(text=DEFAULT.read_text("utf-8").replace("tolerance: 0.10", "tolerance: ten"), by=cast.admin)
    assert not Policy.objects.exists()


def test_the_default_policy_is_published_once_by_the_system(db):
    assert policies.ensure_default_policy() == policies.ensure_default_policy()
    event = Event.objects.get(action="policy.publish")
    assert event.actor is None
