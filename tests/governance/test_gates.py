"""The verdict: what passes, what does not, and that unknown never does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.gates import ON_PROFILE, Subject, Verdict, evaluate
from governance.policy import DEFAULT, parse
from portal.message import Message
from tests.governance.evidence_made import (
    NOW,
    PRODUCTION,
    STAGING,
    SUBJECT,
    all_evidence,
    evidence,
    explanation,
    fairness,
    lineage,
)

NO_COLUMNS = evidence("explanation", {}, outcome="not_applicable", message=Message("audit.not_applicable.text"))
RANK = {"pass": 0, "inconclusive": 1, "not_evaluated": 2, "fail": 3}


def judge(found=None, environment=PRODUCTION, subject=SUBJECT, now=NOW) -> Verdict:
    return evaluate(environment, all_evidence() if found is None else found, subject, now)


def of(verdict: Verdict, gate: str):
    return next(result for result in verdict.results if result.id == gate)


def policy_with(old: str, new: str):
    """Production's rules with one thing changed everywhere."""
    return parse(DEFAULT.read_text("utf-8").replace(old, new)).environments["production"]


def test_all_evidence_passes():
    verdict = judge()
    assert verdict.passes
    assert str(verdict.message) == "Every check that applies passes (3 of 3)."
    assert verdict.approvals_required == 1
    assert verdict.counts == {"pass": 3}


def test_the_verdict_survives_json():
    for found in (all_evidence(), {}, all_evidence(fairness=evidence("fairness", fairness(0.2, 0.15, 0.25)))):
        verdict = judge(found)
        assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


def test_no_message_is_without_words():
    cases = [
        all_evidence(),
        {},
        all_evidence(lineage=evidence("lineage", lineage(("commit", "dataset")))),
        all_evidence(lineage=evidence("lineage", lineage(unread=("run",)))),
        all_evidence(fairness=evidence("fairness", fairness(0.2, 0.15, 0.25))),
        all_evidence(fairness=evidence("fairness", fairness(0.09, 0.05, 0.12))),
        all_evidence(fairness=evidence("fairness", label="declared")),
        all_evidence(explanation=replace(evidence("explanation"), unsandboxed=True)),
        all_evidence(explanation=evidence("explanation", explanation(0.4))),
        all_evidence(explanation=evidence("explanation", explanation(None))),
        all_evidence(explanation=evidence("explanation", explanation(0.2, (0.1, 0.3)))),
        all_evidence(explanation=evidence("explanation", explanation(0.2, rows=19))),
        all_evidence(explanation=NO_COLUMNS),
    ]
    for found in cases:
        verdict = judge(found)
        for message in [
            verdict.message,
            *(m for r in verdict.results for m in (r.message, r.required, r.measured, r.fix)),
        ]:
            assert "%(" not in str(message)
            assert not str(message).startswith(("gates.", "fairness.", "lineage.", "explanation."))


# Fairness


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [
        ((0.03, 0.01, 0.05), "pass"),
        ((0.08, 0.06, 0.10), "pass"),  # the limit itself is allowed
        ((0.08, 0.06, 0.11), "inconclusive"),
        ((0.12, 0.10, 0.14), "inconclusive"),  # certain only when the whole interval is beyond
        ((0.17, 0.12, 0.22), "fail"),
    ],
)
def test_a_gap_is_judged_by_its_whole_interval(interval, outcome):
    verdict = judge(all_evidence(fairness=evidence("fairness", fairness(*interval))))
    assert of(verdict, "fairness").outcome == outcome
    assert verdict.outcome == outcome


def test_a_gap_beyond_the_limit_says_by_how_much():
    verdict = judge(all_evidence(fairness=evidence("fairness", fairness(0.17, 0.12, 0.22))))
    result = of(verdict, "fairness")
    assert (str(result.measured), str(result.required)) == ("0.17", "≤ 0.10")
    assert str(verdict.message).startswith("Cannot go yet: The gap in the selection rate by sex is 0.17, more than")
    assert "F (sex), n = 4000" in str(result.message)
    assert result.fix


