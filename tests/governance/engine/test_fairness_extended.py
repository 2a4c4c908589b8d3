"""Audits of scores, weights, many classes and numbers; pools; and bad data, which is a sentence and never a pass."""

import json

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fairlearn.metrics import MetricFrame
from sklearn.metrics import mean_absolute_error

from governance.engine.authority import InvalidEvidence
from governance.engine.fairness import authority_rows
from governance.engine.fairness.audit import audit_fairness, judge_cube
from governance.engine.pooling import load_cube
from governance.engine.tables import EvaluationDataError
from portal.message import registered

COLUMNS = {"label": "y", "prediction": "p", "sensitive": ["s"]}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 4000
    rows = pd.DataFrame({"s": rng.choice(["a", "b", "c"], n, p=[0.5, 0.48, 0.02])})
    signal = rng.normal(size=n)
    rows["y"] = (signal + rng.normal(size=n) > 0).astype(int)
    noise = np.where(rows["s"] == "b", 3.0, 0.5)  # scores of b tell much less
    rows["score"] = 1 / (1 + np.exp(-(signal + noise * rng.normal(size=n))))
    rows["p"] = (rows["score"] > 0.5).astype(int)
    rows["w"] = rng.gamma(2, 1, n)
    rows["number"] = rng.normal(100, 10, n)
    rows["guess"] = rows["number"] + rng.normal(0, 3, n) + np.where(rows["s"] == "b", 4.0, 0.0)
    return rows


def audit(rows, **options):
    return audit_fairness(ibis.memtable(rows), **{**COLUMNS, **options})


def gap(result, name):
    return next(gap for gap in result.gaps if gap.metric == name)


def check_sentences(result):
    for message in (result.message, *result.notes, *(gap.message for gap in result.gaps)):
        assert message.code in registered()
        assert "fairness." not in str(message)
        assert "%(" not in str(message)


def test_scores_are_reported_and_judged_where_they_are_named(people):
    result = audit(people, score="score", judge=["auc_difference"])
    found = gap(result, "auc_difference")
    assert result.verdict == "fail"
    assert found.highest.group == {"s": "a"}
    assert found.low > 0.1
    assert "The AUC by s differs by" in str(result.message)
    group = result.groups[0]
    assert {"auc", "brier", "calibration_error"} < set(group.metrics)
    assert group.metrics["auc"].interval == "delong"
    assert group.scores["auc_bound"] < 2e-3
    assert [tenth["from"] for tenth in group.scores["calibration"]] == [i / 10 for i in range(10)]
    assert result.method["rows"]["checks"][0]["largest_difference"] < 1e-12
    check_sentences(result)
    plain = audit(people)
    assert plain.verdict == audit(people, score="score").verdict
    assert "auc" not in plain.overall


def test_a_disagreement_on_rows_is_invalid_evidence(people, monkeypatch):
    real = authority_rows.brier

    def wrong(histogram):
        found = real(histogram)
        found.value[0] += 1e-6
        return found

    monkeypatch.setattr(authority_rows, "brier", wrong)
    with pytest.raises(InvalidEvidence, match="scikit-learn gives another value"):
        audit(people, score="score")


def test_weights_move_rates_and_widen_intervals(people):
    plain, weighted = audit(people), audit(people, weight="w")
    one, two = (result.overall["selection_rate"] for result in (plain, weighted))
    assert two.value == pytest.approx(np.average(people["p"], weights=people["w"]), abs=1e-12)
    assert two.high - two.low > (one.high - one.low) * 1.1
    assert weighted.overall["f1"].interval == "linearised"
    assert any("tell as much as" in str(note) for note in weighted.notes)
    equal = audit(people.assign(w=3.0), weight="w")
    for name in ("selection_rate", "true_positive_rate"):
        ours, theirs = gap(equal, "demographic_parity_difference"), gap(plain, "demographic_parity_difference")
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert equal.overall[name].value == pytest.approx(plain.overall[name].value)


def test_predicted_numbers_are_judged_on_the_scale_of_the_label(people):
    result = audit(people, label="number", prediction="guess")
    assert (result.task, result.verdict) == ("regression", "fail")
    theirs = MetricFrame(
        metrics={"mae": mean_absolute_error, "mean": lambda y, p: float(np.mean(p - y))},
        y_true=people["number"],
        y_pred=people["guess"],
        sensitive_features=people["s"],
    ).by_group
    for group in result.groups:
        for ours, name in (("mae", "mae"), ("mean_error", "mean")):
            assert group.metrics[ours].value == pytest.approx(theirs.loc[group.group["s"], name], abs=1e-10)
    found = gap(result, "mean_error_difference")
    assert found.tolerance == pytest.approx(0.1 * people["number"].std(ddof=0))
    assert found.low <= found.value <= found.high
    assert result.missing["left_out"] == 0
    wide = audit(people, label="number", prediction="guess", tolerance=6, scale=1, task="regression")
    assert (wide.verdict, gap(wide, "mae_difference").tolerance) == ("pass", 6)
    check_sentences(result)
    json.dumps(result.to_json(), allow_nan=False)


