"""Which names and settings are governed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.names import fold, matches
from tests.gate.test_tokens import PUBLIC

KEY = base64.b64encode(PUBLIC).decode()


@pytest.mark.parametrize(
    "spelling",
    [
        "Champion",
        "CHAMPION",
        " champion ",
        "chámpion",
        "ｃｈａｍｐｉｏｎ",
        "cham\u200bpion",
        "champion\n",
        "ｃＨａｍｐｉｏｎ\u0301",
    ],
)
def test_spellings_that_a_database_may_take_for_one(spelling):
    assert matches(spelling, ["champion"])


@pytest.mark.parametrize("other", ["champions", "challenger", "", "champion-2", "champ?on"])
def test_other_names_are_others(other):
    assert not matches(other, ["champion"])


@given(st.text(max_size=40))
def test_folding_is_done_once_and_for_all(text):
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text.casefold().upper())


def test_models_are_governed_by_patterns():
    configuration = Configuration.read({"SEKISHO_GOVERNED_MODELS": "prod.*, Risk-?"})
    assert configuration.governs("prod.churn")
    assert configuration.governs("PROD.churn")
    assert configuration.governs("risk-1")
    assert not configuration.governs("production")
    assert not configuration.governs("risk-10")


def test_the_defaults_govern_all_models_and_take_no_token():
    configuration = Configuration.read({})
    assert configuration.governs("anything")
    assert configuration.governs("")
    assert configuration.governs_alias("Staging")
    assert configuration.governs_alias("production")
    assert not configuration.governs_alias("champion")
    assert not configuration.is_closed("anything")
    assert configuration.keys == ()
    assert len(configuration.problems) == 2
    assert Configuration.read({"SEKISHO_GOVERNED_MODELS": "", "SEKISHO_GOVERNED_ALIASES": ""}) == configuration


def test_a_key_that_is_none_shuts_the_gate():
    good = Configuration.read({"SEKISHO_PUBLIC_KEY": f"{KEY}, {KEY}", "SEKISHO_STATE": "/somewhere"})
    assert good.keys == (PUBLIC, PUBLIC)
    assert good.problems == ()
    for bad in ("nonsense", base64.b64encode(bytes(32)).decode(), f"{KEY},AAAA"):
        read = Configuration.read({"SEKISHO_PUBLIC_KEY": bad, "SEKISHO_STATE": "/somewhere"})
        assert read.keys == ()
        assert "every governed change is refused" in read.problems[0]
        assert bad not in read.problems[0]
