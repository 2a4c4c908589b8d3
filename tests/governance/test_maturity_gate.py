"""A gate that asks for the owner team's official level."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from assessments import catalogue, standings
from assessments.models import AnswerValue, Assessment, CriterionReview
from governance import verdict
from governance.maturity import evidence_of
from governance.models import Policy
from governance.policy import DEFAULT, PolicyError, describe_gate, parse
from portal.message import render
from tests.governance.factories import audit_all, make_model, make_version

pytestmark = pytest.mark.django_db
GATE = """
      - id: team-level
        audit: maturity
        title: {{en: The team is ready, ja: チームの準備}}
        needs: {{framework: {framework}, level: {level}{more}}}
"""


def policy_text(framework="mlops-maturity", level=1, more="") -> str:
    gate = GATE.format(framework=framework, level=level, more=more).lstrip("\n")
    return DEFAULT.read_text(encoding="utf-8").replace("    gates:\n", f"    gates:\n{gate}")


@pytest.fixture
def version(cast):
    return audit_all(make_version(make_model(cast.team)))


def of(version, **gate):
    text = policy_text(**gate)
    policy = Policy(key="default", version=9, text=text, digest=parse(text).digest)
    found = verdict.judge(version, "production", policy=policy)
    return found, next(result for result in found.verdict.results if result.id == "team-level")


def reach(team, reviewer, framework, upto):
    """The team claims a level, and a reviewer confirms and signs it."""
    now = timezone.now()
    row = Assessment.objects.create(
        team=team,
        framework=framework.key,
        framework_version=str(framework.version),
        framework_digest=framework.digest,
        state="signed",
        submitted_at=now,
        signed_at=now,
        signed_by=reviewer,
    )
    for criterion in framework.criteria:
        value = AnswerValue.YES if criterion.level <= upto else AnswerValue.NO
        given = {"assessment": row, "criterion": criterion.id, "practice": criterion.practice}
        row.answers.create(**{k: v for k, v in given.items() if k != "assessment"}, value=value, rev=1)
        CriterionReview.objects.create(**given, verdict="confirmed", until=now + timedelta(days=300))
    with transaction.atomic():
        standings.refresh_all(team)


def test_a_team_below_the_level_fails_and_one_that_has_it_passes(cast, version):
    framework = catalogue.current("mlops-maturity")
    reach(cast.team, cast.reviewer, framework, 2)
    found, result = of(version, level=3)
    assert (result.outcome, found.verdict.outcome) == ("fail", "fail")
    assert render(result.message) == f"Credit Risk has official level 2 in {framework.title.en}; 3 is required."
    assert (render(result.measured), render(result.required)) == ("level 2", "level 3")
    assert of(version, level=2)[1].outcome == "pass"
    assert of(version, level=3, more=", dimension: training")[1].outcome == "pass"  # level 3 adds nothing there


def test_a_team_that_nobody_assessed_is_not_evaluated(cast, version):
    _found, result = of(version)
    assert result.outcome == "not_evaluated"
    assert "is not assessed" in render(result.message)


def test_a_framework_or_dimension_that_is_not_there_is_not_evaluated(cast, version):
    assert of(version, framework="nothing")[1].outcome == "not_evaluated"
    assert of(version, more=", dimension: nothing")[1].outcome == "not_evaluated"


def test_an_approval_binds_the_level(cast, version):
    before, _result = of(version)
    reach(cast.team, cast.reviewer, catalogue.current("mlops-maturity"), 1)
    after, _result = of(version)
    assert before.bound["evidence"] != after.bound["evidence"]
    again, _result = of(version)
    assert again.bound == after.bound


def test_without_such_a_gate_nothing_is_read(version, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert (
            evidence_of(version, parse(DEFAULT.read_text(encoding="utf-8")).environments["production"].gates, None)
            == {}
        )


def test_the_gate_is_described_and_checked(cast):
    policy = parse(policy_text(level=2, more=", dimension: release"))
    gate = policy.environments["production"].gates[0]
    assert "mlops-maturity, release, is at least 2." in render(describe_gate(gate))
    for level in ("0", "10", "two"):
        with pytest.raises(PolicyError):
            parse(policy_text(level=level))


def test_the_page_of_a_promotion_leads_to_the_team(cast, version, as_user):
    text = policy_text(level=3)
    Policy.objects.create(key="default", version=9, text=text, digest=parse(text).digest)
    response = as_user(cast.member).get(
        reverse("promotion-new", args=[version.model_id, version.number]) + "?environment=production"
    )
    html = response.content.decode()
    assert response.status_code == 200
    assert "Credit Risk is not assessed in" in html
    assert f'href="/teams/{cast.team.slug}/"' in html
