"""The parts of an explanation audit that judge numbers: precision, stability, comparison, association, rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from governance.engine.explanation.association import association, associations
from governance.engine.explanation.comparison import compare
from governance.engine.explanation.importance import importances, reached_precision, resampled
from governance.engine.explanation.results import Attributed
from governance.engine.explanation.rows import choose_rows
from governance.engine.explanation.stability import halves, stability
from governance.engine.tables import EvaluationDataError
from governance.engine.texts import explanation as _texts  # noqa: F401 - registers the sentences
from portal.message import Message

LIVE = Message("explanation.live", {"number": 3})


@pytest.fixture
def rng():
    return np.random.default_rng(4)


# Precision


def test_the_reached_precision_is_the_half_width_it_says(rng):
    """Of repeated samples, 95 in 100 lie within the reached precision of the true importance."""
    true = np.sqrt(2 / np.pi)
    held = 0
    for _ in range(300):
        values = rng.normal(0, 1, (400, 1))
        held += abs(np.abs(values).mean() / true - 1) <= reached_precision(values)
    assert 0.91 <= held / 300 <= 0.985


def test_precision_is_asked_of_features_that_carry_something(rng):
    rare = np.where(rng.random(2000) < 0.01, 0.01, 0.0)
    values = np.column_stack([rng.normal(0, 1, 2000), rare])
    assert reached_precision(values) == pytest.approx(reached_precision(values[:, :1]))
    assert reached_precision(np.zeros((50, 3))) is None


def test_drawing_blocks_of_rows_has_the_law_of_drawing_rows(rng):
    size = np.abs(rng.normal(0, [1.0, 3.0], (20_000, 2)))
    drawn = resampled(size, seed=0, replicates=2000)
    assert drawn.std(axis=0, ddof=1) == pytest.approx(size.std(axis=0) / np.sqrt(len(size)), rel=0.1)
    assert drawn.mean(axis=0) == pytest.approx(size.mean(axis=0), rel=1e-3)


def test_shares_have_intervals_that_hold_them(rng):
    for item in importances(rng.normal(0, [3, 2, 1], (300, 3)), list("abc"), {}, seed=0):
        assert item.share_low <= item.share <= item.share_high
        assert item.share_high - item.share_low < 0.15


# Stability


def test_small_differences_among_repeats_are_stable_and_give_the_error(rng):
    values = rng.normal(0, [4, 3, 2, 1, 0.5], (40, 5))
    repeats = values + rng.normal(0, 0.05, (3, 40, 5))
    found = stability(values, repeats, list("abcde"))
    assert found.stable
    assert found.rank_correlation == pytest.approx(1.0)
    assert 0 < found.errors["a"] < 0.05
    assert found.message.code == "explanation.stable"


def test_repeats_that_tell_another_story_are_not_stable(rng):
    values = rng.normal(0, [4, 3, 2, 1, 0.5], (40, 5))
    found = stability(values, values[None, :, ::-1], list("abcde"))
    assert not found.stable
    assert found.largest_change > 0.3
    assert found.rank_correlation == pytest.approx(-1.0)
    assert "is not stable" in str(found.message)


def test_features_that_hardly_differ_may_change_places(rng):
    """Their order means nothing, and three features have no order to judge."""
    values = np.abs(rng.normal(0, 1, (4000, 6)))
    assert stability(values[:2000], values[None, 2000:], list("abcdef")).stable
    assert stability(values[:2000, :3], values[None, 2000:, :3], list("abc")).rank_correlation is None
    assert halves(values, list("abcdef"))["largest_change"] < 0.02


# Comparison


def test_what_is_new_gone_more_and_less_is_told_beyond_doubt(rng):
    before = rng.normal(0, [3, 1, 1, 2], (500, 4))
    after = np.column_stack([before[:, 0] / 2, before[:, 1] * 2, before[:, 2], rng.normal(0, 2, 500)])
    now = Attributed(["a", "b", "c", "new"], after, "margin")
    found = compare(now, Attributed(["a", "b", "c", "old"], before, "probability"), other=LIVE, seed=0)
    kinds = {change.feature: change.kind for change in found.changes}
    assert kinds == {"a": "less", "b": "more", "c": "same", "new": "new", "old": "gone"}
    by_name = {change.feature: change for change in found.changes}
    assert by_name["new"].before is None
    assert by_name["old"].after is None
    assert by_name["a"].low < by_name["a"].change < by_name["a"].high < 0
    assert found.changes[-1].feature == "c"
    assert not found.same_output
    assert "new is new" in str(found.message)
    assert "live version 3" in str(found.message)


def test_the_same_model_on_the_same_rows_changed_nothing(rng):
    values = rng.normal(0, 1, (60, 8))
    part = Attributed(list("abcdefgh"), values, "margin")
    found = compare(part, part, other=LIVE, seed=0)
    assert {change.kind for change in found.changes} == {"same"}
    assert found.message.code == "explanation.compared.same"


def test_chance_is_told_as_change_about_as_seldom_as_it_should(rng):
    """Two models that are equal but for noise: in at most one of twenty comparisons any feature is said to change."""
    told = 0
    for seed in range(60):
        base = rng.normal(0, 1, (80, 6))
        parts = [Attributed(list("abcdef"), base + rng.normal(0, 0.5, base.shape), "margin") for _ in range(2)]
        found = compare(*parts, other=LIVE, seed=seed)
        told += any(change.kind != "same" for change in found.changes)
    assert told / 60 <= 0.13


def test_an_estimate_that_is_uncertain_is_not_told_as_a_change(rng):
    values = rng.normal(0, [2, 1], (400, 2))
    other = values * [0.8, 1]
    sure = compare(Attributed(["a", "b"], values, "m"), Attributed(["a", "b"], other, "m"), other=LIVE, seed=0)
    unsure = Attributed(["a", "b"], values, "m", {"a": 0.2, "b": 0.2})
    doubtful = compare(unsure, Attributed(["a", "b"], other, "m"), other=LIVE, seed=0)
    assert sure.changes[0].kind != "same"
    assert doubtful.changes[0].kind == "same"


# Association


def test_association_is_measured_by_what_the_columns_are(rng):
    number, groups = rng.normal(0, 1, 3000), rng.integers(0, 3, 3000)
    assert association(number, number**3) == (pytest.approx(1.0), "spearman")
    assert association(number, -np.exp(number))[0] == pytest.approx(1.0)
    assert association(number, rng.normal(0, 1, 3000))[0] < 0.06
    assert association(groups, groups) == (pytest.approx(1.0), "cramers_v")
    assert association(groups, rng.integers(0, 30, 3000))[0] < 0.06, "corrected for the number of groups"
    assert association(groups + number * 0.01, groups) == (pytest.approx(0.94, abs=0.03), "correlation_ratio")
    assert association(number, rng.integers(0, 40, 3000))[0] < 0.1
    assert association(np.full(10, np.nan), number[:10])[0] == 0.0
    assert association(np.ones(10), number[:10])[0] == 0.0


def test_a_likely_proxy_goes_with_a_column_and_matters(rng):
    age = rng.integers(18, 80, 800)
    table = pa.table(
        {
            "age": age,
            "months": age * 6 + rng.integers(0, 60, 800),
            "unused": age,
            "income": rng.normal(0, 1, 800),
            "sex": pa.array(rng.choice(["F", "M", None], 800)).dictionary_encode(),
        }
    )
    shares = {"months": 0.3, "income": 0.69, "unused": 0.01}
    found = associations(table, shares, ["age", "sex"], ["unused"])
    assert [(item.sensitive, item.feature) for item in found if item.likely] == [("age", "months")]
    assert [item.feature for item in found if item.sensitive == "age"] == ["unused", "months", "income"]
    assert {item.measure for item in found if item.sensitive == "sex"} == {"correlation_ratio"}


# Rows


@pytest.fixture
def keyed(rng):
    return pa.table(
        {"x": rng.normal(0, 1, 30), "key": [f"c{i}" for i in range(30)], "twice": [i // 2 for i in range(30)]}
    )


def test_rows_are_named_by_number_or_by_a_value_that_only_they_have(keyed):
    options = {"columns": ["x"], "rows": 10, "background": 5, "seed": 0, "beside": ["key"]}
    found = choose_rows(keyed, chosen=["29", "key=c4", 29], **options)
    assert found.numbers[:2].tolist() == [29, 4]
    assert found.chosen == 2
    assert found.sample == 10
    assert not {29, 4} & set(found.numbers[2:].tolist()), "the sample is drawn from the others"
    assert found.table.column_names == ["x"], "the key is not given to the model"
    assert found.table.num_rows == 2 + 10 + 5
    assert found.table["x"][0] == keyed["x"][29]
    digest = found.background_digest(5)
    assert digest != found.background_digest(4)
    assert digest == choose_rows(keyed, chosen=["29", "key=c4"], **options).background_digest(5)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("30", "explanation.no_such_row"),
        ("-1", "explanation.no_such_row"),
        ("²", "explanation.no_such_row"),
        ("9" * 40, "explanation.no_such_row"),
        ("key=nobody", "explanation.not_one_row"),
        ("twice=3", "explanation.not_one_row"),
        ("kee=c1", "explanation.not_one_row"),
    ],
)
def test_a_row_that_is_not_there_is_told_in_a_sentence(keyed, row, code):
    with pytest.raises(EvaluationDataError) as error:
        choose_rows(keyed, columns=["x"], rows=10, background=5, seed=0, chosen=[row])
    assert error.value.message.code == code
    assert "%(" not in str(error.value)


@pytest.mark.parametrize("where", ["drop", "beside"])
def test_a_column_that_is_not_there_is_named(keyed, where):
    with pytest.raises(EvaluationDataError) as error:
        choose_rows(keyed, columns=None, rows=10, background=5, seed=0, **{where: ["zzz"]})
    assert error.value.message.params["column"] == "zzz"
