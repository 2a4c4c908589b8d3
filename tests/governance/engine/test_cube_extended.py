"""Weights, scores, many classes and predicted numbers in the cube; cubes added, stored and pooled."""

import json
import warnings

import ibis
import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    roc_auc_score,
)

from governance.engine.authority import metric_functions
from governance.engine.cube import Cube, audit_cube
from governance.engine.errors import error_cube
from governance.engine.fairness.multiclass import macro_values, right_decisions
from governance.engine.metrics import METRICS, gradient, metric
from governance.engine.pooling import load_cube, merge, pooled
from governance.engine.score_metrics import areas, brier, calibration
from governance.engine.tables import EvaluationDataError

COLUMNS = {"label": "y", "prediction": "p"}
row = st.tuples(
    st.sampled_from(["a", "b", "missing", None]),
    st.sampled_from(["often"] * 8 + ["rare"]),
    st.sampled_from(["yes", "no", None]),
    st.sampled_from(["yes", "no", None]),
    st.sampled_from([0.0, 0.25, 1.0, 3.5, 100.0]),
)


@settings(max_examples=6, deadline=None)
@given(st.lists(row, min_size=1, max_size=50))
def test_weighted_metrics_equal_metric_frame_with_the_rows_weights(rows):
    table = pd.DataFrame(rows, columns=["s", "t", "y", "p", "w"]).astype(dict.fromkeys("styp", "string"))
    kept = table[table[["y", "p"]].notna().all(axis=1) & (table["w"] > 0)]
    if kept.empty or not (kept[["y", "p"]] == "yes").to_numpy().any():
        return
    cube = audit_cube(ibis.memtable(table), **COLUMNS, sensitive=["s", "t"], weight="w")
    counts = Cube.from_json(json.loads(json.dumps(cube.to_json()))).counts(["s", "t"], "yes")
    functions = metric_functions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MetricFrame(
            metrics=functions,
            y_true=(kept["y"] == "yes").astype(int),
            y_pred=(kept["p"] == "yes").astype(int),
            sensitive_features=kept[["s", "t"]].fillna("<null>"),
            sample_params={name: {"sample_weight": kept["w"]} for name in functions},
        ).by_group
    for name in METRICS:
        for group, value in zip(counts.groups, metric(counts.w, name), strict=True):
            if not np.isnan(value):
                expected = theirs.loc[tuple("<null>" if level is None else level for level in group), name]
                assert value == pytest.approx(expected, abs=1e-12), (group, name)
    assert counts.w.sum() == pytest.approx(kept["w"].sum())


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 3000
    rows = pd.DataFrame({"s": rng.choice(["a", "b", "c", None], n), "t": rng.choice(["x", "y"], n)})
    rows["score"] = rng.beta(1, 3, n).round(rng.choice([2, 6]))
    rows["y"] = (rng.random(n) < rows["score"]).astype(int)
    rows["p"] = (rows["score"] > 0.3).astype(int)
    rows["w"] = rng.gamma(2, 1, n)
    rows["number"] = rng.normal(1e4, 5, n)
    rows["guess"] = rows["number"] + rng.normal(1, 2, n)
    rows["class"] = rng.choice(["u", "v", "w"], n)
    rows["choice"] = np.where(rng.random(n) < 0.7, rows["class"], rng.choice(["u", "v", "w"], n))
    rows.loc[:20, "score"] = np.nan
    return rows


@pytest.mark.parametrize("weight", [None, "w"])
def test_score_metrics_are_scikit_learns_within_the_certified_bound(people, weight):
    cube = audit_cube(ibis.memtable(people), **COLUMNS, sensitive=["s", "t"], weight=weight, score="score")
    assert cube.missing["score"] == 21
    known = people[people["score"].notna()]
    for span in ((), ("s",), ("s", "t")):
        histogram = cube.histogram(span, "1")
        ours, squares = areas(histogram), brier(histogram)
        for i, levels in enumerate(cube.group_index(span)[0]):
            part = known
            for feature, level in zip(span, levels, strict=True):
                part = part[part[feature].isna() if level is None else part[feature] == level]
            w = part[weight] if weight else None
            exact = roc_auc_score(part["y"], part["score"], sample_weight=w)
            assert abs(exact - ours.value[i]) <= ours.bound[i] + 1e-12
            assert ours.bound[i] < 5e-3
            assert squares.value[i] == pytest.approx(
                brier_score_loss(part["y"], part["score"], sample_weight=w), abs=1e-12
            )
    tenths = calibration(cube.histogram((), "1"), 1.96)
    parts = known.groupby(np.minimum((known["score"] * 10).astype(int), 9))
    if not weight:
        assert tenths.n[0][tenths.n[0] > 0].tolist() == parts.size().tolist()
        gap = (parts["score"].mean() - parts["y"].mean()).abs() * parts.size() / len(known)
        assert tenths.error[0] == pytest.approx(gap.sum(), abs=1e-12)


