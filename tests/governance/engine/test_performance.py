"""The performance audit: values by hand and by scikit-learn, sound intervals, the other model, slices, bad input."""

import json

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from sklearn import metrics as sk

from governance.engine.authority import InvalidEvidence
from governance.engine.performance import authority as performance_authority
from governance.engine.performance.audit import audit_performance
from governance.engine.performance.intervals import Sampling, limits, replicates_of
from governance.engine.performance.metrics import influence, known_metric, of_confusion, value
from governance.engine.performance.rows import Answers
from governance.engine.tables import EvaluationDataError
from portal.message import Message, registered

COLUMNS = {"label": "y", "prediction": "p", "slices": ()}


def audit(rows: pd.DataFrame, **options):
    return audit_performance(ibis.memtable(rows), **COLUMNS | {"replicates": 200} | options)


def decisions(tp: int, fp: int, fn: int, tn: int, **columns) -> pd.DataFrame:
    cells = [(1, 1, tp), (0, 1, fp), (1, 0, fn), (0, 0, tn)]
    rows = [(y, p) for y, p, n in cells for _ in range(n)]
    return pd.DataFrame(rows, columns=["y", "p"]).assign(**columns)


def measured(result) -> dict:
    return {item.name: item for item in result.metrics}


def where(item) -> str:
    return " and ".join(str(level.message()) for level in item.where)


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    """1,200 rows in which those of 60 and over are predicted badly, and a model that treats all alike."""
    rng = np.random.default_rng(3)
    n = 1200
    age, truth = rng.integers(18, 80, n), rng.normal(size=n)
    own = truth + rng.normal(size=n) * np.where(age >= 60, 2.5, 0.4)
    other = truth + rng.normal(size=n) * 0.8
    return pd.DataFrame(
        {
            "y": (truth > 0).astype(int),
            "p": (own > 0).astype(int),
            "s": 1 / (1 + np.exp(-own)),
            "live": (other > 0).astype(int),
            "ls": 1 / (1 + np.exp(-other)),
            "age": age,
            "sex": rng.choice(["f", "m"], n),
            "w": rng.integers(1, 4, n),
        }
    )


# Values


def test_values_by_hand():
    found = measured(audit(decisions(40, 10, 20, 30)))
    by_hand = {
        "accuracy": 0.7,
        "precision": 0.8,
        "recall": 2 / 3,
        "specificity": 0.75,
        "balanced_accuracy": (2 / 3 + 0.75) / 2,
        "f1": 80 / 110,
    }
    assert {name: item.value for name, item in found.items()} == pytest.approx(by_hand, abs=1e-15)
    assert {name: item.n for name, item in found.items()} == {
        "accuracy": 100, "precision": 50, "recall": 60, "specificity": 40, "balanced_accuracy": 100, "f1": 70,
    }  # fmt: skip
    # Wilson (1927) for 70 of 100
    assert (found["accuracy"].low, found["accuracy"].high) == pytest.approx((0.6042, 0.7811), abs=1e-4)
    assert audit(decisions(40, 10, 20, 30)).confusion == {"classes": ["0", "1"], "counts": [[30, 10], [20, 40]]}


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(0, 12), min_size=9, max_size=9), seed=st.integers(0, 99))
def test_three_classes_are_scikit_learns(counts, seed):
    label, prediction = np.repeat(np.repeat(range(3), 3), counts), np.repeat(np.tile(range(3), 3), counts)
    if not counts or not len(label):
        return
    weight = np.random.default_rng(seed).uniform(0.25, 4, len(label))
    answers = Answers("multiclass", ("a", "b", "c"), -1, label, prediction, weight=weight)
    macro = {"sample_weight": weight, "average": "macro", "zero_division": 0, "labels": np.unique(label)}
    assert value(answers, "accuracy") == pytest.approx(sk.accuracy_score(label, prediction, sample_weight=weight))
    for name in ("precision", "recall", "f1"):
        theirs = getattr(sk, f"{name}_score")(label, prediction, **macro)
        assert value(answers, f"macro_{name}") == pytest.approx(theirs, abs=1e-12)
        assert of_confusion(answers.confusion, f"macro_{name}", -1) == pytest.approx(theirs, abs=1e-12)
        _, pull = influence(answers, f"macro_{name}")
        assert (weight * pull).sum() == pytest.approx(0, abs=1e-9)
        ends = limits(answers, f"macro_{name}", Sampling(replicates=100))
        assert ends.low is None or 0 <= ends.low <= ends.high <= 1


