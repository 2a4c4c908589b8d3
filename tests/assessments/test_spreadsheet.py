"""Assessments as spreadsheets: what is written comes back, and what was changed in between is named."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from assessments import messages_filling  # noqa: F401  (registers the sentences)
from assessments.framework import from_filled
from assessments.sheet_difference import Difference, compare
from assessments.spreadsheet import Kept, SheetError, Words, read, write
from tests.assessments.random_frameworks import content

MODEL = from_filled(
    content(["training"], [{"id": "training.one"}, {"id": "training.two"}, {"id": "training.three", "level": 2}])
)
LABELS = {"yes": "Yes", "partly": "Partly", "no": "No", "": "I do not know yet", "na": "Not applicable"}
JAPANESE = {"yes": "はい", "partly": "一部", "no": "いいえ", "": "まだ分からない", "na": "対象外"}
ENGLISH_WORDS = Words("en", {"answer": "Answer"}, LABELS, "Credit Risk", ("Fill it out.",))
WORDS = (ENGLISH_WORDS, Words("ja", {"answer": "回答"}, JAPANESE, "与信", ("記入してください。",)))
STORED = {"training.one": Kept("yes", "as seen", 3), "training.two": Kept("", "", 0)}
ANSWER, NOTE = 8, 9


def exported(answers=STORED, words=WORDS, keys=("training.one", "training.two", "training.three")):
    return write(MODEL, answers, keys, assessment="7", words=words)


def edited(change, data=None):
    book = load_workbook(io.BytesIO(data or exported()))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def difference(data, stored=STORED, assessment="7", model=MODEL):
    return compare(model, stored, read(data, WORDS), assessment=assessment)


def codes(messages):
    return [message.code for message in messages]


def test_an_untouched_file_changes_nothing():
    assert difference(exported()) == Difference((), ())


@pytest.mark.parametrize("written", ["No", "no", "いいえ", "No / いいえ"])
def test_a_changed_answer_is_a_difference_in_any_language(written):
    found = difference(edited(lambda book: book["answers"].cell(3, ANSWER, written)))
    (change,) = found.changes
    assert (change.criterion.id, change.now) == ("training.one", STORED["training.one"])
    assert (change.value, change.note) == ("no", "as seen")
    assert found.notices == ()


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "=1+1", "\t=1", "＝1"])
def test_what_looks_like_a_formula_leaves_as_text(text):
    data = exported({"training.one": Kept("yes", text, 1)})
    cell = load_workbook(io.BytesIO(data))["answers"].cell(3, NOTE)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert cell.value == text
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert not any(b"<f>" in package.read(name) for name in package.namelist() if "sheet" in name)


def test_a_formula_comes_back_as_its_text_and_is_named():
    found = difference(edited(lambda book: book["answers"].cell(4, NOTE, "=1+1")))
    (change,) = found.changes
    assert change.note == "=1+1"
    assert codes(change.notices) == ["sheet.formula"]


def test_a_formula_is_no_answer():
    found = difference(edited(lambda book: book["answers"].cell(3, ANSWER, '="Yes"')))
    assert codes(found.notices) == ["sheet.value"]
    assert all(change.value == "yes" for change in found.changes)


def test_words_that_are_no_answer_are_named_and_the_answer_stays():
    found = difference(edited(lambda book: book["answers"].cell(3, ANSWER, "perhaps")))
    assert codes(found.notices) == ["sheet.value"]
    assert "perhaps" in str(found.notices[0])
    assert found.changes == ()


def test_a_row_that_was_removed_is_named():
    found = difference(edited(lambda book: book["answers"].delete_rows(4)))
    assert codes(found.notices) == ["sheet.tampered", "sheet.no_row"]
    assert "training.two" in str(found.notices[1])


def test_a_foreign_row_is_named_and_left_out():
    def add(book):
        book["answers"].append(["training.nonsense", 0, "", "", "", "", "", "Yes", "x"])
        book["answers"].append([None, None, None, None, None, None, None, "Yes", "x"])

    found = difference(edited(add))
    assert codes(found.notices) == ["sheet.tampered", "sheet.unknown_id", "sheet.no_id"]
    assert found.changes == ()


def test_an_id_that_was_changed_is_named_and_hits_no_other_answer():
    def swap(book):
        book["answers"].cell(4, 1, "training.one")
        book["answers"].cell(4, ANSWER, "No")

    found = difference(edited(swap))
    assert codes(found.notices) == ["sheet.tampered", "sheet.twice", "sheet.no_row"]
    assert found.changes == ()


def test_a_stale_answer_is_named():
    data = edited(lambda book: book["answers"].cell(3, ANSWER, "No"))
    newer = STORED | {"training.one": Kept("partly", "newer", 4)}
    (change,) = difference(data, newer).changes
    assert change.stale
    assert codes(change.notices) == ["sheet.stale"]


def test_an_answer_that_was_not_touched_never_undoes_a_newer_one():
    newer = STORED | {"training.one": Kept("partly", "newer", 4)}
    assert difference(exported(), newer).changes == ()


def test_another_framework_version_or_assessment_is_refused():
    other = from_filled(content(["training"], [{"id": "training.one"}], key="other"))
    newer = from_filled(content(["training"], [{"id": "training.one"}], version=2))
    refusals = ((other, "7", "other_framework"), (newer, "7", "other_version"), (MODEL, "8", "other_assessment"))
    for model, assessment, code in refusals:
        with pytest.raises(SheetError) as refused:
            difference(exported(), model=model, assessment=assessment)
        assert refused.value.message.code == f"sheet.{code}"


def test_sorted_rows_and_a_renamed_book_harm_nothing():
    def sort(book):
        sheet = book["answers"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
        for place, row in enumerate(reversed(rows), 3):
            for column, value in enumerate(row, 1):
                sheet.cell(place, column).value = value
        sheet.cell(3, ANSWER, "Yes")

    found = difference(edited(sort))
    assert [change.criterion.id for change in found.changes] == ["training.three"]
    assert found.notices == ()


def _bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", b" " * 70_000_000)
    return stream.getvalue()


def _entities():
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(exported())) as package, zipfile.ZipFile(stream, "w") as made:
        for name in package.namelist():
            data = package.read(name)
            if name == "xl/workbook.xml":
                data = data.replace(b"<workbook", b'<!DOCTYPE x [<!ENTITY a "aa">]><workbook', 1)
            made.writestr(name, data)
    return stream.getvalue()


def _foreign():
    from openpyxl import Workbook

    stream = io.BytesIO()
    Workbook().save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "unreadable"),
        (lambda: b"PK\x03\x04nonsense", "unreadable"),
        (lambda: exported()[:800], "unreadable"),
        (_bomb, "large"),
        (lambda: b"x" * (10 * 2**20 + 1), "large"),
        (_entities, "unreadable"),
        (_foreign, "foreign"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_in_one_sentence(make, code):
    with pytest.raises(SheetError) as refused:
        read(make(), WORDS)
    assert refused.value.message.code == f"sheet.{code}"


def test_only_answers_and_notes_can_be_written():
    book = load_workbook(io.BytesIO(exported()))
    sheet = book["answers"]
    assert sheet.protection.sheet
    free = {cell.column for row in sheet.iter_rows(min_row=3) for cell in row if not cell.protection.locked}
    assert free == {ANSWER, NOTE}
    assert book["_sekisho"].sheet_state == "veryHidden"
    assert sheet.column_dimensions["A"].hidden
    (choice,) = sheet.data_validations.dataValidation
    assert "Partly / 一部" in choice.formula1


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@settings(max_examples=40, deadline=None)
@given(note=TEXT, value=st.sampled_from(["yes", "partly", "no", ""]), rev=st.integers(0, 10**6))
def test_whatever_a_note_holds_it_comes_back_unchanged(note, value, rev):
    stored = {"training.one": Kept(value, note.strip(), rev)}
    assert compare(MODEL, stored, read(exported(stored), WORDS), assessment="7").changes == ()
    changed = edited(lambda book: book["answers"].cell(3, NOTE, f"{note.strip()}, and more"), exported(stored))
    (change,) = compare(MODEL, stored, read(changed, WORDS), assessment="7").changes
    assert change.note == f"{note.strip()}, and more".strip()
