"""The catalogue of facts: every name can be read, every source is known."""

from __future__ import annotations

import re

from assessments.facts import CATALOGUE, SOURCES
from portal.message import registered


def test_names_are_a_source_a_thing_and_at_most_one_narrowing():
    assert all(re.fullmatch(r"[a-z0-9]+(\.[a-z0-9_]+){1,2}", name) for name in CATALOGUE)


def test_each_source_is_named_and_used():
    assert {kind.source for kind in CATALOGUE.values()} == set(SOURCES)


def test_each_fact_and_each_source_has_a_text():
    assert {f"maturity.fact.{name}" for name in CATALOGUE} <= registered().keys()
    assert {f"maturity.source.{name}" for name in SOURCES} <= registered().keys()


def test_no_two_facts_read_the_same():
    labels = [kind.label for kind in CATALOGUE.values()]
    assert len(labels) == len(set(labels))


def test_a_share_rests_on_something_and_a_flag_on_nothing():
    assert all(kind.minimum >= 1 for kind in CATALOGUE.values() if kind.unit == "share")
    assert all(kind.minimum == 0 for kind in CATALOGUE.values() if kind.unit == "flag")
