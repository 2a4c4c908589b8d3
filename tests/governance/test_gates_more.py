"""Gates on performance, drift, safety, replay, checklists and facts: unknown never passes, worse never improves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.gates import Exempt, Verdict, evaluate
from governance.policy import parse
from portal.message import Message
from tests.governance.evidence_made import NOW, SUBJECT, evidence, fairness
from tests.governance.policies_made import SECOND

PLACE = replace(parse(SECOND).environments["production"], after=None)  # what stands before it: test_after
RANK = {"pass": 0, "inconclusive": 1, "not_evaluated": 2, "fail": 3}
WHOLE = replace(SUBJECT, live="7")


def gate(name: str, **needs):
    """Production with one gate alone; its needs changed."""
    found = next(one for one in PLACE.gates if one.id == name)
    return replace(PLACE, gates=(replace(found, needs=replace(found.needs, **needs)) if needs else found,))


def metric(name="recall", value=0.8, low=0.77, high=0.83, **more) -> dict:
    return {"name": name, "value": value, "low": low, "high": high, "n": 900, "cases": 400} | more


def part(worse=False, verdict="not_distinguishable", judged=True) -> dict:
    return {"judged": judged, "worse_than_live": worse, "live": {"verdict": verdict}}


def performance(*metrics: dict, outcome="better", left_out=0, parts=None, code="performance.live.better") -> dict:
    parts = [part()] if parts is None else parts
    return {
        "schema": "sekisho.performance/1",
        "metric": "recall",
        "rows": 1000,
        "missing": {"left_out": left_out, "score": 0},
        "settings": {"confidence": 0.95, "min_cases": 30},
        "metrics": list(metrics or [metric()]),
        "comparison": {
            "outcome": outcome,
            "message": Message(
                code, {"name": "7", "n": 900, "metric": "r", "change": "+", "low": 0, "high": 1}
            ).to_json(),
            "differences": {"recall": {"verdict": outcome}, "accuracy": {"verdict": "worse"}},
        },
        "slices": list(parts),
        "sliced": {"metric": "recall", "tested": len(parts)},
    }


def column(name="age", distance=0.05, low=0.03, high=0.08, change=0.0, role="feature", judged=True) -> dict:
    verdict = "pass" if judged else "not_evaluated"
    missing = {"reference": 0.1, "current": 0.1 + change, "change": change, "low": change - 0.01, "high": change + 0.01}
    return {
        "column": name, "role": role, "distance": distance, "low": low, "high": high, "distance_verdict": verdict,
        "missing": missing | {"verdict": verdict},
    }  # fmt: skip


def drift(*columns: dict, skipped=(), types=()) -> dict:
    return {
        "schema": "sekisho.drift/1",
        "columns": list(columns or [column(), column("income")]),
        "skipped": [{"column": name, "role": "feature"} for name in skipped],
        "schema_changes": {"types": [{"column": name, "role": "feature"} for name in types]},
    }


def safety(replayed="pass", rows=500, differing=0, **items) -> dict:
    found = {"tree": "pass", "environment": "pass", "repeatable": "pass"} | items | {"replay": replayed}
    return {
        "schema": "sekisho.safety/1",
        "items": [
            {"key": key, "outcome": outcome, "found": Message("safety.replay.empty").to_json(), "remedy": None}
            for key, outcome in found.items()
        ],
        "replay": {
            "rows": rows, "of": rows, "compared": rows, "equal": rows - differing, "repeated": rows,
            "kind": "none" if replayed == "not_applicable" else "label",
        },
    }  # fmt: skip


def mark(item="model-card", by="Mori", groups=("owner",), days=1, artifact="", profile="") -> dict:
    return {
        "item": item, "by": by, "groups": list(groups), "at": (NOW - timedelta(days=days)).isoformat(),
        "artifact": artifact or SUBJECT.artifact_digest, "profile": profile or SUBJECT.profile_digest,
    }  # fmt: skip


def marks(*given: dict) -> dict:
    both = (mark(), mark("legal", "Sato", ("reviewer",)))
    return {"schema": "sekisho.checklist/1", "marks": list(given or both)}


def fact(value=180, key="load_test.p95_ms") -> dict:
    return {"schema": "sekisho.fact/1", "key": key, "value": value}


GOOD = {"floor": performance, "drift": drift, "safety": safety, "replay": safety, "card": marks, "load": fact}
SOURCE = {one.id: one.source for one in PLACE.gates}


def judge(name: str, result=None, subject=WHOLE, place=None, exceptions=(), **fields) -> Verdict:
    kind = SOURCE[name].partition(":")[0]
    label = {"checklist": "attested", "fact": "declared"}.get(kind, "replayed")
    asked = {"label": label, "compared_with": "7"} | fields
    found = evidence(kind, GOOD[name]() if result is None else result, **asked)
    return evaluate(place or gate(name), {SOURCE[name]: found}, subject, NOW, exceptions=exceptions)


def outcome(name: str, result=None, **more) -> str:
    return judge(name, result, **more).results[0].outcome


ALL = st.sampled_from(sorted(GOOD))


@pytest.mark.parametrize("name", GOOD)
def test_good_evidence_passes_and_has_words(name):
    verdict = judge(name)
    assert verdict.passes, str(verdict.message)
    assert verdict.clean
    said = [verdict.message, verdict.results[0].message, verdict.results[0].required, verdict.results[0].measured]
    assert not [str(one) for one in said if "%(" in str(one) or str(one).startswith(("gates.", "performance."))]
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize("name", GOOD)
def test_nothing_at_hand_is_not_evaluated_and_says_who_supplies_it(name):
    verdict = evaluate(gate(name), {}, WHOLE, NOW)
    assert verdict.outcome == "not_evaluated"
    assert verdict.results[0].fix
    assert "%(" not in str(verdict.results[0].fix)
    due = {"card": (), "load": (), "replay": ("safety",)}.get(name, (SOURCE[name],))
    assert verdict.audits_due == due


UNUSABLE = st.sampled_from(
    [
        {"created_at": NOW + timedelta(days=2)},
        {"label": "told"},
        {"result": {}},
        {"result": {"metrics": 3, "columns": "x", "items": 7, "marks": None, "key": 1, "value": None}},
        {"result": {"metrics": [], "columns": [], "items": [], "marks": [], "key": "load_test.p95_ms", "value": None}},
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(ALL, UNUSABLE)
def test_unusable_evidence_never_passes(name, spoilt):
    spoilt = dict(spoilt)
    verdict = judge(name, spoilt.pop("result", None), **spoilt)
    assert verdict.outcome == "not_evaluated"
    assert verdict.results[0].fix


@given(ALL, st.dictionaries(st.text(max_size=8), JSON, max_size=3))
def test_no_result_whatever_passes_by_accident(name, result):
    assert judge(name, result).outcome == "not_evaluated"


@given(ALL, st.data())
def test_a_part_that_is_lost_never_improves_the_verdict(name, data):
    """Whatever single value of a good result becomes null: never an error, never better."""
    result = json.loads(json.dumps(GOOD[name]()))
    paths = list(_paths(result))
    path = data.draw(st.sampled_from(paths))
    spot = result
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = None
    assert judge(name, result).outcome in RANK


def _paths(value, here=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*here, key)
        yield from _paths(inner, (*here, key))


@pytest.mark.parametrize("name", ["floor", "drift", "safety", "replay"])
@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": NOW - timedelta(days=91)},
        {"unsandboxed": True},
        {"profile_digest": "x"},
        {"artifact_digest": "x"},
    ],
)
def test_audits_that_do_not_count(name, fields):
    assert outcome(name, **fields) == "not_evaluated"


# Performance


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.75, 0.83), "pass"),
        ((0.74, 0.83), "inconclusive"),
        ((0.70, 0.75), "inconclusive"),
        ((0.60, 0.74), "fail"),
    ],
)
def test_a_floor_is_held_against_the_whole_interval(ends, said):
    low, high = ends
    assert outcome("floor", performance(metric(value=(low + high) / 2, low=low, high=high))) == said


UNIT = st.floats(0, 1)


@given(
    UNIT, UNIT, UNIT, st.floats(0, 0.3), st.sampled_from(["better", "not_distinguishable", "worse", "not_evaluated"])
)
def test_a_lower_metric_or_wider_interval_never_improves_the_verdict(a, b, c, less, compared):
    low, value, high = sorted((a, b, c))

    def said(low, value, high, compared=compared):
        return RANK[outcome("floor", performance(metric(value=value, low=low, high=high), outcome=compared))]

    before = said(low, value, high)
    assert said(low - less, value - less, high - less) >= before
    if before != RANK["pass"]:
        assert said(low - less, value, high + less) != RANK["pass"]
    assert said(low, value, high, "worse") == RANK["fail"] >= before


@given(UNIT, UNIT, UNIT, st.floats(0, 0.3))
def test_of_losses_more_is_worse(a, b, c, more):
    low, value, high = sorted((a, b, c))
    place = gate("floor", metric="brier", at_least=None, at_most=0.4, not_worse=None, slices=None)

    def said(shift):
        found = metric("brier", value + shift, low + shift, high + shift)
        return RANK[outcome("floor", performance(found), place=place)]

    assert said(more) >= said(0.0)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (performance(outcome="worse"), "fail"),
        (performance(outcome="not_distinguishable"), "pass"),
        (performance(outcome="identical"), "pass"),
        (performance(outcome="not_evaluated", code="performance.live.undefined"), "not_evaluated"),
        (performance(outcome="never heard of"), "not_evaluated"),
        (performance(left_out=60), "inconclusive"),
        (performance(metric(cases=29)), "inconclusive"),
        (performance(metric(low=None, high=None)), "inconclusive"),
        (performance(metric("accuracy")), "not_evaluated"),
        (performance(parts=[part(), part(worse=True)]), "fail"),
        (performance(parts=[]), "not_evaluated"),
        (performance(parts=[part(verdict="not_evaluated")]), "not_evaluated"),
        (performance(parts=[part(), part(judged=False)]) | {"sliced": {"metric": "recall", "tested": 1}}, "pass"),
    ],
)
def test_what_performance_says(result, said):
    assert outcome("floor", result) == said


def test_where_nothing_is_live_the_policy_says_whether_that_will_do():
    alone = performance(outcome="not_evaluated", code="performance.live.none", parts=[])
    nobody = replace(SUBJECT, live="")
    assert outcome("floor", alone, subject=nobody, compared_with="") == "pass"
    assert (
        outcome("floor", alone, subject=nobody, compared_with="", place=gate("floor", not_worse=True))
        == "not_evaluated"
    )


def test_a_comparison_with_what_was_live_is_none_with_what_is():
    assert outcome("floor", subject=replace(SUBJECT, live="8")) == "not_evaluated"
    assert outcome("floor", subject=replace(SUBJECT, live="")) == "not_evaluated"
    assert outcome("floor", subject=replace(SUBJECT, live=None)) == "pass", "the live version itself"
    assert judge("floor", subject=replace(SUBJECT, live="8")).audits_due == ("performance",)


def test_another_metric_is_compared_by_itself():
    place = gate("floor", metric="accuracy", at_least=None, slices=None)
    assert outcome("floor", performance(metric("accuracy")), place=place) == "fail"


# Drift, safety, replay


@given(st.floats(0, 0.5), st.floats(0, 0.2), st.floats(0, 0.2), st.floats(0, 0.3), st.floats(-0.4, 0.4))
def test_more_drift_never_improves_the_verdict(distance, down, up, more, change):
    def said(shift=0.0, wider=0.0, missing=change):
        one = column(distance=distance + shift, low=max(distance + shift - down, 0), high=distance + shift + up + wider,
                     change=missing)  # fmt: skip
        return RANK[outcome("drift", drift(one, column("income")))]

    before = said()
    assert said(shift=more) >= before
    assert said(wider=more) >= before
    assert said(missing=change + more if change >= 0 else change - more) >= before


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (drift(column(low=0.19, distance=0.2, high=0.21), column("income")), "inconclusive"),
        (drift(column(low=0.21, distance=0.3, high=0.4), column("income")), "fail"),
        (drift(column(change=0.3), column("income")), "fail"),
        (drift(column(), column("income", judged=False)), "not_evaluated"),
        (drift(column()), "not_evaluated"),  # income was not compared
        (drift(column(), skipped=["income"]), "not_evaluated"),
        (drift(column(), types=["income"]), "fail"),
        (drift(column(), column("income"), skipped=["name"], types=["town"]), "pass"),  # not asked for
        (drift(column(low=0.2, distance=0.1, high=0.3), column("income")), "not_evaluated"),
    ],
)
def test_what_drift_says(result, said):
    assert outcome("drift", result) == said


def test_columns_that_cannot_be_judged_may_be_left_out_where_the_policy_says_so():
    place = gate("drift", unjudged="allow")
    assert outcome("drift", drift(column()), place=place) == "pass"
    assert outcome("drift", drift(column(judged=False)), place=place) == "not_evaluated"
    every = gate("drift", columns=None)
    assert outcome("drift", drift(column(), skipped=["name"]), place=every) == "not_evaluated"


@given(st.sampled_from(["pass", "fail", "not_evaluated", "not_applicable", "x"]))
def test_each_safety_item_is_asked_for_by_itself(said):
    found = outcome("safety", safety(tree=said), outcome="not_evaluated")
    assert found == (said if said in ("pass", "fail") else "not_evaluated")
    assert outcome("safety", safety(repeatable="fail"), outcome="fail") == "pass", "not asked for"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (safety(rows=100), "pass"),
        (safety(rows=99), "inconclusive"),
        (safety("fail", differing=3), "fail"),
        (safety("not_evaluated"), "not_evaluated"),
        (safety(differing=1), "not_evaluated"),  # says pass, and its own count does not
        (safety("not_applicable"), "pass"),  # nothing was supplied: the model's own answers count, given twice
        (safety("not_applicable", repeatable="fail"), "fail"),
        (safety("not_applicable", repeatable="not_evaluated"), "not_evaluated"),
        (safety() | {"replay": None}, "not_evaluated"),
    ],
)
def test_what_the_replay_says(result, said):
    assert outcome("replay", result) == said


@pytest.mark.parametrize("label", ["computed", "attested", "declared"])
def test_a_replay_is_replayed(label):
    assert outcome("replay", label=label) == "not_evaluated"


def test_intervals_must_be_as_sure_as_the_policy_wants():
    place = gate("fair")
    result = fairness() | {"settings": {"tolerance": 0.1, "min_group": 30, "confidence": 0.9}}
    result["gaps"] = [one | {"metric": "accuracy_difference"} for one in result["gaps"]]
    found = evaluate(place, {"fairness": evidence("fairness", result)}, SUBJECT, NOW)
    assert (found.outcome, found.audits_due) == ("not_evaluated", ("fairness",))
    result["settings"]["confidence"] = 0.99
    assert evaluate(place, {"fairness": evidence("fairness", result)}, SUBJECT, NOW).passes


# Checklists and facts


@pytest.mark.parametrize(
    "spoilt",
    [
        mark(groups=["other"]),
        mark(groups=[]),
        mark(by=""),
        mark(artifact="sha256:others"),
        mark(profile="sha256:others"),
        mark(days=181),
        mark(days=-2),
        mark("another"),
        {"item": "model-card"},
    ],
)
def test_a_mark_counts_for_what_its_signer_saw(spoilt):
    verdict = judge("card", marks(spoilt, mark("legal", "Sato", ("model-risk",))))
    assert verdict.outcome == "not_evaluated"
    assert verdict.results[0].fix


def test_a_checklist_ends_with_its_oldest_mark_that_counts():
    both = marks(mark(days=100), mark(days=30), mark("legal", "Sato", ("reviewer",), days=80))
    assert judge("card", both).holds_until == NOW + timedelta(days=100)


@pytest.mark.parametrize(
    ("value", "said"),
    [(200, "pass"), (180.5, "pass"), (200.1, "fail"), ("180", "not_evaluated"), (True, "not_evaluated"),
     (None, "not_evaluated"), (float("nan"), "not_evaluated"), ([1], "not_evaluated")],
)  # fmt: skip
def test_what_a_fact_says(value, said):
    assert outcome("load", fact(value)) == said


@pytest.mark.parametrize(
    ("asked", "value", "said"),
    [(True, True, "pass"), (True, 1, "not_evaluated"), (1, True, "not_evaluated"), ("yes", "yes", "pass"),
     ("yes", "no", "fail"), (3, 3.0, "pass"), ("3", 3, "not_evaluated")],
)  # fmt: skip
def test_equal_is_equal_in_kind(asked, value, said):
    assert outcome("load", fact(value), place=gate("load", equals=asked, at_most=None)) == said


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_slower_answer_never_improves_the_verdict(value, more):
    assert RANK[outcome("load", fact(value + more))] >= RANK[outcome("load", fact(value))]


def test_an_old_fact_does_not_count():
    assert outcome("load", created_at=NOW - timedelta(days=31)) == "not_evaluated"
    assert outcome("load", fact(key="another")) == "not_evaluated"


# Exceptions


def signed(kind="waiver", days=10, gate="floor", **fields) -> Exempt:
    return Exempt(gate, kind, "Mori", "Known.", NOW + timedelta(days=days), **fields)


LOW = performance(metric(value=0.6, low=0.5, high=0.7))
DOUBT = performance(metric(value=0.76, low=0.7, high=0.8))


def test_a_waived_gate_keeps_its_outcome_and_the_verdict_says_so():
    verdict = judge("floor", LOW, exceptions=[signed()])
    assert (verdict.outcome, verdict.waived, verdict.clean) == ("pass", 1, False)
    assert (verdict.results[0].outcome, verdict.results[0].waived.by) == ("fail", "Mori")
    assert "excepted: 1" in str(verdict.message)
    assert verdict.holds_until == NOW + timedelta(days=10)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize(
    "one", [signed(days=0), signed(days=-1), signed(days=91), signed(gate="other"), signed("ruling")]
)
def test_an_exception_that_does_not_hold(one):
    assert judge("floor", LOW, exceptions=[one]).outcome == "fail"


def test_no_gate_is_waived_where_the_policy_does_not_say_so():
    assert judge("load", fact(900), exceptions=[signed(gate="load")]).outcome == "fail"


@pytest.mark.parametrize(("says", "said"), [("pass", "pass"), ("fail", "fail")])
def test_a_person_decides_what_is_undecided_on_the_evidence_they_saw(says, said):
    seen = signed("ruling", evidence_digest="sha256:performance", outcome=says)
    assert judge("floor", DOUBT, exceptions=[seen]).outcome == said
    assert judge("floor", LOW, exceptions=[seen]).outcome == "fail", "it is not undecided"
    other = replace(seen, evidence_digest="sha256:other")
    assert judge("floor", DOUBT, exceptions=[other]).outcome == "inconclusive"


@given(ALL, st.lists(st.sampled_from([signed(), signed("ruling", evidence_digest="x"), signed(days=-3)]), max_size=3))
def test_an_exception_to_one_gate_is_none_to_another(name, exceptions):
    if name != "floor":
        assert judge(name, {}, exceptions=exceptions).outcome == "not_evaluated"


# The team's level


def levels(official=None) -> dict:
    known = {
        "title": {"en": "M", "ja": "M"},
        "assessed": official is not None,
        "official": official or 0,
        "dimensions": {},
    }
    found = {"team": "Credit Risk", "frameworks": {"mlops-maturity": known}}
    return {"maturity": evidence("maturity", found, label="computed", created_at=NOW)}


def by_level(official, result=None, exceptions=()):
    asked = {"fact:load_test.p95_ms": evidence("fact", fact() if result is None else result, label="declared")}
    return evaluate(gate("load"), asked | levels(official), WHOLE, NOW, exceptions=exceptions)


@pytest.mark.parametrize(
    ("official", "quorums", "automatic"),
    [(None, [1, 3], False), (1, [1, 3], False), (2, [1, 2], False), (3, [1, 2], False), (4, [1, 2], True)],
)
def test_the_official_level_asks_for_more_or_for_nobody(official, quorums, automatic):
    verdict = by_level(official)
    assert [stage.quorum for stage in verdict.needs] == quorums
    assert (verdict.automatic, verdict.approvals_required) == (automatic, sum(quorums))
    assert [stage.extra for stage in verdict.needs] == [False, quorums[1] == 3]


def test_only_a_clean_pass_goes_without_a_person():
    assert not by_level(4, fact(900)).automatic
    waivable = replace(gate("floor"), gates=(gate("floor").gates[0],))
    found = {"performance": evidence("performance", LOW, compared_with="7")} | levels(4)
    verdict = evaluate(waivable, found, WHOLE, NOW, exceptions=[signed()])
    assert (verdict.passes, verdict.clean, verdict.automatic) == (True, False, False)
    assert not evaluate(
        gate("load"), {"fact:load_test.p95_ms": evidence("fact", fact(), label="declared")}, WHOLE, NOW
    ).automatic


@given(st.one_of(st.none(), st.integers(0, 5)), st.integers(0, 3))
@settings(max_examples=30)
def test_a_higher_level_never_asks_for_more(official, more):
    higher = (official or 0) + more
    assert by_level(higher).approvals_required <= by_level(official).approvals_required


# The real engines


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis calls duckdb's old name
def test_the_gates_read_what_the_engines_write(tmp_path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from governance.engine.drift.audit import audit_drift
    from governance.engine.performance.audit import audit_performance

    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 3000)
    right = np.where(rng.random(3000) < 0.9, label, 1 - label)
    wrong = np.where(rng.random(3000) < 0.6, label, 1 - label)
    place = gate("floor", slices="not_worse")
    town = rng.choice(["A", "B"], 3000)
    for own, live, said in ((right, wrong, "pass"), (wrong, right, "fail")):
        path = tmp_path / "data.parquet"
        pq.write_table(pa.table({"y": label, "p": own, "q": live, "town": town}), path)
        audit = audit_performance(
            path, label="y", prediction="p", baseline_prediction="q", metric="recall", replicates=100, slices=["town"]
        )
        result = json.loads(json.dumps(audit.to_json()))
        found = judge("floor", result, place=place, outcome=audit.verdict, message=audit.message)
        assert found.outcome == said, str(found.message)

    before, now = tmp_path / "before.parquet", tmp_path / "now.parquet"
    ages = rng.normal(40, 10, 4000)
    pq.write_table(pa.table({"age": ages, "income": ages * 2}), before)
    for shift, said in ((0.0, "pass"), (20.0, "fail")):
        moved = rng.normal(40 + shift, 10, 4000)
        pq.write_table(pa.table({"age": moved, "income": moved * 2}), now)
        audit = audit_drift(before, now)
        result = json.loads(json.dumps(audit.to_json()))
        found = judge("drift", result, outcome=audit.verdict, message=audit.message)
        assert found.outcome == said, str(found.message)
