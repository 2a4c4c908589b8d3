"""The audit cube: what is counted, what is left out, and that it is all a metric needs."""

import json
import warnings
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.engine.authority import InvalidEvidence, metric_functions, verify
from governance.engine.cube import Cube, audit_cube
from governance.engine.metrics import METRICS, cases, metric
from governance.engine.tables import EvaluationDataError

COLUMNS = {"label": "y", "prediction": "p"}


def cube_of(rows: pd.DataFrame, sensitive: list[str], **options) -> Cube:
    return audit_cube(ibis.memtable(rows), **COLUMNS, sensitive=sensitive, **options)


levels = st.sampled_from(["a", "b", "c", "missing", "", None])
rare = st.sampled_from(["often"] * 12 + ["rare"])
classes = st.sampled_from(["yes", "no", None])
row = st.tuples(levels, rare, classes, classes)


@settings(max_examples=25, deadline=None)
@given(st.lists(row, min_size=1, max_size=60))
def test_every_metric_of_every_group_equals_metric_frame_on_the_rows(rows):
    table = pd.DataFrame(rows, columns=["s", "t", "y", "p"])
    kept = table.dropna(subset=["y", "p"])
    if not (kept[["y", "p"]] == "yes").to_numpy().any():
        return  # without the positive class there is nothing to count
    cube = cube_of(table.astype("string"), ["s", "t"])
    counts = cube.counts(["s", "t"], "yes")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MetricFrame(
            metrics=metric_functions(),
            y_true=(kept["y"] == "yes").astype(int),
            y_pred=(kept["p"] == "yes").astype(int),
            # a missing level would be refused: give it a name that no level has
            sensitive_features=kept[["s", "t"]].fillna("<null>"),
        ).by_group

    seen = 0
    for i, group in enumerate(counts.groups):
        if counts.n[i] == 0:
            continue
        expected = theirs.loc[tuple("<null>" if level is None else level for level in group)]
        for name in METRICS:
            value = metric(counts.confusion[i], name)
            if cases(counts.confusion[i], name) > 0:
                assert value == pytest.approx(expected[name], abs=1e-12), (group, name)
                seen += 1
            else:
                assert np.isnan(value)
    assert seen
    assert counts.n.sum() == len(kept)


@settings(max_examples=20, deadline=None)
@given(st.lists(row, min_size=1, max_size=60))
def test_marginals_are_sums_of_the_intersection_and_json_loses_nothing(rows):
    table = pd.DataFrame(rows, columns=["s", "t", "y", "p"]).astype("string")
    cube = cube_of(table, ["s", "t"])
    again = Cube.from_json(json.loads(json.dumps(cube.to_json())))
    assert again.to_json() == cube.to_json()
    assert cube.rows == len(table)
    assert cube.missing["left_out"] == table[["y", "p"]].isna().any(axis=1).sum()
    for positive in cube.classes:
        whole, one, both = (again.counts(span, positive) for span in ((), ("s",), ("s", "t")))
        assert (one.confusion.sum(axis=0) == whole.confusion[0]).all()
        assert (both.confusion.sum(axis=0) == whole.confusion[0]).all()
        for i, (level,) in enumerate(one.groups):
            inside = [j for j, group in enumerate(both.groups) if group[0] == level]
            assert (both.confusion[inside].sum(axis=0) == one.confusion[i]).all()
            assert both.left_out[inside].sum() == one.left_out[i]


def test_a_missing_level_is_not_the_text_missing():
    rows = pd.DataFrame({"s": ["missing", None, None, "b"], "y": [1, 0, 1, 0], "p": [1, 1, 1, 0]})
    counts = cube_of(rows, ["s"]).counts(["s"], "1")
    assert dict(zip(counts.groups, counts.n.tolist(), strict=True)) == {("b",): 1, ("missing",): 1, (None,): 2}


def test_missing_values_are_counted_and_left_out_but_their_group_is_not_forgotten():
    rows = pd.DataFrame({"s": ["a", "a", "b", "c"], "y": [1, 0, 1, None], "p": [1.0, np.nan, 0, 1]})
    cube = cube_of(rows, ["s"])
    assert cube.missing == {"label": 1, "prediction": 1, "left_out": 2, "sensitive": {"s": 0}}
    counts = cube.counts(["s"], "1")
    assert counts.groups == (("a",), ("b",), ("c",))
    assert counts.n.tolist() == [1, 1, 0]
    assert counts.left_out.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("y", "p"),
    [([True, False], [1, 0]), ([1.0, 0.0], ["1", "0"]), ([1, 0], [Decimal("1.0"), Decimal("0.0")])],
)
def test_one_class_spelt_in_two_types_is_one_class(y, p):
    cube = cube_of(pd.DataFrame({"s": ["a", "b"], "y": y, "p": p}), ["s"])
    assert cube.classes == ("0", "1")
    assert cube.counts((), "1").confusion.tolist() == [[1, 0, 0, 1]]


