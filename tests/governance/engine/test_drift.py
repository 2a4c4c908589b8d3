"""Drift: the same numbers as scipy, limits that hold, verdicts by size and not by the number of rows."""

import json

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from governance.engine.authority import InvalidEvidence
from governance.engine.cube import audit_cube
from governance.engine.drift import authority as drift_authority
from governance.engine.drift.audit import audit_drift
from governance.engine.drift.fairness import cube_drift
from governance.engine.drift.measures import compare_levels, distance_limits, distances, holm, missing_change
from governance.engine.drift.merge import merge, merge_weighted
from governance.engine.drift.reference import Reference
from governance.engine.drift.samples import LevelSample, NumericSample, level_text
from governance.engine.tables import EvaluationDataError


def rows(n: int, seed: int, **changed) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = {
        "income": rng.normal(50, 10, n),
        "debt": rng.gamma(2, 3, n),
        "age": rng.integers(18, 80, n),
        "city": rng.choice(["Nara", "Oita", "Uji"], n, p=[0.5, 0.3, 0.2]),
        "sex": rng.choice(["F", "M"], n),
        "chosen": (rng.random(n) < 0.4).astype(int),
        "good": (rng.random(n) < 0.5).astype(int),
    }
    return pd.DataFrame(table | {name: make(rng, n) for name, make in changed.items()})


def audit(reference: pd.DataFrame, current: pd.DataFrame, **options):
    return audit_drift(ibis.memtable(reference), ibis.memtable(current), **options)


def column(found, name: str) -> dict:
    return next(item for item in found.to_json()["columns"] if item["column"] == name)


def numbers(values, weights=None) -> NumericSample:
    order = np.argsort(values, kind="stable")
    values = np.asarray(values, dtype=float)[order]
    shares = None
    if weights is not None:
        shares = np.cumsum(np.asarray(weights, dtype=float)[order])
        shares /= shares[-1]
    return NumericSample(values, shares, float(len(values)), 0.0)


# Distances

some = st.lists(st.integers(-6, 6) | st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=40)


@settings(max_examples=100, deadline=None)
@given(some, some)
def test_distances_are_those_of_scipy_with_ties_and_without(first, second):
    a, b = np.sort(np.array(first, dtype=float)), np.sort(np.array(second, dtype=float))
    ks, area = merge(a, b)
    assert ks == stats.ks_2samp(a, b, method="asymp").statistic
    assert area == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-12, abs=1e-12)
    shares = [np.arange(1, len(x) + 1) / len(x) for x in (a, b)]
    assert merge_weighted(a, shares[0], b, shares[1]) == pytest.approx((ks, area), rel=1e-9, abs=1e-9)


def test_weights_count_as_repetition():
    rng = np.random.default_rng(1)
    values, weights, other = rng.normal(size=300), rng.integers(1, 5, 300), rng.normal(0.2, 1, 200)
    weighted = distances(numbers(values, weights), numbers(other))
    assert weighted == pytest.approx(distances(numbers(np.repeat(values, weights)), numbers(other)), abs=1e-12)


def test_the_sum_keeps_its_digits_over_many_blocks():
    rng = np.random.default_rng(2)
    a, b = np.sort(rng.normal(1e6, 1, 60_000)), np.sort(rng.normal(1e6, 1, 40_000))
    assert merge(a, b)[1] == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-11)


def test_levels_have_the_total_variation_and_chi_squared_of_their_table():
    before = LevelSample(("a", "b", "old"), np.array([50.0, 30, 20]), 100, 0.0)
    after = LevelSample(("b", "a", "new"), np.array([120.0, 60, 20]), 200, 0.0)
    found = compare_levels(before, after)
    assert found["distance"] == pytest.approx(0.5 * (0.2 + 0.3 + 0.2 + 0.1))
    expected = stats.chi2_contingency([[50, 30, 20, 0], [60, 120, 0, 20]], correction=False)
    assert found["chi2"]["statistic"] == pytest.approx(expected.statistic)
    assert found["p_value"] == pytest.approx(expected.pvalue)
    assert found["new_levels"] == {"count": 1, "share": pytest.approx(0.1), "most": ["new"]}
    assert found["vanished_levels"]["most"] == ["old"]


