"""Files beside answers: told by their bytes, kept by their digest, handed out as downloads."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments import actions, file_kinds
from assessments.actions import attaching
from assessments.models import Attachment
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

KEY = "training.code-hosted"
PAGE = f"/teams/credit-risk/assessment/{KEY}/"
PDF, PNG, JPEG = b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\nrest", b"\xff\xd8\xff\xe0rest"


def office(part, *more):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name in ("[Content_Types].xml", part, *more):
            package.writestr(name, "<x/>")
    return stream.getvalue()


XLSX, DOCX, PPTX = office("xl/workbook.xml"), office("word/document.xml"), office("ppt/presentation.xml")
GOOD = [
    ("a.pdf", PDF, "application/pdf"),
    ("a.png", PNG, "image/png"),
    ("a.JPG", JPEG, "image/jpeg"),
    ("a.txt", "議事録".encode(), "text/plain"),
    ("a.csv", "a,b\n".encode("cp932"), "text/csv"),
    ("a.md", b"# Notes", "text/markdown"),
    ("a.xlsx", XLSX, file_kinds.KINDS["xlsx"]),
    ("a.docx", DOCX, file_kinds.KINDS["docx"]),
    ("a.pptx", PPTX, file_kinds.KINDS["pptx"]),
]
TO_COME = bytearray(XLSX)
TO_COME[XLSX.index(b"PK\x01\x02") + 6] = 99  # the version of ZIP that its first part asks for
BAD = [
    ("a.xlsx", bytes(TO_COME), "attachment.not"),
    ("a.png", PDF, "attachment.other"),
    ("a.pdf", b"<html><script>1</script>", "attachment.other"),
    ("a.xlsx", DOCX, "attachment.other"),
    ("a.docx", b"PK\x03\x04broken", "attachment.not"),
    ("a.txt", b"MZ\x90\x00\x03", "attachment.not"),
    ("a.exe", b"MZ\x90\x00", "attachment.unknown"),
    ("a.html", b"<html>", "attachment.unknown"),
    ("a.svg", b"<svg/>", "attachment.unknown"),
    ("a", b"words", "attachment.unknown"),
    ("a.pdf", b"", "attachment.empty"),
    ("a.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin"), "attachment.macros"),
    ("a.zip", office("something"), "attachment.unknown"),
]


def put(draft, cast, name="report.pdf", data=PDF, by=None):
    return actions.attach(assessment=draft, criterion=KEY, name=name, file=io.BytesIO(data), by=by or cast.member)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "data", "kind"), GOOD)
def test_what_is_what_its_name_says_is_kept_by_its_digest(cast, draft, name, data, kind):
    row = put(draft, cast, name, data)
    assert (row.kind, row.size, row.sha256) == (kind, len(data), hashlib.sha256(data).hexdigest())
    assert actions.path_of(row.sha256).read_bytes() == data
    event = Event.objects.get(action="assessment.attach")
    assert row.sha256 in event.body


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "data", "code"), BAD)
def test_what_is_something_else_is_refused_in_one_sentence(cast, draft, name, data, code):
    with pytest.raises(Invalid) as refused:
        put(draft, cast, name, data)
    assert refused.value.message.code == code
    assert name in str(refused.value)
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_what_is_too_large_is_refused(cast, draft, settings):
    settings.ATTACHMENT_LIMIT = 2**20
    with pytest.raises(Invalid, match="larger than 1 MB"):
        put(draft, cast, data=PDF + b" " * 2**20)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "C:\\temp\\x.pdf", "a\r\nSet-Cookie: x.pdf", f"{'あ' * 400}.pdf"]
)
def test_names_are_only_names(cast, draft, name):
    row = put(draft, cast, name)
    assert "/" not in row.name
    assert "\\" not in row.name
    assert "\n" not in row.name
    assert row.name.endswith(".pdf")
    assert len(row.name) <= 200


@pytest.mark.django_db
def test_removal_keeps_the_record_and_forgets_the_bytes(cast, draft, django_capture_on_commit_callbacks):
    row = put(draft, cast)
    with django_capture_on_commit_callbacks(execute=True):
        actions.detach(attachment=row, by=cast.member)
    assert not actions.path_of(row.sha256).exists()
    event = Event.objects.get(action="assessment.detach")
    assert row.sha256 in event.body
    assert Attachment.objects.get().removed_at is not None


@pytest.mark.django_db
def test_bytes_that_stand_beside_another_answer_stay(cast, draft, django_capture_on_commit_callbacks):
    row = put(draft, cast)
    put(draft, cast, name="same.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        actions.detach(attachment=row, by=cast.member)
    assert actions.path_of(row.sha256).exists()


@pytest.mark.django_db
def test_who_forgets_bytes_waits_for_who_attaches_them_just_now(cast, draft, monkeypatch):
    order, add = [], attaching._add

    def slow(*args, **file):
        forgetting.start()
        forgetting.join(0.2)
        made = add(*args, **file)
        order.append("attached")
        return made

    forgetting = threading.Thread(target=attaching._forget, args=[hashlib.sha256(PDF).hexdigest()])
    monkeypatch.setattr(attaching, "_add", slow)
    monkeypatch.setattr(attaching, "_forget_unused", lambda digest: order.append("looked"))
    put(draft, cast)
    forgetting.join()
    assert order == ["attached", "looked"]


@pytest.mark.django_db
def test_nothing_is_kept_of_a_file_too_many(cast, draft, monkeypatch):
    monkeypatch.setattr(attaching, "MOST", 1)
    kept = put(draft, cast)
    with pytest.raises(Conflict):
        put(draft, cast, name="more.png", data=PNG)
    assert actions.path_of(kept.sha256).exists()
    assert not actions.path_of(hashlib.sha256(PNG).hexdigest()).exists()


@pytest.mark.django_db
def test_a_submitted_assessment_keeps_its_files(cast, submitted):
    with pytest.raises(Conflict):
        put(submitted, cast)


@pytest.mark.django_db
def test_a_draft_with_files_can_be_discarded(cast, draft, django_capture_on_commit_callbacks):
    row = put(draft, cast)
    with django_capture_on_commit_callbacks(execute=True):
        actions.discard_draft(assessment=draft, by=cast.manager)
    assert not actions.path_of(row.sha256).exists()


@pytest.mark.django_db
def test_others_attach_nothing(cast, draft):
    for person in (cast.stranger, cast.admin, cast.reviewer):
        with pytest.raises(Forbidden):
            put(draft, cast, by=person)


@pytest.mark.django_db
def test_the_page_takes_a_file_and_hands_it_out_as_a_download(as_user, cast, draft):
    client = as_user(cast.member)
    sent = client.post(f"{PAGE}files/", {"file": SimpleUploadedFile("会議.pdf", PDF, "text/html")}, follow=True)
    assert "会議.pdf" in sent.content.decode()
    response = client.get(f"/assessments/files/{Attachment.objects.get().pk}/")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Type"] == "application/pdf"


@pytest.mark.django_db
def test_a_refused_file_is_said_on_the_page(as_user, cast, draft):
    sent = as_user(cast.member).post(f"{PAGE}files/", {"file": SimpleUploadedFile("a.png", PDF)}, follow=True)
    assert "a.png is named as PNG, but it holds PDF." in sent.content.decode()


@pytest.mark.django_db
def test_strangers_see_no_file(as_user, cast, draft):
    row = put(draft, cast)
    cast.team.visibility = "organisation"
    cast.team.save()
    assert as_user(cast.stranger).get(f"/assessments/files/{row.pk}/").status_code == 404
    seen = as_user(cast.reviewer).get(f"/assessments/files/{row.pk}/")
    assert b"".join(seen.streaming_content) == PDF
    assert as_user(cast.reviewer).post(f"/assessments/files/{row.pk}/remove/").status_code == 403


@pytest.mark.django_db
def test_the_record_of_a_submitted_assessment_shows_its_files(as_user, cast, draft, answer):
    put(draft, cast)
    answer(draft, KEY)
    done = actions.submit(assessment=draft, by=cast.manager)
    page = f"/assessments/{done.pk}/"
    assert "report.pdf" in as_user(cast.manager).get(page).content.decode()
    cast.team.visibility = "organisation"
    cast.team.save()
    assert "report.pdf" not in as_user(cast.stranger).get(page).content.decode()


@pytest.mark.django_db
def test_the_files_of_last_time_stand_beside_the_new_draft(cast, as_user, draft, answer, framework):
    put(draft, cast)
    answer(draft, KEY)
    actions.submit(assessment=draft, by=cast.manager)
    actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    html = as_user(cast.member).get(PAGE).content.decode()
    old = Attachment.objects.get()
    assert "Last time" in html
    assert f"/assessments/files/{old.pk}/" in html
    assert f"/assessments/files/{old.pk}/remove/" not in html  # it belongs to what was submitted