def test_scores_are_scikit_learns_with_and_without_weights(scored):
    for weight in (None, "w"):
        found = measured(audit(scored, score="s", weight=weight))
        weights = scored[weight] if weight else None
        for name, function in {"auc": sk.roc_auc_score, "brier": sk.brier_score_loss, "log_loss": sk.log_loss}.items():
            assert found[name].value == pytest.approx(
                function(scored["y"], scored["s"], sample_weight=weights), abs=1e-12
            )
            assert found[name].low < found[name].value < found[name].high


def test_scores_of_many_classes():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 400)
    chance = rng.dirichlet([1, 1, 1], 400) + 0.5 * np.eye(3)[truth]
    chance /= chance.sum(axis=1, keepdims=True)
    names = np.array(["a", "b", "c"])
    table = pd.DataFrame(chance, columns=["sa", "sb", "sc"]).assign(y=names[truth], p=names[chance.argmax(axis=1)])
    result = audit(table, score={"a": "sa", "b": "sb", "c": "sc"})
    found = measured(result)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(truth, chance), abs=1e-12)
    assert found["auc"].value == pytest.approx(sk.roc_auc_score(truth, chance, multi_class="ovr"), abs=1e-12)
    assert found["brier"].value == pytest.approx(((chance - np.eye(3)[truth]) ** 2).sum(axis=1).mean(), abs=1e-12)
    assert sum(item.n for item in result.calibration) == 400


def test_numbers_are_scikit_learns_also_far_from_zero():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=500) + 1e6
    table = pd.DataFrame({"y": truth, "p": truth + rng.normal(size=500) + 0.3})
    result = audit(table)
    found = measured(result)
    assert (result.task, result.metric) == ("regression", "mae")
    assert found["mae"].value == pytest.approx(sk.mean_absolute_error(table["y"], table["p"]), rel=1e-12)
    assert found["rmse"].value == pytest.approx(sk.root_mean_squared_error(table["y"], table["p"]), rel=1e-12)
    assert found["r2"].value == pytest.approx(sk.r2_score(table["y"], table["p"]), abs=1e-9)
    assert found["mean_error"].low < 0.3 < found["mean_error"].high


def test_another_value_of_the_authority_is_no_evidence(monkeypatch):
    real = performance_authority.reference
    monkeypatch.setattr(performance_authority, "reference", lambda answers, name: real(answers, name) + 2e-12)
    with pytest.raises(InvalidEvidence, match="scikit-learn gives another value"):
        audit(decisions(40, 10, 20, 30))


# Intervals


