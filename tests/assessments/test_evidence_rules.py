from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assessments.evidence_rules import Fact, weigh
from assessments.facts import CATALOGUE
from assessments.framework import load, shipped
from portal.message import Message, registered, render
from tests.assessments.test_framework import SMALL

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MATURITY = shipped()["mlops-maturity"]


def fact(name, value, items=20, grade="A", days=1):
    return Fact(name, value, items, grade, NOW - timedelta(days=days))


def judged(name, *facts):
    return weigh(MATURITY.by_id[name], facts, NOW)


RECORDED = (fact("mlf.run_params_metrics", 0.9), fact("mlf.runs", 40), fact("mlf.run_users", 3))


def test_facts_that_meet_the_rule_support_and_are_named():
    found = judged("training.experiments-recorded", *RECORDED)
    assert (found.verdict, found.grade, found.person) == ("supports", "A", False)
    assert set(found.because) == set(RECORDED)
    assert str(found.message) == (
        "The evidence supports it. Runs with parameters and metrics: 90% (of 20), "
        "Finished runs in 90 days: 40, Members with runs in 90 days: 3"
    )


def test_a_contradiction_names_the_facts_that_deny_it():
    found = judged("training.experiments-recorded", fact("mlf.run_params_metrics", 0.24, 310), *RECORDED[1:])
    assert found.verdict == "contradicts"
    assert [f.name for f in found.because] == ["mlf.run_params_metrics"]
    assert "24% (of 310)" in str(found.message)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ((), "missing"),
        (RECORDED[:2], "missing"),
        ((fact("mlf.run_params_metrics", 0.9, days=91), *RECORDED[1:]), "stale"),
        ((fact("mlf.run_params_metrics", 0.9, days=-2), *RECORDED[1:]), "stale"),
        ((fact("mlf.run_params_metrics", 0.9, items=9), *RECORDED[1:]), "few"),
        ((fact("mlf.run_params_metrics", 0.9, items=None), *RECORDED[1:]), "few"),
        ((fact("mlf.run_params_metrics", float("nan")), *RECORDED[1:]), "missing"),
    ],
)
def test_missing_stale_or_thin_evidence_is_unknown(facts, code):
    found = judged("training.experiments-recorded", *facts)
    assert found.verdict == "unknown"
    assert found.message.code == f"maturity.evidence.{code}"
    assert found.grade is None


def test_between_the_thresholds_is_unknown():
    facts = (fact("mlf.run_params_metrics", 0.5), fact("mlf.version_run", 0.9), *RECORDED[1:])
    found = judged("training.experiments-recorded", *facts)
    assert (found.verdict, found.message.code) == ("unknown", "maturity.evidence.between")


def test_live_versions_are_all_counted_and_none_is_unknown():
    assert judged("release.experiment-linked", fact("mlf.version_run.live", 1.0, 1)).verdict == "supports"
    assert judged("release.experiment-linked", fact("mlf.version_run.live", 0.5, 2)).verdict == "contradicts"
    assert judged("release.experiment-linked", fact("mlf.version_run.live", 1.0, 0)).verdict == "unknown"


def test_a_rule_may_ask_for_more_items_than_usual():
    members = fact("team.members", 4)
    assert judged("training.shared-platform", fact("mlf.run_users", 1, 9), members).verdict == "unknown"
    assert judged("training.shared-platform", fact("mlf.run_users", 1, 10), members).verdict == "contradicts"
    assert judged("training.shared-platform", fact("mlf.run_users", 1, 10), fact("team.members", 1)).verdict != (
        "contradicts"
    )


def test_contradiction_wins_where_both_fire():
    both = (fact("gov.perf_audit", 1.0, 3), fact("gov.perf_audit.differs", 1))
    found = judged("release.gold-data-verified", *both)
    assert (found.verdict, found.message.code) == ("contradicts", "maturity.evidence.both")


def test_declared_facts_alone_settle_nothing_either_way():
    shared = [fact("mlf.server_shared", True, grade="C"), fact("mlf.runs", 9, grade="C")]
    found = judged("training.shared-platform", *shared)
    assert (found.verdict, found.grade, found.message.code) == ("unknown", "C", "maturity.evidence.declared")
    denied = judged("training.platform-secured", fact("mlf.anonymous_read", True, grade="C"))
    assert denied.verdict == "unknown"
    mixed = judged("training.shared-platform", fact("mlf.server_shared", True), fact("mlf.runs", 9, grade="C"))
    assert mixed.verdict == "unknown"  # as weak as its weakest part


