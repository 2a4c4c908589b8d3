"""The canonical form and the leaf hash: final, so held by properties and by fixed examples."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger.canonical import LARGEST, canonical_json, leaf_hash, text_hash

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None)
@given(values)
def test_it_is_json_that_reads_back_as_the_value(value):
    assert json.loads(canonical_json(value)) == value


@settings(deadline=None)
@given(st.dictionaries(texts, values, max_size=6), st.randoms())
def test_the_order_of_keys_makes_no_difference(value, random):
    keys = list(value)
    random.shuffle(keys)
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


@settings(deadline=None)
@given(values)
def test_reading_and_writing_again_gives_the_same_bytes(value):
    once = canonical_json(value)
    assert canonical_json(json.loads(once)) == once


@settings(deadline=None)
@given(values, values)
def test_values_that_differ_have_bytes_that_differ(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical_json(one) == canonical_json(other)) is same
    assert (leaf_hash(canonical_json(one)) == leaf_hash(canonical_json(other))) is same


@pytest.mark.parametrize("value", [0.5, 1.0, float("nan"), {"a": [1.5]}, {1: "a"}, {"a": {2}}, b"bytes", object()])
def test_what_has_no_one_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("value", [LARGEST + 1, -LARGEST - 1, "\ud800", {"\udfff": 1}])
def test_what_others_could_not_read_exactly_is_refused(value):
    with pytest.raises(ValueError, match=r"too large|surrogate"):
        canonical_json(value)


def test_the_form_is_fixed():
    value = {"b": [1, True, None], "a": '差 "0.17"\n', "ä": {"z": -5, "a": ""}}
    entry = canonical_json(value)
    assert entry == '{"a":"差 \\"0.17\\"\\n","b":[1,true,null],"ä":{"a":"","z":-5}}'.encode()
    assert leaf_hash(entry) == hashlib.sha256(b"\x00" + entry).hexdigest()
    # RFC 6962: the leaf of the empty entry, a well-known value
    assert leaf_hash(b"") == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@settings(deadline=None)
@given(st.text("0123456789abcdef", min_size=32, max_size=32), texts)
def test_a_text_is_known_only_with_its_salt(salt, text):
    other = salt[1:] + ("0" if salt[0] != "0" else "1")
    assert text_hash(salt, text) == text_hash(salt, text)
    assert text_hash(salt, text) != text_hash(other + "x", text)
    assert hashlib.sha256(text.encode()).hexdigest() not in text_hash(salt, text)
