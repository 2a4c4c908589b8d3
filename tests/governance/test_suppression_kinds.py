"""What performance, drift and gates say of small cells does not leave the house, nor can it be computed back."""

from __future__ import annotations

import copy
import json
import random
from itertools import product

import pytest

from governance.dossier import dossier
from governance.engine.drift.audit import audit_drift
from governance.engine.performance.audit import audit_performance
from governance.models import PromotionState
from governance.suppression import suppress, suppress_gates, suppress_message
from governance.views.fairness_plain import plain_words
from portal.message import Message
from portal.web.say import say
from tests.governance import factories as make

LEAST = 5
RATES = {
    "accuracy": lambda tp, fn, fp, tn: (tp + tn, tp + fn + fp + tn),
    "recall": lambda tp, fn, fp, tn: (tp, tp + fn),
    "specificity": lambda tp, fn, fp, tn: (tn, tn + fp),
    "precision": lambda tp, fn, fp, tn: (tp, tp + fp),
    "f1": lambda tp, fn, fp, tn: (2 * tp, 2 * tp + fp + fn),
}


def table(folder, cells: dict[tuple, int], columns: str) -> str:
    path = folder / "table.csv"
    lines = [line for line, count in cells.items() for _ in range(count)]
    path.write_text("\n".join([columns, *(",".join(map(str, line)) for line in lines)]))
    return str(path)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict:
    """A model that misses three positives of ninety rows, beside one that misses more; a site has four rows."""
    cells = {
        (1, 1, 1, "north"): 30, (1, 0, 1, "north"): 2, (0, 0, 0, "north"): 20, (1, 0, 0, "south"): 1,
        (0, 0, 1, "south"): 9, (0, 1, 1, "south"): 8, (0, 0, 0, "west"): 16, (0, 0, 0, "islet"): 4,
    }  # fmt: skip
    path = table(tmp_path_factory.mktemp("measured"), cells, "label,prediction,live,site")
    audit = audit_performance(
        path, label="label", prediction="prediction", positive=1, slices=["site"], min_cases=2,
        baseline_prediction="live", baseline_name=Message("performance.live.version", {"number": 1}),
    )  # fmt: skip
    return json.loads(json.dumps(audit.to_json()))


def possible(shown: dict, n: int) -> list[tuple[int, int, int, int]]:
    """All confusions of n rows that agree with every figure that is shown."""
    rates = [(RATES[item["name"]], item) for item in shown["metrics"] if item["name"] in RATES]
    found = []
    for tp, fn, fp in product(range(n + 1), repeat=3):
        cells = tp, fn, fp, n - tp - fn - fp
        if cells[3] >= 0 and all(_agrees(rate(*cells), item) for rate, item in rates):
            found.append(cells)
    return found


def _agrees(counted: tuple[int, int], item: dict) -> bool:
    part, whole = counted
    if item["n"] is not None and whole != item["n"] and item["name"] != "f1":  # which is no share of its n
        return False
    return item["value"] is None or (whole > 0 and abs(part / whole - item["value"]) < 1e-9)


def test_no_count_of_the_confusion_follows_from_the_metrics(measured):
    n = measured["n"]
    assert measured["confusion"]["counts"] == [[49, 8], [3, 30]]
    assert possible(measured, n) == [(30, 3, 8, 49)]  # what is stored tells all of it
    shown = suppress(measured, LEAST)
    left = possible(shown, n)
    assert shown["confusion"] is None
    assert len({cells[1] for cells in left}) > LEAST
    assert next(item for item in shown["metrics"] if item["name"] == "accuracy")["value"] == 79 / 90
    said = json.dumps([shown, suppress_message(measured["message"], measured, LEAST)])
    for part, whole in ((30, 33), (49, 57), (30, 38)):
        assert f"{part / whole:.6f}" not in said


def test_where_every_count_is_large_nothing_of_it_is_kept_back(measured):
    shown = suppress(measured, 3)  # 3 itself is the least
    assert shown["confusion"] == measured["confusion"]
    assert shown["metrics"] == measured["metrics"]