def test_the_policys_own_tolerance_counts_not_the_audits():
    found = all_evidence(fairness=evidence("fairness", fairness(0.12, 0.11, 0.13), outcome="fail"))
    assert of(judge(found, STAGING), "fairness").outcome == "pass"
    assert of(judge(found, PRODUCTION), "fairness").outcome == "fail"


def test_a_value_just_beyond_the_limit_does_not_look_like_the_limit():
    verdict = judge(all_evidence(fairness=evidence("fairness", fairness(0.1004, 0.1001, 0.1007))))
    assert str(of(verdict, "fairness").measured) == "0.1004"


def test_the_worst_gap_decides():
    result = fairness()
    result["gaps"][1] |= {"value": 0.2, "low": 0.15, "high": 0.25}
    assert judge(all_evidence(fairness=evidence("fairness", result))).outcome == "fail"


def test_a_gap_that_could_not_be_computed_is_no_pass():
    result = fairness()
    result["gaps"][0] |= {"value": None, "low": None, "high": None, "rate": None}
    assert judge(all_evidence(fairness=evidence("fairness", result))).outcome == "not_evaluated"


def test_a_measure_that_the_audit_lacks_is_no_pass():
    result = fairness()
    result["gaps"].pop()
    assert judge(all_evidence(fairness=evidence("fairness", result))).outcome == "not_evaluated"


def test_many_rows_without_a_label_leave_it_undecided():
    found = all_evidence(fairness=evidence("fairness", fairness(left_out=900)))
    assert judge(found).outcome == "inconclusive"


def test_unjudged_groups_block_where_the_policy_says_so():
    found = all_evidence(fairness=evidence("fairness", fairness(smallest=12, unjudged=1)))
    assert judge(found).outcome == "pass"
    blocking = judge(found, policy_with("unjudged_groups: allow", "unjudged_groups: block"))
    assert blocking.outcome == "inconclusive"
    assert "F (sex)" in str(blocking.message)


def test_groups_that_the_audit_judged_though_the_policy_would_not():
    found = all_evidence(fairness=evidence("fairness", fairness(smallest=60)))
    assert judge(found, policy_with("min_group: 30", "min_group: 100")).outcome == "not_evaluated"
    assert judge(found, policy_with("min_group: 30", "min_group: 60")).outcome == "pass"


# Lineage and explanation


def test_lineage_says_what_is_missing_and_how_to_add_it():
    verdict = judge(all_evidence(lineage=evidence("lineage", lineage(("commit", "signature")), outcome="fail")))
    result = of(verdict, "lineage")
    assert (verdict.outcome, str(result.measured), str(result.required)) == ("fail", "3 of 5", "5 of 5")
    assert "commit of the code" in str(result.message)
    assert "Git checkout" in str(result.fix)
    assert "Log the model with a signature" in str(result.fix)


def test_what_the_policy_does_not_ask_for_does_not_block():
    found = all_evidence(lineage=evidence("lineage", lineage(("parameters",)), outcome="fail"))
    assert judge(found).passes


def test_an_item_that_could_not_be_read_is_unknown():
    assert judge(all_evidence(lineage=evidence("lineage", lineage(unread=("run",))))).outcome == "not_evaluated"


def test_an_explanation_that_does_not_add_up_fails_with_its_own_sentence():
    message = Message("explanation.fail", {"error": 0.3, "tolerance": 1e-6})
    found = all_evidence(explanation=evidence("explanation", explanation(0.0), outcome="fail", message=message))
    verdict = judge(found)
    assert verdict.outcome == "fail"
    assert of(verdict, "explanation").message == message