@pytest.mark.parametrize(
    ("metric", "truth"), [("accuracy", 0.8), ("f1", 0.8), ("balanced_accuracy", 0.8), ("auc", 0.858), ("mae", 0.7979)]
)
def test_intervals_hold_what_they_promise(metric, truth):
    """Of 200 samples of 120 rows, about 95% of the intervals hold the true value (90% to 99.5%)."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        if metric == "mae":
            answers = Answers("regression", (), -1, np.zeros(120), rng.normal(size=120))
        else:
            label = np.repeat([0, 1], 60)
            chosen = np.where(rng.random(120) < 0.8, label, 1 - label)
            score = rng.normal(size=120) + label * 1.515  # Φ(1.515 / √2) = 0.858
            answers = Answers("binary", ("0", "1"), 1, label, chosen, score)
        found = limits(answers, metric, Sampling(replicates=200))
        held += found.low <= truth <= found.high
    assert 180 <= held <= 199


def test_a_million_rows_are_resampled_like_their_groups():
    """The bootstrap of 20,000 rows in 2,500 groups spreads as the standard error says."""
    rng = np.random.default_rng(12)
    answers = Answers("regression", (), -1, np.zeros(20_000), rng.exponential(size=20_000))
    (values,) = replicates_of([answers], "mae", Sampling(replicates=600))
    assert values.std() == pytest.approx(1 / np.sqrt(20_000), rel=0.12)


def test_nothing_wrong_is_no_certainty():
    found = measured(audit(decisions(20, 0, 0, 20), score=None))
    assert found["accuracy"].low < 0.95
    assert found["f1"].low < 0.95
    assert found["balanced_accuracy"].low < 0.95
    perfect = measured(audit(decisions(20, 0, 0, 20).assign(s=lambda t: 0.1 + 0.8 * t["y"]), score="s"))
    assert perfect["auc"].value == 1
    assert perfect["auc"].low < 0.9


# The verdict


def test_a_sound_measurement_passes_and_says_so():
    result = audit(decisions(400, 100, 200, 300), metric="recall")
    assert result.verdict == "pass"
    assert str(result.message) == (
        "The recall is 0.667 (95% interval 0.628 to 0.703, n = 600). It was not compared with a live version."
    )


@pytest.mark.parametrize(
    ("rows", "options", "verdict", "sentence"),
    [
        (decisions(5, 5, 5, 85), {"metric": "recall"}, "inconclusive", "Only 10 cases bear on the recall"),
        (decisions(0, 0, 50, 50), {"metric": "precision"}, "inconclusive", "precision is undefined"),
        (decisions(50, 10, 10, 50), {"metric": "profit"}, "not_evaluated", "profit, is none that can be measured"),
        (decisions(50, 10, 10, 50), {"metric": "ROC AUC"}, "not_evaluated", "AUC needs a score"),
    ],
)
def test_what_is_not_known_is_never_a_pass(rows, options, verdict, sentence):
    result = audit(rows, **options)
    assert result.verdict == verdict
    assert sentence in str(result.message)


@pytest.mark.parametrize("rows", [decisions(5, 5, 5, 85), decisions(0, 0, 50, 50)])
def test_whatever_the_verdict_the_sentence_says_why_it_was_not_compared(rows):
    why = Message("performance.live.failed", {"name": "v1", "reason": "It is gone."})
    for metric in ("recall", "precision", "accuracy"):
        result = audit(rows, metric=metric, not_compared=why)
        assert result.comparison.outcome == "not_evaluated"
        assert "could not be compared with v1: It is gone." in str(result.message), metric


@pytest.mark.parametrize("column", ["y", "p"])
def test_missing_rows_are_counted_and_too_many_never_pass(column):
    rows = decisions(100, 50, 50, 100).astype("Int64")
    rows.loc[rows.index % 20 == 0, column] = None
    few = audit(rows)
    assert few.verdict == "pass"
    assert few.missing["left_out"] == 15
    assert "15 of 300 rows have no" in str(few.notes[0])
    rows.loc[rows.index % 10 == 0, column] = None
    many = audit(rows)
    assert many.verdict == "inconclusive"
    assert "10.0% of the rows" in str(many.message)


def test_a_metric_by_any_name():
    assert known_metric("F1 score", "binary") == "f1"
    assert known_metric("F1-Score", "multiclass") == "macro_f1"
    assert known_metric("roc_auc", "binary") == "auc"
    assert known_metric("r2", "binary") is None


def test_notes_say_what_the_number_hides():
    common = audit(decisions(0, 0, 30, 270))
    assert "Always answering 0 would be right in 90.0%" in " ".join(map(str, common.notes))
    assert "Classes that are never predicted: 1" in " ".join(map(str, common.notes))
    copied = audit(decisions(50, 0, 0, 50))
    assert "no copy of the other" in " ".join(map(str, copied.notes))


# Beside the live version


def test_a_certain_worsening_fails(scored):
    worse = scored.assign(p=np.where(np.arange(1200) % 6 == 0, 1 - scored["live"], scored["live"]))
    result = audit(worse, baseline_prediction="live", metric="accuracy")
    assert result.verdict == "fail"
    assert str(result.message).startswith(
        "It is worse than the predictions in live on the same 1200 rows: accuracy −0."
    )
    difference = result.comparison.differences["accuracy"]
    assert difference.high < 0
    assert difference.p < 1e-6
    assert difference.method == "bonett-price"
    counted = result.comparison
    assert counted.both_right + counted.only_own + counted.only_live + counted.both_wrong == 1200
    assert (counted.only_own - counted.only_live) / 1200 == pytest.approx(difference.value, abs=1e-12)


def test_a_few_differing_rows_are_not_beyond_doubt():
    rows = decisions(100, 50, 50, 100).assign(live=lambda t: t["p"])
    changed = rows.index[(rows["y"] == 1) & (rows["p"] == 1)][:4]
    rows.loc[changed, "p"] = 0
    result = audit(rows, baseline_prediction="live", metric="recall")
    assert result.comparison.outcome == "not_distinguishable"
    assert result.verdict == "pass"
    assert result.comparison.differences["f1"].verdict == "not_distinguishable"  # the bootstrap alone would be sure
    same = audit(rows.assign(live=rows["p"]), baseline_prediction="live")
    assert same.comparison.outcome == "identical"


def test_every_metric_is_compared_and_agrees_with_its_parts(scored):
    result = audit(scored, score="s", baseline_prediction="live", baseline_score="ls", metric="auc")
    own, live = measured(audit(scored, score="s")), measured(audit(scored.assign(p=scored["live"]), score="ls"))
    for name, difference in result.comparison.differences.items():
        assert difference.value == pytest.approx(own[name].value - live[name].value, abs=1e-12)
        assert difference.low < difference.value < difference.high
    assert result.comparison.differences["auc"].method == "delong"


def test_the_other_models_gaps_are_not_compared_over(scored):
    rows = scored.astype({"live": "Int64"})
    rows.loc[:100, "live"] = None
    result = audit(rows, baseline_prediction="live")
    assert result.comparison.outcome == "not_evaluated"
    assert "no prediction for 101 of 1200 rows" in str(result.message)


# Slices


def test_the_worst_slice_is_named_with_its_numbers(scored):
    result = audit(scored, slices=["age", "sex"], bins={"age": [30, 60]}, baseline_prediction="live", metric="accuracy")
    worst = result.slices[0]
    assert where(worst) == "age ≥ 60"
    old = scored[scored["age"] >= 60]
    right = (old["y"] == old["p"]).sum()
    assert worst.value == pytest.approx(right / len(old), abs=1e-12)
    assert worst.worse
    assert worst.worse_than_live
    assert str(result.worst).startswith(f"Worst where age ≥ 60: accuracy {worst.value:.3f}".rstrip("0"))
    assert f"n = {len(old)}" in str(result.worst)
    rest = scored[scored["age"] < 60]
    table = [[right, len(old) - right], [(rest["y"] == rest["p"]).sum(), (rest["y"] != rest["p"]).sum()]]
    alone = fisher_exact(table, alternative="less").pvalue
    assert worst.p == pytest.approx(min(alone * 5 / 0.5, 1), rel=1e-9)  # Holm over five slices, half of the error
    assert "Worse than the predictions in live where age ≥ 60" in str(result.worse_than_live)


def test_chance_alone_names_no_slice_worse():
    """Of 25 audits of noise in 12 slices and their pairs, hardly any calls a slice worse (3 would be too many)."""
    rng = np.random.default_rng(21)
    false = 0
    for _ in range(25):
        table = pd.DataFrame({"y": rng.integers(0, 2, 300), "p": rng.integers(0, 2, 300)})
        table = table.assign(**{f"c{i}": rng.choice(list("abcd"), 300) for i in range(3)})
        false += any(item.worse for item in audit(table, slices=["c0", "c1", "c2"], replicates=100).slices)
    assert false < 3


def test_a_pair_is_listed_where_it_says_more_than_its_parts():
    rng = np.random.default_rng(22)
    table = pd.DataFrame(
        {"y": rng.integers(0, 2, 4000), "a": rng.choice(["x", "z"], 4000), "b": rng.choice(["u", "v"], 4000)}
    )
    bad = (table["a"] == "x") & (table["b"] == "u")
    table["p"] = np.where(rng.random(4000) < np.where(bad, 0.5, 0.95), table["y"], 1 - table["y"])
    result = audit(table, slices=["a", "b"])
    assert where(result.slices[0]) == "a is x and b is u"
    assert result.slices[0].worse
    assert [where(item) for item in result.slices if len(item.where) > 1] == ["a is x and b is u"]


@pytest.mark.parametrize("metric", ["auc", "f1", "brier"])
def test_slices_of_any_metric(scored, metric):
    result = audit(scored, score="s", slices=["age"], metric=metric, weight="w" if metric == "f1" else None)
    assert len(result.slices) == 4
    assert where(result.slices[0]).startswith("age ≥")
    assert result.slices[0].worse


def test_small_slices_are_shown_and_not_judged(scored):
    rows = scored.assign(region=np.where(np.arange(1200) < 12, "Okinawa", "Kanto"))
    rows.loc[:11, "p"] = 1 - rows.loc[:11, "y"]
    result = audit(rows, slices=["region"])
    small = result.slices[-1]
    assert (where(small), small.judged, small.worse, small.value) == ("region is Okinawa", False, False, 0)
    assert "region is Kanto" in str(result.worst)


def test_missing_values_are_a_slice_and_crowded_columns_are_none(scored):
    rows = scored.assign(region=["Kanto", None, "Kansai"] * 400, key=[f"k{i}" for i in range(1200)], one="x")
    result = audit(rows[["y", "p", "region", "key", "one"]], slices=None)
    assert {where(item) for item in result.slices} == {"region is Kanto", "region is Kansai", "region is missing"}
    assert {(item["column"], item["reason"]) for item in result.sliced["left_out"]} == {
        ("key", "too_many_values"),
        ("one", "one_value"),
    }


# Calibration


def test_calibration_finds_promises_that_are_not_kept():
    rng = np.random.default_rng(31)
    promised = rng.random(4000)
    kept = pd.DataFrame({"s": promised, "y": (rng.random(4000) < promised).astype(int)}).assign(
        p=lambda t: (t["s"] > 0.5) * 1
    )
    honest = audit(kept, score="s").calibration
    assert len(honest) == 10
    assert sum(item.n for item in honest) == 4000
    assert not any(item.off for item in honest)
    boastful = audit(kept.assign(s=np.clip(promised + 0.15, 0, 1)), score="s").calibration
    assert sum(item.off for item in boastful) >= 8
    assert audit(kept.assign(s=promised * 10), score="s").calibration == ()


# Bad input


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        (decisions(5, 5, 5, 5).head(0), {}, "data.no_rows"),
        (decisions(5, 0, 5, 0), {}, "data.one_class"),
        (decisions(5, 5, 5, 5).assign(y=None), {}, "data.no_complete_rows"),
        (decisions(5, 5, 5, 5).assign(p="yes"), {}, "data.strange_prediction"),
        (decisions(5, 5, 5, 5).assign(p=0.37), {}, "performance.scores_for_classes"),
        (decisions(5, 5, 5, 5), {"positive": "yes"}, "data.strange_positive"),
        (decisions(5, 5, 5, 5), {"label": "why"}, "data.no_column"),
        (decisions(5, 5, 5, 5), {"label": "p"}, "data.column_twice"),
        (decisions(5, 5, 5, 5), {"confidence": 1.0}, "data.confidence"),
        (decisions(5, 5, 5, 5), {"replicates": 3}, "performance.few_replicates"),
        (decisions(5, 5, 5, 5), {"min_cases": 0}, "performance.least"),
        (decisions(5, 5, 5, 5), {"task": "poetry"}, "performance.task"),
        (decisions(5, 5, 5, 5, w=-1.0), {"weight": "w"}, "performance.weights"),
        (decisions(5, 5, 5, 5, s="high"), {"score": "s"}, "performance.not_numeric"),
        (pd.DataFrame({"y": np.arange(90) + 0.5, "p": np.inf}), {}, "performance.infinite"),
        (pd.DataFrame({"y": np.arange(90).astype(str), "p": np.arange(90).astype(str)}), {}, "data.not_classes"),
        (decisions(5, 5, 5, 5, a=[[1]] * 20), {"label": "a"}, "data.nested"),
        (decisions(5, 5, 5, 5, c="x"), {"slices": ["c"], "bins": {"c": [1]}}, "data.bins_not_numeric"),
        (decisions(5, 5, 5, 5, c=1), {"slices": ["c"], "bins": {"c": [2, 2]}}, "data.bins_edges"),
    ],
)
def test_bad_data_is_a_sentence(rows, options, code):
    with pytest.raises(EvaluationDataError) as caught:
        audit(rows, **options)
    assert caught.value.message.code == code
    assert code in registered()


def test_text_classes_and_true_and_false_are_read_as_fairness_reads_them():
    words = decisions(40, 10, 20, 30).replace({"y": {0: "no", 1: "yes"}, "p": {0: "no", 1: "yes"}})
    assert measured(audit(words, positive="yes"))["recall"].value == pytest.approx(2 / 3)
    unnamed = audit(words)
    assert unnamed.task == "multiclass"
    assert "No class was named" in str(unnamed.notes[0])
    truths = decisions(40, 10, 20, 30).astype({"y": bool})
    assert measured(audit(truths))["recall"].value == pytest.approx(2 / 3)


def test_the_result_is_json_and_every_sentence_is_known(scored):
    result = audit(scored, score="s", slices=None, baseline_prediction="live", baseline_score="ls", metric="recall")
    text = json.dumps(result.to_json(), allow_nan=False)
    assert result.to_json()["schema"] == "sekisho.performance/1"

    def codes(value):
        if isinstance(value, dict):
            if "code" in value and "params" in value:
                yield value["code"]
            for part in value.values():
                yield from codes(part)
        elif isinstance(value, list):
            for part in value:
                yield from codes(part)

    found = json.loads(text)
    assert set(codes(found)) <= set(registered())
    assert str(Message.from_json(found["message"])) == str(result.message)
    assert (
        audit(
            scored, score="s", slices=None, baseline_prediction="live", baseline_score="ls", metric="recall"
        ).to_json()
        == result.to_json()
    )
