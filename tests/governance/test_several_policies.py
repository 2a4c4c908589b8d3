"""Several policies in force, exceptions, what is live, and many versions at once, as they stand in the database."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.actions import policies, promotions
from governance.dry_run import dry_run, last_versions
from governance.models import ApproverGroup, Audit, GateException, ModelVersion, Placement, Policy, Profile, Promotion
from governance.policy import DEFAULT, parse
from governance.verdict import judge, judge_many, rules_kept, rules_now
from portal.message import render
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested
from tests.governance.test_gates_more import performance

pytestmark = pytest.mark.django_db
TEXT = DEFAULT.read_text("utf-8")
STRICT = (
    TEXT.split("  staging:")[0].replace("key: default", "key: strict\napplies: {risks: [high]}")
    + "  production:"
    + TEXT.split("  production:")[1].replace("tolerance: 0.10", "tolerance: 0.04").replace("required: 1", "required: 2")
)
FLOOR = """      - {id: floor, audit: performance, title: {en: Recall, ja: 再現率}, max_age_days: 90,
         labels: [replayed], needs: {metric: recall, at_least: 0.75, not_worse: if_live},
         waivable: {group: reviewer, max_days: 30}}
"""
WITH_FLOOR = TEXT.replace("    approvals:\n", FLOOR + "    approvals:\n")


@pytest.fixture
def version(cast):
    return audited(make_version(make_model(cast)), fairness=fairness(0.05, 0.03, 0.06))


def publish(text, cast):
    return policies.publish(text=text, by=cast.admin)


def test_what_two_policies_ask_is_asked_together(cast, version):
    assert judge(version, "production").verdict.passes
    publish(STRICT, cast)
    found = judge(version, "production")
    assert [source.key for source in found.rules.sources] == ["default", "strict"]
    assert (found.verdict.outcome, found.verdict.approvals_required) == ("inconclusive", 2)
    assert {result.id for result in found.verdict.results} >= {"default/fairness", "strict/fairness", "lineage"}
    assert judge(version, "staging").rules.sources == found.rules.sources[:1]


def test_what_could_never_pass_is_not_published(cast):
    """A framework that is not in use, a dimension that it has not, an environment that no policy has."""
    policies.ensure_default_policy()
    level = """      - {id: team, audit: maturity, title: {en: Team, ja: チーム},
         needs: {framework: mlops-maturity, level: 1}}