def test_reliance_on_sensitive_columns_is_limited():
    verdict = judge(all_evidence(explanation=evidence("explanation", explanation(0.4))))
    assert verdict.outcome == "fail"
    assert (str(of(verdict, "explanation").measured), str(of(verdict, "explanation").required)) == ("40%", "≤ 25%")


@pytest.mark.parametrize(
    ("share", "interval", "outcome"),
    [
        (0.20, (0.15, 0.24), "pass"),
        (0.20, (0.10, 0.31), "inconclusive"),
        (0.30, (0.20, 0.41), "inconclusive"),
        (0.40, (0.30, 0.50), "fail"),
        (0.20, (0.21, 0.24), "pass"),  # the share itself always belongs to it
        (0.26, (0.20, 0.24), "inconclusive"),
        (0.20, (0.24, 0.15), "not_evaluated"),
        (0.20, (0.10, float("nan")), "not_evaluated"),
    ],
)
def test_reliance_is_judged_by_its_whole_interval(share, interval, outcome):
    verdict = judge(all_evidence(explanation=evidence("explanation", explanation(share, interval))))
    assert verdict.outcome == outcome


def test_an_explanation_of_few_rows_never_passes():
    """A model that is dear to ask may end its sample after two rows, whose shares may well be alike."""
    few = judge(all_evidence(explanation=evidence("explanation", explanation(0.1, (0.1, 0.1), rows=2))))
    assert few.outcome == "inconclusive"
    assert "Only 2 rows" in str(few.message)


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_wider_interval_of_reliance_never_becomes_a_pass(share, down, up, wider):
    def judged(more: float) -> str:
        ends = (max(share - down - more, 0.0), min(share + up + more, 1.0))
        return judge(all_evidence(explanation=evidence("explanation", explanation(share, ends)))).outcome

    if judged(0.0) != "pass":
        assert judged(wider) != "pass"


# What is unknown


def test_an_audit_that_says_it_does_not_apply_is_no_pass_where_the_policy_asks_for_it():
    """Whether a check is for such a model, the policy says; the way out is named."""
    found = of(judge(all_evidence(explanation=NO_COLUMNS)), "explanation")
    assert (found.outcome, found.message.code, found.fix.code) == (
        "not_evaluated",
        "audit.not_applicable.text",
        "gates.fix.kinds",
    )


@pytest.mark.parametrize("kind", ["performance", "drift", "safety"])
def test_audits_on_the_profile_s_data_are_bound_to_the_profile(kind):
    assert kind in ON_PROFILE


def entry(result: dict, outcome: str = "pass", **fields) -> dict:
    return {"set": "Hard cases", "outcome": outcome, "message": Message("x").to_json(), "result": result} | fields


@pytest.mark.parametrize(
    ("challengers", "outcome"),
    [
        ([entry(fairness())], "pass"),
        ([entry(fairness()), entry(fairness(0.2, 0.15, 0.25))], "fail"),
        ([entry({}, "not_applicable")], "not_evaluated"),
        ([entry({}, "never heard of")], "not_evaluated"),
        ([{"set": "Hard cases", "outcome": "pass"}], "not_evaluated"),
        ([None], "not_evaluated"),
        (7, "not_evaluated"),
        ([entry("nothing")], "not_evaluated"),
    ],
)
def test_a_challenger_that_cannot_be_read_never_passes(challengers, outcome):
    spoilt = evidence("fairness", fairness() | {"challengers": challengers})
    assert of(judge(all_evidence(fairness=spoilt)), "fairness").outcome == outcome


def test_what_does_not_apply_is_told_from_what_is_unknown():
    image = replace(SUBJECT, kind="image")
    verdict = judge({"lineage": evidence("lineage")}, subject=image)
    assert [r.outcome for r in verdict.results] == ["pass", "not_applicable", "not_applicable"]
    assert verdict.passes
    nothing_known = judge(subject=Subject(artifact_digest="sha256:files"))
    assert of(nothing_known, "fairness").outcome == "not_evaluated"


