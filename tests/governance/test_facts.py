"""Facts that pipelines push: what is taken, what is refused, and that gates heed them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.actions import policies
from governance.actions.facts import push_fact
from governance.models import Fact, ModelVersion
from governance.verdict import judge
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.promotions_made import make_model, make_version, requested

pytestmark = pytest.mark.django_db
POLICY = """
key: told
title: {en: Told, ja: 申告}
environments:
  production:
    title: {en: Production, ja: 本番}
    alias: champion
    gates:
      - id: load
        audit: fact
        title: {en: Load test, ja: 負荷試験}
        needs: {key: load_test.p95_ms, at_most: 200}
        max_age_days: 30
        labels: [declared]
    approvals: {required: 1, roles: [reviewer], not_requester: true, not_author: true}
"""
KEY = "load_test.p95_ms"


@pytest.fixture
def version(cast) -> ModelVersion:
    policies.publish(text=POLICY, by=cast.admin)
    return make_version(make_model(cast), author="ono")


def outcome(version: ModelVersion) -> str:
    version = ModelVersion.objects.select_related("model__profile", "model__team").get(pk=version.pk)
    return {one.id: one.outcome for one in judge(version, "production").verdict.results}["load"]


def test_a_policy_that_asks_for_a_fact_is_published_and_heeded(cast, version):
    assert outcome(version) == "not_evaluated"
    push_fact(version=version, key=KEY, value=250, unit="ms", by=cast.member)
    assert outcome(version) == "fail"
    push_fact(version=version, key=KEY, value=180.5, unit="ms", by=cast.member)
    assert outcome(version) == "pass"


def test_an_open_promotion_is_computed_anew(cast, version):
    promotion = requested(cast, version)
    before = promotion.bound
    push_fact(version=version, key=KEY, value=180, by=cast.member)
    promotion.refresh_from_db()
    assert {one["id"]: one["outcome"] for one in promotion.verdict["results"]}["load"] == "pass"
    assert promotion.bound["evidence"] != before["evidence"]


def test_the_record_says_what_was_told_by_whom_and_with_what(cast, version):
    fact, is_new = push_fact(version=version, key=KEY, value=0.25, unit="s", token="build server", by=cast.member)
    event = Event.objects.get(uuid=fact.event)
    body = json.loads(event.body)
    assert is_new
    assert body["actor"] == str(cast.member.pseudonym)
    assert body["after"] == {"fact_value": "0.25", "digest": fact.digest, "label": "declared"}
    assert body["params"]["fact_key"] == KEY
    assert "build server" not in event.body  # it may name a person: it stands beside the record
    assert event.texts.get(name="token_name").text == "build server"


@pytest.mark.parametrize("value", [None, [], {}, [1], "", "x" * 501, float("nan"), float("inf"), 2**60, "\x00"])
def test_what_is_no_plain_value_is_refused(cast, version, value):
    with pytest.raises(Invalid) as refused:
        push_fact(version=version, key=KEY, value=value, by=cast.member)
    assert set(refused.value.fields) == {"value"}
    assert not Fact.objects.exists()


@pytest.mark.parametrize("key", ["", "Load", "1st", "a b", "a/b", "x" * 81, "=cmd|calc", "é"])
def test_a_key_is_one_that_a_policy_can_name(cast, version, key):
    with pytest.raises(Invalid) as refused:
        push_fact(version=version, key=key, value=1, by=cast.member)
    assert "key" in refused.value.fields


def test_a_fact_of_the_future_is_refused(cast, version):
    with pytest.raises(Invalid) as refused:
        push_fact(version=version, key=KEY, value=1, at=timezone.now() + timedelta(hours=2), by=cast.member)
    assert "at" in refused.value.fields
    assert not Event.objects.filter(action="fact.push").exists()


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:00", "1999-12-31T23:59:59+00:00"])
def test_a_fact_of_another_age_is_refused(cast, version, at):
    with pytest.raises(Invalid) as error:
        push_fact(version=version, key=KEY, value=1, at=datetime.fromisoformat(at), by=cast.member)
    assert error.value.fields["at"].code == "fact.past"


def test_an_older_fact_does_not_come_back(cast, version):
    moment = timezone.now() - timedelta(hours=1)
    push_fact(version=version, key=KEY, value=250, at=moment, by=cast.member)
    for at in (moment - timedelta(seconds=1), moment):
        with pytest.raises(Conflict):
            push_fact(version=version, key=KEY, value=180, at=at, by=cast.member)
    assert outcome(version) == "fail"


def test_the_same_fact_sent_again_is_one_fact(cast, version):
    said = {"version": version, "key": KEY, "value": 1, "at": timezone.now(), "by": cast.member}
    first, _ = push_fact(**said)
    again, is_new = push_fact(**said)
    assert (again.pk, is_new) == (first.pk, False)
    assert Event.objects.filter(action="fact.push").count() == 1
    with pytest.raises(Conflict):
        push_fact(**said | {"value": True})  # true is no 1


def test_a_version_that_is_gone_is_told_nothing_of(cast, version):
    ModelVersion.objects.update(deleted_at=timezone.now())
    version.refresh_from_db()
    with pytest.raises(Conflict):
        push_fact(version=version, key=KEY, value=1, by=cast.member)


def test_only_the_team_tells(cast, version):
    for user in (cast.stranger, cast.admin, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            push_fact(version=version, key=KEY, value=1, by=user)


def test_a_version_that_was_made_anew_under_its_number_has_no_facts(cast, version):
    from types import SimpleNamespace

    from governance.mirror.write import write_versions

    push_fact(version=version, key=KEY, value=180, by=cast.member)
    remote = SimpleNamespace(
        model=version.model.name, version=str(version.number), run_id="another", model_id="", source="", status="READY",
        description="", tags={}, created=1, updated=1,
    )  # fmt: skip
    write_versions(version.model.registry, {version.model.name: version.model}, [remote], {}, whole=False)
    assert outcome(version) == "not_evaluated"


def test_the_page_shows_the_newest_of_each_key_and_who_pushed_it(cast, version, as_user):
    for number in range(3):
        push_fact(version=version, key=f"key_{number}", value=1, by=cast.member)
    address = reverse("version", args=[version.model_id, version.number])
    with CaptureQueriesContext(connection) as few:
        as_user(cast.reviewer).get(address)
    for number in range(20):
        push_fact(version=version, key=f"key_{number}", value=number > 3, token="build server", by=cast.member)
    with CaptureQueriesContext(connection) as many:
        page = as_user(cast.reviewer).get(address).content.decode()
    assert len(many) <= len(few)
    assert page.count("<code>key_1</code>") == 1
    assert "true" in page
    assert "Ito (token: build server)" in page