def test_levels_of_few_cases_are_counted_and_not_named():
    before = LevelSample(("a", "Aoi Suzuki"), np.array([96.0, 4]), 100, 0.0)
    after = LevelSample(("a", "Ken Tanaka"), np.array([99.0, 1]), 100, 0.0)
    found = compare_levels(before, after)
    assert (found["new_levels"]["count"], found["vanished_levels"]["count"]) == (1, 1)
    assert "Aoi" not in str(found)
    assert "Ken" not in str(found)
    assert found["picture"] == {"levels": ["a"], "others": 2, "reference": [0.96, 0.04], "current": [0.99, 0.01]}


def test_the_stability_index_has_the_bins_of_the_references_deciles():
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=5000), rng.normal(0.5, 1, 4000)
    found = column(audit(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current})), "x")
    edges = np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf")
    before, after = (
        np.bincount(np.searchsorted(edges, sample, side="left"), minlength=10) / len(sample)
        for sample in (reference, current)
    )
    assert found["psi"] == pytest.approx(((after - before) * np.log(after / before)).sum(), rel=1e-9)
    assert found["psi_noise"] == pytest.approx(9 * (1 / 5000 + 1 / 4000))
    assert found["wasserstein_scaled"] == pytest.approx(
        stats.wasserstein_distance(reference, current) / reference.std(), rel=1e-9
    )


# Limits


def test_limits_cover_the_true_distance_in_numbers_and_levels():
    rng = np.random.default_rng(4)
    truth = 2 * stats.norm.cdf(0.15) - 1
    before, after = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.3, 0.3, 0.2, 0.2])
    held = []
    for _ in range(200):
        a, b = np.sort(rng.normal(size=400)), np.sort(rng.normal(0.3, 1, 250))
        low, high = distance_limits(merge(a, b)[0], 400, 250, confidence=0.9, families=1)
        held.append(low <= truth <= high)
        shares = rng.multinomial(400, before) / 400, rng.multinomial(250, after) / 250
        value = float(np.abs(shares[0] - shares[1]).sum() / 2)
        low, high = distance_limits(value, 400, 250, confidence=0.9, families=1, levels=4)
        held.append(low <= 0.1 <= high)
    assert np.mean(held) >= 0.9


def test_many_columns_lower_the_lower_limit_and_leave_the_upper_one():
    one, many = (distance_limits(0.3, 1000, 1000, confidence=0.95, families=n) for n in (1, 50))
    assert many[0] < one[0]
    assert many[1] == one[1]


def test_holm_by_hand():
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]


def test_a_change_of_missing_values_has_newcombes_limits():
    found = missing_change(0.1, 0.3, 200, 100, confidence=0.95, families=1)
    assert (found["low"], found["high"]) == (pytest.approx(0.105, abs=0.01), pytest.approx(0.301, abs=0.01))
    assert found["size"] == (found["low"], found["high"])


# Verdicts


def test_the_size_decides_and_not_the_number_of_rows():
    shifted = {"income": lambda rng, n: rng.normal(50.5, 10, n)}
    many = audit(rows(60_000, 1), rows(60_000, 2, **shifted))
    assert column(many, "income")["p_corrected"] < 1e-6  # certainly another distribution
    assert many.verdict == "pass"  # but by little
    few = audit(rows(300, 1), rows(300, 2))
    assert few.verdict == "inconclusive"
    assert "Undecided" in str(few.message)
    assert few.advice.code == "drift.advice.both"
    assert audit(rows(60, 1), rows(60_000, 2)).verdict == "not_evaluated"


def test_a_pass_names_the_columns_that_nobody_judged():
    """Too few values, and a date: what is left passes, and the sentence claims no more than that."""
    unjudged = {
        "rare": lambda rng, n: np.where(np.arange(n) < 50, rng.normal(size=n), np.nan),
        "day": lambda rng, n: pd.date_range("2020-01-01", periods=n),
    }
    found = audit(rows(60_000, 1, **unjudged), rows(60_000, 2, **unjudged), columns=["income", "rare", "day"])
    assert found.verdict == "pass"
    assert str(found.message).endswith(" Not judged (columns: 2): rare, day.")
    alone = audit(rows(60_000, 1, **unjudged), rows(60_000, 2, **unjudged), columns=["rare", "day"])
    assert alone.verdict == "not_evaluated"


def test_the_advised_rows_decide():
    few = audit(rows(20_000, 1), rows(400, 2))
    assert few.verdict == "inconclusive"
    assert few.advice.code == "drift.advice.current"
    assert audit(rows(20_000, 1), rows(int(few.advice.params["rows"] * 1.2), 2)).verdict == "pass"