def test_a_low_risk_spares_the_fairness_gate_in_staging_only():
    low = replace(SUBJECT, risk="low")
    assert of(judge({"lineage": evidence("lineage")}, STAGING, low), "fairness").outcome == "not_applicable"
    assert of(judge({"lineage": evidence("lineage")}, PRODUCTION, low), "fairness").outcome == "not_evaluated"


def test_a_policy_of_which_nothing_applies_lets_nothing_pass():
    text = DEFAULT.read_text("utf-8").replace("max_age_days: 90", "max_age_days: 90\n        risks: [low]")
    text = text.replace("        risks: [high]\n", "")
    environment = parse(text).environments["production"]
    assert judge(environment=environment).outcome == "not_evaluated"


def test_the_gravest_reason_comes_first():
    found = all_evidence(lineage=None, fairness=evidence("fairness", fairness(0.2, 0.15, 0.25)))
    verdict = judge(found)
    assert verdict.outcome == "fail"
    assert "selection rate" in str(verdict.message)
    assert "Other checks in the way: 1." in str(verdict.message)
    assert [r.outcome for r in verdict.gravest_first] == ["fail", "not_evaluated", "pass"]


def test_audits_that_would_help_are_named():
    stale = evidence("fairness", created_at=NOW - timedelta(days=91))
    assert judge(all_evidence(lineage=None, fairness=stale)).audits_due == ("lineage", "fairness")
    assert judge(subject=replace(SUBJECT, artifact_digest="")).audits_due == ("lineage",)
    assert judge().audits_due == ()


UNUSABLE = st.sampled_from(
    [
        ("missing", lambda e: None),
        ("stale", lambda e: replace(e, created_at=NOW - timedelta(days=91))),
        ("from the future", lambda e: replace(e, created_at=NOW + timedelta(days=2))),
        ("made without a sandbox", lambda e: replace(e, unsandboxed=True)),
        ("declared", lambda e: replace(e, label="declared")),
        ("attested", lambda e: replace(e, label="attested")),
        ("other files", lambda e: replace(e, artifact_digest="sha256:others")),
        ("unknown files", lambda e: replace(e, artifact_digest="")),
        ("not evaluated", lambda e: replace(e, outcome="not_evaluated", result={})),
        ("errored", lambda e: replace(e, outcome="error")),
        ("empty result", lambda e: replace(e, result={})),
        ("broken result", lambda e: replace(e, result={"gaps": 3, "items": "x", "sensitive_reliance": "much"})),
    ]
)
KIND = st.sampled_from(["lineage", "fairness", "explanation"])


@given(KIND, UNUSABLE)
def test_unusable_evidence_never_passes(kind, spoil):
    """Law 1, for each kind of audit and each way in which evidence can be no evidence."""
    found = all_evidence()
    spoilt = spoil[1](found[kind])
    found = {k: e for k, e in (found | {kind: spoilt}).items() if e is not None}
    verdict = judge(found)
    assert of(verdict, kind).outcome == "not_evaluated"
    assert verdict.outcome == "not_evaluated"
    assert of(verdict, kind).fix


@pytest.mark.parametrize("kind", ["fairness", "explanation"])
def test_evidence_of_another_profile_never_passes(kind):
    found = all_evidence(**{kind: evidence(kind, profile_digest="sha256:other")})
    assert judge(found).outcome == "not_evaluated"
    nobody = all_evidence(**{kind: evidence(kind, profile_digest="")})
    assert judge(nobody, subject=replace(SUBJECT, profile_digest="")).outcome == "not_evaluated"


def test_files_that_were_not_hashed_never_pass():
    for found in (all_evidence(), all_evidence(fairness=evidence("fairness", label="computed", artifact_digest=""))):
        assert judge(found, subject=replace(SUBJECT, artifact_digest="")).outcome == "not_evaluated"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(KIND, JSON.filter(lambda value: isinstance(value, dict)))
