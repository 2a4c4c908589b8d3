"""Checklists, shared criteria, alternatives, tools, pulses and maps between versions."""

import copy

import pytest
import yaml

from assessments import framework as frameworks
from assessments.framework import FrameworkError, faults, filled, from_filled, history, load, shipped
from assessments.framework_checks import map_problems
from assessments.framework_filling import fill, homes_of
from portal.message import Message

T = {"en": "Text", "ja": "文"}
HOME = "mlops-maturity/training.pipeline-built"


def criterion(id, **fields):
    written = {"id": id, "level": 1, "required": True, "practice": id.partition(".")[2], "theme": "other"}
    written |= {"effort": 2, "auto": "N", "title": T, "statement": T, "challenge": T, "how": T}
    return written | fields


def framework(*criteria, **fields):
    written = {
        "key": "small",
        "version": 1,
        "title": T,
        "description": T,
        "themes": {"other": T},
        "levels": [{"number": number, "title": T, "text": T} for number in (0, 1)],
        "dimensions": [{"key": "alpha", "title": T, "text": T}],
        "criteria": list(criteria) or [criterion("alpha.one"), criterion("alpha.two")],
    }
    return written | fields


def checklist(*criteria, **fields):
    written = framework(*criteria, kind="checklist", **fields)
    del written["levels"]
    for one in written["criteria"]:
        one.pop("level", None)
    return written


def text(data):
    return yaml.safe_dump(copy_of(data), allow_unicode=True, sort_keys=False, width=1000)


def copy_of(value):
    """The same with no part shared, since YAML would write an alias for it."""
    if isinstance(value, dict):
        return {key: copy_of(part) for key, part in value.items()}
    return [copy_of(part) for part in value] if isinstance(value, list) else value


def made(data):
    return load(text(data))


def refusal(data):
    with pytest.raises(FrameworkError) as caught:
        load(data if isinstance(data, str) else text(data))
    return str(caught.value)


def line_of(data, words, nth=0):
    return [number for number, line in enumerate(text(data).splitlines(), 1) if words in line][nth]


# -- checklists


def test_a_checklist_is_a_ladder_of_one_step():
    data = checklist(criterion("alpha.one"), criterion("alpha.two", required=False))
    data["dimensions"][0]["cells"] = [T, T]
    data["dimensions"].append({"key": "beta", "title": T, "text": T})
    data["criteria"].append({**criterion("beta.one", required=False)})
    del data["criteria"][-1]["level"]
    found = made(data)
    assert found.is_checklist
    assert found.top == 1
    assert [level.number for level in found.levels] == [0, 1]
    assert found.level(1).title.in_("ja") == "すべて達成"
    assert {one.level for one in found.criteria} == {1}
    assert not made(framework()).is_checklist


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.update(levels=[]), "levels: a checklist has no levels"),
        (lambda data: data["criteria"][0].update(level=1), "criteria[alpha.one].level: a checklist has no levels"),
        (
            lambda data: data["dimensions"][0].update(adds_nothing=[1]),
            "dimensions[alpha].adds_nothing: a checklist has no levels",
        ),
        (lambda data: data["dimensions"][0].update(cells=[T]), "cells: one text a level is expected: 2"),
    ],
)
def test_a_checklist_writes_no_levels(change, words):
    data = checklist()
    change(data)
    assert words in refusal(data)


def test_what_is_levelled_needs_its_levels():
    data = framework()
    del data["levels"]
    assert refusal(data) == "Line 1, levels: this field is missing."
    assert "kind: one of these is expected: 'levelled' or 'checklist'." in refusal(framework(kind="list"))
    data = framework()
    del data["criteria"][0]["level"]
    assert ", criteria[alpha.one].level: this field is missing." in refusal(data)


# -- the same as


def short(**fields):
    written = {"id": "alpha.one", "level": 1, "required": True, "theme": "other", "title": T, "same_as": HOME}
    return written | fields


def test_the_same_takes_over_what_is_not_written():
    home = shipped()["mlops-maturity"].by_id["training.pipeline-built"]
    own = made(framework(short(how=T, prerequisites=[]))).by_id["alpha.one"]
    for name in ("statement", "challenge", "practice", "effort", "auto", "live", "person", "supports", "contradicts"):
        assert getattr(own, name) == getattr(home, name), name
    assert own.how.in_("en") == "Text"
    assert own.title.in_("en") == "Text"
    assert own.theme == "other"
    assert own.same_as == HOME
    assert home.prerequisites
    assert own.prerequisites == ()