def test_a_shift_fails_and_the_sentence_names_the_farthest_first():
    changed = {
        "income": lambda rng, n: rng.normal(58, 10, n),
        "city": lambda rng, n: rng.choice(["Nara", "Oita", "Kobe"], n, p=[0.3, 0.3, 0.4]),
        "debt": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.gamma(2, 3, n)),
    }
    found = audit(rows(4000, 1), rows(4000, 2, **changed), prediction="chosen", label="good")
    assert found.verdict == "fail"
    text = str(found.message)
    assert text.index("city by 0.4") < text.index("income by 0.3") < text.index("debt (missing in 3")
    assert "Columns compared: 7, drifted: 3." in text
    city = column(found, "city")
    assert (city["new_levels"]["most"], city["vanished_levels"]["most"]) == (["Kobe"], ["Uji"])
    assert city["low"] < city["distance"] < city["high"]
    assert column(found, "debt")["distance_verdict"] == "pass"
    assert {item["column"]: item["role"] for item in found.columns}["chosen"] == "prediction"
    assert column(found, "chosen")["kind"] == "categorical"
    json.dumps(found.to_json(), allow_nan=False)


def test_changed_types_fail_and_other_columns_are_named():
    before = rows(500, 1).assign(old=1.0, when=pd.Timestamp("2026-01-01"), code=[f"c{i}" for i in range(500)] * 1)
    now = rows(500, 2).assign(new=1.0, when=pd.Timestamp("2026-02-01"), code="c1")
    now["age"] = now["age"].astype(str)
    found = audit(before, now, tolerance=0.5)
    assert found.verdict == "fail"
    assert "age (was a number, is now a category)" in str(found.message)
    notes = " ".join(map(str, found.notes))
    assert "Only in the reference, and so not compared: old" in notes
    assert "Only in the current data, and so not compared: new" in notes
    assert "when (dates and times always move on)" in notes


def test_identifiers_are_not_compared():
    before = rows(1500, 1).assign(code=[f"c{i}" for i in range(1500)])
    assert "code (more than 1000 different values)" in str(audit(before, before).notes[-1])


def test_columns_without_values_are_missing_and_not_equal():
    before, now = rows(2000, 1), rows(2000, 2)
    now["debt"], now["city"] = np.nan, pd.Series([None] * 2000, dtype="string")
    found = audit(before, now)
    assert found.verdict == "fail"
    for name in ("debt", "city"):
        assert column(found, name)["distance"] is None
        assert column(found, name)["missing"]["verdict"] == "fail"
    before["debt"] = np.nan
    assert {item["column"]: item["reason"] for item in audit(before, now).skipped} == {"debt": "empty"}


def test_infinite_values_leave_no_area_but_a_distance():
    before = rows(1000, 1, debt=lambda rng, n: np.where(rng.random(n) < 0.01, np.inf, rng.normal(size=n)))
    found = column(audit(before, before), "debt")
    assert found["wasserstein"] is None
    assert found["distance"] == 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": ["nowhere"]}, "There is no column nowhere"),
        ({"weight": "city"}, "The weights in city"),
        ({"tolerance": 1.5}, "The tolerance"),
        ({"min_rows": 0}, "The least number of rows"),
        ({"confidence": 1}, "The confidence"),
    ],
)
def test_bad_settings_are_refused_with_a_sentence(options, said):
    with pytest.raises(EvaluationDataError, match=said):
        audit(rows(20, 1), rows(20, 2), **options)


def test_tables_without_rows_or_common_columns_are_refused():
    with pytest.raises(EvaluationDataError, match="no rows"):
        audit(rows(5, 1).iloc[:0], rows(5, 1))
    with pytest.raises(EvaluationDataError, match="no column in common"):
        audit(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}))


def test_a_disagreement_with_scipy_ends_the_audit(monkeypatch):
    monkeypatch.setattr(drift_authority, "distances", lambda *_: (0.5, 0.5))
    with pytest.raises(InvalidEvidence, match="scipy"):
        audit(rows(200, 1), rows(200, 2))