"""
    good = STRICT.replace("    approvals:\n", f"{level}    approvals:\n")
    good = good.replace("    alias: champion\n", "    alias: champion\n    after: staging\n")
    for right, wrong, why in (
        ("framework: mlops-maturity,", "framework: nowhere,", "No framework nowhere is in use."),
        ("level: 1}", "level: 1, dimension: whole}", "mlops-maturity has no dimension whole."),
        ("after: staging", "after: preprod", "No published policy has an environment preprod."),
    ):
        assert right in good
        with pytest.raises(Invalid) as refused:
            publish(good.replace(right, wrong), cast)
        assert render(refused.value.message) == why
    assert publish(good, cast).version == 1


def test_the_page_names_every_policy_that_is_asked(cast, as_user, version):
    publish(STRICT, cast)
    page = as_user(cast.reviewer).get(reverse("promotion", args=[requested(cast, version).pk])).content.decode()
    assert reverse("policy", args=["default", 1]) in page
    assert reverse("policy", args=["strict", 1]) in page


def test_a_request_keeps_its_rules_whatever_is_published_or_becomes_of_the_model(cast, version):
    publish(STRICT, cast)
    promotion = requested(cast, version)
    assert [kept["policy"] for kept in promotion.rules] == ["default", "strict"]
    bound = promotion.bound["policy"]
    publish(TEXT.replace("tolerance: 0.10", "tolerance: 0.5"), cast)
    publish(STRICT.replace("tolerance: 0.04", "tolerance: 0.5"), cast)
    Profile.objects.filter(model=version.model).update(risk="low")
    promotion = promotions.recompute(promotion=Promotion.objects.get(pk=promotion.pk))
    assert promotion.outcome != "pass"
    assert promotion.bound["policy"] == bound == rules_kept(promotion).digest


def test_a_lower_risk_is_judged_by_what_applies_to_it(cast, version):
    publish(STRICT, cast)
    Profile.objects.filter(model=version.model).update(risk="low")
    version.refresh_from_db()
    assert len(rules_now(version, "production").sources) == 1
    Profile.objects.all().delete()
    version.model.refresh_from_db()
    assert len(rules_now(type(version).objects.get(pk=version.pk), "production").sources) == 2


def test_a_policy_of_which_no_part_applies_lets_nothing_go(cast, version):
    only = (
        STRICT.replace("key: strict", "key: research").replace("  production:", "  research:").replace("champion", "r")
    )
    publish(only, cast)
    Profile.objects.filter(model=version.model).update(risk="low")
    version = type(version).objects.get(pk=version.pk)
    with pytest.raises(Invalid, match="applies to such a model"):
        judge(version, "research")


def test_policies_that_contradict_each_other_are_not_published(cast, version):
    with pytest.raises(Invalid, match="one environment has one alias"):
        publish(STRICT.replace("alias: champion", "alias: other"), cast)
    with pytest.raises(Invalid, match="is that of production already"):
        publish(STRICT.replace("  production:", "  research:"), cast)
    stages = STRICT.replace("required: 2\n      roles: [reviewer]", "stages: [{group: model-risk, quorum: 1}]")
    with pytest.raises(Invalid, match="no group of approvers model-risk"):
        publish(stages, cast)
    ApproverGroup.objects.create(key="model-risk", name_en="Model risk", name_ja="モデルリスク")
    publish(stages, cast)
    assert judge(version, "production").verdict.approvals_required == 2


def test_nothing_is_judged_by_a_text_that_was_not_published(cast, version):
    altered = TEXT.replace("tolerance: 0.10", "tolerance: 0.9")
    promotion = requested(cast, version)
    Policy.objects.update(text=altered)
    with pytest.raises(Conflict, match="is not the one that was published"):
        judge(version, "production")
    with pytest.raises(Conflict, match="is not the one that was published"):
        rules_kept(Promotion.objects.get(pk=promotion.pk))


# Drafts


def test_a_draft_is_published_by_another_than_who_changed_it_last(cast, settings):
    draft = policies.save_draft(key="default", text=TEXT, rev=0, by=cast.admin)
    with pytest.raises(Forbidden, match="another administrator"):
        policies.publish_draft(key="default", rev=draft.rev, by=cast.admin)
    for user in (cast.reviewer, cast.manager, cast.auditor):
        with pytest.raises(Forbidden):
            policies.publish_draft(key="default", rev=draft.rev, by=user)
        with pytest.raises(Forbidden):
            policies.save_draft(key="default", text=TEXT, rev=draft.rev, by=user)
    settings.POLICY_SECOND_PERSON = False
    made = policies.publish_draft(key="default", rev=draft.rev, by=cast.admin)
    assert (made.version, made.drafted_by) == (1, cast.admin)


def test_a_draft_that_is_no_longer_what_was_looked_at_is_not_published(cast, settings):
    settings.POLICY_SECOND_PERSON = False
    one = policies.save_draft(key="default", text=TEXT, rev=0, by=cast.admin)
    two = policies.save_draft(key="default", text=TEXT + "# more\n", rev=one.rev, by=cast.admin)
    for stale in (one.rev, 0, 99):
        with pytest.raises(Conflict):
            policies.publish_draft(key="default", rev=stale, by=cast.admin)
    publish(TEXT, cast)
    with pytest.raises(Conflict, match="was published since"):
        policies.publish_draft(key="default", rev=two.rev, by=cast.admin)
    three = policies.save_draft(key="default", text=TEXT + "# more\n", rev=two.rev, by=cast.admin)
    assert policies.publish_draft(key="default", rev=three.rev, by=cast.admin).version == 2
    other = policies.save_draft(key="other", text=TEXT, rev=0, by=cast.admin)
    with pytest.raises(Invalid, match="key is default, not other"):
        policies.publish_draft(key="other", rev=other.rev, by=cast.admin)


# Exceptions and what is live


def waive(of, cast, **fields):
    given = {
        "kind": "waiver", "model": of.model, "environment": "production", "gate": "floor", "reason": "Known.",
        "by": cast.reviewer, "until": timezone.now() + timedelta(days=20), "event": uuid.uuid4(),
    }  # fmt: skip
    return GateException.objects.create(**given | fields)


def test_an_exception_lets_a_gate_be_passed_by_and_is_bound(cast, version):
    publish(WITH_FLOOR, cast)
    before = judge(version, "production")
    assert before.verdict.outcome == "not_evaluated"
    one = waive(version, cast)
    found = judge(version, "production")
    assert (found.verdict.outcome, found.verdict.waived) == ("pass", 1)
    assert "exceptions" in found.bound
    assert "exceptions" not in before.bound
    assert judge(version, "staging").verdict.waived == 0
    one.ended_at = timezone.now()
    one.save()
    assert judge(version, "production").verdict.outcome == "not_evaluated"
    waive(make_version(version.model, 2), cast, version=version.model.versions.get(number=2))
    assert judge(version, "production").verdict.outcome == "not_evaluated", "it was signed for another version"


def test_the_comparison_must_be_with_what_is_live_now(cast, version):
    publish(WITH_FLOOR, cast)
    result = performance(outcome="not_evaluated", code="performance.live.none", parts=[])
    audit(version, "performance", result)
    assert judge(version, "production").verdict.passes
    other = make_version(version.model, 2)
    done = Promotion.objects.create(
        version=other, environment="production", policy=Policy.objects.filter(key="default").first(), state="done"
    )
    Placement.objects.create(
        model=version.model, environment="production", version=other, promotion=done, since=timezone.now()
    )
    found = judge(version, "production").verdict
    assert found.outcome == "not_evaluated"
    assert "The version 2 is live now" in str(found.message)
    assert found.audits_due == ("performance",)
    kept = Audit.objects.filter(version=version, kind="performance").get()
    compared = performance(outcome="better")
    Audit.objects.filter(pk=kept.pk).update(inputs=kept.inputs | {"live_version": "2"}, result=compared)
    assert judge(version, "production").verdict.passes


# Many at once


def test_many_versions_are_judged_as_one_is_in_as_many_queries(cast, version):
    publish(STRICT, cast)
    publish(WITH_FLOOR, cast)
    others = [audited(make_version(version.model, number)) for number in range(2, 8)]
    others += [audited(make_version(make_model(cast, name=f"model-{number}"))) for number in range(3)]
    rules, now = {one.pk: rules_now(one, "production") for one in (version, *others)}, timezone.now()

    def asked(pks) -> tuple[int, list]:
        with CaptureQueriesContext(connection) as queries:
            rows = list(ModelVersion.objects.filter(pk__in=pks).order_by("pk"))
            found = judge_many(rows, lambda one: rules[one.pk], now=now)
        return len(queries), list(zip(rows, found, strict=True))

    (one_takes, _alone), (all_take, many) = asked([version.pk]), asked(rules)
    assert all_take == one_takes
    assert len(many) == 10
    for one, found in many:
        alone = judge(one, "production", now=now)
        assert (found.verdict, found.bound) == (alone.verdict, alone.bound)


def test_a_dry_run_tells_what_would_change_and_stores_nothing(cast, version):
    make_version(version.model, 2)  # has no evidence: refused today already
    soft = parse(TEXT.replace("tolerance: 0.10", "tolerance: 0.5"))
    hard = parse(TEXT.replace("tolerance: 0.10", "tolerance: 0.01"))
    before = (Policy.objects.count(), Audit.objects.count())
    production = dry_run(hard, last_versions(cast.member))[1]
    assert [one.version.pk for one in production.refused] == [version.pk]
    assert "would have refused 1, for: Groups treated alike (1)" in str(production.message)
    assert production.let_pass == ()
    audit(version, "fairness", fairness(0.2, 0.15, 0.25))
    production = dry_run(soft, last_versions(cast.member))[1]
    assert [one.version.pk for one in production.let_pass] == [version.pk]
    assert "it would let pass: 1" in str(production.message)
    assert "no other than today" in str(dry_run(parse(TEXT), last_versions(cast.member))[1].message)
    new = parse(TEXT.replace("staging", "research").replace("key: default", "key: research"))
    assert [trial.key for trial in dry_run(new, last_versions(cast.member))] == ["research", "production"]
    assert last_versions(cast.stranger) == []
    assert before == (Policy.objects.count(), Audit.objects.count() - 1)
