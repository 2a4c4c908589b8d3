"""Small cells do not leave the house, and do not follow from what does."""

from __future__ import annotations

import copy
import json

import pytest

from governance.suppression import suppress
from tests.governance import factories as make


def group(feature: str, level: str, n: int) -> dict:
    metrics = {"tpr": {"value": 0.5, "low": 0.1, "high": 0.9, "n": n, "judged": n > 29, "interval": "wilson"}}
    return {"features": [feature], "group": {feature: level}, "n": n, "judged": n > 29, "metrics": metrics}


RESULT = {
    "schema": "sekisho.fairness/1",
    "n": 1000,
    "groups": [group("sex", "f", 500), group("sex", "m", 497), group("sex", "x", 3), group("age", "old", 400)],
    "gaps": [
        {"feature": "sex", "value": 0.123, "highest": {"sex": "x"}, "lowest": {"sex": "f"}},
        {"feature": "sex", "value": 0.05, "highest": {"sex": "m"}, "lowest": {"sex": "f"}},
    ],
    "cube": {"cells": [[1, 2, 3]]},
}


def test_a_small_group_and_what_would_give_it_away_are_left_out():
    before = copy.deepcopy(RESULT)
    found = suppress(RESULT, 5)
    f, m, x, old = found["groups"]
    assert before == RESULT  # the evidence stays
    assert (x["n"], x["metrics"]["tpr"]["value"], x["group"], x["suppressed"]) == (None, None, {"sex": "x"}, True)
    assert m["n"] is None  # 1000 less 500 would say the rest of the two
    assert (f["n"], old["n"]) == (500, 400)
    assert [gap["value"] for gap in found["gaps"]] == [None, 0.05]
    assert found["cube"] is None


@pytest.mark.parametrize("least", [0, 1])
def test_without_a_least_size_nothing_is_left_out(least):
    assert suppress(RESULT, least) == RESULT


def test_a_rate_that_rests_on_few_cases_goes_alone():
    result = copy.deepcopy(RESULT)
    result["groups"][0]["metrics"]["tpr"]["n"] = 2
    found = suppress(result, 5)["groups"][0]
    assert (found["n"], found["metrics"]["tpr"]["n"], found["metrics"]["tpr"]["value"]) == (500, None, None)


def test_challengers_are_held_to_it_too():
    found = suppress({"groups": [], "challengers": [{"set": "c", "result": RESULT}]}, 5)
    assert found["challengers"][0]["result"]["groups"][2]["n"] is None


@pytest.mark.django_db
def test_files_and_the_api_say_no_small_cell_and_the_audit_keeps_it(cast, as_user, settings):
    settings.LEAST_CELL = 50  # the factory's oldest group has 20 cases
    version = make.make_version(make.make_model(cast.team))
    audit = make.audit_fairness(version)
    small = [g for g in audit.result["groups"] if 0 < g["n"] < 50]
    assert small
    browser = as_user(cast.member)
    address = f"/models/{version.model_id}/versions/1/fairness/"
    sent = json.loads(browser.get(address + "?format=json").content)["result"]["groups"]
    table = browser.get(address + "?format=csv").content.decode()
    listed = browser.get("/api/v1/audits/").json()["results"][0]["result"]["groups"]
    for shown in (sent, listed):
        assert all(g["n"] is None or g["n"] >= 50 or g["n"] == 0 for g in shown)
    assert f";{small[0]['n']}" not in table
    assert ",20," not in table
    assert [g["n"] for g in audit.result["groups"] if g["features"] == ["age"]].count(20) == 1