def test_scores_of_few_values_lose_no_order_and_scores_beyond_one_have_areas_only():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"s": rng.choice(["a", "b"], 500), "y": rng.integers(0, 2, 500)})
    for scores in (rng.choice([0.1, 0.101, 0.9], 500), rng.choice([-4.0, 0.0, 1.0, 300.0, 850.0], 500)):
        rows["score"], rows["p"] = scores, (scores > 0.5).astype(int)
        cube = audit_cube(ibis.memtable(rows), **COLUMNS, sensitive=["s"], score="score")
        found = areas(cube.histogram((), "1"))
        assert found.bound[0] == 0
        assert found.value[0] == pytest.approx(roc_auc_score(rows["y"], scores), abs=1e-12)
        assert cube.scores.probabilities == (scores.max() <= 1)
        coarse = cube.scores.coarser(8)
        assert (coarse.n.sum(), coarse.s1.sum()) == (500, pytest.approx(scores.sum()))


def test_delongs_variance_is_the_published_one():
    # by its definition, from the placements of each case (DeLong et al. 1988)
    rng = np.random.default_rng(2)
    scores = np.r_[rng.normal(0.6, 0.1, 40), rng.normal(0.5, 0.1, 60)].round(2)
    rows = pd.DataFrame({"s": ["a", "b"] * 50, "y": [1] * 40 + [0] * 60, "p": [1, 0] * 50, "score": scores})
    found = areas(audit_cube(ibis.memtable(rows), **COLUMNS, sensitive=["s"], score="score").histogram((), "1"))
    x, z = scores[:40, None], scores[None, 40:]
    kernel = (x > z) + 0.5 * (x == z)
    variance = kernel.mean(axis=1).var(ddof=1) / 40 + kernel.mean(axis=0).var(ddof=1) / 60
    assert found.variance[0] == pytest.approx(variance, rel=1e-9)
    low, high = found.limits(1.96)
    assert low[0] < found.value[0] < high[0] < 1


@pytest.mark.parametrize("weight", [None, "w"])
def test_errors_are_scikit_learns_and_keep_their_digits(people, weight):
    rows = people.astype({"guess": float})
    rows.loc[:50, "guess"] = np.nan
    cube = error_cube(ibis.memtable(rows), label="number", prediction="guess", sensitive=["s", "t"], weight=weight)
    cube = load_cube(json.loads(json.dumps(cube.to_json())))
    assert cube.missing["prediction"] == cube.missing["left_out"] == 51
    moments = cube.grouped(("s",))
    for i, (level,) in enumerate(cube.group_index(("s",))[0]):
        part = rows[(rows["s"].isna() if level is None else rows["s"] == level) & rows["guess"].notna()]
        w = part[weight] if weight else np.ones(len(part))
        error = part["guess"] - part["number"]
        data = (part["number"], part["guess"])
        assert moments.means("absolute").value[i] == pytest.approx(
            mean_absolute_error(*data, sample_weight=w), rel=1e-11
        )
        assert moments.means("squared").value[i] == pytest.approx(mean_squared_error(*data, sample_weight=w), rel=1e-11)
        mean = np.average(error, weights=w)
        assert moments.means("error").value[i] == pytest.approx(mean, rel=1e-10)
        effective = w.sum() ** 2 / (w**2).sum()
        variance = (w**2 * (error - mean) ** 2).sum() / w.sum() ** 2 * effective / (effective - 1)
        assert moments.means("error").variance[i] == pytest.approx(variance, rel=1e-8)
    assert cube.label_deviation == pytest.approx(rows["number"][rows["guess"].notna()].std(ddof=0), rel=1e-9)


def test_periods_counted_apart_and_added_are_the_whole(people):
    sources = [ibis.memtable(part) for part in (people, people[:900], people[900:])]
    options = {"sensitive": ["s", "t"], "weight": "w"}
    whole, *parts = (audit_cube(source, **COLUMNS, **options, score="score") for source in sources)
    added = merge(parts)
    one, two = whole.counts(("s", "t"), "1"), added.counts(("s", "t"), "1")
    assert one.groups == two.groups
    assert (one.confusion == two.confusion).all()
    assert two.w == pytest.approx(one.w)
    first, second = (areas(cube.histogram((), "1")) for cube in (whole, added))
    assert second.value == pytest.approx(first.value, abs=1e-12)
    assert second.bound == pytest.approx(first.bound, abs=1e-12)
    columns = {"label": "number", "prediction": "guess"}
    whole, *parts = (error_cube(source, **columns, **options) for source in sources)
    added = merge(parts)
    for moment in ("error", "absolute", "squared"):
        ours, theirs = added.grouped(("s",)).means(moment), whole.grouped(("s",)).means(moment)
        assert ours.value == pytest.approx(theirs.value, rel=1e-10)
        assert ours.variance == pytest.approx(theirs.variance, rel=1e-8)
    assert added.label_deviation == pytest.approx(whole.label_deviation)


