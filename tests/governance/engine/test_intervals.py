"""Intervals keep their promise: they cover, also where resampled gaps are biased upwards."""

import numpy as np
import pytest
from scipy.special import ndtr

from governance.engine.cube import GroupCounts
from governance.engine.fairness.bootstrap import percentile_limits, replicates, resampled, weighted_replicates
from governance.engine.intervals import (
    clopper_pearson,
    normal_quantile,
    range_quantile,
    smallest_ratio,
    widest_difference,
    wilson,
)
from governance.engine.metrics import metric
from governance.engine.score_metrics import areas
from governance.engine.scores import Histogram
from governance.engine.weights import effective_fraction


def test_wilson_is_the_published_interval():
    # Newcombe (1998), table I: 81/263, 15/148, 0/20, 1/29, by the score method without continuity correction
    low, high = wilson(np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29]), normal_quantile(0.95))
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=6e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=6e-5)


def test_the_difference_of_two_groups_is_newcombes_published_interval():
    # Newcombe (1998, "Interval estimation for the difference"), method 10: 56/70 against 48/80
    spread = widest_difference(np.array([56, 48]), np.array([70, 80]), 0.95)
    assert spread.value == pytest.approx(0.2)
    assert (spread.low, spread.high) == pytest.approx((0.0524, 0.3339), abs=6e-5)


def test_two_groups_need_no_correction_and_more_groups_a_larger_one():
    assert range_quantile(2, 0.95) == pytest.approx(normal_quantile(0.95), abs=1e-6)
    # studentised range, 5 groups, infinite degrees of freedom: 3.858 in any table
    assert range_quantile(5, 0.95) * np.sqrt(2) == pytest.approx(3.858, abs=1e-3)


@pytest.mark.parametrize("rates", [[0.3] * 8, [0.3] * 7 + [0.45], [0.02, 0.05, 0.4, 0.6]])
def test_the_gap_is_covered_even_where_the_plain_bootstrap_is_not(rates):
    rng = np.random.default_rng(1)
    rates = np.array(rates)
    total = np.full(len(rates), 150)
    truth = rates.max() - rates.min()
    ratio = rates.min() / rates.max()
    found = [rng.binomial(total, rates) for _ in range(400)]
    spreads = [widest_difference(count, total, 0.95) for count in found]
    assert np.mean([s.low <= truth + 1e-12 and s.high >= truth for s in spreads]) >= 0.94
    assert np.mean([s.high >= truth for s in spreads]) >= 0.965  # what a pass rests on
    ratios = [smallest_ratio(count, total, 0.95) for count in found if count.max()]
    assert np.mean([s.low <= ratio + 1e-12 and s.high >= ratio - 1e-12 for s in ratios]) >= 0.94
    if truth == 0:  # what a verdict from resampled maxima would do: call equal groups unequal
        resampled = [
            np.quantile(np.ptp(rng.binomial(total, count / total, (200, len(rates))) / total, axis=1), 0.025)
            for count in found[:100]
        ]
        assert np.mean([low <= truth for low in resampled]) < 0.5


def test_a_ratio_with_a_zero_is_bounded_and_two_zeros_give_none():
    spread = smallest_ratio(np.array([0, 50]), np.array([100, 100]), 0.95)
    assert spread.value == spread.low == 0
    assert 0.02 < spread.high < 0.15
    assert smallest_ratio(np.array([0, 0]), np.array([100, 100]), 0.95) is None


def test_the_bootstrap_has_the_law_of_resampled_rows():
    confusion = np.array([[120, 40, 60, 280], [30, 5, 20, 45], [300, 100, 50, 50]])
    cells = confusion.ravel()
    rng = np.random.default_rng(3)
    drawn = np.concatenate([c for _, c in replicates(confusion, size=4000, rng=rng)], axis=1)
    # rows drawn one by one, with replacement
    rows = np.repeat(np.arange(cells.size), cells)
    by_rows = np.array([np.bincount(rng.choice(rows, rows.size), minlength=cells.size) for _ in range(4000)])
    assert drawn.reshape(4000, -1).sum(axis=1).tolist() == [rows.size] * 4000
    for name in ("selection_rate", "true_positive_rate", "f1"):
        ours, theirs = metric(drawn, name), metric(by_rows.reshape(4000, 3, 4), name)
        error = np.sqrt(ours.var(axis=0) / 4000 + theirs.var(axis=0) / 4000)
        assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error)
        assert ours.std(axis=0) == pytest.approx(theirs.std(axis=0), rel=0.06)
    # groups vary together as they do in rows: one's gain is another's loss
    sizes = drawn.sum(axis=2)
    assert np.corrcoef(sizes.T) == pytest.approx(np.corrcoef(by_rows.reshape(4000, 3, 4).sum(axis=2).T), abs=0.06)


def test_bootstrap_limits_are_seeded_and_the_same_in_blocks(monkeypatch):
    confusion = np.array([[120, 40, 60, 280], [30, 5, 20, 45], [0, 0, 0, 0], [1, 0, 1, 3]])
    options = {"confidence": 0.95, "size": 500}
    once = percentile_limits(confusion, ["f1"], **options, seed=(0, 1))["f1"]
    again = percentile_limits(confusion, ["f1"], **options, seed=(0, 1))["f1"]
    other = percentile_limits(confusion, ["f1"], **options, seed=(1, 1))["f1"]
    assert np.array_equal(once, again, equal_nan=True)
    assert not np.array_equal(once, other, equal_nan=True)
    assert np.isnan(once[0][2])  # nobody there
    assert np.isnan(once[0][3])  # undefined in some replicates: not dropped in silence
    monkeypatch.setattr("governance.engine.fairness.bootstrap.BLOCK", 1)
    blocks = percentile_limits(confusion, ["f1"], **options, seed=(0, 1))["f1"]
    assert np.array(blocks)[:, :2] == pytest.approx(np.array(once)[:, :2], abs=0.02)


