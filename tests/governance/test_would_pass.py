"""What is said before a request is what is said of it: to the same person, of the same version, at the same moment."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.exceptions import end_exception, waive
from governance.actions.groups import add_member, make_group
from governance.actions.rollback import rollback
from governance.models import ApproverGroup, GateException, Promotion
from governance.preflight import preflight
from governance.rollbacks import earlier
from governance.verdict import judge_request
from governance.verdicts import keep
from portal.accounts.models import Membership, User
from portal.web.errors import Conflict
from tests.governance.evidence_made import fairness, lineage
from tests.governance.machine.world import Content
from tests.governance.promotions_made import audit, audited, make_model, make_version
from tests.governance.test_move_steps import again, fake  # noqa: F401
from tests.governance.test_waivers import GATE, UNFAIR, signer  # noqa: F401

pytestmark = pytest.mark.django_db
GIVEN = {"reason": "Known.", "environment": "production"}


def soon(days: int = 9):
    return timezone.now() + timedelta(days=days)


def groups(cast) -> None:
    for key in ("model-risk", "on-call"):
        make_group(key=key, name_en=key, name_ja=key, by=cast.admin)


@pytest.fixture
def both(cast, signer):  # noqa: F811
    """A version whose gate is waived by Abe, who is of its team."""
    version = audited(make_version(make_model(cast), author="chiba"), fairness=UNFAIR)
    Membership.objects.create(team=version.team, user=signer, role="member")
    signer = User.objects.get(pk=signer.pk)
    waive(version=version, gate=GATE, until=soon(), by=signer, **GIVEN)
    return version, signer


def test_the_signer_is_told_what_their_own_request_would_meet(cast, both, as_user):
    version, signer = both  # noqa: F811
    asked = {"registry": version.model.registry.slug, "model": version.model.name, "version": 1}
    keep([version], "production")
    for person, passes in ((signer, False), (cast.member, True), (cast.reviewer, True)):
        assert preflight(version, "production", user=person).judgement.verdict.passes is passes, person
        for name in ("api-verdict", "api-preflight"):
            told = as_user(person).get(reverse(name), asked | {"environment": "production"}).json()
            assert told["passes"] is passes, (name, person)
        page = as_user(person).get(reverse("version", args=[version.model_id, 1]))
        shown = {key: verdict.passes for key, _title, verdict in page.context["preflight"]}
        assert shown["production"] is passes, person
    own = promotions.request(version=version, environment="production", by=signer)
    assert own.outcome == "fail"


def test_the_way_names_nobody_who_could_not(cast, both):
    """Neither who would ask, nor who made the version."""
    version, signer = both  # noqa: F811
    end_exception(exception=GateException.objects.get(), by=signer)
    type(version).objects.filter(pk=version.pk).update(author=cast.reviewer.email)
    version.refresh_from_db()
    for person, may_waive in ((signer, ()), (cast.member, ("Abe",))):
        way = preflight(version, "production", user=person).way
        assert [one.names for one in way.waive] == [may_waive]
        assert cast.reviewer.name not in [name for one in way.approve for name in one.names]


WAIVABLE = Content().text.replace(
    "needs: {items: [run, commit]}}", "needs: {items: [run, commit]}, waivable: {group: reviewer, max_days: 30}}"
)


@pytest.fixture
def back(cast, fake):  # noqa: F811
    """Version 1 stood where 2 stands now; since then its lineage was found wanting, which a reviewer may waive."""
    model = make_model(cast)
    one, two = audited(make_version(model, 1)), audited(make_version(model, 2))
    for version in (one, two):
        promotion = promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
        again(promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer))
    groups(cast)
    policies.publish(text=WAIVABLE, by=None)
    audit(one, "lineage", lineage(("commit",)), outcome="fail")
    return one


def test_a_rollback_is_offered_in_one_step_to_whom_it_is_one(cast, back):
    waive(version=back, gate="lineage", until=soon(), by=cast.reviewer, **GIVEN)
    for person, at_once in ((cast.reviewer, False), (cast.member, True)):
        [offered] = earlier(back.model, "production", user=person)
        assert offered.in_one_step is at_once, person
        with transaction.atomic():
            made = rollback(version=back, environment="production", reason="Wrong limits.", by=person)
            assert (made.state == "approved") is at_once, person
            transaction.set_rollback(True)


def test_a_rollback_under_way_is_in_no_waivers_way(cast, back):
    """It asks for fewer gates; the waiver is of one that promotions ask for, and of all versions of the model."""
    made = rollback(version=back, environment="production", reason="Wrong limits.", by=cast.member)
    assert made.state == "open"
    add_member(group=ApproverGroup.objects.get(key="model-risk"), user=cast.reviewer, by=cast.admin)
    signed = waive(version=back, gate="fair", until=soon(), whole_model=True, by=cast.reviewer, **GIVEN)
    assert signed.version is None
    assert judge_request(made).verdict.results[-1].id == "lineage"  # and it still asks for no more than before


GAPS = [(0.01, 0.0, 0.03), (0.17, 0.12, 0.22), (0.09, 0.05, 0.13)]  # passes, fails, undecided


@pytest.mark.parametrize("seed", range(12))
def test_over_random_worlds_nobody_is_told_otherwise(cast, seed, as_user):
    """Evidence, risk, waivers and decisions of random people, of the team or not, for a version or all of the model."""
    chance = random.Random(seed)
    groups(cast)
    with time_machine.travel(timezone.now(), tick=False):
        model = make_model(cast, risk=chance.choice(["low", "high", "high"]))
        texts = [Content().text, Content(risks="[low, medium, high]").text, WAIVABLE]
        policies.publish(text=chance.choice(texts), by=None)
        version = make_version(model, 1, author=chance.choice(["", "suzuki@example.org"]))
        audited(version, fairness=fairness(*chance.choice(GAPS)))
        if chance.random() < 0.3:
            audit(version, "lineage", lineage(("commit",)), outcome="fail")
        signers = [cast.member, cast.manager, cast.reviewer, cast.admin]
        for _ in range(chance.randrange(4)):
            _sign(chance, version, chance.choice(signers))
        keep([version], "production")
        for person in (cast.member, cast.manager):
            told = preflight(version, "production", user=person).judgement
            asked = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": "production"}
            answer = as_user(person).get(reverse("api-verdict"), asked).json()
            with transaction.atomic():
                made = promotions.request(version=version, environment="production", by=person)
                judged = judge_request(Promotion.objects.get(pk=made.pk))
                passes = _approves(made, cast.reviewer)
                transaction.set_rollback(True)
            assert (answer["outcome"], answer["passes"]) == (told.verdict.outcome, told.verdict.passes)
            assert made.outcome == told.verdict.outcome == judged.verdict.outcome
            assert made.bound == dict(told.bound) == dict(judged.bound) == answer["bound"]
            assert passes is told.verdict.passes


def _sign(chance: random.Random, version, by) -> None:
    """A row as an action would write it, whoever may."""
    kind, gate = chance.choice(["waiver", "waiver", "ruling"]), chance.choice(["fair", "lineage"])
    if GateException.objects.filter(kind=kind, gate=gate).exists():
        kind = "waiver"  # one decision stands at a time
    newest = version.audits.filter(kind="fairness").order_by("-pk").first()
    ruled = {"outcome": chance.choice(["pass", "fail"]), "evidence_digest": newest.digest} if kind == "ruling" else {}
    GateException.objects.create(
        kind=kind, model=version.model, environment="production", gate=gate, reason="Known.", by=by, until=soon(),
        version=version if ruled or chance.random() < 0.5 else None, event=uuid.uuid4(),
        since=timezone.now() - timedelta(minutes=chance.randrange(1, 99)), **ruled,
    )  # fmt: skip


def _approves(made: Promotion, reviewer) -> bool:
    """Whether the gates let an approval be given."""
    if made.outcome == "pass":
        return promotions.approve(promotion=made, rev=made.rev, by=reviewer).rev == made.rev + 1
    with pytest.raises(Conflict) as refused:
        promotions.approve(promotion=made, rev=made.rev, by=reviewer)
    assert refused.value.message.code.startswith("gates.verdict.")
    return False
