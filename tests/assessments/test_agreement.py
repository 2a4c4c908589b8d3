"""Cohen's kappa: against the reference, against its definition, and where it has no value."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from assessments.agreement import agreement

VALUES = ("yes", "partly", "no", "na")
PAIRS = st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), min_size=1, max_size=80)


def compared(pairs):
    return agreement(
        {str(place): one for place, (one, _) in enumerate(pairs)},
        {str(place): other for place, (_, other) in enumerate(pairs)},
    )


def repeated(table):
    return [pair for pair, count in table.items() for _ in range(count)]


@given(PAIRS)
def test_it_is_what_scikit_learn_computes(pairs):
    found = compared(pairs)
    if found.kappa is None:
        assert len(set(pairs)) == 1
        return
    wanted = cohen_kappa_score([one for one, _ in pairs], [other for _, other in pairs])
    assert found.kappa == pytest.approx(wanted, abs=1e-12)
    assert found.same == sum(one == other for one, other in pairs)


def kappa_of(shares):
    observed = sum(share for (one, other), share in shares.items() if one == other)
    rows, columns = Counter(), Counter()
    for (one, other), share in shares.items():
        rows[one] += share
        columns[other] += share
    expected = sum(rows[key] * columns[key] for key in rows)
    return (observed - expected) / (1 - expected)


def test_the_interval_is_that_of_the_delta_method():
    """The closed form against derivatives taken numerically from the definition."""
    table = {("yes", "yes"): 22, ("yes", "no"): 5, ("no", "yes"): 4, ("no", "no"): 15, ("partly", "no"): 3,
             ("partly", "partly"): 7, ("yes", "partly"): 2}  # fmt: skip
    n = sum(table.values())
    shares = {pair: count / n for pair, count in table.items()}
    step, gradient = 1e-6, {}
    for pair in shares:
        up = kappa_of(shares | {pair: shares[pair] + step})
        down = kappa_of(shares | {pair: shares[pair] - step})
        gradient[pair] = (up - down) / (2 * step)
    # kappa_of is taken at shares that no longer sum to 1, so the multinomial's covariance is applied in full
    mean = sum(gradient[pair] * share for pair, share in shares.items())
    variance = sum(gradient[pair] ** 2 * share for pair, share in shares.items()) - mean**2
    half = 1.959963984540054 * math.sqrt(variance / n)
    found = compared(repeated(table))
    assert found.low == pytest.approx(found.kappa - half, abs=1e-6)
    assert found.high == pytest.approx(found.kappa + half, abs=1e-6)


def test_one_category_leaves_it_undefined_and_says_so():
    found = compared([("yes", "yes")] * 20)
    assert (found.kappa, found.low, found.same) == (None, None, 20)
    assert [message.code for message in found.messages] == ["agreement.one_category"]
    assert "kappa has no value" in str(found.messages[0])


def test_nothing_in_common_says_so():
    found = agreement({"a": "yes", "b": ""}, {"b": "no"})
    assert (found.n, found.left_out) == (0, 2)
    assert str(found.messages[0]) == "No criterion was answered by both."


def test_two_people_who_always_differ_agree_less_than_by_chance():
    found = compared([("yes", "no"), ("no", "yes")] * 10)
    assert found.kappa == pytest.approx(-1)
    assert found.messages[-1].code == "agreement.none"


def test_few_answers_have_no_interval():
    found = compared([("yes", "yes"), ("no", "no"), ("yes", "no")])
    assert found.low is None
    assert found.messages[1].code == "agreement.few"


@given(PAIRS)
def test_the_order_of_the_two_does_not_matter_and_the_interval_holds_it(pairs):
    one, other = compared(pairs), compared([(b, a) for a, b in pairs])
    assert one.same == other.same
    if one.kappa is not None:
        assert one.kappa == pytest.approx(other.kappa, abs=1e-12)
        assert one.low is None or one.low - 1e-12 <= one.kappa <= one.high + 1e-12
