"""``manage.py audit fairness``: JSON alone, a readable table, and 2 with a sentence for bad input; no database."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from governance.management.commands.audit import Command

pytestmark = [
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path):
    """400 decisions: women who should be chosen are missed more often; ages from 20 to 69."""
    cells = [("F", 1, 1, 40), ("F", 1, 0, 60), ("F", 0, 0, 100), ("M", 1, 1, 90), ("M", 1, 0, 10), ("M", 0, 0, 100)]
    rows = [(sex, y, p) for sex, y, p, n in cells for _ in range(n)]
    path = tmp_path / "decisions.parquet"
    table = pd.DataFrame(rows, columns=["sex", "hired", "chosen"])
    table.assign(age=[20 + i % 50 for i in range(len(table))]).to_parquet(path)
    return path


def arguments(path, **changed) -> list[str]:
    options = {"data": path, "label": "hired", "prediction": "chosen", "sensitive": "sex"} | changed
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


def run(path, *flags, **changed) -> str:
    out = io.StringIO()
    call_command(Command(), "fairness", *arguments(path, **changed), *flags, stdout=out)
    return out.getvalue()


def test_json_alone_on_standard_output(data):
    result = json.loads(run(data, "--json"))
    assert result["schema"] == "sekisho.fairness/1"
    assert result["verdict"] == "fail"
    assert {group["group"]["sex"]: group["n"] for group in result["groups"]} == {"F": 200, "M": 200}
    rate = result["groups"][0]["metrics"]["true_positive_rate"]
    assert rate["value"] == pytest.approx(0.4)
    assert rate["low"] < 0.4 < rate["high"]
    assert {gap["metric"] for gap in result["gaps"] if gap["judged"]} == {
        "demographic_parity_difference",
        "equalized_odds_difference",
    }


def test_without_json_a_person_can_read_it(data):
    text = run(data)
    assert text.startswith("FAIL\nThe true positive rate by sex differs by 0.5 where 0.1 is allowed")
    assert "0.400 [" in text
    assert "fail          sex: equalized_odds_difference 0.500" in text


def test_options_reach_the_engine(data):
    result = json.loads(
        run(
            data, "--json", "--bins=age=30,45", "--no-intersections", sensitive="sex, age", tolerance=0.7, min_group=10,
            judge="equal_opportunity_difference", positive="1", seed=4,
        )
    )  # fmt: skip
    ages = [group["group"]["age"] for group in result["groups"] if "age" in group["group"]]
    assert ages == ["<30", "[30, 45)", "≥45"]
    assert result["settings"]["tolerance"] == 0.7
    assert result["settings"]["min_group"] == 10
    assert result["settings"]["judge"] == ["equal_opportunity_difference"]
    assert result["settings"]["seed"] == 4
    assert {tuple(gap["features"]) for gap in result["gaps"]} == {("sex",), ("age",)}


def test_scores_weights_numbers_pools_and_periods_reach_the_engine(data, tmp_path):
    table = pd.read_parquet(data)
    table["score"] = table["chosen"] * 0.5 + table["age"] / 200
    table["weight"] = table["age"] / 40
    table.to_parquet(tmp_path / "more.parquet")
    flags = ["--json", "--score=score", "--weight=weight", "--bins=age=30,50", "--pool=age:older=≥50"]
    with pytest.raises(CommandError, match="Pools are written as"):
        run(tmp_path / "more.parquet", "--pool=age")
    result = json.loads(
        run(tmp_path / "more.parquet", *flags, f"--data={tmp_path / 'more.parquet'}", sensitive="sex,age")
    )
    assert (result["rows"], result["weight"], result["score"]) == (800, "weight", "score")
    assert "auc" in result["overall"]
    assert {"age": "older"} in [group["group"] for group in result["groups"]]
    assert len(result["data"]["files"]) == 2
    text = run(
        tmp_path / "more.parquet", "--task=regression", "--scale=1", label="age", prediction="score", tolerance=50
    )
    assert text.startswith("PASS\nThe mean")
    assert "mean absolute error" in text


@pytest.mark.parametrize(
    ("changed", "flags", "sentence"),
    [
        ({"label": "hire"}, [], "There is no column hire in the evaluation data. Near it: hired."),
        ({"positive": "yes"}, [], "The positive class yes is not among the values of hired: 0, 1."),
        ({"tolerance": "7"}, [], "The tolerance must be at least 0 and below 1, not 7."),
        ({"sensitive": ","}, [], "Name at least one sensitive column."),
        ({"data": "nowhere.parquet"}, [], "There is no file nowhere.parquet."),
        ({}, ["--bins=age:30"], "Bin edges are written as COLUMN=EDGE,EDGE, not as age:30."),
        ({}, ["--bins=age=young"], "Bin edges are written as COLUMN=EDGE,EDGE, not as age=young."),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(data, changed, flags, sentence):
    with pytest.raises(CommandError) as caught:
        run(changed.pop("data", data), "--json", *flags, **changed)
    assert caught.value.returncode == 2
    assert sentence in str(caught.value)


def test_as_a_process_without_environment_or_database(data, tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SEKISHO_HOME": str(tmp_path / "no-home")}
    command = [sys.executable, str(ROOT / "manage.py"), "audit", "fairness", "--json"]

    def process(**changed):
        return subprocess.run(
            [*command, *arguments(data, **changed)], env=environment, cwd=tmp_path, capture_output=True, text=True
        )

    good = process()
    assert (good.returncode, json.loads(good.stdout)["verdict"]) == (0, "fail")
    bad = process(label="hire")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "There is no column hire" in bad.stderr
    assert "Traceback" not in bad.stderr
    assert not (tmp_path / "no-home" / "sekisho.sqlite3").exists()
    assert not list(tmp_path.rglob("*.sqlite3"))