def test_periods_may_have_other_levels_and_classes_but_not_other_columns():
    one = audit_cube(ibis.memtable({"s": ["b", None], "y": [1, 0], "p": [1, 1]}), **COLUMNS, sensitive=["s"])
    two = audit_cube(ibis.memtable({"s": ["a", "c"], "y": [2, 0], "p": [1, 2]}), **COLUMNS, sensitive=["s"])
    added = merge([one, two])
    assert (set(added.levels[0]), added.levels[0][-1], added.classes) == ({"a", "b", "c", None}, None, ("0", "1", "2"))
    assert added.rows == 4
    three = audit_cube(ibis.memtable({"t": ["a"], "y": [2], "p": [1]}), **COLUMNS, sensitive=["t"])
    with pytest.raises(EvaluationDataError, match="cannot be added"):
        merge([one, three])


def test_pooled_groups_are_counted_as_one_and_the_rest_stays(people):
    cube = audit_cube(ibis.memtable(people), **COLUMNS, sensitive=["s", "t"], score="score")
    together = pooled(cube, {"s": {"other": ["b", None]}})
    counts = together.counts(("s",), "1")
    sizes = people["s"].value_counts(dropna=False)
    assert dict(zip([g[0] for g in counts.groups], counts.n.tolist(), strict=True)) == {
        "a": sizes["a"],
        "c": sizes["c"],
        "other": sizes["b"] + people["s"].isna().sum(),
    }
    assert (together.rows, together.scores.n.sum()) == (cube.rows, cube.scores.n.sum())
    for pool, sentence in (
        ({"x": {"other": ["b"]}}, "no sensitive column"),
        ({"s": {"other": ["zz"]}}, "None of the groups"),
        ({"s": {"one": ["a"], "two": ["a"]}}, "two pools"),
        ({"s": {"a": ["b"]}}, "two pools"),
    ):
        with pytest.raises(EvaluationDataError, match=sentence):
            pooled(cube, pool)


def test_overall_accuracy_and_macro_values_of_many_classes_are_scikit_learns(people):
    cube = audit_cube(ibis.memtable(people), label="class", prediction="choice", sensitive=["s"])
    share, macro = right_decisions(cube, ("t",) if "t" in cube.features else (), 0), macro_values(cube, ())
    assert share.value[0] == pytest.approx(accuracy_score(people["class"], people["choice"]))
    expected = f1_score(people["class"], people["choice"], average="macro")
    assert macro["macro_f1"][0] == pytest.approx(expected)
    for name in cube.label_classes():  # each class against the rest, from the one cube
        ours = metric(cube.counts((), name).confusion, "f1")[0]
        assert ours == pytest.approx(f1_score(people["class"] == name, people["choice"] == name))


def test_gradients_are_those_of_the_metrics():
    confusion = np.array([[30.0, 8.0, 12.0, 50.0]])
    for name in METRICS:
        numeric = [
            (metric(confusion + step, name) - metric(confusion - step, name))[0] / 2e-5 for step in np.eye(4) * 1e-5
        ]
        assert gradient(confusion, name)[0] == pytest.approx(numeric, abs=1e-7), name


def test_a_cube_stored_before_there_were_weights_and_scores_loads():
    stored = {
        "schema": "sekisho.cube/1",
        "features": ["s"],
        "levels": [["a", "b"]],
        "classes": ["0", "1"],
        "cells": [[0, 1, 1, 5], [1, 0, 1, 2]],
    }
    cube = load_cube(stored)
    assert cube.counts(("s",), "1").confusion.tolist() == [[5, 0, 0, 0], [0, 2, 0, 0]]
    assert (cube.w, cube.scores, cube.to_json()) == (None, None, stored)


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ([1.0, None], "data.bad_weights"),
        ([1.0, -1.0], "data.bad_weights"),
        ([1.0, float("inf")], "data.bad_weights"),
        ([0.0, 0.0], "data.no_weight"),
        (["1", "2"], "data.not_numeric"),
    ],
)
def test_weights_that_are_none_are_a_sentence(weights, code):
    rows = pd.DataFrame({"s": ["a", "b"], "y": [1, 0], "p": [1, 1], "w": weights})
    for function in (audit_cube, error_cube):
        with pytest.raises(EvaluationDataError) as caught:
            function(ibis.memtable(rows), **COLUMNS, sensitive=["s"], weight="w")
        assert caught.value.message.code == code
