"""Several policies at once: together they ask at least what each asks alone, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.gates import evaluate
from governance.policies_apply import RulesError, combine, differing_alias
from governance.policy import DEFAULT, InForce, parse
from governance.policy.times import is_open, opens
from tests.governance.evidence_made import NOW, SUBJECT, all_evidence, evidence, fairness
from tests.governance.policies_made import SECOND

TEXT = DEFAULT.read_text("utf-8")
RANK = {"pass": 0, "inconclusive": 1, "not_evaluated": 2, "fail": 3}
ONE, TWO = InForce(parse(TEXT), 3), InForce(parse(SECOND), 1)
STRICT = InForce(parse(TEXT.replace("key: default", "key: strict").replace("tolerance: 0.10", "tolerance: 0.02")), 1)


def made(key: str, approvals: str, more: str = "") -> InForce:
    """A policy of one gate with its approvals."""
    return InForce(
        parse(f"""
key: {key}
title: {{en: X, ja: X}}
environments:
  production:
    title: {{en: Production, ja: 本番}}
    alias: champion
    gates: [{{id: lineage, audit: lineage, title: {{en: L, ja: L}}, needs: {{items: [run]}}, max_age_days: 9,
             labels: [computed]}}]
    approvals: {approvals}
{more}"""),
        1,
    )


def together(*policies, kind="tabular", risk="high"):
    return combine(policies, "production", kind, risk)


def test_one_policy_alone_is_itself():
    rules = together(ONE)
    assert rules.digest == ONE.policy.digest
    assert rules.gates == ONE.policy.environments["production"].gates
    assert rules.approvals_required == 1


def test_all_that_apply_are_asked():
    rules = together(ONE, TWO)
    assert [source.to_json()["policy"] for source in rules.sources] == ["default", "production-high-risk"]
    ids = [gate.id for gate in rules.gates]
    assert ids[:3] == ["default/lineage", "fairness", "explanation"]
    assert "production-high-risk/lineage" in ids
    assert len(ids) == len(set(ids)) == 13
    assert {stage.group: stage.quorum for stage in rules.stages} == {"reviewer": 1, "owner": 1, "model-risk": 2}
    assert (rules.expires_days, rules.after, rules.in_order) == (14, ("staging",), True)
    assert rules.automatic == (), "the other policy lets nothing go without a person"
    assert rules.break_glass is None, "the other policy has no emergency passage"
    assert rules.rollback.gates == ("production-high-risk/lineage",)
    assert rules.digest not in (ONE.policy.digest, TWO.policy.digest)


def test_risk_kind_and_environment_say_which_apply():
    assert len(together(ONE, TWO, risk="low").sources) == 1
    assert len(together(ONE, TWO, risk="").sources) == 2, "what is not known is no reason to leave a model alone"
    assert len(combine((ONE, TWO), "staging", "tabular", "high").sources) == 1
    with pytest.raises(RulesError, match="environment moon"):
        combine((ONE, TWO), "moon", "tabular", "high")
    with pytest.raises(RulesError, match="applies to such a model"):
        combine((TWO,), "production", "tabular", "low")


def test_one_environment_has_one_alias():
    other = InForce(parse(SECOND.replace("alias: champion", "alias: other")), 1)
    with pytest.raises(RulesError, match="one alias"):
        together(ONE, other)
    assert "not other" in str(differing_alias([ONE, other]))
    taken = InForce(parse(SECOND.replace("  production:", "  research:").replace("[production]", "[research]")), 1)
    assert "that of production already" in str(differing_alias([ONE, taken]))
    assert differing_alias([ONE, TWO]) is None


def test_the_same_gate_twice_counts_once_and_the_stricter_of_two_decides():
    double = InForce(parse(TEXT.replace("key: default", "key: again")), 1)
    assert [gate.id for gate in together(ONE, double).gates] == ["lineage", "fairness", "explanation"]
    found = all_evidence(fairness=evidence("fairness", fairness(0.05, 0.03, 0.07)))
    orders = permutations((ONE, STRICT, double))
    assert {evaluate(together(*order), found, SUBJECT, NOW).outcome for order in orders} == {"fail"}
    assert evaluate(together(ONE), found, SUBJECT, NOW).outcome == "pass"


GROUPS = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4
)
RULE = st.sampled_from(["", "automatic_from: 3", "extra_below: 2", "automatic_from: 4, extra_below: 1"])
APPROVALS = st.builds(
    lambda groups, rule, days, order: "{{stages: [{}], in_order: {}, expires_days: {}{}}}".format(
        ", ".join(f"{{group: {g}, quorum: {n}, due_days: {due}}}" for g, (n, due) in groups.items()),
        str(order).lower(),
        days,
        f", maturity: {{framework: mlops-maturity, {rule}}}" if rule else "",
    ),
    GROUPS,
    RULE,
    st.integers(1, 60),
    st.booleans(),
)


@given(st.lists(APPROVALS, min_size=1, max_size=3), st.randoms())
def test_together_they_ask_no_less_than_each_alone_in_any_order(texts, random):
    policies = [made(f"p{i}", text) for i, text in enumerate(texts)]
    rules = together(*policies)
    for one in policies:
        alone = together(one)
        kept = {stage.group: stage for stage in rules.stages}
        assert all(kept[stage.group].quorum >= stage.quorum for stage in alone.stages)
        assert all(kept[stage.group].due_days <= stage.due_days for stage in alone.stages)
        assert rules.expires_days <= alone.expires_days
        assert rules.in_order >= alone.in_order
        assert set(alone.extra) <= set(rules.extra)
        assert not rules.automatic or set(alone.automatic) <= set(rules.automatic)
        assert bool(alone.automatic) >= bool(rules.automatic)
    shuffled = list(policies)
    random.shuffle(shuffled)
    assert together(*shuffled) == rules
    assert replace(together(*policies, *policies[:1]), sources=(), digest="") == replace(rules, sources=(), digest="")


@given(st.lists(st.tuples(st.floats(0.01, 0.9), st.floats(0.01, 0.9)), min_size=1, max_size=3), st.floats(0, 0.5))
def test_no_policy_beside_another_makes_a_verdict_better(tolerances, value):
    found = all_evidence(fairness=evidence("fairness", fairness(value, max(value - 0.02, 0), value + 0.02)))
    policies = [
        InForce(
            parse(TEXT.replace("key: default", f"key: p{i}").replace("0.10", f"{a:.4f}").replace("0.15", f"{b:.4f}")), 1
        )
        for i, (a, b) in enumerate(tolerances)
    ]
    ranks = [RANK[evaluate(together(one), found, SUBJECT, NOW).outcome] for one in policies]
    assert RANK[evaluate(together(*policies), found, SUBJECT, NOW).outcome] == max(ranks)


# Windows and freezes

WINDOWS = """    windows:
      - {days: [mon, wed], from: "09:00", to: "12:00", timezone: Asia/Tokyo}
      - {days: [wed], from: "23:00", to: "23:30", timezone: Europe/Berlin}
    freezes: [{from: 2026-11-25, to: 2026-11-26, why: {en: Sale, ja: セール}, timezone: Asia/Tokyo}]