def test_a_home_for_which_nothing_applies_can_be_refused_here():
    home = "mlops-maturity/release.engineer-performed"
    taken = made(framework(short(same_as=home))).by_id["alpha.one"]
    assert taken.na_allowed
    assert not made(framework(short(same_as=home, na_reason=None))).by_id["alpha.one"].na_allowed


def test_the_digest_is_of_what_was_filled_and_stays_when_the_home_changes():
    data = framework(short())
    found = made(data)
    content = filled(text(data))
    assert content["criteria"][0]["statement"]["en"] == found.by_id["alpha.one"].statement.en
    assert from_filled(content) == found
    assert from_filled(content).digest == found.digest
    homes = {HOME: criterion("training.pipeline-built", statement={"en": "Otherwise", "ja": "別"})}
    changed, problems = fill(data, homes)
    assert not problems
    assert from_filled(changed).digest != found.digest
    assert "statement" not in data["criteria"][0]


@pytest.mark.parametrize(
    ("home", "words"),
    [
        ("mlops-maturity/training.nowhere", "is no criterion of a shipped framework"),
        ("nowhere/training.pipeline-built", "is no criterion of a shipped framework"),
        ("training.pipeline-built", "is no criterion of a shipped framework"),
        (3, "3 is no criterion of a shipped framework"),
    ],
)
def test_the_same_as_nothing_names_line_and_field(home, words):
    data = framework(short(same_as=home))
    said = refusal(data)
    assert said.startswith(f"Line {line_of(data, 'same_as')}, criteria[alpha.one].same_as: ")
    assert words in said


def test_the_same_is_neither_passed_on_nor_taken_from_itself():
    homes = homes_of([{"key": "other", "criteria": [short()]}])
    _, [(path, reason)] = fill(framework(short(same_as="other/alpha.one")), homes)
    assert path == ("criteria", 0, "same_as")
    assert str(reason) == f"other/alpha.one takes its own text from {HOME}; name that one"
    _, [(_, reason)] = fill(framework(short(same_as="small/alpha.one")), homes)
    assert str(reason) == "small/alpha.one cannot take its text from itself; name another one"


def test_two_of_one_framework_may_be_the_same_and_the_written_text_counts():
    stale = homes_of([framework(criterion("alpha.two", statement={"en": "Old", "ja": "旧"}))])
    data = framework(short(same_as="small/alpha.two"), criterion("alpha.two"))
    content, problems = fill(data, stale)
    assert not problems
    assert content["criteria"][0]["statement"] == T
    assert made(data).by_id["alpha.one"].practice == made(data).by_id["alpha.two"].practice


# -- alternatives, pulses, tools


def test_alternatives_may_name_each_other():
    found = made(framework(criterion("alpha.one", any_of=["alpha.two"]), criterion("alpha.two", any_of=["alpha.one"])))
    assert found.by_id["alpha.one"].any_of == ("alpha.two",)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["alpha.one"], "any_of[1]: alpha.one cannot be its own alternative."),
        (["alpha.nine"], "any_of[1]: there is no criterion alpha.nine."),
        (["alpha.two", "alpha.two"], "any_of[2]: alpha.two stands twice."),
    ],
)
def test_alternatives_are_checked(names, words):
    data = framework(criterion("alpha.one", any_of=names), criterion("alpha.two"))
    line = line_of(data, "any_of:") + len(names)
    assert refusal(data) == f"Line {line}, criteria[alpha.one].{words}"