def test_no_result_whatever_breaks_the_verdict_or_passes_by_accident(kind, result):
    verdict = judge(all_evidence(**{kind: evidence(kind, result)}))
    assert verdict.outcome == "not_evaluated"


GAP = st.floats(0, 0.4)


@given(GAP, GAP, GAP, st.floats(0, 0.2), st.floats(0, 0.2))
def test_a_wider_or_larger_gap_never_improves_the_verdict(value, down, up, more, wider):
    """Moving the gap up, or its upper end up, never gives a better outcome."""
    low, high = max(value - down, 0.0), value + up
    before = judge(all_evidence(fairness=evidence("fairness", fairness(value, low, high))))
    larger = judge(all_evidence(fairness=evidence("fairness", fairness(value + more, low + more, high + more))))
    less_sure = judge(all_evidence(fairness=evidence("fairness", fairness(value, low, high + wider))))
    assert RANK[larger.outcome] >= RANK[before.outcome]
    assert RANK[less_sure.outcome] >= RANK[before.outcome]


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_reliance_never_improves_the_verdict(one, other):
    outcomes = [
        judge(all_evidence(explanation=evidence("explanation", explanation(share)))).outcome
        for share in sorted((one, other))
    ]
    assert RANK[outcomes[0]] <= RANK[outcomes[1]]


ITEMS = ("run", "commit", "dataset", "signature", "environment", "artifact", "parameters")


@given(st.sets(st.sampled_from(ITEMS)), st.sets(st.sampled_from(ITEMS)))
def test_less_on_record_never_improves_the_verdict(some, others):
    few, many = sorted(some), sorted(some | others)
    before = judge(all_evidence(lineage=evidence("lineage", lineage(tuple(few)))))
    after = judge(all_evidence(lineage=evidence("lineage", lineage(tuple(many)))))
    assert RANK[after.outcome] >= RANK[before.outcome]


@given(st.dictionaries(KIND, UNUSABLE, min_size=1))
def test_the_verdict_is_the_gravest_of_its_gates(spoilt):
    found = all_evidence()
    found["fairness"] = evidence("fairness", fairness(0.2, 0.15, 0.25))
    for kind, spoil in spoilt.items():
        found[kind] = spoil[1](found[kind])
    verdict = judge({kind: e for kind, e in found.items() if e is not None})
    assert RANK[verdict.outcome] == max(RANK[result.outcome] for result in verdict.results)
    assert not verdict.passes


# The real engines


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis calls duckdb's old name
def test_the_gates_read_what_the_engines_write(tmp_path):
    """The made evidence above and the real audits have one schema."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from governance.engine.fairness.audit import audit_fairness
    from governance.engine.lineage.audit import audit_lineage

    rng = np.random.default_rng(7)
    sex = rng.choice(["F", "M"], 6000)
    label = rng.integers(0, 2, 6000)
    biased = np.where((sex == "M") & (rng.random(6000) < 0.4), 1, label)
    for name, prediction, outcome in (("fair", label, "pass"), ("biased", biased, "fail")):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"sex": sex, "y": label, "p": prediction}), path)
        audit = audit_fairness(path, label="y", prediction="p", sensitive=["sex"], replicates=50)
        result = json.loads(json.dumps(audit.to_json()))
        found = all_evidence(fairness=evidence("fairness", result, outcome=audit.verdict, message=audit.message))
        assert judge(found).outcome == outcome, str(judge(found).message)

    facts = {"schema": "sekisho.version-facts/1", "version": {"run_id": ""}, "run": None, "files": {}, "problems": {}}
    audit = audit_lineage(facts)
    found = all_evidence(lineage=evidence("lineage", audit.to_json(), outcome=audit.verdict))
    result = of(judge(found), "lineage")
    assert result.outcome == "fail"
    assert str(result.measured) == "0 of 5"
    assert str(result.fix)
