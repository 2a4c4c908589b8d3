"""The fairness audit: verdicts, groups too small to judge, and bad input that is a sentence and never a pass."""

import json

import ibis
import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio, equalized_odds_difference

from governance.engine.fairness.audit import audit_fairness
from governance.engine.tables import EvaluationDataError
from portal.message import Message, registered

COLUMNS = {"label": "y", "prediction": "p"}


def block(group: str, tp: int, fp: int, fn: int, tn: int) -> pd.DataFrame:
    cells = [(1, 1, tp), (0, 1, fp), (1, 0, fn), (0, 0, tn)]
    return pd.concat(
        [pd.DataFrame({"s": [group] * n, "y": [y] * n, "p": [p] * n}) for y, p, n in cells], ignore_index=True
    )


def audit(rows: pd.DataFrame, sensitive=("s",), **options):
    return audit_fairness(ibis.memtable(rows), **COLUMNS, sensitive=list(sensitive), **options)


def gap(result, name: str, features=("s",)):
    return next(g for g in result.gaps if g.metric == name and g.features == tuple(features))


EQUAL = pd.concat([block("a", 800, 100, 200, 900), block("b", 400, 50, 100, 450)], ignore_index=True)
BIASED = pd.concat([block("a", 800, 100, 200, 900), block("b", 200, 50, 300, 450)], ignore_index=True)
SLIGHT = pd.concat([block("a", 80, 10, 20, 90), block("b", 37, 5, 13, 45)], ignore_index=True)


def test_equal_groups_pass():
    result = audit(EQUAL)
    assert result.verdict == "pass"
    assert gap(result, "equalized_odds_difference").value == 0
    assert result.advice is None
    assert "wholly within the tolerance" in str(result.message)


def test_unequal_groups_fail_and_the_reason_names_groups_and_numbers():
    result = audit(BIASED)
    assert result.verdict == "fail"
    found = gap(result, "equalized_odds_difference")
    assert (found.rate, found.value) == ("true_positive_rate", pytest.approx(0.4))
    assert (found.highest.group, found.lowest.group) == ({"s": "a"}, {"s": "b"})
    assert found.low > 0.1
    sentence = str(result.message)
    assert sentence.startswith("The true positive rate by s differs by 0.4 where 0.1 is allowed: 0.8 for a (s)")
    assert "0.4 for b (s) (n = 500)" in sentence
    assert [c.verdict for c in found.comparisons] == ["fail"]


def test_too_few_cases_to_decide_is_inconclusive_and_the_cases_needed_do_decide():
    result = audit(SLIGHT)
    assert result.verdict == "inconclusive"
    found = gap(result, "equalized_odds_difference")
    assert found.verdict == "inconclusive"
    assert found.low <= 0.1 < found.high
    needed = found.needed
    assert needed["outcome"] == "pass"
    assert needed["factor"] > 1
    more = pd.concat([SLIGHT] * (int(needed["factor"]) + 1), ignore_index=True)
    assert gap(audit(more), "equalized_odds_difference").verdict == "pass"
    fewer = pd.concat([SLIGHT] * int(needed["factor"] * 0.9), ignore_index=True)
    assert gap(audit(fewer), "equalized_odds_difference").verdict == "inconclusive"


def test_gaps_are_fairlearns_where_every_group_is_judged():
    rows = pd.concat([BIASED, block("c", 300, 40, 60, 600)], ignore_index=True)
    result = audit(rows)
    theirs = {"y_true": rows["y"], "y_pred": rows["p"], "sensitive_features": rows["s"]}
    for name, function in {
        "demographic_parity_difference": demographic_parity_difference,
        "demographic_parity_ratio": demographic_parity_ratio,
        "equalized_odds_difference": equalized_odds_difference,
    }.items():
        assert gap(result, name).value == pytest.approx(function(**theirs), abs=1e-12)


def test_a_small_group_is_named_hollow_and_no_extreme():
    rows = pd.concat([EQUAL, block("tiny", 0, 0, 9, 0)], ignore_index=True)
    result = audit(rows)
    assert result.verdict == "pass"
    tiny = next(g for g in result.groups if g.group == {"s": "tiny"})
    assert (tiny.n, tiny.judged) == (9, False)
    assert str(tiny.reason) == "Not judged: 9 cases, fewer than 30."
    assert gap(result, "demographic_parity_difference").unjudged == 1
    assert any("tiny (s)" in str(note) for note in result.notes)
    assert tiny.metrics["true_positive_rate"].value == 0.0  # shown
    assert tiny.metrics["false_positive_rate"].value is None  # undefined, not 0
    # judged, it would have failed the audit
    assert audit(rows, min_group=5).verdict != "pass"