def test_a_map_says_which_tool_covers_what():
    tool = {"key": "mlflow", "title": T, "text": T, "seen": {"fact": "mlf.runs", "at_least": 1}}
    one = criterion("alpha.one", covered_by={"mlflow": "part"}, limits={"mlflow": T})
    found = made(checklist(one, tools=[tool]))
    assert found.criteria[0].covered_by == {"mlflow": "part"}
    assert found.criteria[0].limits["mlflow"].in_("ja") == "文"
    assert found.tools[0].seen.facts() == {"mlf.runs"}
    one["covered_by"] = {"dvc": "full"}
    assert "criteria[alpha.one].covered_by.dvc: there is no tool dvc." in refusal(checklist(one, tools=[tool]))
    one["covered_by"] = {"mlflow": "half"}
    assert "covered_by.mlflow: one of these is expected: 'full' or 'part'." in refusal(checklist(one, tools=[tool]))
    assert "tools[mlflow].key: mlflow stands twice." in refusal(checklist(tools=[tool, tool]))
    tool["seen"] = {"fact": "mlf.rums", "at_least": 1}
    assert "tools[mlflow].seen.fact: there is no fact mlf.rums." in refusal(checklist(tools=[tool]))


def test_a_pulse_and_the_days_of_a_review():
    found = made(framework(criterion("alpha.one", pulse=T), review_days=90))
    assert found.criteria[0].pulse.in_("en") == "Text"
    assert found.review_days == 90
    assert made(framework()).review_days == 365
    assert "review_days: it must be 1 or more." in refusal(framework(review_days=0))


# -- bad input: one sentence with line and field


def test_each_bad_framework_gets_one_sentence_with_line_and_field():
    cycle = framework(
        criterion("alpha.one", prerequisites=["alpha.two"]), criterion("alpha.two", prerequisites=["alpha.one"])
    )
    assert refusal(cycle) == (
        f"Line {line_of(cycle, 'prerequisites')}, criteria[alpha.one].prerequisites: alpha.one waits for itself."
    )
    gap = framework(levels=[{"number": number, "title": T, "text": T} for number in (0, 2)])
    assert refusal(gap) == (
        f"Line {line_of(gap, 'number: 2')}, levels[2].number: levels count up from 0; 1 is expected here."
    )
    twice = framework(criterion("alpha.one"), criterion("alpha.one"))
    assert refusal(twice) == (
        f"Line {line_of(twice, 'id: alpha.one', 1)}, criteria[alpha.one].id: alpha.one stands twice."
    )
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert refusal(bomb) == "Line 2: aliases (*name) are not read; write the part out."
    silent = framework(criterion("alpha.one", how={"en": "Do it."}))
    assert refusal(silent) == (f"Line {line_of(silent, 'how:')}, criteria[alpha.one].how.ja: this field is missing.")
    empty = framework(criterion("alpha.one", how={"en": "Do it.", "ja": ""}))
    assert refusal(empty) == (f"Line {line_of(empty, 'how:') + 2}, criteria[alpha.one].how.ja: it must not be empty.")


def test_all_faults_are_told_in_the_order_of_their_lines():
    data = framework(criterion("alpha.one", effort=9), criterion("alpha.two", how={"en": "Do it."}), version="x")
    found = faults(text(data))
    assert [fault.field for fault in found] == ["version", "criteria[alpha.one].effort", "criteria[alpha.two].how.ja"]
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    assert str(found[0].message) == "Line 2, version: a whole number is expected."
    assert faults(text(framework())) == ()
    [fault] = faults("key: small\nversion: [1\n")
    assert fault.line > 1
    [fault] = faults("- 1")
    assert "fields with values are expected" in str(fault.message)


# -- maps between versions


def change(kind, from_, to=(), **fields):
    return {"kind": kind, "from": list(from_), "to": list(to), "answers": "keep", "why": T} | fields


def second(*changes, criteria=None, **fields):
    written = framework(*(criteria or ()), version=2, migrates={"from": 1, "changes": list(changes)})
    return written | fields


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([change("renamed", ["alpha.old"], ["alpha.nine"])], "changes[1].to[1]: there is no criterion alpha.nine."),
        ([change("renamed", ["alpha.a", "alpha.b"], ["alpha.one"])], "changes[1].from: renamed takes this many"),
        ([change("renamed", ["alpha.a"], [])], "changes[1].to: renamed takes this many criteria here: 1."),
        ([change("split", ["alpha.a"], [])], "changes[1].to: this field is missing."),
        (
            [change("merged", ["alpha.a"], ["alpha.one", "alpha.two"])],
            "changes[1].to: merged takes this many criteria here: 1.",
        ),
        ([change("retired", ["alpha.a"], ["alpha.one"], answers="drop")], "changes[1].to: retired takes this many"),
        ([change("retired", ["alpha.a"])], "changes[1].answers: what is retired has nowhere to go"),
        ([change("tightened", ["alpha.one"], ["alpha.two"])], "changes[1].to: tightened keeps its criteria"),
        ([change("gone", ["alpha.a"])], "changes[1].kind: one of these is expected"),
        ([change("renamed", [], ["alpha.one"])], "changes[1].from: it must not be empty"),
        (
            [change("renamed", ["alpha.a"], ["alpha.one"]), change("renamed", ["alpha.a"], ["alpha.two"])],
            "changes[2].from[1]: alpha.a stands twice.",
        ),
        (
            [change("renamed", ["alpha.a"], ["alpha.one"]), change("renamed", ["alpha.b"], ["alpha.one"])],
            "changes[2].to[1]: alpha.one stands twice.",
        ),
    ],
)
def test_the_shape_of_a_map_is_checked(changes, words):
    said = refusal(second(*changes))
    assert said.startswith("Line ")
    assert f", migrates.{words}" in said