def test_for_two_large_groups_the_closed_form_is_the_bootstraps_interval():
    confusion = np.array([[3000, 500, 1000, 5500], [2000, 300, 1500, 4200]])
    rng = np.random.default_rng(5)
    drawn = np.concatenate([c for _, c in replicates(confusion, size=8000, rng=rng)], axis=1)
    rates = metric(drawn, "selection_rate")
    low, high = np.quantile(np.abs(rates[:, 0] - rates[:, 1]), [0.025, 0.975])
    spread = widest_difference(np.array([3500, 2300]), np.array([10000, 8000]), 0.95)
    assert (spread.low, spread.high) == pytest.approx((low, high), abs=6e-4)


def test_the_exact_interval_is_the_published_one():
    # Newcombe (1998), table I: the same counts by Clopper and Pearson's method
    low, high = clopper_pearson(np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29]), 0.95)
    assert low == pytest.approx([0.2527, 0.0578, 0.0, 0.0009], abs=6e-5)
    assert high == pytest.approx([0.3676, 0.1617, 0.1684, 0.1776], abs=6e-5)
    assert np.isnan(clopper_pearson(np.array([0]), np.array([0]), 0.95)).all()


def test_resampled_weights_have_the_moments_of_a_poisson_bootstrap_of_the_rows():
    rng = np.random.default_rng(4)
    cells = [[rng.gamma(0.7, 2, n) for n in group] for group in ([40, 15, 20, 90], [5, 8, 30, 60])]
    w = np.array([[x.sum() for x in group] for group in cells])
    w2 = np.array([[(x**2).sum() for x in group] for group in cells])
    size = 6000
    drawn = np.concatenate([d for _, d in weighted_replicates(w, w2, size=size, rng=rng)], axis=1)
    by_rows = np.array([[rng.poisson(1, (size, len(x))) @ x for x in group] for group in cells]).transpose(2, 0, 1)
    for name in ("selection_rate", "f1"):
        ours, theirs = metric(drawn, name), metric(by_rows, name)
        error = np.sqrt(ours.var(axis=0) / size + theirs.var(axis=0) / size)
        assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4.5 * error + 0.004)
        assert ours.std(axis=0) == pytest.approx(theirs.std(axis=0), rel=0.08)


def test_weighted_rates_are_covered():
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(600):
        w = rng.gamma(1, 1, 120)
        y = rng.random(120) < 0.2
        above, below = ((w * y).sum(), (w**2 * y).sum()), (w.sum(), (w**2).sum())
        count, total = effective_fraction(*[tuple(np.array([v]) for v in pair) for pair in (above, below)])
        assert count / total == pytest.approx((w * y).sum() / w.sum())
        low, high = wilson(count, total, normal_quantile(0.95))
        hits += low[0] <= 0.2 <= high[0]
    assert hits / 600 > 0.92


@pytest.mark.parametrize(("cases", "shift"), [(15, 1.0), (60, 0.5), (8, 2.5)])
def test_the_area_under_the_curve_is_covered(cases, shift):
    rng = np.random.default_rng(cases)
    truth = ndtr(shift / np.sqrt(2))
    hits = 0
    for _ in range(300):
        scores = ndtr(np.r_[rng.normal(shift, 1, cases), rng.normal(0, 1, 2 * cases)])
        bins, place = np.unique(scores, return_inverse=True)
        n = np.zeros((2, 1, len(bins)))
        n[np.repeat([0, 1], [cases, 2 * cases]), 0, place] = 1
        histogram = Histogram(bins, n, n, n, n, np.zeros((2, 1)), np.ones(len(bins), dtype=bool))
        low, high = areas(histogram).limits(normal_quantile(0.95))
        hits += low[0] <= truth <= high[0]
    assert hits / 300 > 0.92


def test_gaps_of_equalized_odds_are_resampled_as_one():
    counts = GroupCounts(
        ("s",), (("a",), ("b",)), np.array([[400, 100, 100, 400], [300, 200, 200, 300]]), np.zeros(2, dtype=int)
    )
    names = ("true_positive_rate", "false_positive_rate")
    found = resampled(counts, names, confidence=0.95, size=2000, seed=(0,))
    kept = {name: np.array([0, 1]) for name in names}
    joint = found.gap(kept, "difference")
    apart = [found.gap({name: kept[name]}, "difference") for name in names]
    assert joint[0] > max(low for low, _ in apart)  # the worse of two is larger than either
    assert joint[1] >= max(high for _, high in apart)
    empty = GroupCounts(("s",), (("a",), ("b",)), np.array([[1, 0, 1, 50], [30, 20, 20, 30]]), np.zeros(2, dtype=int))
    vanished = resampled(empty, names, confidence=0.95, size=500, seed=(0,)).gap(kept, "difference")
    assert vanished == (None, None)  # in some replicates the first group has no positive: not dropped in silence