def test_a_group_without_positives_fakes_no_gap():
    rows = pd.concat([EQUAL, block("c", 0, 65, 0, 85)], ignore_index=True)
    result = audit(rows)
    found = gap(result, "equal_opportunity_difference")
    assert (found.value, found.unjudged) == (0, 1)
    group = next(g for g in result.groups if g.group == {"s": "c"})
    assert group.judged
    estimate = group.metrics["true_positive_rate"]
    assert (estimate.value, estimate.low, estimate.n, estimate.judged) == (None, None, 0, False)
    assert any("Too few cases for the true positive rate" in str(note) for note in result.notes)


def test_fewer_than_two_judged_groups_is_not_evaluated():
    result = audit(pd.concat([block("a", 80, 10, 20, 90), block("b", 5, 1, 2, 4)], ignore_index=True))
    assert result.verdict == "not_evaluated"
    assert gap(result, "demographic_parity_difference").value is None
    assert "fewer than two groups have 30 cases" in str(result.message)


def test_a_rate_that_cannot_be_judged_is_no_pass_but_a_failing_one_still_fails():
    few_positives = pd.concat([block("a", 5, 100, 5, 900), block("b", 5, 100, 5, 900)], ignore_index=True)
    assert gap(audit(few_positives), "demographic_parity_difference").verdict == "pass"
    assert gap(audit(few_positives), "equalized_odds_difference").verdict == "not_evaluated"
    assert audit(few_positives).verdict == "not_evaluated"
    unequal = pd.concat([block("a", 5, 100, 5, 900), block("b", 5, 500, 5, 500)], ignore_index=True)
    assert gap(audit(unequal), "equalized_odds_difference").verdict == "fail"


def test_bias_in_an_intersection_is_found_and_can_be_left_to_a_policy():
    parts = []
    for sex, race, tp in [("F", "x", 450), ("F", "y", 350), ("M", "x", 350), ("M", "y", 450)]:
        parts.append(block(sex, tp, 100, 500 - tp, 400).assign(r=race))
    rows = pd.concat(parts, ignore_index=True)
    result = audit(rows, ["s", "r"])
    assert gap(result, "equalized_odds_difference").verdict == "pass"
    assert gap(result, "equalized_odds_difference", ("s", "r")).verdict == "fail"
    assert result.verdict == "fail"
    assert "F (s) × x (r)" in str(result.message)
    assert audit(rows, ["s", "r"], intersections=False).verdict == "pass"


def test_which_gaps_are_judged_is_a_choice():
    assert audit(BIASED, judge=["false_positive_rate_difference"]).verdict == "pass"
    assert audit(BIASED, judge=["demographic_parity_ratio"], tolerance=0.2).verdict == "fail"
    assert audit(EQUAL, judge=["demographic_parity_ratio"], tolerance=0.2).verdict == "pass"


def test_rows_without_labels_are_counted_and_many_of_them_never_pass():
    few = EQUAL.astype({"y": float})
    few.loc[few.index[:60], "y"] = np.nan
    result = audit(few)
    assert result.verdict == "pass"
    assert (result.n, result.missing["label"]) == (len(EQUAL) - 60, 60)
    assert any("60 of 3000 rows have no label" in str(note) for note in result.notes)
    many = EQUAL.astype({"y": float})
    many.loc[np.random.default_rng(0).random(len(many)) < 0.1, "y"] = np.nan
    result = audit(many)
    assert result.verdict == "inconclusive"
    assert result.message.code == "fairness.too_many_missing"


def test_a_missing_sensitive_value_is_a_group_that_is_judged():
    rows = pd.concat([EQUAL, block("lost", 100, 50, 400, 450)], ignore_index=True)
    rows["s"] = rows["s"].replace("lost", None)
    result = audit(rows)
    assert result.verdict == "fail"
    assert gap(result, "equalized_odds_difference").lowest.group == {"s": None}
    assert "missing (s)" in str(result.message)
    assert any("1000 of 4000 rows have no value in s" in str(note) for note in result.notes)