def test_a_map_leads_from_a_version_before():
    assert "migrates.from: a version before 2 is expected." in refusal(second(migrates={"from": 2, "changes": []}))


def first(*names):
    return made(framework(*(criterion(name) for name in names)))


@pytest.mark.parametrize(
    ("before", "changes", "words"),
    [
        (["alpha.one", "alpha.old"], [], "alpha.old was in the version before; say what became of it"),
        (
            ["alpha.one", "alpha.old"],
            [change("renamed", ["alpha.older"], ["alpha.two"]), change("retired", ["alpha.old"], answers="drop")],
            "the version before has no criterion alpha.older",
        ),
        (
            ["alpha.one", "alpha.old"],
            [change("renamed", ["alpha.old"], ["alpha.one"])],
            "alpha.one is in the version before too; name it among those that this change leads from",
        ),
    ],
)
def test_a_map_is_checked_against_the_version_before(before, changes, words):
    [(path, reason)] = map_problems(first(*before), made(second(*changes)))
    assert path[0] == "migrates"
    assert str(reason) == words


def test_a_map_that_tells_of_everything_has_no_problem():
    old = first("alpha.one", "alpha.old", "alpha.other")
    merged = change("merged", ["alpha.one", "alpha.old"], ["alpha.one"])
    new = made(second(merged, change("renamed", ["alpha.other"], ["alpha.two"])))
    assert list(map_problems(old, new)) == []
    later = made(framework(version=3, migrates={"from": 2, "changes": []}))
    [(path, reason)] = map_problems(old, later)
    assert (path, reason) == (("migrates", "from"), Message("maturity.check.map-other", {"version": 1}))


# -- what is shipped


def test_the_shipped_frameworks_are_the_files_of_the_folder():
    keys = {path.stem for path in frameworks.FOLDER.glob("*.yaml")}
    assert set(shipped()) == keys
    for key, found in shipped().items():
        assert found.key == key
        assert load(frameworks.FOLDER / f"{key}.yaml") == found


def test_a_version_shipped_before_stays_and_leads_on(tmp_path, monkeypatch):
    old, new = framework(criterion("alpha.one")), second(change("renamed", ["alpha.one"], ["alpha.two"]))
    new["criteria"] = [criterion("alpha.two")]
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "small-1.yaml").write_text(text(old), encoding="utf-8")
    (tmp_path / "small.yaml").write_text(text(new), encoding="utf-8")
    monkeypatch.setattr(frameworks, "FOLDER", tmp_path)
    cached = (shipped, history, frameworks._documents, frameworks._homes)
    for function in cached:
        function.cache_clear()
    try:
        assert shipped()["small"].version == 2
        assert history()["small", 1].digest == made(old).digest
        assert not list(map_problems(history()["small", 1], shipped()["small"]))
    finally:
        for function in cached:
            function.cache_clear()


def test_each_shipped_version_leads_to_the_next():
    for (key, version), old in history().items():
        following = history().get((key, version + 1), shipped()[key])
        assert list(map_problems(old, following)) == []


def test_filling_changes_nothing_of_what_it_was_given():
    data = framework(short())
    before = copy.deepcopy(data)
    homes = homes_of([{"key": "mlops-maturity", "criteria": [criterion("training.pipeline-built")]}])
    fill(data, homes)
    assert data == before
