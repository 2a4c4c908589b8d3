"""What the database itself refuses, whoever writes: for each constraint a row that is let in, and one that is not."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from governance.models import (
    ApproverGroup,
    BreakGlass,
    ChecklistMark,
    Comment,
    Decision,
    Deputy,
    EmergencyKit,
    Fact,
    Finding,
    GateException,
    GroupMember,
    LiveJudgement,
    MintedToken,
    ModelVersion,
    Move,
    Place,
    Placement,
    PolicyDraft,
    ProfileChange,
    ProfileVersion,
    Promotion,
    RegisteredModel,
    StoredVerdict,
    WebhookDelivery,
)
from portal.accounts.models import ApiToken
from tests import worlds
from tests.governance import factories as make
from tests.governance.promotions_made import requested
from tests.remembered import remembered

HELD = (  # the models of this issue, and those that were there and got constraints with it
    *(ApproverGroup, BreakGlass, ChecklistMark, Comment, Deputy, EmergencyKit, Fact, Finding, GateException),
    *(GroupMember, LiveJudgement, MintedToken, Place, PolicyDraft, ProfileChange, ProfileVersion, StoredVerdict),
    *(WebhookDelivery, Decision, Move, ModelVersion, Placement, Promotion, RegisteredModel, ApiToken),
)
NEW = {"approval", "exception", "finding", "gate", "judged", "place", "profile_history", "supplied"}
HELD_ELSEWHERE = {  # tested with the actions that need them
    *("one_model_a_registry_and_name", "one_version_a_number", "one_active_promotion_a_version_and_environment"),
    *("done_move_has_a_date", "one_version_in_an_environment"),
}


@pytest.fixture
@remembered
def world(cast) -> World:
    promotion = requested(cast)
    return World(cast, promotion, worlds.placed(promotion))


class World:
    """Rows that are let in; a test says how its own differs."""

    def __init__(self, cast, promotion, placement) -> None:
        self.cast, self.promotion, self.placement = cast, promotion, placement
        self.version, self.model = promotion.version, promotion.version.model
        self.registry, self.now = self.model.registry, timezone.now()
        self.later = self.now + timedelta(days=1)
        self.group = ApproverGroup.objects.create(key="risk", name_en="Risk", name_ja="リスク")

    def decision(self, **fields):
        given = {"promotion": self.promotion, "decision": "approve", "by": self.cast.reviewer}
        return Decision.objects.create(event=uuid.uuid4(), **given | fields)

    def move(self, **fields):
        given = {"model": self.model, "alias": "champion", "number": 1, "promotion": self.promotion}
        return Move.objects.create(event=uuid.uuid4(), **given | fields)

    def copy(self, **fields):
        given = {"kind": "copy", "target_model": self.other("prod.ours"), "tag": uuid.uuid4()}
        return self.move(**given | fields)

    def other(self, name: str) -> RegisteredModel:
        return RegisteredModel.objects.get_or_create(registry=self.registry, name=name, team=self.cast.team)[0]

    def change(self, **fields):
        given = {"base_rev": 1, "content": {}, "to_team": self.cast.team, "proposed_by": self.cast.member}
        return ProfileChange.objects.create(model=self.model, digest="x", event=uuid.uuid4(), **given | fields)

    def profile(self, **fields):
        given = {"number": 7, "content": {}, "proposed_by": self.cast.member, "agreed_by": self.cast.manager}
        return ProfileVersion.objects.create(model=self.model, digest="x", event=uuid.uuid4(), **given | fields)

    def mark(self, **fields):
        given = {"environment": "production", "item": "card", "by": self.cast.member}
        return ChecklistMark.objects.create(version=self.version, event=uuid.uuid4(), **given | fields)

    def fact(self, **fields):
        given = {"key": "p95", "value": 1, "at": self.now, "by": self.cast.member}
        return Fact.objects.create(version=self.version, digest="x", event=uuid.uuid4(), **given | fields)

    def member(self, **fields):
        return GroupMember.objects.create(group=self.group, user=self.cast.reviewer, **fields)

    def deputy(self, **fields):
        given = {"principal": self.cast.manager, "deputy": self.cast.member, "since": self.now, "until": self.later}
        return Deputy.objects.create(reason="Away", event=uuid.uuid4(), **given | fields)

    def exception(self, **fields):
        given = {"kind": "waiver", "gate": "fair", "reason": "Small", "since": self.now, "until": self.later}
        given |= {"model": self.model, "environment": "production", "by": self.cast.reviewer}
        return GateException.objects.create(event=uuid.uuid4(), **given | fields)

    def ruling(self, **fields):
        given = {"kind": "ruling", "outcome": "pass", "version": self.version, "evidence_digest": "sha256:1"}
        return self.exception(**given | fields)

    def glass(self, **fields):
        given = {"promotion": self.promotion, "reason": "Fire", "first_by": self.cast.member}
        return BreakGlass.objects.create(event=uuid.uuid4(), **given | fields)

    def opened(self, **fields):
        given = {"second_by": self.cast.manager, "second_at": self.now, "until": self.later, "finding": self.finding()}
        return self.glass(**given | fields)

    def finding(self, **fields):
        given = {"key": "a", "kind": "alias_moved", "severity": "high", "title": {}, "model": self.model}
        return Finding.objects.create(event=uuid.uuid4(), **given | fields)

    def resolved(self, **fields):
        given = {"state": "resolved", "resolution": "corrected", "reason": "Put back", "resolved_at": self.now}
        return self.finding(**given | {"resolved_by": self.cast.member} | fields)

    def place(self, **fields):
        return Place.objects.create(**{"environment": "production", "registry": self.registry} | fields)

    def kit(self, **fields):
        given = {"model_names": ["a"], "alias": "champion", "custodians": [], "sealed": "x", "expires_at": self.later}
        given |= {"registry": self.registry, "made_by": self.cast.admin}
        return EmergencyKit.objects.create(event=uuid.uuid4(), **given | fields)

    def token(self, **fields):
        given = {"action": "alias.set", "model": "a", "alias": "champion", "new": "2", "expires_at": self.later}
        return MintedToken.objects.create(registry=self.registry, **given | fields)

    def verdict(self, **fields):
        given = {"environment": "production", "rules_digest": "x", "outcome": "pass", "document": {}}
        return StoredVerdict.objects.create(version=self.version, **given | fields)

    def judged(self, **fields):
        given = {"day": self.now.date(), "outcome": "pass", "verdict": {}}
        return LiveJudgement.objects.create(placement=self.placement, **given | fields)

    def delivery(self, **fields):
        return WebhookDelivery.objects.create(**{"registry": self.registry, "delivery_id": "a"} | fields)

    def api_token(self, **fields):
        given = {"user": self.cast.member, "name": "build", "scope": "read", "expiry": timedelta(days=1)}
        return ApiToken.objects.create(**given | fields)[0]


# constraint → (a row that is let in, one that is refused)
CASES = {
    # decisions
    "decision_kind_known": (lambda w: w.decision(), lambda w: w.decision(decision="nod", reason="x")),
    "refusing_and_sending_back_need_a_reason": (
        lambda w: w.decision(decision="automatic", by=None),
        lambda w: w.decision(decision="break_glass"),
    ),
    "decision_by_a_person_unless_automatic": (
        lambda w: w.decision(decision="automatic", by=None),
        lambda w: w.decision(by=None),
    ),
    "nobody_decides_as_their_own_deputy": (
        lambda w: w.decision(acting_for=w.cast.manager),
        lambda w: w.decision(acting_for=w.cast.reviewer),
    ),
    "one_standing_approval_a_person": (
        lambda w: [w.decision(lapsed_at=w.now), w.decision()],
        lambda w: [w.decision(), w.decision(stage=1)],
    ),
    "one_standing_approval_a_principal": (
        lambda w: [w.decision(), w.decision(by=w.cast.manager)],
        lambda w: [w.decision(acting_for=w.cast.admin), w.decision(by=w.cast.manager, acting_for=w.cast.admin)],
    ),
    "comment_says_something": (lambda w: comment(w, "Why?"), lambda w: comment(w, "")),
    "promotion_state_known": (lambda w: state(w, "overtaken"), lambda w: state(w, "almost")),
    "promotion_kind_known": (lambda w: kind(w, "rollback"), lambda w: kind(w, "leap")),
    # moves and placements
    "move_state_known": (lambda w: w.move(state="held"), lambda w: w.move(state="asleep")),
    "move_has_a_promotion_or_restores": (
        lambda w: w.move(kind="restore", promotion=None, restores=w.placement),
        lambda w: w.move(promotion=None),
    ),
    "copy_has_a_target_and_a_tag": (lambda w: w.copy(), lambda w: w.copy(tag=None)),
    "one_move_at_a_time_a_model_and_alias": (
        lambda w: [w.copy(state="moving"), restoration(w, w.model)],
        lambda w: [w.copy(state="moving"), restoration(w, w.other("prod.ours"))],
    ),
    "placement_brand_known": (lambda w: brand(w, "break_glass"), lambda w: brand(w, "gold")),
    "no_model_copies_itself": (
        lambda w: RegisteredModel.objects.filter(pk=w.other("prod.ours").pk).update(origin=w.model),
        lambda w: RegisteredModel.objects.filter(pk=w.model.pk).update(origin=w.model),
    ),
    "no_version_copies_itself": (
        lambda w: ModelVersion.objects.filter(pk=make.make_version(w.model, 9).pk).update(copied_from=w.version),
        lambda w: ModelVersion.objects.filter(pk=w.version.pk).update(copied_from=w.version),
    ),
    "one_place_an_environment_and_registry": (
        lambda w: [w.place(), w.place(environment="staging")],
        lambda w: [w.place(), w.place(alias="live")],
    ),
    "place_as_its_kind_needs": (
        lambda w: w.place(kind="model", name_pattern="prod.{name}"),
        lambda w: w.place(kind="model", name_pattern="prod"),
    ),
    # profiles, checklists and facts
    "one_profile_a_number": (lambda w: [w.profile(), w.profile(number=8)], lambda w: [w.profile(), w.profile()]),
    "profile_version_agreed_by_another": (
        lambda w: w.profile(agreed_by=None),
        lambda w: w.profile(agreed_by=w.cast.member),
    ),
    "one_profile_change_waits_a_model": (
        lambda w: [w.change(state="overtaken", decided_at=w.now), w.change()],
        lambda w: [w.change(), w.change(base_rev=2)],
    ),
    "profile_change_state_known": (
        lambda w: w.change(state="withdrawn", decided_at=w.now),
        lambda w: w.change(state="forgotten", decided_at=w.now),
    ),
    "profile_change_agreed_by_another": (
        lambda w: w.change(state="agreed", decided_at=w.now, decided_by=w.cast.manager),
        lambda w: w.change(state="agreed", decided_at=w.now, decided_by=w.cast.member),
    ),
    "profile_change_decided_has_a_date": (
        lambda w: w.change(state="withdrawn", decided_at=w.now),
        lambda w: w.change(state="withdrawn"),
    ),
    "refused_profile_has_a_reason": (
        lambda w: w.change(state="refused", decided_at=w.now, reason="Not so"),
        lambda w: w.change(state="refused", decided_at=w.now),
    ),
    "one_standing_mark_a_person_and_item": (
        lambda w: [w.mark(withdrawn_at=w.now), w.mark(), w.mark(by=w.cast.manager)],
        lambda w: [w.mark(), w.mark()],
    ),
    "fact_declared_or_attested": (lambda w: w.fact(label="attested"), lambda w: w.fact(label="replayed")),
    # approvers and exceptions
    "one_open_membership_a_group_and_person": (
        lambda w: [w.member(until=w.later), w.member()],
        lambda w: [w.member(), w.member()],
    ),
    "group_membership_ends_after_it_began": (
        lambda w: w.member(since=w.now, until=w.later),
        lambda w: w.member(since=w.later, until=w.now),
    ),
    "deputy_ends_after_it_began": (lambda w: w.deputy(), lambda w: w.deputy(until=w.now)),
    "nobody_is_their_own_deputy": (lambda w: w.deputy(), lambda w: w.deputy(deputy=w.cast.manager)),
    "gate_exception_kind_known": (lambda w: w.exception(), lambda w: w.exception(kind="favour")),
    "gate_exception_ends_after_it_began": (lambda w: w.exception(), lambda w: w.exception(until=w.now)),
    "gate_exception_has_a_reason": (lambda w: w.exception(), lambda w: w.exception(reason="")),
    "ruling_says_what_and_on_which_evidence": (lambda w: w.ruling(), lambda w: w.ruling(evidence_digest="")),
    "one_standing_ruling_a_gate": (
        lambda w: [w.ruling(ended_at=w.now), w.ruling(outcome="fail")],
        lambda w: [w.ruling(), w.ruling(outcome="fail")],
    ),
    "break_glass_has_a_reason": (lambda w: w.glass(), lambda w: w.glass(reason="")),
    "break_glass_needs_two_people": (lambda w: w.opened(), lambda w: w.opened(second_by=w.cast.member)),
    "open_break_glass_ends_and_is_reviewed": (lambda w: w.opened(), lambda w: w.opened(finding=None)),
    # findings and webhooks
    "one_open_finding_a_key": (lambda w: [w.resolved(), w.finding()], lambda w: [w.finding(), w.finding()]),
    "finding_severity_known": (lambda w: w.finding(severity="critical"), lambda w: w.finding(severity="mild")),
    "resolved_finding_says_how_and_when": (lambda w: w.resolved(), lambda w: w.resolved(resolved_at=None)),
    "finding_resolved_by_a_person_with_a_reason": (
        lambda w: w.resolved(resolution="ended", reason="", resolved_by=None),
        lambda w: w.resolved(resolved_by=None),
    ),
    "one_webhook_a_delivery": (
        lambda w: [w.delivery(), w.delivery(delivery_id="b")],
        lambda w: [w.delivery(), w.delivery()],
    ),
    # the gate
    "emergency_kit_state_known": (lambda w: w.kit(state="revoked"), lambda w: w.kit(state="lost")),
    "emergency_kit_expires": (lambda w: w.kit(), lambda w: w.kit(made_at=w.later, expires_at=w.now)),
    "minted_token_expires": (lambda w: w.token(), lambda w: w.token(minted_at=w.later, expires_at=w.now)),
    "minted_token_for_a_move_or_a_kit": (lambda w: w.token(kit=w.kit()), lambda w: w.token(kit=w.kit(), move=w.move())),
    # what is kept
    "one_stored_verdict_an_environment": (
        lambda w: [w.verdict(), w.verdict(environment="staging")],
        lambda w: [w.verdict(), w.verdict()],
    ),
    "one_live_judgement_a_day": (
        lambda w: [w.judged(), w.judged(day=w.later.date())],
        lambda w: [w.judged(), w.judged()],
    ),
    # tokens
    "token_scope_known": (lambda w: w.api_token(scope="write"), lambda w: w.api_token(scope="all")),
    "pipeline_token_has_a_team": (
        lambda w: w.api_token(scope="pipeline", team=w.cast.team),
        lambda w: w.api_token(scope="pipeline"),
    ),
}


def comment(w, text):
    return Comment.objects.create(promotion=w.promotion, by=w.cast.member, text=text, event=uuid.uuid4())


def state(w, value):
    return Promotion.objects.filter(pk=w.promotion.pk).update(state=value)


def kind(w, value):
    return Promotion.objects.filter(pk=w.promotion.pk).update(kind=value)


def brand(w, value):
    return Placement.objects.filter(pk=w.placement.pk).update(branded=value)


def restoration(w, model):
    return w.move(kind="restore", promotion=None, restores=w.placement, model=model, state="moving")


def constraints() -> set[str]:
    return {constraint.name for model in HELD for constraint in model._meta.constraints}


def test_every_constraint_has_its_case():
    assert constraints() - HELD_ELSEWHERE == CASES.keys()
    new = {
        model for model in apps.get_app_config("governance").get_models() if model.__module__.rpartition(".")[2] in NEW
    }
    assert new <= set(HELD)


@pytest.mark.parametrize("name", CASES)
def test_the_database_lets_in_what_is_right(world, name):
    with transaction.atomic():
        CASES[name][0](world)
        connection.check_constraints()


@pytest.mark.parametrize("name", CASES)
def test_the_database_refuses_what_is_not(world, name):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        CASES[name][1](world)
    said = str(caught.value)
    assert name in said or "UNIQUE" in said  # SQLite names the columns of a plain unique index


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "alias", "name_pattern": "{name}"},
        {"kind": "model", "name_pattern": "{name}"},
        {"kind": "model", "name_pattern": ""},
        {"kind": "registry"},
        {"kind": "registry", "target": "itself"},
        {"kind": "folder"},
    ],
)
def test_a_place_that_its_kind_does_not_fit_is_refused(world, wrong):
    if wrong.get("target"):
        wrong = wrong | {"target": world.registry}
    with pytest.raises(IntegrityError, match="place_as_its_kind_needs"), transaction.atomic():
        world.place(**wrong)


def test_a_place_in_another_registry_keeps_the_name_or_makes_it_of_the_name(world):
    elsewhere = make.make_registry("Production")
    world.place(kind="registry", target=elsewhere)
    world.place(kind="registry", target=elsewhere, environment="staging", name_pattern="{name}.staging")
