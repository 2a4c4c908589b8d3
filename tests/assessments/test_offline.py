"""The export and import of a draft: nothing is written before the difference is confirmed."""

from __future__ import annotations

import html as markup
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from assessments import actions
from assessments.actions import Given
from assessments.models import Answer
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
PAGE = "/teams/credit-risk/assessment/offline/"
ONE, TWO = "training.shared-platform", "training.code-hosted"
ANSWER, NOTE = 8, 9


def export(client, **query):
    response = client.get(f"{PAGE}export/", query)
    assert response.status_code == 200
    return load_workbook(io.BytesIO(response.content))


def send(client, book):
    stream = io.BytesIO()
    book.save(stream)
    return client.post(PAGE, {"file": SimpleUploadedFile("answers.xlsx", stream.getvalue())})


def row_of(book, key):
    sheet = book["answers"]
    return next(place for place in range(3, sheet.max_row + 1) if sheet.cell(place, 1).value == key)


def fill(book, key, answer, note):
    place = row_of(book, key)
    book["answers"].cell(place, ANSWER, answer)
    book["answers"].cell(place, NOTE, note)


def given_of(response):
    text = response.content.decode().split('name="given" value="')[1].split('"')[0]
    return markup.unescape(text)


def test_out_and_in_again(as_user, cast, draft):
    client = as_user(cast.member)
    book = export(client, language="both")
    fill(book, ONE, "Yes / はい", "=1+1")
    fill(book, TWO, "いいえ", "")
    shown = send(client, book)
    page = shown.content.decode()
    assert "<b>The file would change 2.</b>" in page
    assert "a formula is taken as its text" in page
    assert not Answer.objects.exclude(value="").exists()
    sent = client.post(PAGE, {"given": given_of(shown), "take": [ONE, TWO]}, follow=True)
    assert "Imported: 2." in sent.content.decode()
    stored = {row.criterion: row for row in Answer.objects.exclude(value="")}
    assert (stored[ONE].value, stored[ONE].note, stored[ONE].rev, stored[ONE].answered_by) == (
        "yes",
        "=1+1",
        1,
        cast.member,
    )
    assert stored[TWO].value == "no"
    assert Event.objects.filter(action="assessment.import").count() == 1


def test_only_what_is_checked_is_taken(as_user, cast, draft):
    client = as_user(cast.member)
    book = export(client)
    fill(book, ONE, "Yes", "")
    fill(book, TWO, "No", "")
    client.post(PAGE, {"given": given_of(send(client, book)), "take": [TWO]})
    assert [row.criterion for row in Answer.objects.exclude(value="")] == [TWO]


def test_only_what_is_asked_is_exported_unless_one_wants_all(as_user, cast, draft, framework):
    client = as_user(cast.member)
    assert export(client)["answers"].max_row == 16 + 2
    assert export(client, all="1")["answers"].max_row == len(framework.criteria) + 2


@pytest.mark.parametrize(("language", "word"), [("ja", "回答"), ("en", "Answer"), ("both", "Answer / 回答")])
def test_it_speaks_the_language_that_was_chosen(as_user, cast, draft, language, word):
    assert export(as_user(cast.member), language=language)["answers"].cell(2, ANSWER).value == word


def test_who_saves_in_between_is_not_overwritten(as_user, cast, draft, answer):
    client = as_user(cast.member)
    book = export(client)
    fill(book, ONE, "Yes", "from the file")
    shown = send(client, book)
    answer(draft, ONE, "no", "meanwhile", by=cast.manager)
    sent = client.post(PAGE, {"given": given_of(shown), "take": [ONE]})
    page = sent.content.decode()
    assert sent.status_code == 409
    assert "nothing was imported" in page
    assert "meanwhile" in page
    assert "from the file" in page
    assert Answer.objects.get(criterion=ONE).note == "meanwhile"


def test_a_stale_row_is_named_and_not_checked(as_user, cast, draft, answer):
    client = as_user(cast.member)
    book = export(client)
    fill(book, ONE, "Yes", "from the file")
    answer(draft, ONE, "no", "meanwhile")
    page = send(client, book).content.decode()
    assert "after the export" in page
    assert f'name="take" value="{ONE}"><' in page


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04x"])
def test_what_is_no_spreadsheet_is_refused(as_user, cast, draft, data):
    sent = as_user(cast.member).post(PAGE, {"file": SimpleUploadedFile("a.xlsx", data)})
    assert sent.status_code == 422
    assert "not an XLSX file that can be read" in sent.content.decode()


TWICE = json.dumps([[ONE, "yes", "", 0], [ONE, "no", "", 0]])
ENDLESS = json.dumps([[ONE, "yes", "", float("inf")]])
DEEP = "[" * 100_000


@pytest.mark.parametrize("text", ["", "x", "[1]", '[["a"]]', '[[1,2,3,"x"]]', TWICE, ENDLESS, DEEP])
def test_a_difference_that_was_tampered_with_writes_nothing(as_user, cast, draft, text):
    assert as_user(cast.member).post(PAGE, {"given": text, "take": [ONE]}).status_code == 422
    assert not Answer.objects.exclude(value="").exists()


def test_all_or_none_are_imported(cast, draft):
    given = [Given(ONE, "yes", "", 0), Given(TWO, "na", "because", 0)]
    with pytest.raises(Invalid):
        actions.import_answers(assessment=draft, given=given, by=cast.member)
    with pytest.raises(Conflict):
        actions.import_answers(assessment=draft, given=[given[0], Given(TWO, "no", "", 5)], by=cast.member)
    with pytest.raises(Forbidden):
        actions.import_answers(assessment=draft, given=given[:1], by=cast.stranger)
    assert not Answer.objects.exclude(value="").exists()


def test_a_group_that_must_apply_in_part_is_not_imported_away(cast, draft, framework):
    group = framework.not_all_na[0]
    given = [Given(key, "na", "not here", 0) for key in group]
    with pytest.raises(Invalid, match="At least one"):
        actions.import_answers(assessment=draft, given=given, by=cast.member)


def test_a_note_that_begins_with_a_sign_leaves_as_text(as_user, cast, draft, answer):
    answer(draft, ONE, "yes", "=cmd|' /C calc'!A0")
    book = export(as_user(cast.member))
    cell = book["answers"].cell(row_of(book, ONE), NOTE)
    assert (cell.data_type, cell.value) == ("s", "=cmd|' /C calc'!A0")


def test_others_export_and_import_nothing(as_user, cast, draft):
    for person, status in ((cast.stranger, 404), (cast.admin, 403)):
        assert as_user(person).get(f"{PAGE}export/").status_code == status
        assert (
            as_user(person).post(PAGE, {"given": json.dumps([[ONE, "yes", "", 0]]), "take": [ONE]}).status_code
            == status
        )