"""
AGREE = "{stages: [{group: a, quorum: 1}]}"
TIMED = together(made("timed", AGREE, WINDOWS))
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "open_"),
    [(-1, False), (0, True), (2.99, True), (3, False), (24, False), (48, False), (70.2, False), (24 * 7, True)],
)
def test_moves_are_made_in_windows_and_not_in_freezes(hours, open_):
    assert is_open(TIMED, MONDAY + timedelta(hours=hours)) is open_


@given(st.integers(0, 60 * 24 * 60))
def test_the_next_opening_is_the_first_open_minute(minutes):
    at = MONDAY + timedelta(minutes=minutes)
    found = opens(TIMED, at)
    assert found >= at
    assert is_open(TIMED, found)
    step = at
    while step < found:
        assert not is_open(TIMED, step)
        step += timedelta(minutes=30)


def test_windows_of_two_policies_must_both_be_open():
    late = made("late", AGREE, '    windows: [{days: [mon], from: "02:00", to: "05:00"}]\n')
    rules = together(made("timed", AGREE, WINDOWS), late)
    assert [is_open(rules, MONDAY + timedelta(hours=hours)) for hours in (1, 2.5, 4)] == [False, True, False]
    never = made("never", AGREE, '    windows: [{days: [sun], from: "02:00", to: "05:00"}]\n')
    assert opens(together(made("timed", AGREE, WINDOWS), never), MONDAY) is None


def test_the_clocks_that_jump_leave_one_hour_out():
    """In Berlin, 2:30 does not exist on the last Sunday of March: the window begins when the clocks have jumped."""
    spring = made(
        "spring", AGREE, '    windows: [{days: [sun], from: "02:30", to: "04:00", timezone: Europe/Berlin}]\n'
    )
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    assert is_open(together(spring), sunday + timedelta(hours=1, minutes=45))
    assert not is_open(together(spring), sunday + timedelta(hours=2))