def test_an_undecided_verdict_can_be_decided_by_pools_declared_beforehand(people):
    rows = people.assign(p=people["y"])
    rows.loc[rows["s"] == "c", "p"] = np.tile([0, 1], (rows["s"] == "c").sum())[: (rows["s"] == "c").sum()]
    apart = audit(rows, judge=["demographic_parity_difference"])
    assert apart.verdict == "inconclusive"
    assert gap(apart, "demographic_parity_difference").needed["cases"] > len(rows)
    together = audit(rows, judge=["demographic_parity_difference"], pool={"s": {"others": ["b", "c"]}})
    assert together.verdict == "pass"
    assert {group.group["s"] for group in together.groups} == {"a", "others"}
    assert together.settings["pool"] == {"s": {"others": ["b", "c"]}}
    assert any("b, c of s, as others" in str(note) for note in together.notes)
    assert set(together.cube.levels[0]) == {"a", "b", "c"}  # what is stored is not pooled


def test_periods_are_added_and_a_stored_cube_is_judged_without_rows(people, tmp_path):
    for name, part in (("whole", people), ("one", people[:1500]), ("two", people[1500:])):
        part.to_parquet(tmp_path / f"{name}.parquet")
    whole = audit_fairness(tmp_path / "whole.parquet", **COLUMNS, score="score")
    added = audit_fairness([tmp_path / "one.parquet", tmp_path / "two.parquet"], **COLUMNS, score="score")
    stored = json.loads(json.dumps(whole.to_json(), allow_nan=False))
    again = judge_cube(load_cube(stored["cube"]), settings=stored["settings"], columns=stored)
    for other in (added, again):
        assert other.verdict == whole.verdict
        for name in ("demographic_parity_difference", "equalized_odds_difference", "four_fifths"):
            ours, theirs = gap(other, name), gap(whole, name)
            assert (ours.value, ours.low, ours.high) == (theirs.value, theirs.low, theirs.high)
        assert other.overall["auc"].value == pytest.approx(whole.overall["auc"].value, abs=1e-3)
    assert [file["name"] for file in added.data["files"]] == ["one.parquet", "two.parquet"]


def test_the_four_fifths_rule_has_a_bound_of_its_own(people):
    rows = people.assign(p=np.where(people["s"] == "b", np.arange(4000) % 10 < 2, np.arange(4000) % 10 < 6).astype(int))
    found = gap(audit(rows, tolerance=0.5, judge=["four_fifths"]), "four_fifths")
    assert (found.verdict, found.tolerance, found.kind) == ("fail", 0.2, "ratio")
    assert found.bootstrap["low"] <= found.value <= found.bootstrap["high"]
    assert "at least 0.8 is required" in str(found.message)


def test_many_classes_have_values_over_all_of_them(people):
    rng = np.random.default_rng(3)
    truth = rng.choice(["u", "v", "w"], len(people))
    rows = people.assign(y=truth, p=np.where(rng.random(len(people)) < 0.8, truth, "u"))
    result = audit(rows, positive="v", judge=["multiclass_accuracy_difference"])
    assert result.verdict in ("pass", "inconclusive")
    assert result.overall["multiclass_accuracy"].value == pytest.approx((rows["y"] == rows["p"]).mean())
    assert 0 < result.overall["macro_f1"].value < 1
    assert set(result.classes) == {"u", "v", "w"}
    with pytest.raises(EvaluationDataError, match="cannot be computed from these data"):
        audit(people, judge=["multiclass_accuracy_difference"])
    with pytest.raises(EvaluationDataError, match="cannot be computed from these data"):
        audit(people, judge=["auc_difference"])


SMALL = {"s": ["a", "b"] * 200, "y": [0, 1, 1, 0] * 100, "p": [0, 1, 0, 1] * 100}


