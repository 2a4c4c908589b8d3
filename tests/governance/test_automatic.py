"""Approval by the policy alone: a clean pass of a team of a high level, and in no other case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from assessments import catalogue
from governance import material
from governance.actions import policies, promotions
from governance.actions.exceptions import waive
from governance.actions.groups import add_member, make_group
from governance.actions.promotions import requesting
from governance.freshness import recompute_open
from governance.models import Decision, Move, Promotion
from governance.policy import DEFAULT
from governance.preflight import preflight
from governance.verdict import judge
from governance.warrant import lacking
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from portal.ledger.models import Event
from portal.ledger.reading import read
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested
from tests.governance.test_maturity_gate import reach
from tests.governance.test_rulings import policy_with

pytestmark = pytest.mark.django_db
MLOPS = "mlops-maturity"
RULE = f"      maturity: {{framework: {MLOPS}, automatic_from: 4}}\n"


@pytest.fixture
def framework(cast):
    policies.publish(text=DEFAULT.read_text("utf-8").rstrip() + "\n" + RULE, by=cast.admin)
    return catalogue.current(MLOPS)


def fresh(promotion) -> Promotion:
    return Promotion.objects.select_related("version__model__profile").get(pk=promotion.pk)


def test_a_clean_pass_of_a_high_team_goes_without_a_person(cast, framework, as_user):
    reach(cast.team, cast.reviewer, framework, 4)
    promotion = requested(cast)
    assert promotion.state == "approved"
    decision, move = Decision.objects.get(), Move.objects.get()
    assert (decision.decision, decision.by, decision.bound) == ("automatic", None, promotion.bound)
    event = Event.objects.get(uuid=decision.event)
    assert (event.action, event.actor, move.event) == ("promotion.automatic", None, event.uuid)
    assert event.content["params"]["levels"] == [f"{MLOPS} 4"]
    assert fresh(promotion).team_level_seen == 4
    assert lacking(fresh(promotion)) is None
    remind("promotion.decided")
    assert Notice.objects.get(kind="promotion.decided").user == cast.member
    page = as_user(cast.member).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "The policy" in page
    assert "None" not in page
    assert as_user(cast.member).get("/").status_code == 200
    assert [one.action for one in read(Event.objects.filter(pk=event.pk))]


@pytest.mark.parametrize("case", ["low", "unknown", "failing", "undecided"])
def test_never_in_another_case(cast, framework, case):
    if case != "unknown":
        reach(cast.team, cast.reviewer, framework, 3 if case == "low" else 4)
    results = {"failing": fairness(0.17, 0.12, 0.22), "undecided": fairness(0.09, 0.05, 0.13)}
    version = audited(make_version(make_model(cast)), **({"fairness": results[case]} if case in results else {}))
    promotion = requested(cast, version)
    assert promotion.state == "open"
    recompute_open()
    assert fresh(promotion).state == "open"
    assert not Decision.objects.exists()


def test_not_where_the_policy_is_silent(cast, framework):
    reach(cast.team, cast.reviewer, framework, 4)
    assert requested(cast, environment="staging").state == "open"


def test_a_waived_gate_needs_a_person(cast, framework):
    group = make_group(key="model-risk", name_en="Model risk", name_ja="モデルリスク", by=cast.admin)
    text = policy_with("        waivable: {group: model-risk, max_days: 30}\n")
    policies.publish(text=text.rstrip() + "\n" + RULE, by=cast.admin)
    add_member(group=group, user=cast.auditor, by=cast.admin)
    reach(cast.team, cast.reviewer, framework, 4)
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    promotion = requested(cast, version)
    until = timezone.now() + timedelta(days=9)
    waive(version=version, environment="production", gate="fairness", reason="Known", until=until, by=cast.auditor)
    after = fresh(promotion)
    assert (after.outcome, after.state) == ("pass", "open")
    assert promotions.approve(promotion=after, rev=after.rev, by=cast.reviewer).state == "approved"


def test_it_goes_as_soon_as_the_last_check_passes(cast, framework):
    reach(cast.team, cast.reviewer, framework, 4)
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    promotion = requested(cast, version)
    audit(version, "fairness")
    promotions.recompute(promotion=promotion)
    assert fresh(promotion).state == "approved"
    promotions.recompute(promotion=promotion)
    assert Decision.objects.count() == Move.objects.count() == 1


def test_after_a_persons_no_only_a_person_lets_it_go(cast, framework):
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    promotion = requested(cast, version)
    promotions.send_back(promotion=promotion, rev=promotion.rev, reason="Look at the gap.", by=cast.reviewer)
    audit(version, "fairness")
    reach(cast.team, cast.reviewer, framework, 4)
    again = promotions.resubmit(promotion=promotion, by=cast.member)
    assert (again.state, again.outcome) == ("open", "pass")
    promotions.withdraw(promotion=again, by=cast.member)
    assert requested(cast, version).state == "open"


def test_preflight_says_whether_a_person_is_needed(cast, framework, as_user, capsys):
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    reach(cast.team, cast.reviewer, framework, 4)
    promotion = requested(cast, version)
    assert not preflight(version, "production").judgement.verdict.automatic
    promotions.refuse(promotion=promotion, rev=promotion.rev, reason="Not like this.", by=cast.reviewer)
    audit(version, "fairness")
    after_a_no = preflight(version, "production")
    assert (after_a_no.judgement.verdict.passes, after_a_no.judgement.verdict.automatic) == (True, False)
    assert "Sato" in after_a_no.way.approve[0].names
    other = audited(make_version(version.model, number=2))
    found = preflight(other, "production")
    assert found.judgement.verdict.automatic
    assert found.way.approve == ()

    def page(number):
        address = f"/models/{version.model.pk}/versions/{number}/promote/?environment=production"
        return as_user(cast.member).get(address).content.decode()

    assert "not needed: it goes without a person" in page(2)
    assert "Those named above decide" not in page(2)
    assert "People: 1" not in page(2)
    assert "it goes without a person" not in page(1)
    assert "Those named above decide" in page(1)
    named = [f"--registry={version.model.registry.slug}", f"--model={version.model.name}"]
    call_command("preflight", *named, "--version=2", "--environment=production")
    assert "Approve: not needed" in capsys.readouterr().out


def test_a_no_that_is_said_while_one_asks_is_heard(cast, framework, monkeypatch):
    """It was judged before the no, and asked for after it."""
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    first = requested(cast, version)
    promotions.refuse(promotion=first, rev=first.rev, reason="Not like this.", by=cast.reviewer)
    audit(version, "fairness")
    reach(cast.team, cast.reviewer, framework, 4)
    with monkeypatch.context() as before:
        before.setattr(material, "denied", lambda versions: set())
        judgement = judge(version, "production", asked_by={cast.member.pseudonym})
    assert judgement.verdict.automatic
    monkeypatch.setattr(requesting, "judge", lambda *args, **given: judgement)
    again = promotions.request(version=version, environment="production", by=cast.member)
    assert (again.state, Move.objects.exists()) == ("open", False)


def test_it_lapses_with_the_level(cast, framework):
    reach(cast.team, cast.reviewer, framework, 4)
    promotion = requested(cast)
    reach(cast.team, cast.reviewer, framework, 2)
    assert lacking(fresh(promotion)).code == "promotion.lapsed"
    audit(promotion.version, "fairness", fairness(0.17, 0.12, 0.22))
    assert lacking(fresh(promotion)).code == "promotion.lapsed"
