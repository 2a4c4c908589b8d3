import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from assessments.framework import shipped
from tests.assessments.test_framework import SMALL
from tests.assessments.test_scoring import TEAMS

MATURITY = shipped()["mlops-maturity"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def level(capsys):
    def run(*arguments):
        call_command("level", "--framework", "mlops-maturity", *map(str, arguments))
        return capsys.readouterr().out

    return run


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "answers.yaml"
        path.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
        return path

    return write


def answered(answers):
    entries = {key: {"answer": answer.value, "reason": "as seen"} for key, answer in answers.items()}
    return {"framework": "mlops-maturity", "answers": entries}


@pytest.mark.parametrize("name", TEAMS)
def test_a_file_of_answers_is_scored(level, file, name):
    answers, dimensions, overall = TEAMS[name]
    found = json.loads(level("--answers", file(answered(answers)), "--json"))
    assert list(found["dimensions"]) == ["training", "release", "integration"]
    assert tuple(part["claimed"] for part in found["dimensions"].values()) == dimensions
    assert found["overall"]["claimed"] == overall
    assert (found["framework"], found["version"], found["digest"]) == (
        "mlops-maturity",
        MATURITY.version,
        MATURITY.digest,
    )
    for part in (found["overall"], *found["dimensions"].values()):
        assert part.keys() == {"claimed", "at_least", "at_most", "blocking"}


def test_the_template_read_back_is_all_unknown(level, file):
    template = level("--template")
    data = yaml.safe_load(template)
    assert data["framework"] == "mlops-maturity"
    assert list(data["answers"]) == [criterion.id for criterion in MATURITY.criteria]
    assert all(entry == {"answer": None, "reason": None} for entry in data["answers"].values())
    assert all(f"# {criterion.statement.en}" in template for criterion in MATURITY.criteria)
    found = json.loads(level("--answers", file(template), "--json"))
    assert (found["overall"]["claimed"], found["overall"]["at_most"]) == (0, 4)
    assert len(found["overall"]["blocking"]) == 7


def test_the_template_in_japanese_asks_in_japanese(level):
    template = level("--template", "--language", "ja")
    assert all(f"# {criterion.statement.ja}" in template for criterion in MATURITY.criteria)
    assert MATURITY.criteria[0].statement.en not in template


def test_yes_and_no_of_yaml_are_understood(level, file):
    text = "answers:\n" + "".join(f"  {c.id}: {{answer: yes}}\n" for c in MATURITY.criteria if c.level < 3)
    text += "  release.cicd-pipeline: {answer: no}\n  release.versioned:\n  release.human-minimal: {answer: 'Partly'}\n"
    found = json.loads(level("--answers", file(text), "--json"))
    assert (found["overall"]["claimed"], found["overall"]["at_most"]) == (2, 2)
    assert "release.cicd-pipeline" in found["dimensions"]["release"]["blocking"]


def test_no_live_model_can_be_said_in_the_file(level, file):
    data = answered(TEAMS["C"][0])
    assert json.loads(level("--answers", file(data | {"live_models": 2}), "--json"))["overall"]["claimed"] == 2
    assert json.loads(level("--answers", file(data | {"live_models": 0}), "--json"))["overall"]["claimed"] == 1


def test_without_json_it_is_words(level, file):
    text = level("--answers", file(answered(TEAMS["C2"][0])))
    assert "Overall: level 0\n" in text
    assert "Release: level 0\n    release.engineer-performed: An engineer or a pipeline releases" in text
    assert "Overall: level 0 claimed (at least 0, at most 4)" in level("--answers", file("answers: {}"))


def answer(value):
    return "answers:\n  training.code-hosted: " + value


BAD = {
    "training.code-hosted cannot be answered with na": answer("{answer: na, reason: none}"),
    "There is no criterion training.magic in mlops-maturity": "answers:\n  training.magic: {answer: yes}",
    "Line 2, answers.training.code-hosted.answer: maybe is no answer": answer("{answer: maybe}"),
    "Line 2, answers.training.code-hosted.answer: 3 is no answer": answer("{answer: 3}"),
    "answers.training.code-hosted.answer: ['yes'] is no answer": answer("{answer: ['yes']}"),
    "answers.training.code-hosted.reason: text is expected": answer("{answer: yes, reason: 5}"),
    "answers.training.code-hosted.anwser: this field is not known": answer("{anwser: yes}"),
    "answers.training.code-hosted: fields with values are expected": answer("yes"),
    "Line 3: training.code-hosted stands twice": answer("{answer: yes}\n  training.code-hosted: {answer: no}"),
    "Line 1, answers: this field is missing": "framework: mlops-maturity",
    "Line 1, answers: fields with values are expected": "answers: [1, 2]",
    "Line 1, framework: the file answers cd4ml, not mlops-maturity": "framework: cd4ml\nanswers: {}",
    "Line 2, team: this field is not known": "answers: {}\nteam: A",
    "Line 2: this is not valid YAML": "answers: {\n  - ]",
    "Line 2, live_models: a whole number is expected": "answers: {}\nlive_models: none",
    "The file is empty": "",
    "Line 1, document: fields with values are expected": "yes",
    "At least one of these must apply: release.online-deploy-pipeline, release.batch-deploy-pipeline": (
        "answers: {release.online-deploy-pipeline: {answer: na}, release.batch-deploy-pipeline: {answer: na}}"
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_bad_input_is_one_sentence_and_two(level, file, sentence, capsys):
    with pytest.raises(CommandError) as caught:
        level("--answers", file(BAD[sentence]), "--json")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.returncode == 2
    assert capsys.readouterr().out == ""


def test_a_missing_file_and_an_unknown_framework(level, tmp_path):
    with pytest.raises(CommandError, match=r"none\.yaml cannot be read: No such file or directory\.") as caught:
        level("--answers", tmp_path / "none.yaml")
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match=r"There is no framework cd9; known are: .*mlops-maturity") as caught:
        call_command("level", "--framework", "cd9", "--template")
    assert caught.value.returncode == 2


def test_a_framework_of_ones_own_is_read_from_its_file(tmp_path, file, capsys):
    own = tmp_path / "own.yaml"
    own.write_text(SMALL, encoding="utf-8")
    answers = file("answers: {alpha.one: {answer: yes}}")
    call_command("level", "--framework", str(own), "--answers", str(answers), "--json")
    assert json.loads(capsys.readouterr().out)["overall"]["claimed"] == 1
    own.write_text(SMALL.replace("effort: 2", "effort: much"), encoding="utf-8")
    with pytest.raises(CommandError, match=r"Line 18, criteria\[alpha\.one\]\.effort: a whole number is expected"):
        call_command("level", "--framework", str(own), "--template")


def test_it_needs_no_database_and_no_environment(file, tmp_path):
    """As a stranger runs it: an empty environment, and a home that cannot be written."""
    empty = {"PATH": os.environ["PATH"], "SEKISHO_HOME": str(tmp_path / "none" / "at" / "all")}
    command = [sys.executable, str(ROOT / "manage.py"), "level", "--framework", "mlops-maturity", "--json"]

    def run(text):
        return subprocess.run(
            [*command, "--answers", file(text)], env=empty, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )

    good = run(answered(TEAMS["D"][0]))
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["overall"]["claimed"] == 3
    bad = run("answers: {training.code-hosted: {answer: na}}")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.strip().count("\n") == 0
    assert "training.code-hosted" in bad.stderr
    assert not (tmp_path / "none").exists()
