"""An environment that comes after another: the version stands in the one before, with the same files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.actions import policies, promotions
from governance.gates import evaluate
from governance.in_force import in_force
from governance.models import ModelVersion, Placement, RegisteredModel
from governance.policy import of_environment
from governance.verdict import judge, judge_many
from portal.web.errors import Conflict
from tests.governance.evidence_made import NOW, PRODUCTION, SUBJECT, all_evidence
from tests.governance.fake_registry import FakeRegistry
from tests.governance.promotions_made import FILES, approved, audited, make_model, make_version, requested
from tests.governance.test_move_steps import again, fake  # noqa: F401

AFTER = replace(of_environment(PRODUCTION, "production"), after=("staging",))


@pytest.mark.parametrize(
    ("stands", "files", "outcome", "code"),
    [
        ({"staging": "sha256:files"}, "sha256:files", "pass", "stands"),
        ({}, "sha256:files", "fail", "absent"),
        ({"development": "sha256:files"}, "sha256:files", "fail", "absent"),
        ({"staging": "sha256:others"}, "sha256:files", "fail", "other"),
        ({"staging": ""}, "sha256:files", "not_evaluated", "unknown"),
        ({"staging": ""}, "", "not_evaluated", "unknown"),
    ],
)
def test_it_is_weighed_as_a_gate(stands, files, outcome, code):
    subject = replace(SUBJECT, stands=stands, artifact_digest=files)
    verdict = evaluate(AFTER, all_evidence(), subject, NOW)
    first = verdict.results[0]
    assert (first.id, first.outcome, first.message.code) == ("after:staging", outcome, f"gates.after.{code}")
    assert verdict.passes is (outcome == "pass")
    assert (first.fix is None) is (outcome == "pass")
    if outcome != "pass" and files:
        assert verdict.message.params["reason"] == first.message


@pytest.fixture
def model(cast):
    made = make_model(cast)
    text = in_force()[0].text
    policies.publish(text=text.replace("    alias: champion\n", "    alias: champion\n    after: staging\n"), by=None)
    return made


@pytest.mark.django_db
def test_a_version_goes_to_staging_first(cast, model, fake: FakeRegistry, client):  # noqa: F811
    version = audited(make_version(model))
    early = requested(cast, version)
    assert early.outcome == "fail"
    with pytest.raises(Conflict, match="does not stand in staging now"):
        promotions.approve(promotion=early, rev=early.rev, by=cast.reviewer)
    client.force_login(cast.member)
    page = client.get(f"/promotions/{early.pk}/").content.decode()
    assert "Promote it to Staging first." in page
    assert "Stands in Staging" in page
    way = page.split('aria-labelledby="wy"')[1].split("</section>")[0]
    assert "Promote it to Staging first." in way  # and not that nothing is in the way
    assert "Nothing is in the way" not in way
    again(approved(cast, version, environment="staging"))
    early = promotions.recompute(promotion=early)
    assert early.outcome == "pass"
    promotion = promotions.approve(promotion=early, rev=early.rev, by=cast.reviewer)
    again(promotion)
    assert promotion.state == "done"


@pytest.mark.django_db
def test_what_left_staging_before_the_move_does_not_go(cast, model, fake: FakeRegistry):  # noqa: F811
    first, second = audited(make_version(model, 1)), audited(make_version(model, 2))
    again(approved(cast, first, environment="staging"))
    promotion = approved(cast, first)
    again(approved(cast, second, environment="staging"))
    again(promotion)
    assert (promotion.state, "champion" in fake.aliases) == ("open", False)
    assert promotion.verdict["results"][0]["message"]["code"] == "gates.after.absent"


@pytest.mark.django_db
def test_neither_changed_files_nor_an_alias_moved_by_hand_stand_there(cast, model, fake: FakeRegistry):  # noqa: F811
    version = audited(make_version(model))
    again(approved(cast, version, environment="staging"))
    assert judge(version, "production").verdict.results[0].outcome == "pass"
    RegisteredModel.objects.filter(pk=model.pk).update(aliases={"staging": 9})
    version = ModelVersion.objects.select_related("model").get(pk=version.pk)
    assert judge(version, "production").verdict.results[0].message.code == "gates.after.absent"
    RegisteredModel.objects.filter(pk=model.pk).update(aliases={"staging": 1})
    version = ModelVersion.objects.select_related("model").get(pk=version.pk)
    version.artifact_digest = FILES + "-others"
    assert judge(version, "production").verdict.results[0].message.code == "gates.after.other"
    Placement.objects.get().promotion.__class__.objects.update(bound={})
    assert judge(version, "production").verdict.results[0].message.code == "gates.after.unknown"


@pytest.mark.django_db
def test_many_versions_take_as_many_queries_as_one(cast, model, django_assert_max_num_queries):
    from governance.in_force import in_force_parsed, rules_by

    versions = [audited(make_version(model, number)) for number in (1, 2, 3)]
    rules = rules_by(in_force_parsed(), versions[0], "production")
    with django_assert_max_num_queries(12) as one:
        judge_many(versions[:1], rules)
    with django_assert_max_num_queries(len(one.captured_queries)):
        judge_many(versions, rules)