def test_the_json_is_complete_plain_and_the_same_each_time():
    result = audit(SLIGHT)
    stored = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert stored == json.loads(json.dumps(audit(SLIGHT).to_json(), allow_nan=False))
    assert stored["schema"] == "sekisho.fairness/1"
    assert (stored["label"], stored["positive"], stored["rows"]) == ("y", "1", 300)
    group = stored["groups"][0]
    assert {"features", "group", "n", "left_out", "judged", "reason", "metrics"} <= set(group)
    assert set(group["metrics"]["f1"]) == {"value", "low", "high", "n", "judged", "interval"}
    assert group["metrics"]["f1"]["low"] < group["metrics"]["f1"]["value"] < group["metrics"]["f1"]["high"]
    assert stored["method"]["authority"]["largest_difference"] <= 1e-12
    assert stored["method"]["versions"]["fairlearn"]
    assert Message.from_json(stored["message"]) == result.message


def test_no_verdict_depends_on_the_seed():
    one, two = audit(SLIGHT, seed=1).to_json(), audit(SLIGHT, seed=2).to_json()
    assert [g["bootstrap"] for g in one["gaps"]] != [g["bootstrap"] for g in two["gaps"]]  # reported only
    for gap_of in (*one["gaps"], *two["gaps"]):
        del gap_of["bootstrap"]
    assert one["gaps"] == two["gaps"]
    assert one["groups"] != two["groups"]


def test_every_sentence_can_be_rendered():
    results = [audit(rows) for rows in (EQUAL, BIASED, SLIGHT)]
    results += [audit(rows, judge=["demographic_parity_ratio", "precision_difference"]) for rows in (EQUAL, BIASED)]
    for result in results:
        messages = [result.message, *result.notes, *(g.message for g in result.gaps)]
        messages += [m for m in (result.advice, *(g.advice for g in result.gaps)) if m]
        for message in messages:
            assert message.code in registered()
            assert str(message).endswith(".")
            assert "{" not in str(message)
            assert "fairness." not in str(message)


def test_more_than_two_classes_need_a_positive_one():
    rows = EQUAL.assign(y=EQUAL["y"].map({1: "good", 0: "bad"}), p=EQUAL["p"].map({1: "good", 0: "bad"}))
    rows.loc[[0, 1], ["y", "p"]] = "other"
    with pytest.raises(EvaluationDataError, match="values are: bad, good, other"):
        audit(rows)
    result = audit(rows, positive="good")
    assert any("compared with all others" in str(note) for note in result.notes)


@pytest.mark.parametrize("positive", ["1", 1, True, "true", "1.0"])
def test_the_positive_class_may_be_spelt_as_its_type_allows(positive):
    assert audit(EQUAL.astype({"y": bool}), positive=positive).columns["positive"] == "1"


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [
        (lambda d: d.assign(y=1), {}, "data.one_class"),
        (lambda d: d.assign(y=None), {}, "data.no_complete_rows"),
        (lambda d: d.assign(s="a"), {}, "data.one_group"),
        (lambda d: d.assign(s=None), {}, "data.no_group"),
        (lambda d: d.assign(p=d["p"] + 1), {}, "data.strange_prediction"),
        (lambda d: d, {"positive": "yes"}, "data.strange_positive"),
        (lambda d: d[:0], {}, "data.no_rows"),
        (lambda d: d, {"tolerance": 5}, "data.tolerance"),
        (lambda d: d, {"tolerance": float("nan")}, "data.tolerance"),
        (lambda d: d, {"min_group": 0}, "data.min_group"),
        (lambda d: d, {"confidence": 1}, "data.confidence"),
        (lambda d: d, {"replicates": -1}, "data.replicates"),
        (lambda d: d, {"metrics": ["recall"]}, "data.metric"),
        (lambda d: d, {"judge": ["parity"]}, "data.gap"),
        (lambda d: d, {"judge": []}, "data.no_gap"),
    ],
)
def test_bad_input_is_a_sentence(change, options, code):
    rows = change(EQUAL.astype({"y": "Int64", "p": "Int64", "s": "string"}))
    rows = rows.astype({"y": "Int64", "p": "Int64", "s": "string"})
    with pytest.raises(EvaluationDataError) as caught:
        audit(rows, **options)
    assert caught.value.message.code == code
    assert str(caught.value).endswith(".")
    assert "%(" not in str(caught.value)


def test_text_that_looks_like_a_truth_value_stays_text(tmp_path):
    table = tmp_path / "answers.csv"
    rows = [f"{'yes' if i % 3 else 'no'},{'yes' if i % 4 else 'no'},{'f' if i % 2 else 't'}" for i in range(400)]
    table.write_text("\n".join(["label,prediction,sex", *rows]), "utf-8")
    audit = audit_fairness(table, label="label", prediction="prediction", sensitive=["sex"], positive="yes")
    assert {group.group["sex"] for group in audit.groups} == {"f", "t"}
