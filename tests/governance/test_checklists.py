"""Signed checklists and told facts as evidence: who may sign, and what makes a signature void."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from governance.actions import policies
from governance.actions.checklists import sign_item, withdraw_mark
from governance.models import ApproverGroup, ChecklistMark, Fact, GroupMember, ModelVersion, Profile
from governance.verdict import judge
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.promotions_made import make_model, make_version, requested

pytestmark = pytest.mark.django_db
POLICY = """
key: signed
title: {en: Signed, ja: 署名}
environments:
  production:
    title: {en: Production, ja: 本番}
    alias: champion
    gates:
      - id: card
        audit: checklist
        title: {en: Model card, ja: モデルカード}
        needs:
          items:
            - {id: model-card, title: {en: Model card is written, ja: モデルカードがある}, signers: [model-risk]}
        max_age_days: 30
        labels: [attested]
      - id: load
        audit: fact
        title: {en: Load test, ja: 負荷試験}
        needs: {key: load_test.p95_ms, at_most: 200}
        max_age_days: 30
        labels: [declared]
    approvals: {required: 1, roles: [reviewer], not_requester: true, not_author: true}
"""


@pytest.fixture
def version(cast) -> ModelVersion:
    version = make_version(make_model(cast), author="ono")
    group = ApproverGroup.objects.create(key="model-risk", name_en="Model risk", name_ja="モデルリスク")
    for user in (cast.reviewer, cast.manager, cast.member):
        GroupMember.objects.create(group=group, user=user, since=timezone.now() - timedelta(days=1))
    policies.publish(text=POLICY, by=cast.admin)
    return version


def gate(version, name: str):
    from governance.models import Policy

    version = ModelVersion.objects.select_related("model__profile", "model__team").get(pk=version.pk)
    verdict = judge(version, "production", policy=Policy.objects.get(key="signed")).verdict
    return next(result for result in verdict.results if result.id == name)


def sign(version, by, **more) -> ChecklistMark:
    version = ModelVersion.objects.select_related("model__profile", "model__team").get(pk=version.pk)
    return sign_item(version=version, environment="production", item="model-card", by=by, **more)


def fact(cast, version, value, **fields) -> Fact:
    given = {"at": timezone.now(), "by": cast.member, "digest": "sha256:x", "event": uuid4()}
    return Fact.objects.create(version=version, key="load_test.p95_ms", value=value, **given | fields)


def test_a_named_member_signs(cast, version):
    assert gate(version, "card").outcome == "not_evaluated"
    mark = sign(version, cast.reviewer, note="Read it with Ms Abe")
    found = gate(version, "card")
    assert (found.outcome, found.label) == ("pass", "attested")
    event = Event.objects.get(action="checklist.sign")
    assert "Abe" not in event.body
    withdraw_mark(mark=mark, by=cast.reviewer)
    assert gate(version, "card").outcome == "not_evaluated"


def test_who_may_not_sign(cast, version):
    with pytest.raises(Forbidden, match="model-risk"):
        sign(version, cast.auditor)
    with pytest.raises(Forbidden, match="made this version"):
        sign(version, cast.manager)
    requested(cast, version, by=cast.member)
    with pytest.raises(Forbidden, match="asked for this"):
        sign(version, cast.member)
    with pytest.raises(Invalid):
        sign_item(version=version, environment="production", item="other", by=cast.reviewer)
    mark = sign(version, cast.reviewer)
    with pytest.raises(Conflict):
        sign(version, cast.reviewer)
    with pytest.raises(Forbidden):
        withdraw_mark(mark=mark, by=cast.member)


def test_who_signs_and_asks_then_has_not_signed(cast, version):
    sign(version, cast.member)
    assert gate(version, "card").outcome == "pass"
    requested(cast, version, by=cast.member)
    assert gate(version, "card").outcome == "not_evaluated"


@pytest.mark.parametrize("change", ["files", "profile", "left", "inactive", "old", "other group"])
def test_a_signature_is_void_when_what_it_stands_on_changes(cast, version, change):
    mark = sign(version, cast.reviewer)
    assert gate(version, "card").outcome == "pass"
    if change == "files":
        ModelVersion.objects.update(artifact_digest="sha256:others")
    elif change == "profile":
        Profile.objects.update(population="All")
    elif change == "left":
        GroupMember.objects.filter(user=cast.reviewer).update(until=timezone.now())
    elif change == "inactive":
        type(cast.reviewer).objects.filter(pk=cast.reviewer.pk).update(is_active=False)
    elif change == "old":
        ChecklistMark.objects.filter(pk=mark.pk).update(at=timezone.now() - timedelta(days=31))
    else:
        ApproverGroup.objects.update(environment="staging")
    assert gate(version, "card").outcome == "not_evaluated"


def test_signing_again_after_a_change(cast, version):
    sign(version, cast.reviewer)
    ModelVersion.objects.update(artifact_digest="sha256:others")
    sign(version, cast.reviewer)
    assert gate(version, "card").outcome == "pass"
    assert ChecklistMark.objects.filter(withdrawn_at=None).count() == 1


def test_the_newest_fact_counts(cast, version):
    assert gate(version, "load").outcome == "not_evaluated"
    fact(cast, version, 250, at=timezone.now() - timedelta(days=2))
    assert gate(version, "load").outcome == "fail"
    fact(cast, version, 180)
    assert gate(version, "load").outcome == "pass"
    fact(cast, version, 150, at=timezone.now() - timedelta(days=1))
    assert "180" in str(gate(version, "load").measured)


def test_facts_that_say_nothing(cast, version):
    fact(cast, version, 100, at=timezone.now() + timedelta(days=1))  # dated forward
    assert gate(version, "load").outcome == "not_evaluated"
    fact(cast, version, 100, label="attested")
    assert gate(version, "load").message.code == "gates.label-refused"
    Fact.objects.all().delete()
    fact(cast, version, 100, at=timezone.now() - timedelta(days=31))
    assert gate(version, "load").outcome == "not_evaluated"
    other = make_version(version.model, 2)
    Fact.objects.all().delete()
    fact(cast, other, 100)
    assert gate(version, "load").outcome == "not_evaluated"


def test_evidence_that_is_supplied_is_bound(cast, version):
    def bound():
        one = ModelVersion.objects.select_related("model__profile", "model__team").get(pk=version.pk)
        return judge(one, "production").bound["evidence"]

    found = [bound()]
    fact(cast, version, 180)
    found.append(bound())
    fact(cast, version, 180, at=timezone.now() + timedelta(minutes=1))
    assert bound() == found[-1]  # told again, it is the same
    sign(version, cast.reviewer)
    found.append(bound())
    assert len(set(found)) == 3


def test_the_page(cast, version, as_user):
    url = f"/models/{version.model_id}/versions/1/checklist/production/"
    page = as_user(cast.reviewer).get(url).content.decode()
    assert "Model card is written" in page
    assert "sign/" in page
    assert "sign/" not in as_user(cast.auditor).get(url).content.decode()
    assert as_user(cast.auditor).post(url + "sign/", {"item": "model-card"}).status_code == 403
    assert as_user(cast.reviewer).post(url + "sign/", {"item": "model-card", "note": "<i>"}).status_code == 302
    page = as_user(cast.reviewer).get(url).content.decode()
    assert "Sato signed" in page
    assert "<i>" not in page
    mark = ChecklistMark.objects.get()
    assert as_user(cast.member).post(f"{url}{mark.pk}/withdraw/").status_code == 403
    assert as_user(cast.stranger).get(url).status_code == 404
    assert as_user(cast.reviewer).get(url.replace("production", "nowhere")).status_code == 404