def _bad(tmp_path, case):
    """A file of bad data, and the options to audit it with."""
    rows, options, path = dict(SMALL), {}, tmp_path / "bad.parquet"
    text = "s,y,p\n" + "".join(f"{s},{y},{p}\n" for s, y, p in zip(*SMALL.values(), strict=True))
    if case == "empty":
        rows = {name: pa.array([], pa.string()) for name in rows}
    elif case == "one class":
        rows["y"] = [1] * 400
    elif case == "one group":
        rows["s"] = ["a"] * 400
    elif case == "all null":
        rows["y"] = pa.nulls(400, pa.int64())
    elif case == "null groups":
        rows["s"] = pa.nulls(400, pa.string())
    elif case == "a million groups":
        rows = {"s": pa.array(np.arange(1_000_000).astype(str)), "y": np.arange(1_000_000) % 2}
        rows["p"] = rows["y"]
    elif case == "wrong positive":
        options["positive"] = "yes"
    elif case == "long texts":
        rows["s"] = ["a" * 5000, "b"] * 200
    elif case == "lists":
        rows["s"] = [[1], [2]] * 200
    elif case == "scores that are text":
        rows["score"] = ["high", "low"] * 200
        options["score"] = "score"
    elif case == "no scores":
        rows["score"] = pa.nulls(400, pa.float64())
        options["score"] = "score"
    elif case == "constant numbers":
        rows |= {"y": [1.5] * 400, "p": np.linspace(0, 1, 400)}
        options["task"] = "regression"
    elif case == "numbers that are text":
        rows["y"] = ["1.5", "x"] * 200
        options["task"] = "regression"
    elif case == "endless numbers":
        rows |= {"y": [1e300, -1e300] * 200, "p": [-1e300, 1e300] * 200}
        options["task"] = "regression"
    elif case == "equal columns":
        table = pa.table([rows["s"], rows["y"], rows["p"], rows["s"]], names=["s", "y", "p", "S"])
        pq.write_table(table, path)
        return path, options
    elif case in ("mixed types", "mixed encodings", "equal columns of text", "latin"):
        path = tmp_path / "bad.csv"
        content = {
            "mixed types": (text.replace("a,1,0\n", "a,maybe,0\n", 1)).encode(),
            "mixed encodings": text.encode() + "男,1,1\n".encode() + "女,1,0\n".encode("cp932"),
            "equal columns of text": text.replace("s,y,p", "s,y,s", 1).encode(),
            "latin": text.encode() + b"caf\xe9,1,1\n\xff\xfe\xfd,1,1\n",
        }
        path.write_bytes(content[case])
        return path, options
    pq.write_table(pa.table(rows), path)
    return path, options


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("empty", "data.no_rows"),
        ("one class", "data.one_class"),
        ("one group", "data.one_group"),
        ("all null", "data.no_complete_rows"),
        ("null groups", "data.no_group"),
        ("a million groups", "data.too_many_levels"),
        ("wrong positive", "data.strange_positive"),
        ("long texts", "data.long_level"),
        ("lists", "data.nested"),
        ("scores that are text", "data.not_numeric"),
        ("no scores", "data.no_scores"),
        ("constant numbers", "data.constant_label"),
        ("numbers that are text", "data.not_numeric"),
        ("endless numbers", "data.too_wide"),
        ("equal columns", "data.duplicate_column"),
        ("equal columns of text", "data.duplicate_column"),
        ("mixed types", "data.no_positive"),
        ("mixed encodings", "data.encoding"),
        ("latin", "data.encoding"),
    ],
)
def test_bad_data_is_a_sentence_and_never_a_pass(tmp_path, case, code):
    path, options = _bad(tmp_path, case)
    with pytest.raises(EvaluationDataError) as caught:
        audit_fairness(path, **COLUMNS, **options)
    assert caught.value.message.code == code
    assert str(caught.value).endswith((".", "…"))
    assert "%(" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-16", "utf-8-sig"])
def test_japanese_text_is_read_in_the_encodings_that_people_send(tmp_path, encoding):
    path = tmp_path / "表.csv"
    rows = [f"{'男性' if i % 2 else '女性'},{i % 3 % 2},{i % 5 % 2}" for i in range(400)]
    path.write_text("\n".join(["性別,正解,予測", *rows]), encoding)
    result = audit_fairness(path, label="正解", prediction="予測", sensitive=["性別"])
    assert {group.group["性別"]: group.n for group in result.groups} == {"男性": 200, "女性": 200}


def test_a_parquet_bomb_is_counted_without_being_unfolded(tmp_path):
    path = tmp_path / "bomb.parquet"
    words = pa.array(["x" * 150 + end for end in "ab"]).dictionary_encode().take(pa.array([0, 1] * 500_000))
    pq.write_table(pa.table({"s": words, "y": [0, 1, 1, 0] * 250_000, "p": [0, 1, 1, 0] * 250_000}), path)
    assert path.stat().st_size < 200_000
    assert audit_fairness(path, **COLUMNS).n == 1_000_000
