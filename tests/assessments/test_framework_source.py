"""A framework's text: written out, copied, and changed in one place with the rest left alone."""

import difflib

import pytest

from assessments import framework_source as source
from assessments.framework import FOLDER, document, history, load, shipped
from tests.assessments.random_frameworks import WORDS
from tests.assessments.test_framework_kinds import HOME, criterion, framework, second, short, text

KEYS = sorted(shipped())
TITLE = {"en": "Ours", "ja": "自社版"}


def changed_lines(before, after):
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize("key", KEYS)
def test_a_shipped_text_is_complete_and_gives_the_same_framework(key):
    written = source.shipped_text(shipped()[key])
    assert load(written, complete=True) == shipped()[key]


def test_a_text_that_is_complete_is_left_alone():
    own = text(framework())
    assert source.completed(own) == own
    leaning = text(framework(short()))
    assert source.completed(leaning) != leaning
    assert load(source.completed(leaning), complete=True) == load(leaning)


def test_versions_shipped_before_have_their_text_too():
    for old in history().values():
        assert load(source.shipped_text(old), complete=True) == old
    with pytest.raises(LookupError):
        source.shipped_text(load(text(framework())))


@pytest.mark.parametrize("key", KEYS)
def test_a_copy_is_a_first_version_with_its_own_name(key):
    original = shipped()[key]
    copy = load(source.copied(source.shipped_text(original), key="our-own", title=TITLE))
    assert (copy.key, copy.version, copy.title.in_("ja")) == ("our-own", 1, "自社版")
    assert copy.criteria == original.criteria
    assert copy.migrates is None


def test_a_copy_keeps_the_comments():
    before = FOLDER.joinpath("mlops-maturity.yaml").read_text("utf-8")
    copy = source.copied(before, key="our-own", title=TITLE)
    assert copy.splitlines()[0] == before.splitlines()[0]
    assert copy.count("#") == before.count("#")


def test_the_next_version_has_an_empty_map():
    following = load(source.next_version("# mine\n" + text(framework()), 2))
    assert (following.version, following.migrates.from_, following.migrates.changes) == (2, 1, ())
    third = source.next_version("# mine\n" + text(second()), 3)
    assert load(third).migrates.from_ == 2
    assert third.startswith("# mine\n")


def test_one_criterion_is_changed_where_it_stands():
    before = FOLDER.joinpath("mlops-maturity.yaml").read_text("utf-8")
    changes = {"title": {"en": 'A "new" one: #1', "ja": "新しい題名"}, "effort": 5, "required": False}
    after = source.with_criterion(before, "training.pipeline-built", changes)
    removed = [line for line in changed_lines(before, after) if line.startswith("-")]
    assert len(removed) <= 4
    made = document.read(after).data["criteria"]
    one = next(c for c in made if c["id"] == "training.pipeline-built")
    assert one["title"] == changes["title"]
    assert (one["effort"], one["required"]) == (5, False)
    original = document.read(before).data["criteria"]
    assert [c for c in made if c["id"] != one["id"]] == [c for c in original if c["id"] != one["id"]]


@pytest.mark.parametrize(
    "style", ["|\n      一\n      二\n", ">\n      fold\n      ed\n", "'it''s'\n", '"q"\n', "two\n      lines\n"]
)
def test_texts_of_every_style_are_exchanged(style):
    before = f"criteria:\n- id: alpha.one\n  title:\n    en: {style}    ja: 文\n  effort: 1\n"
    after = source.with_criterion(before, "alpha.one", {"title": {"en": "New\nline", "ja": "新"}})
    assert document.read(after).data == {
        "criteria": [{"id": "alpha.one", "title": {"en": "New\nline", "ja": "新"}, "effort": 1}]
    }


def test_what_was_taken_over_is_written_out_when_it_changes():
    before = text(framework(short(), criterion("alpha.two")))
    after = load(source.with_criterion(before, "alpha.one", {"statement": TITLE, "effort": 1}))
    assert after.by_id["alpha.one"].statement.in_("en") == "Ours"
    assert after.by_id["alpha.one"].same_as == HOME
    assert after.by_id["alpha.one"].how == load(before).by_id["alpha.one"].how


def test_a_criterion_that_is_not_there():
    with pytest.raises(LookupError):
        source.with_criterion(text(framework()), "alpha.nine", {"effort": 1})
    with pytest.raises(LookupError):
        source.with_criterion("- 1", "alpha.nine", {"effort": 1})


def test_criteria_that_are_no_list_hold_none():
    with pytest.raises(LookupError):
        source.with_criterion("criteria: 5\n", "training.recorded", {"effort": 2})


def test_nothing_shared_is_written_as_an_alias():
    assert load(source.write(framework(criterion("alpha.one", pulse=WORDS), criterion("alpha.two", pulse=WORDS))))