def test_who_of_two_models_was_right_does_not_follow_from_their_difference(measured):
    beside = measured["comparison"]
    quarters = [beside[name] for name in ("both_right", "only_own", "only_live", "both_wrong")]
    assert quarters == [70, 9, 2, 9]
    shown = suppress(measured, LEAST)["comparison"]
    assert [shown[name] for name in ("both_right", "only_own", "only_live", "both_wrong")] == [None] * 4
    accuracy = shown["differences"]["accuracy"]
    assert (accuracy["low"], accuracy["high"], accuracy["p"], accuracy["differing"]) == (None,) * 4
    assert accuracy["verdict"] == beside["differences"]["accuracy"]["verdict"]
    agreeing = {
        c
        for a, b, c in product(range(91), repeat=3)
        if a + b + c <= 90 and a + b == 79 and abs(round((b - c) / 90, 2) - accuracy["value"]) < 1e-9
    }
    assert len(agreeing) > LEAST


def test_a_small_slice_and_the_next_go_with_the_sentences_that_name_them(measured):
    shown = suppress(measured, LEAST)
    rows = {item["where"][0]["level"]: item["rows"] for item in shown["slices"]}
    assert rows == {"north": 52, "south": 18, "west": None, "islet": None}
    named = {item["name"][0]["params"]["level"]: item for item in measured["slices"]}
    told = {"where": named["islet"]["name"][0], "metric": {"code": "performance.metric.accuracy", "params": {}}}
    message = {"code": "performance.worst.uncertain", "params": told | {"value": 0.25, "low": 0.1, "n": 4}}
    assert suppress_message(message, measured, LEAST)["params"] == told | {"value": None, "low": None, "n": None}
    north = {"code": "performance.worst.certain", "params": {"where": named["north"]["name"][0], "n": 52}}
    assert suppress_message(north, measured, LEAST) == north


def sliced(sizes: dict[str, list[int]], total: int, pairs=()) -> dict:
    def slice_(levels: list[tuple[str, str]], n: int) -> dict:
        where = [{"column": column, "level": level, "low": None, "high": None} for column, level in levels]
        name = [{"code": "performance.where.is", "params": {"column": c, "level": level}} for c, level in levels]
        return {
            "where": where, "name": name, "rows": n, "n": n, "cases": n, "value": 0.8125, "low": 0.5, "high": 0.9,
            "judged": n >= 30, "difference": 0.1, "p": 0.2, "worse": False, "live": None, "worse_than_live": False,
        }  # fmt: skip

    made = [slice_([(c, str(at))], n) for c, counts in sizes.items() for at, n in enumerate(counts) if n]
    made += [slice_([("a", str(i)), ("b", str(j))], n) for (i, j), n in pairs]
    return {"schema": "sekisho.performance/1", "n": total, "metrics": [], "slices": made, "sliced": {"metric": "mae"}}


@pytest.mark.parametrize("seed", range(20))
def test_no_small_slice_is_a_total_less_others_that_are_shown(seed):
    rng = random.Random(seed)
    cells = {(i, j): rng.choice([0, 1, 3, 4, 9, 40, 200]) for i in range(3) for j in range(3)}
    total = sum(cells.values())
    sizes = {
        "a": [sum(n for (i, _), n in cells.items() if i == at) for at in range(3)],
        "b": [sum(n for (_, j), n in cells.items() if j == at) for at in range(3)],
    }
    dropped = rng.choice([0, 1])  # the smallest of a column may not be listed at all
    sizes["a"] = sorted(sizes["a"])[dropped:]
    result = sliced(sizes, total, [(at, n) for at, n in cells.items() if n >= 30])
    shown = suppress(result, LEAST)["slices"]
    for column in ("a", "b"):
        mine = [i for i in shown if len(i["where"]) == 1 and i["where"][0]["column"] == column]
        known, unknown = [i["rows"] for i in mine if i["rows"] is not None], [i for i in mine if i["rows"] is None]
        rest = total - sum(known)
        assert all(n >= LEAST for n in known)
        assert rest == 0 or rest >= LEAST or not known
        assert len(unknown) != 1 or rest - next(n for n in sizes[column] if n not in known) > 0
    crossed = [item for item in shown if len(item["where"]) == 2]
    assert all(item["rows"] is None and item["low"] is None and item["p"] is None for item in crossed)
    assert {item["value"] for item in crossed} <= {0.81, None}


