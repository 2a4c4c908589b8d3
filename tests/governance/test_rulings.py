"""Decisions on undecided gates: by whom, on which evidence, until when, and that the gate stays undecided."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.exceptions import end_exception, rule
from governance.actions.groups import add_member, make_group
from governance.dossier import _judged
from governance.models import ApproverGroup, Decision, GateException, Promotion
from governance.policy import DEFAULT
from governance.verdict import judge, judge_request
from portal.accounts.models import User
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db
UNDECIDED = fairness(0.09, 0.05, 0.13)
GATE = "fairness"
RULING = "        ruling: {group: model-risk, max_days: 30}\n"


def policy_with(line: str, gate_after: str = "explanation") -> str:
    """The shipped policy with a line more in the gate of production before another."""
    head, middle, tail = DEFAULT.read_text("utf-8").rpartition(f"      - id: {gate_after}\n")
    return f"{head.rstrip()}\n{line}\n{middle}{tail}"


@pytest.fixture
def signer(cast) -> User:
    group = make_group(key="model-risk", name_en="Model risk", name_ja="モデルリスク", by=cast.admin)
    policies.publish(text=policy_with(RULING), by=cast.admin)
    user = User.objects.create_user("abe@example.org", "x", name="Abe", is_auditor=True)
    add_member(group=group, user=user, by=cast.admin)
    return user


@pytest.fixture
def promotion(cast, signer) -> Promotion:
    version = audited(make_version(make_model(cast), author="chiba@example.org"), fairness=UNDECIDED)
    return requested(cast, version)


def fresh(promotion: Promotion) -> Promotion:
    return Promotion.objects.get(pk=promotion.pk)


def decide(promotion, by, *, days=10, gate=GATE, reason="200 cases more would not change it.", **more) -> GateException:
    given = {"outcome": "pass", "evidence": judge_request(promotion).bound["evidence"]} | more
    until = timezone.now() + timedelta(days=days)
    return rule(promotion=fresh(promotion), gate=gate, reason=reason, until=until, by=by, **given)


def test_the_gate_stays_undecided_with_the_decision_beside_it(cast, promotion, signer):
    assert promotion.outcome == "inconclusive"
    decide(promotion, signer)
    after = fresh(promotion)
    assert after.outcome == "pass"
    [gate] = [result for result in after.verdict["results"] if result["id"] == GATE]
    assert (gate["outcome"], gate["waived"]["kind"], gate["waived"]["by"]) == ("inconclusive", "ruling", "Abe")
    assert (after.verdict["waived"], after.verdict["clean"]) == (1, False)
    assert promotions.approve(promotion=after, rev=after.rev, by=cast.reviewer).state == "approved"
    event = Event.objects.get(action="ruling.sign")
    assert "cases" not in event.body
    assert event.content["params"]["ruled_gate"] == GATE


def test_one_may_deny_as_well(promotion, signer):
    decide(promotion, signer, outcome="fail")
    after = fresh(promotion)
    assert after.outcome == "fail"
    assert after.verdict["waived"] == 0


def test_it_ends_when_there_is_other_evidence(cast, promotion, signer):
    policies.publish(text=promotion.policy.text.replace("required: 1", "required: 2"), by=cast.admin)
    promotions.withdraw(promotion=promotion, by=cast.member)
    again = requested(cast, promotion.version)
    decide(again, signer)
    again = fresh(again)
    promotions.approve(promotion=again, rev=again.rev, by=cast.reviewer)
    audit(promotion.version, "fairness", fairness(0.09, 0.06, 0.14))
    promotions.recompute(promotion=again)
    assert fresh(again).outcome == "inconclusive"
    assert Decision.objects.get().lapsed_at
    second = decide(again, signer)  # on the new evidence; the old one makes room
    assert fresh(again).outcome == "pass"
    assert GateException.objects.get(ended_at=None) == second


def test_it_ends_on_its_last_day_and_when_it_is_taken_back(promotion, signer, cast):
    made = decide(promotion, signer)
    version = promotion.version
    assert judge(version, "production").verdict.outcome == "pass"
    assert judge(version, "production", now=timezone.now() + timedelta(days=11)).verdict.outcome == "inconclusive"
    with pytest.raises(Conflict, match="already"):
        decide(promotion, signer)
    with pytest.raises(Forbidden):
        end_exception(exception=made, by=cast.member)
    end_exception(exception=made, by=signer)
    assert fresh(promotion).outcome == "inconclusive"
    decide(promotion, signer)


def test_only_what_the_page_showed_is_decided_on(promotion, signer):
    seen = judge_request(promotion).bound["evidence"]
    audit(promotion.version, "fairness", fairness(0.09, 0.06, 0.14))
    with pytest.raises(Conflict, match="evidence"):
        decide(promotion, signer, evidence=seen)
    assert not GateException.objects.exists()


def test_who_may_not_decide(cast, promotion, signer):
    for user in (cast.reviewer, cast.manager, cast.admin):
        with pytest.raises(Forbidden, match="model-risk"):
            decide(promotion, user)
    group = ApproverGroup.objects.get()
    add_member(group=group, user=cast.member, by=cast.admin)
    with pytest.raises(Forbidden, match="asked for this"):
        decide(promotion, cast.member)
    author = User.objects.create_user("chiba@example.org", "x", name="Chiba")
    add_member(group=group, user=author, by=cast.admin)
    with pytest.raises(Forbidden, match="made this version"):
        decide(promotion, author)


@pytest.mark.parametrize(
    "wrong", [{"days": 31}, {"days": -1}, {"reason": " "}, {"gate": "nothing"}, {"outcome": "inconclusive"}]
)
def test_what_a_decision_may_not_be(promotion, signer, wrong):
    with pytest.raises(Invalid):
        decide(promotion, signer, **wrong)


def test_only_undecided_gates_are_decided_on(cast, promotion, signer):
    with pytest.raises(Forbidden, match="lets nobody"):
        decide(promotion, signer, gate="lineage")
    audit(promotion.version, "fairness", fairness(0.17, 0.12, 0.22))
    with pytest.raises(Conflict, match="not undecided"):
        decide(promotion, signer)
    promotions.withdraw(promotion=promotion, by=cast.member)
    with pytest.raises(Conflict, match="not open"):
        decide(promotion, signer)


def test_it_is_shown_wherever_a_waiver_is(cast, promotion, signer, as_user):
    url = f"/promotions/{promotion.pk}/rule/"
    assert url in as_user(signer).get(f"/promotions/{promotion.pk}/").content.decode()
    assert url not in as_user(cast.reviewer).get(f"/promotions/{promotion.pk}/").content.decode()
    page = as_user(signer).get(url)
    evidence = page.context["form"].initial["evidence"]
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    asked = {"gate": GATE, "reason": "<b>Enough</b>", "until": until, "evidence": evidence, "outcome": "pass"}
    assert as_user(signer).post(url, asked | {"outcome": "maybe"}).status_code == 422
    assert as_user(signer).post(url, asked | {"evidence": "sha256:other"}).status_code == 422
    assert as_user(signer).post(url, asked).status_code == 302
    for address in (f"/promotions/{promotion.pk}/", "/waivers/", f"/models/{promotion.version.model_id}/"):
        text = as_user(cast.member).get(address).content.decode()
        assert "Enough" in text, address
        assert "<b>Enough</b>" not in text, address
    assert "Let pass by Abe" in as_user(cast.member).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "Excepted: 1" in as_user(cast.member).get("/promotions/").content.decode()
    listed = as_user(cast.member).get("/api/v1/waivers/?kind=ruling").json()["results"]
    assert [(row["kind"], row["outcome"], row["gate"]) for row in listed] == [("ruling", "pass", GATE)]
    [row], _audits = _judged(promotion.version, fresh(promotion))
    assert row.reasons == []
    assert "Let pass by Abe" in render_to_string("pdf/_gates.html", {"row": row, "promotion": promotion})
    out, registry = StringIO(), promotion.version.model.registry
    where = {"registry": registry.slug, "model": promotion.version.model.name, "number": 1}
    call_command("verdict", environment="production", stdout=out, **where)
    assert "let pass by Abe" in out.getvalue()
    [row] = GateException.objects.all()
    assert as_user(cast.member).post(f"/waivers/{row.pk}/end/").status_code == 403
    assert as_user(signer).post(f"/waivers/{row.pk}/end/").status_code == 302
    assert fresh(promotion).outcome == "inconclusive"