def test_bins_cut_a_numeric_feature_and_leave_missing_apart():
    rows = pd.DataFrame({"age": [18, 30, 44.5, 45, np.nan, 80], "y": [0, 1] * 3, "p": [0, 1] * 3})
    counts = cube_of(rows, ["age"], bins={"age": [45, 30]}).counts(["age"], "1")
    assert dict(zip(counts.groups, counts.n.tolist(), strict=True)) == {
        ("<30",): 1,
        ("[30, 45)",): 2,
        ("≥45",): 2,
        (None,): 1,
    }


def test_nan_is_missing_in_an_engine_that_keeps_it_apart_from_null():
    table = ibis.memtable({"s": ["a", "b", "b"], "y": [1, 0, 1], "p": [1, 0, 0]}).mutate(
        x=ibis.ifelse(ibis._.s == "a", float("nan"), 50.0)
    )
    for bins, level in ((None, "50"), ({"x": [40]}, "≥40")):
        counts = audit_cube(table, **COLUMNS, sensitive=["x"], bins=bins).counts(["x"], "1")
        assert counts.groups == ((level,), (None,))


def test_columns_may_have_the_names_the_query_uses():
    rows = pd.DataFrame({"n": ["a", "b"], "s0": [1, 0], "y": [1, 1]})
    cube = audit_cube(ibis.memtable(rows), label="s0", prediction="y", sensitive=["n"])
    assert cube.features == ("n",)
    assert cube.counts((), "1").confusion.tolist() == [[1, 1, 0, 0]]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"sensitive": []}, "data.no_sensitive"),
        ({"sensitive": ["a", "b", "c", "d", "e"]}, "data.too_many_sensitive"),
        ({"sensitive": ["y"]}, "data.column_twice"),
        ({"sensitive": ["sx"]}, "data.no_column"),
        ({"sensitive": ["id"]}, "data.too_many_levels"),
        ({"sensitive": ["sex"], "prediction": "score"}, "data.not_classes"),
        ({"sensitive": ["sex"], "bins": {"sex": [1]}}, "data.bins_not_numeric"),
        ({"sensitive": ["sex"], "bins": {"id": [1]}}, "data.bins_unused"),
        ({"sensitive": ["id"], "bins": {"id": []}}, "data.bins_edges"),
        ({"sensitive": ["id"], "bins": {"id": [1, float("nan")]}}, "data.bins_edges"),
        ({"sensitive": ["nested"]}, "data.nested"),
    ],
)
def test_what_cannot_be_counted_is_a_sentence(options, code):
    size = 60
    rows = {
        "sex": ["F", "M"] * (size // 2),
        "id": list(range(size)),
        "score": [i / size for i in range(size)],
        "nested": [[i] for i in range(size)],
        "y": [0, 1] * (size // 2),
        "p": [0, 1] * (size // 2),
    }
    with pytest.raises(EvaluationDataError) as caught:
        audit_cube(ibis.memtable(rows), **{**COLUMNS, **options})
    assert caught.value.message.code == code
    assert str(caught.value) != code  # the sentence is registered, and its places are all filled
    assert "%(" not in str(caught.value)


def test_a_wrong_column_name_brings_the_nearest():
    with pytest.raises(EvaluationDataError, match=r"no column Sexx .* Near it: sex\."):
        audit_cube(ibis.memtable({"sex": ["F"], "y": [1], "p": [1]}), **COLUMNS, sensitive=["Sexx"])


def test_scores_in_place_of_decisions_are_refused_before_they_fill_memory(monkeypatch):
    monkeypatch.setattr("governance.engine.cube.MAX_CELLS", 50)
    rows = {"s": ["a", "b"] * 100, "y": [0, 1] * 100, "p": [i / 200 for i in range(200)]}
    with pytest.raises(EvaluationDataError) as caught:
        audit_cube(ibis.memtable(rows), **COLUMNS, sensitive=["s"])
    assert caught.value.message.code == "data.not_classes"
    assert caught.value.message.params["count"] == 200


def test_a_disagreement_with_the_authority_is_invalid_evidence():
    rows = pd.DataFrame({"s": ["a", "b"] * 4, "y": [1, 0, 1, 1, 0, 0, 1, 0], "p": [1, 0, 0, 1, 1, 0, 1, 1]})
    cube = cube_of(rows, ["s"])
    counts = cube.counts(["s"], "1")
    assert verify(cube, [counts], "1", METRICS) == {"values": 18, "groups_left_out": 0, "largest_difference": 0.0}
    counts.confusion[0, 0] += 1
    with pytest.raises(InvalidEvidence, match="fairlearn gives another value"):
        verify(cube, [counts], "1", METRICS)


def test_features_that_span_too_many_groups_are_refused():
    rows = {"a": list(range(50)) * 50, "b": [i // 50 for i in range(2500)], "y": [0, 1] * 1250, "p": [0, 1] * 1250}
    with pytest.raises(EvaluationDataError, match="span 2500 groups; at most 2000"):
        audit_cube(ibis.memtable(rows), **COLUMNS, sensitive=["a", "b"])
