"""Back to an earlier approved version: in one step where the policy asks nobody, else by its own approvals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.rollback import rollback
from governance.models import Brand, ModelVersion, Move, Placement
from governance.notices_environments import rollbacks as told
from governance.policy import DEFAULT
from governance.rollbacks import earlier
from governance.verdict import judge, rules_kept
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.evidence_made import fairness
from tests.governance.fake_registry import FakeRegistry
from tests.governance.promotions_made import FILES, approved, audit, audited, make_model, make_version
from tests.governance.test_move_steps import again, fake, moved  # noqa: F401
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
BACK = "    rollback: {gates: [lineage], approvals: {stages: [%s]}}\n"


@pytest.fixture
def model(cast):
    return make_model(cast)


@pytest.fixture
@remembered
def old(cast, model, fake: FakeRegistry) -> ModelVersion:  # noqa: F811
    """The first version, which the second has replaced in production."""
    first, second = (audited(make_version(model, number)) for number in (1, 2))
    for version in (first, second):
        again(approved(cast, version))
    assert fake.aliases == {"champion": "2"}
    return first


def publish(more: str) -> None:
    text = DEFAULT.read_text("utf-8")
    policies.publish(text=text.replace("    alias: champion\n", "    alias: champion\n" + more), by=None)


def back(cast, version, by=None, environment="production", reason="Wrong limits."):
    return rollback(version=version, environment=environment, reason=reason, by=by or cast.member)


def test_one_step_puts_the_earlier_version_back(cast, model, old, fake):  # noqa: F811
    promotion = back(cast, old)
    assert (promotion.kind, promotion.state) == ("rollback", "approved")
    again(promotion)
    assert (promotion.state, fake.aliases) == ("done", {"champion": "1"})
    decision = promotion.decisions.get()
    assert (decision.decision, decision.by, decision.reason) == ("automatic", None, "Wrong limits.")
    asked, done = Event.objects.about("promotion", promotion.pk).exclude(action="promotion.moved").order_by("id")
    assert (asked.action, done.action) == ("promotion.rollback_asked", "promotion.rollback")
    assert {asked.actor, done.actor} == {cast.member.pseudonym}
    assert done.uuid == decision.event
    assert done.content["params"]["instead_of"] == 2
    assert len(moved(promotion)) == 1
    standing = Placement.objects.get(until=None)
    assert (standing.version, standing.promotion) == (old, promotion)
    assert {waiting.user for waiting in told()} == {cast.manager}


def test_other_gates_of_the_environment_are_not_asked_again(cast, old):
    audit(old, "fairness", fairness(0.2, 0.15, 0.25), outcome="fail")
    assert not judge(old, "production").verdict.passes
    promotion = back(cast, old)
    assert promotion.state == "approved"
    assert [result["id"] for result in promotion.verdict["results"]] == ["again:production", "lineage"]


def test_gates_and_approvals_of_the_policy_are_frozen_with_it(cast, old, fake):  # noqa: F811
    publish(BACK % "{group: reviewer, quorum: 1}")
    promotion = back(cast, old)
    assert (promotion.state, promotion.outcome, promotion.verdict["approvals_required"]) == ("open", "pass", 1)
    publish(BACK % "")
    assert len(rules_kept(promotion).stages) == 1
    with pytest.raises(Forbidden):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.member)
    promotion = promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    again(promotion)
    assert (promotion.state, fake.aliases) == ("done", {"champion": "1"})


def test_what_was_long_ago_needs_a_reviewer_where_the_policy_is_silent(cast, old):
    Placement.objects.filter(version=old).update(
        since=timezone.now() - timedelta(days=200), until=timezone.now() - timedelta(days=91)
    )
    promotion = back(cast, old)
    assert (promotion.state, promotion.verdict["approvals_required"]) == ("open", 1)


def test_it_waits_for_no_window_and_no_freeze(cast, old, fake):  # noqa: F811
    publish('    freezes: [{from: 2020-01-01, to: 2099-01-01, why: {en: "Never", ja: "なし"}}]\n')
    promotion = back(cast, old)
    again(promotion)
    assert (promotion.state, fake.aliases) == ("done", {"champion": "1"})


def test_a_check_that_fails_keeps_it_open_until_it_is_asked_again(cast, old, fake):  # noqa: F811
    ModelVersion.objects.filter(pk=old.pk).update(artifact_digest=FILES + "-other")
    old.refresh_from_db()
    promotion = back(cast, old)
    assert (promotion.state, promotion.outcome) == ("open", "fail")
    assert promotion.verdict["message"]["params"]["reason"]["code"] == "gates.again.other"
    assert not promotion.decisions.exists()
    ModelVersion.objects.filter(pk=old.pk).update(artifact_digest=FILES)
    old.refresh_from_db()
    assert back(cast, old) == promotion
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    told = Event.objects.about("promotion", promotion.pk).order_by("id")
    assert [event.content["params"]["rev"] for event in told] == list(range(1, promotion.rev + 1))


def test_files_that_change_before_the_move_open_it_again(cast, old, fake):  # noqa: F811
    promotion = back(cast, old)
    fake.files = FILES + "-other"
    again(promotion)
    assert (promotion.state, fake.aliases) == ("open", {"champion": "2"})
    assert promotion.decisions.get().lapsed_at
    assert not moved(promotion)


def test_what_cannot_go_back(cast, model, old, fake):  # noqa: F811
    never = audited(make_version(model, 3))
    with pytest.raises(Conflict, match="never stood"):
        back(cast, never)
    with pytest.raises(Conflict, match="already in production"):
        back(cast, model.versions.get(number=2))
    with pytest.raises(Invalid, match="Say why"):
        back(cast, old, reason=" ")
    with pytest.raises(Forbidden):
        back(cast, old, by=cast.stranger)
    Placement.objects.filter(version=old).update(branded=Brand.BREAK_GLASS)
    with pytest.raises(Conflict, match="never stood"):
        back(cast, old)
    assert earlier(model, "production") == []
    assert Move.objects.count() == 2


def test_candidates_take_as_many_queries_for_many_as_for_one(cast, model, old, fake, django_assert_max_num_queries):  # noqa: F811
    with django_assert_max_num_queries(20) as one:
        assert [found.version.number for found in earlier(model, "production")] == [1]
    for number in (3, 4):
        again(approved(cast, audited(make_version(model, number))))
    with django_assert_max_num_queries(len(one.captured_queries)):
        assert [found.version.number for found in earlier(model, "production")] == [3, 2, 1]


def test_the_page_offers_what_stood_there_and_keeps_what_was_typed(cast, model, old, client):
    address = f"/models/{model.pk}/rollback/"
    client.force_login(cast.member)
    assert address in client.get(f"/models/{model.pk}/").content.decode()
    page = client.get(address).content.decode()
    assert 'value="1" checked' in page
    assert "nobody else needed" in page
    refused = client.post(address, {"environment": "production", "version": "1", "reason": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    none = client.post(address, {"environment": "production", "version": "9", "reason": "Because <b>"})
    assert none.status_code == 422
    assert "Because &lt;b&gt;" in none.content.decode()
    done = client.post(address, {"environment": "production", "version": "1", "reason": "Because"}, follow=True)
    text = done.content.decode()
    assert "The rollback is on its way." in text
    assert "The policy" in text
    api = client.get("/api/v1/promotions/?kind=rollback").json()
    assert [(row["kind"], row["version"]) for row in api["results"]] == [("rollback", 1)]
    client.force_login(cast.stranger)
    assert client.get(address).status_code == 404
