"""What softens a profile, and that no way round is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.profile_change import EXCHANGED, LISTED, PARTS, RISKS, differing, higher_risk, softens

words = st.sampled_from(["", "a", "b"])
lists = st.lists(st.sampled_from(["sex", "age", "region"]), unique=True)
pinned = st.fixed_dictionaries(
    {},
    optional={
        "gold": words,
        "training": words,
        "reference": words,
        "challenger": lists,
        "sensitive": st.fixed_dictionaries({"digest": words, "key": lists, "columns": lists}),
    },
)
profiles = st.fixed_dictionaries(
    {
        "risk": st.sampled_from(RISKS),
        "intended_use": words,
        "team": st.sampled_from(["one", "two"]),
        "pinned": pinned,
        **dict.fromkeys(EXCHANGED, words),
        **dict.fromkeys(LISTED, lists),
    }
)


@given(profiles)
def test_no_change_softens_nothing(profile):
    assert softens(profile, profile) == differing(profile, profile) == []


@given(profiles, profiles)
def test_what_is_judged_cannot_change_and_change_back_unseen(one, other):
    """Whatever differs, but for the words, softens in one of the two directions at least."""
    if set(differing(one, other)) - {"intended_use"}:
        relevant = softens(one, other) or softens(other, one)
        only_order = all(set(one[name]) == set(other[name]) for name in LISTED if one[name] != other[name])
        assert relevant or only_order


@given(profiles, profiles, profiles)
def test_a_softening_cannot_be_cut_into_harmless_steps(one, between, other):
    assert set(softens(one, other)) <= {*softens(one, between), *softens(between, other)}


@given(profiles, profiles)
def test_the_parts_are_known_and_differ(one, other):
    found = softens(one, other)
    assert set(found) <= set(PARTS)
    assert set(found) <= set(differing(one, other))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"risk": "high"}, {"risk": "low"}, ["risk"]),
        ({"risk": "low"}, {"risk": "high"}, []),
        ({}, {"risk": "low"}, ["risk"]),
        ({"sensitive_columns": ["sex"]}, {"sensitive_columns": ["sex", "age"]}, []),
        ({"sensitive_columns": ["sex", "age"]}, {"sensitive_columns": ["age"]}, ["sensitive_columns"]),
        ({"pinned": {}}, {"pinned": {"challenger": ["a"]}}, []),
        ({"pinned": {"challenger": ["a", "b"]}}, {"pinned": {"challenger": ["b", "c"]}}, ["challenger"]),
        ({"pinned": {"gold": "a"}}, {"pinned": {"gold": "b"}}, ["gold"]),
        ({"pinned": {}}, {"pinned": {"sensitive": {"digest": "a"}}}, []),
        ({"pinned": {"sensitive": {"digest": "a"}}}, {"pinned": {}}, ["sensitive"]),
        ({"pools": {}}, {"pools": {"sex": {"all": ["f", "m"]}}}, ["pools"]),
        ({"intended_use": "a"}, {"intended_use": "b"}, []),
        ({"team": "one"}, {"team": "two"}, ["team"]),
    ],
)
def test_softening(before, after, found):
    known = {"risk": "high"} if "risk" not in after else {}
    assert softens(known | before, known | after) == found


def test_the_higher_risk_stays():
    assert higher_risk("low", "high") == higher_risk("high", "low") == "high"
    assert higher_risk("", "low") == "low"
    assert higher_risk("", "") == ""
