"""Small cells do not leave the house, and do not follow from what does."""

from __future__ import annotations

import copy
import json
import random

import pytest

from governance.suppression import suppress, suppress_message
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


def crossed(cells: dict[tuple[str, str], int]) -> dict:
    """Counts of sex by age, with their margins."""
    sexes, ages = {sex for sex, _ in cells}, {age for _, age in cells}
    groups = [group("sex", s, sum(n for (sex, _), n in cells.items() if sex == s)) for s in sorted(sexes)]
    groups += [group("age", a, sum(n for (_, age), n in cells.items() if age == a)) for a in sorted(ages)]
    for (sex, age), n in cells.items():
        both = group("sex", sex, n)
        groups.append(both | {"features": ["sex", "age"], "group": {"sex": sex, "age": age}})
    return {"schema": "sekisho.fairness/1", "n": sum(cells.values()), "groups": groups, "gaps": []}


@pytest.mark.parametrize("seed", range(20))
def test_no_hidden_group_is_a_total_less_others_that_are_shown(seed):
    rng = random.Random(seed)
    sizes = [0, 2, 3, 7, 40, 60, 300]
    cells = {(s, a): rng.choice(sizes) for s in "fmx" for a in ("a", "b", "c", "d")}
    result = crossed(cells)
    found = suppress(result, 5)["groups"]
    small = [before for before, after in zip(result["groups"], found, strict=True) if 0 < before["n"] < 5]
    known = {tuple(sorted(g["group"].items())): g["n"] for g in found if g["n"] is not None}
    known[()] = result["n"]
    groups = [tuple(sorted(g["group"].items())) for g in result["groups"]]
    while True:  # an adversary who adds and subtracts
        learnt = {}
        for total in [(), *groups]:
            for features in (("sex",), ("age",), ("age", "sex")):
                line = [g for g in groups if tuple(k for k, _ in g) == features and set(total) < set(g)]
                unknown = [g for g in line if g not in known]
                if line and total not in known and not unknown:
                    learnt[total] = sum(known[g] for g in line)
                elif line and total in known and len(unknown) == 1:
                    learnt[unknown[0]] = known[total] - sum(known[g] for g in line if g in known)
        if not learnt:
            break
        known |= learnt
    assert not [g for g in small if tuple(sorted(g["group"].items())) in known]


def test_the_next_smallest_is_counted_nowhere_else():
    result = copy.deepcopy(RESULT)
    said = {"code": "fairness.gap.pass.difference", "params": {"highest_n": 497, "lowest_n": 500, "value": 0.05}}
    result["gaps"][1] |= {
        "highest": {"group": {"sex": "m"}, "value": 225 / 497, "n": 497},
        "lowest": {"group": {"sex": "f"}, "value": 0.4, "n": 500},
        "comparisons": [{"group": {"sex": "m"}, "difference": 225 / 497 - 0.4, "n": 497}],
        "message": said,
    }
    result["message"] = {"code": "fairness.pass", "params": {"decisive": said, "count": 1, "of": 1}}
    result["missing"] = {"label": 0, "sensitive": {"sex": 3, "age": 0}}
    result["groups"][2]["reason"] = {"code": "fairness.too_small", "params": {"n": 3, "min_group": 30}}
    found = suppress(result, 5)
    gap = found["gaps"][1]
    assert (gap["highest"]["value"], gap["highest"]["n"], gap["lowest"]["n"]) == (0.45, None, 500)
    assert gap["comparisons"][0]["n"] is None
    for message in (found["message"], suppress_message(result["message"], result, 5)):
        assert message["params"]["decisive"]["params"]["highest_n"] is None
        assert message["params"]["decisive"]["params"]["lowest_n"] == 500
    assert found["missing"]["sensitive"] == {"sex": None, "age": 0}
    assert found["groups"][2]["reason"]["params"]["n"] is None
    assert "497" not in json.dumps(found)
    assert result["gaps"][1]["highest"]["n"] == 497


def test_a_small_part_does_not_follow_from_the_other_part():
    def parted(level: str, positive: int, negative: int) -> dict:
        made = group("sex", level, positive + negative)
        return made | {
            "metrics": {
                name: {"value": 0.5, "low": 0.1, "high": 0.9, "n": n, "judged": True, "interval": "wilson"}
                for name, n in (("selection_rate", positive + negative), ("tpr", positive), ("fpr", negative))
            }
        }

    groups = [parted("f", 2, 98), parted("m", 100, 100), parted("x", 300, 300)]
    f, m, x = suppress({"groups": groups, "gaps": []}, 5)["groups"]
    for thin in (f, m):  # the total less the others would say the positive ones of f
        assert thin["n"] == thin["metrics"]["selection_rate"]["n"]
        assert [thin["metrics"][name]["n"] for name in ("tpr", "fpr")] == [None, None]
    assert x["metrics"]["tpr"]["n"] == 300


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