@pytest.fixture(scope="module")
def drifted(tmp_path_factory) -> dict:
    """Rates of three groups: the third has three cases now; the second has few positive ones."""
    before = {("f", 1, 1): 80, ("f", 0, 0): 120, ("m", 1, 1): 70, ("m", 0, 0): 90, ("x", 1, 1): 40, ("x", 0, 0): 50}
    after = {("f", 1, 0): 70, ("f", 0, 0): 130, ("m", 1, 1): 70, ("m", 0, 0): 90, ("x", 1, 1): 1, ("x", 0, 0): 2}
    folder = tmp_path_factory.mktemp("drifted")
    paths = []
    for name, cells in (("before", before), ("after", after)):
        (folder / name).mkdir()
        paths.append(table(folder / name, cells, "sex,label,prediction"))
    audit = audit_drift(
        *paths, columns=["sex"], prediction="prediction", label="label", sensitive=["sex"], positive="1"
    )
    return json.loads(json.dumps(audit.to_json()))


def test_small_groups_of_a_drift_audit_do_not_follow_from_totals(drifted):
    assert {rate["current"]["n"] for rate in drifted["fairness"]["rates"]} >= {3}
    shown = suppress(drifted, LEAST)
    sizes = {
        rate["group"]["sex"]: (rate["reference"]["n"], rate["current"]["n"], rate["change"])
        for rate in shown["fairness"]["rates"]
        if rate["rate"] == "selection_rate"
    }
    assert sizes["x"] == sizes["m"] == (None, None, None)  # 363 rows less f and m would be x
    assert sizes["f"][:2] == (200, 200)
    column = next(column for column in shown["columns"] if column["column"] == "sex")
    n = column["n"]["current"]
    steps = [share * n / LEAST for share in column["picture"]["current"]]
    assert steps == pytest.approx([round(step) for step in steps])
    assert column["chi2"] is None
    assert column["distance"] == round(column["distance"], 2)


def test_a_group_that_only_one_table_has_takes_the_next_smallest_along(drifted):
    result = copy.deepcopy(drifted)
    groups = result["fairness"]
    groups["rates"] = [rate for rate in groups["rates"] if rate["group"]["sex"] != "x"]
    groups["vanished"] = [{"sex": "x"}]  # its three cases are told nowhere, and are the total less the others
    shown = suppress(result, LEAST)["fairness"]["rates"]
    assert all(rate["reference"]["n"] is None for rate in shown if rate["group"]["sex"] == "m")


def test_the_sentence_of_a_kept_back_rate_says_no_number(drifted):
    words = {
        "rate": {"code": "fairness.metric.selection_rate", "params": {}},
        "group": {"code": "fairness.level", "params": {"feature": "sex", "level": "x"}},
    }
    inner = {"code": "drift.groups.fail", "params": words | {"change": -0.4, "low": -0.5, "tolerance": 0.1}}
    note = {"code": "drift.note.groups", "params": {"sentence": inner}}
    said = suppress_message(note, drifted, LEAST)["params"]["sentence"]["params"]
    assert said == words | {"change": None, "low": None, "tolerance": 0.1}
    f = json.loads(json.dumps(note).replace('"x"', '"f"'))
    assert suppress_message(f, drifted, LEAST) == f


GROUPS = {
    "groups": [
        {"group": {"sex": s}, "features": ["sex"], "n": n, "metrics": {}} for s, n in (("f", 500), ("m", 400), ("x", 3))
    ],
    "gaps": [{"metric": "any"}],
}


def gate_line(highest: str, n: int, lowest: str, lowest_n: int) -> dict:
    def level(name):
        return [{"code": "fairness.level", "params": {"feature": "sex", "level": name}}]

    params = {
        "feature": "sex", "value": "0.10012", "limit": "0.10", "low": "0.08712", "high": "0.11288",
        "highest": level(highest), "highest_n": n, "highest_value": "0.52", "lowest": level(lowest),
        "lowest_n": lowest_n, "lowest_value": "0.42",
    }  # fmt: skip
    return {
        "audit": "fairness", "measured": {"code": "gates.figure", "params": {"value": "0.10012"}},
        "message": {"code": "gates.fairness.fail", "params": params},
        "fix": {"code": "fairness.advice.difference", "params": {"value": 0.04}},
    }  # fmt: skip