def test_weights_of_rows():
    before, now = rows(3000, 1), rows(3000, 2)
    before["w"], now["w"] = 1.0, np.where(now["income"] > 50, 9.0, 1.0)
    found = audit(before, now, weight="w")
    assert found.verdict == "fail"
    assert column(found, "income")["distance"] == pytest.approx(0.4, abs=0.03)
    assert "w" not in {item["column"] for item in found.columns}
    assert found.notes[-1].code == "drift.note.weighted"
    assert found.notes[-1].params["current"] == pytest.approx(3000 * 25 / 41, rel=0.05)


# The kept reference


@pytest.mark.parametrize("weight", [None, "age"])
def test_a_kept_reference_gives_the_same_audit(tmp_path, weight):
    before, now = tmp_path / "before.parquet", tmp_path / "now.parquet"
    rows(900, 1).to_parquet(before)
    rows(900, 2).to_parquet(now)
    options = {"prediction": "chosen", "label": "good", "weight": weight, "sensitive": ["sex"]}
    Reference.of(before, **options).save(tmp_path / "kept.npz")
    kept = Reference.load(tmp_path / "kept.npz")
    again = audit_drift(kept, now, sensitive=["sex"]).to_json()
    assert again == audit_drift(before, now, **options).to_json()
    assert again["data"]["reference"]["name"] == "before.parquet"
    assert again["fairness"]["verdict"] in ("pass", "inconclusive")
    named = audit_drift(kept, now, columns=["age" if weight is None else "debt"]).columns
    assert {item["role"] for item in named} == {"feature", "prediction", "label"}
    with pytest.raises(EvaluationDataError, match="There is no column nowhere"):
        audit_drift(kept, now, columns=["nowhere"])


@pytest.mark.parametrize("text", [b"", b"PK nonsense", b"\x93NUMPY"])
def test_a_damaged_reference_is_refused(tmp_path, text):
    path = tmp_path / "kept.npz"
    path.write_bytes(text)
    with pytest.raises(EvaluationDataError, match=r"kept\.npz is no kept reference"):
        Reference.load(path)


def test_one_flipped_byte_is_found(tmp_path):
    path = tmp_path / "kept.npz"
    Reference.of(ibis.memtable(rows(900, 1))).save(path)
    data = bytearray(path.read_bytes())
    at = data.index(np.sort(rows(900, 1)["income"].to_numpy()).tobytes()[:64])
    data[at + 5] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(EvaluationDataError, match="damaged"):
        audit_drift(Reference.load(path), ibis.memtable(rows(900, 2)))


def test_levels_are_read_by_their_text():
    assert [level_text(v) for v in (1, 1.0, True, "True", None, float("nan"), 0.5, "a")] == [
        "1", "1", "true", "true", None, None, "0.5", "a",
    ]  # fmt: skip


# Groups over time


def cube(n: int, seed: int, chosen):
    table = rows(n, seed)
    table["chosen"] = (np.random.default_rng(seed).random(n) < chosen(table)).astype(int)
    return audit_cube(ibis.memtable(table), label="good", prediction="chosen", sensitive=["sex"])


def test_a_group_that_is_chosen_less_often_than_before_is_named():
    before = cube(4000, 1, lambda t: 0.5)
    found = cube_drift(before, cube(4000, 2, lambda t: np.where(t["sex"] == "F", 0.3, 0.5)), positive="1")
    assert found["verdict"] == "fail"
    assert (
        "rate of F (sex) has changed by −0.2" in str(found["message"]) or found["message"]["params"]["change"] < -0.15
    )
    by_group = {(r["group"]["sex"], r["rate"]): r["verdict"] for r in found["rates"]}
    assert by_group["F", "selection_rate"] == "fail"
    assert by_group["M", "selection_rate"] == "pass"


def test_too_few_cases_are_not_judged_and_new_groups_are_named():
    before = cube(4000, 1, lambda t: 0.5)
    few = cube_drift(before, cube(40, 2, lambda t: 0.5), positive="1")
    assert few["verdict"] == "not_evaluated"
    assert {rate["verdict"] for rate in few["rates"]} == {"not_evaluated"}
    table = rows(500, 3).assign(sex="X")
    other = audit_cube(ibis.memtable(table), label="good", prediction="chosen", sensitive=["sex"])
    found = cube_drift(before, other, positive="1")
    assert found["appeared"] == [{"sex": "X"}]
    assert found["vanished"] == [{"sex": "F"}, {"sex": "M"}]
    assert cube_drift(before, other, positive="yes") is None