def test_of_several_alternatives_the_best_grade_counts():
    found = judged(
        "training.shared-platform",
        fact("cloud.workspaces", True, grade="C"),
        fact("iac.compute.shared", True, grade="B"),
    )
    assert (found.verdict, found.grade) == ("supports", "B")


def test_of_one_name_the_best_grade_then_the_newest_counts():
    name = "release.experiment-linked"
    declared = fact("mlf.version_run.live", 0.0, 5, grade="C", days=0)
    old, new = fact("mlf.version_run.live", 0.5, 5, days=30), fact("mlf.version_run.live", 1.0, 5, days=2)
    assert judged(name, declared, old, new).verdict == "supports"
    stale = fact("mlf.version_run.live", 0.0, 5, days=200)
    configured = fact("mlf.version_run.live", 1.0, 5, grade="B")
    assert judged(name, stale, configured).verdict == "supports"


def test_where_a_person_must_answer_the_verdict_says_so():
    found = judged("integration.code-tests-ruled", fact("git.test_rules", 1.0, 2, grade="B"))
    assert (found.verdict, found.person) == ("supports", True)
    assert found.message.code == "maturity.evidence.supports-person"
    alone = weigh(load(SMALL).criteria[0], [], NOW)
    assert (alone.verdict, alone.person, alone.message.code) == ("unknown", True, "maturity.evidence.person-only")


def test_minimal_manual_can_be_met_with_one_step_of_eight_by_hand():
    facts = (fact("ci.steps", 7 / 8, 8, "B"), fact("ci.manual", 1, grade="B"), fact("gov.moves_recorded", 1.0, 4))
    assert judged("integration.minimal-manual", *facts).verdict == "supports"


def test_a_fact_needs_a_time_zone_and_a_known_grade():
    with pytest.raises(ValueError, match="time zone"):
        Fact("mlf.runs", 1, None, "A", datetime(2026, 11, 20))
    with pytest.raises(ValueError, match="none of A, B, C"):
        Fact("mlf.runs", 1, None, "D", NOW)


def test_a_share_is_never_rounded_up_over_a_threshold():
    assert str(fact("mlf.run_params_metrics", 0.7999, 5000).message()).endswith(": 79.9% (of 5000)")


def random_facts():
    def one(name):
        unit = CATALOGUE[name].unit
        value = st.booleans() if unit == "flag" else st.floats(0, 1) if unit == "share" else st.integers(0, 50)
        return st.builds(
            fact,
            st.just(name),
            value,
            items=st.sampled_from([None, 0, 1, 5, 50]),
            grade=st.sampled_from("ABC"),
            days=st.sampled_from([0, 30, 100]),
        )

    return st.lists(st.sampled_from(sorted(CATALOGUE)).flatmap(one), max_size=30)


@given(st.sampled_from(MATURITY.criteria), random_facts())
def test_a_verdict_always_rests_on_fresh_facts_of_some_weight(criterion, facts):
    found = weigh(criterion, facts, NOW)
    if found.verdict != "unknown":
        assert found.because
        assert found.grade in ("A", "B")
        assert all(NOW - f.observed_at <= timedelta(days=90) for f in found.because)
        assert all(f.grade != "C" for f in found.because)
    assert found.message.code in registered()
    assert Message.from_json(found.message.to_json()) is not None
    assert "%(" not in render(found.message)


@given(random_facts())
def test_what_is_stale_counts_as_little_as_what_is_not_there(facts):
    old = [Fact(f.name, f.value, f.items, f.grade, NOW - timedelta(days=120)) for f in facts]
    assert all(weigh(criterion, old, NOW).verdict == "unknown" for criterion in MATURITY.criteria)


def test_thresholds_stand_in_the_file():
    text = SMALL.replace('auto: "N"', 'auto: "P"') + yaml.safe_dump(
        {"supports": {"fact": "mlf.runs", "above": 3}}, default_flow_style=True
    ).replace("{supports", "    supports").replace("}}", "}")
    criterion = load(text).criteria[0]
    assert weigh(criterion, [fact("mlf.runs", 3)], NOW).verdict == "unknown"
    assert weigh(criterion, [fact("mlf.runs", 4)], NOW).verdict == "supports"