def test_a_gates_sentence_counts_no_small_group_nor_the_one_beside_it():
    small, beside = gate_line("x", 3, "f", 500), gate_line("f", 500, "m", 400)
    wrapped = copy.deepcopy(small)
    wrapped["message"] = {"code": "gates.challenger", "params": {"name": "c", "finding": small["message"]}}
    verdict = {"message": {"code": "gates.verdict.blocked", "params": {"reason": small["message"]}}}
    verdict["results"] = [small, beside, wrapped]
    before = copy.deepcopy(verdict)
    told = suppress_gates(verdict, [GROUPS], LEAST)
    assert verdict == before
    numbers = ("value", "low", "high", "highest_value", "highest_n", "lowest_value", "lowest_n")
    reason = told["message"]["params"]["reason"]["params"]
    for params in (reason, told["results"][0]["message"]["params"],
                   told["results"][2]["message"]["params"]["finding"]["params"]):  # fmt: skip
        assert [params[name] for name in numbers] == [None] * len(numbers)
    assert told["results"][0]["measured"]["params"]["value"] is None
    assert told["results"][0]["fix"]["params"]["value"] is None
    params = told["results"][1]["message"]["params"]
    assert (params["highest_n"], params["lowest_n"]) == (500, None)
    assert (params["value"], params["low"], params["high"]) == ("0.10", "0.08", "0.12")  # no surer than it was
    assert told["results"][1]["fix"] == beside["fix"]


def test_limits_are_rounded_away_from_surety_and_so_are_plain_words():
    gap = {
        "metric": "demographic_parity_difference", "rate": "selection_rate", "feature": "sex", "value": 0.2049,
        "low": 0.1265, "high": 0.2832, "tolerance": 0.125, "verdict": "fail", "advice": None,
        "highest": {"group": {"sex": "m"}, "value": 0.5049, "n": 400},
        "lowest": {"group": {"sex": "f"}, "value": 0.3, "n": 500},
        "message": {"code": "fairness.gap.fail.difference", "params": {"low": 0.1265, "high": 0.2832, "highest": "m",
                    "lowest": "f", "highest_n": 400, "lowest_n": 500, "value": 0.2049}},
    }  # fmt: skip
    shown = suppress(GROUPS | {"gaps": [gap]}, LEAST)["gaps"][0]
    assert (shown["low"], shown["high"], shown["tolerance"]) == (0.12, 0.29, 0.125)
    assert (shown["message"]["params"]["low"], shown["message"]["params"]["highest_n"]) == (0.12, None)
    plain = plain_words({}, shown)
    assert (plain.least, plain.most) == (12, 29)  # 0.1265 was at least 12 in 100, never 13


@pytest.mark.django_db
def test_verdict_promotion_and_dossier_say_no_small_group(cast, as_user, settings):
    """The oldest twenty are the least selected: every stored sentence that names them loses its numbers."""
    settings.LEAST_CELL = 50
    version = make.make_version(make.make_model(cast.team))
    make.audit_lineage(version)
    audit = make.audit_fairness(version)
    result = copy.deepcopy(audit.result)
    gap = next(gap for gap in result["gaps"] if gap["metric"] == "demographic_parity_difference")
    small = next(group for group in result["groups"] if group["group"] == {"age": "old"})
    gap["lowest"] |= {"group": small["group"], "n": small["n"], "value": 0.05}
    gap |= {"value": 0.4321, "low": 0.3987, "high": 0.4655}
    type(audit).objects.filter(pk=audit.pk).update(result=result)
    address = f"/api/v1/verdict/?registry=main&model={version.model.name}&version=1&environment=production"
    browser = as_user(cast.member)
    answered = json.loads(browser.get(address).content)
    line = next(reason for reason in answered["reasons"] if reason["audit"] == "fairness")
    assert line["outcome"] == "fail"
    assert "old" in line["sentence"]
    assert "n = 20" not in line["sentence"]
    assert "0.43" not in json.dumps(answered)
    promotion = make_promotion(version, cast.member)
    listed = browser.get("/api/v1/promotions/").json()["results"]
    printed = [say(gate.result.message) for row in dossier(version)["judged"] for gate in row.lines]
    kept = json.dumps(promotion.verdict)
    assert "0.43" in kept  # the record keeps what was decided on
    for said in (json.dumps(listed), " ".join(printed)):
        assert "old" in said
        assert "0.43" not in said
        assert "n = 20" not in said


def make_promotion(version, by):
    from governance.models import Promotion
    from governance.verdict import judge

    judged = judge(version, "production")
    return Promotion.objects.create(
        version=version, environment="production", policy=judged.policy, requested_by=by,
        state=PromotionState.REFUSED, outcome=judged.verdict.outcome, verdict=judged.verdict.to_json(),
    )  # fmt: skip
