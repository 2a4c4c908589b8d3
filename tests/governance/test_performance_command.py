"""``manage.py audit performance``: JSON alone, a table that a person reads, and 2 with a sentence for bad input."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from governance.management.commands.audit import Command
from tests.governance.factories import predicted


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "predictions.parquet"
    predicted("binary", "region").to_parquet(path)
    return path


def run(path, *flags, **changed) -> str:
    options = {"data": path, "label": "label", "prediction": "prediction", "replicates": 200} | changed
    out = io.StringIO()
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    call_command(Command(), "performance", *arguments, *flags, stdout=out)
    return out.getvalue()


def test_json_alone_with_the_options(data):
    result = json.loads(
        run(
            data, "--json", "--bins=age=30,60", score="score", metric="recall", baseline="live", slices="age, region",
            min_cases=20, confidence=0.9, seed=3,
        )
    )  # fmt: skip
    assert result["schema"] == "sekisho.performance/1"
    assert (result["verdict"], result["metric"], result["baseline"]) == ("pass", "recall", "live")
    assert result["data"]["name"] == "predictions.parquet"
    settings = result["settings"]
    assert (settings["min_cases"], settings["confidence"], settings["seed"]) == (20, 0.9, 3)
    assert settings["slices"] == ["age", "region"]
    assert result["slices"][0]["where"] == [{"column": "age", "level": None, "low": 60.0, "high": None}]


def test_without_json_a_person_can_read_it(data):
    text = run(data, slices="age", bins="age=30,60", score="0=live,1=score")
    assert text.startswith("PASS\nThe accuracy is 0.79")
    assert "Worst where age ≥ 60: accuracy" in text
    assert "age ≥ 60" in text.splitlines()[-3]
    assert text.splitlines()[-3].endswith("worse than the rest")
    assert "AUC" in text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": "lable"}, "There is no column lable in the evaluation data. Near it: label."),
        ({"data": "nowhere.parquet"}, "There is no file nowhere.parquet."),
        ({"prediction": "score"}, "The predictions in score look like scores"),
        ({"bins": "age:30"}, "Bin edges are written as COLUMN=EDGE,EDGE, not as age:30."),
        ({"score": "region"}, "The column region is not numeric."),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(data, changed, sentence):
    with pytest.raises(CommandError) as caught:
        run(changed.pop("data", data), "--json", **changed)
    assert caught.value.returncode == 2
    assert sentence in str(caught.value)
