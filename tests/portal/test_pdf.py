"""Making PDFs: what the child may read, what stops it, and documents that follow the team's visibility."""

from __future__ import annotations

import hashlib
import http.server
import runpy
import threading

import pytest
from pypdf import PdfReader

from portal.accounts.models import Visibility
from portal.jobs.kinds import KINDS, job_kind
from portal.jobs.models import State
from portal.ledger.models import Event
from portal.message import Message
from portal.pdf import render
from portal.pdf.actions import Subject, make_document, request_document
from portal.pdf.child import own_files
from portal.pdf.models import Document
from portal.web.errors import DomainError, Invalid, Unavailable

KIND = "report.test"


@pytest.fixture
def template(settings, tmp_path):
    """`template(html)` gives the name of a template with that text."""
    folder = tmp_path / "templates"
    folder.mkdir()
    engine = {**settings.TEMPLATES[0], "DIRS": [folder, *settings.TEMPLATES[0]["DIRS"]]}
    settings.TEMPLATES = [engine]

    def write(html: str, name: str = "one.html") -> str:
        (folder / name).write_text(html, "utf-8")
        return name

    return write


@pytest.fixture
def kind():
    """A kind of job that makes a document of one sentence."""

    @job_kind(KIND, title="A test")
    def run(job, progress):
        team = job.team
        subject = Subject("team", job.params["subject"], team.name, team)
        context = {"text": "One sentence."}
        return make_document(
            job=job, progress=progress, subject=subject, name="one", template="one.html", context=lambda: context
        )

    yield run
    del KINDS[KIND]


@pytest.fixture
def ask(cast):
    def ask(by=None, language="en", team=None):
        team = team or cast.team
        subject = Subject("team", team.slug, team.name, team)
        return request_document(kind=KIND, subject=subject, language=language, by=by or cast.member)

    return ask


@pytest.fixture
def host():
    """A host on this machine that counts who asks."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"body { color: red }")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def text_of(path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


# What may be read


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:1/x.css",
        "https://example.org/x.css",
        "ftp://example.org/x",
        "sekisho:static/../manage.py",
        "sekisho:static/../../etc/passwd",
        "sekisho:static//etc/passwd",
        "sekisho:static/sekisho.js",
        "sekisho:font/other.ttf",
        "sekisho:portal/settings.py",
        "/etc/passwd",
    ],
)
def test_the_fetcher_refuses_what_is_not_ours(url, settings):
    fetcher = own_files(settings.STATIC_SOURCE, render.font_file())
    with pytest.raises(ValueError, match="refused"):
        fetcher.fetch(url)


def test_the_fetcher_gives_our_stylesheet_and_our_font(settings):
    fetcher = own_files(settings.STATIC_SOURCE, render.font_file())
    assert b"@page" in fetcher.fetch("sekisho:static/css/paper.css").read()
    assert len(fetcher.fetch("sekisho:font/ipaexg.ttf").read()) > 10**6


def test_a_link_out_of_our_static_files_is_refused(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "out.css").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="refused"):
        own_files(tmp_path / "static", render.font_file()).fetch("sekisho:static/out.css")


def test_even_raw_markup_fetches_nothing(template, tmp_path, host):
    address, asked = host
    name = template(
        f"<html><head><link rel=stylesheet href={address}/a.css><style>@import url({address}/b.css)</style></head>"
        f'<body><p>Still there</p><img src="{address}/c.png"><img src="file:///etc/passwd">'
        f'<object data="file:///etc/passwd"></object><svg><image href="{address}/d.png"/></svg>'
        '<a rel="attachment" href="file:///etc/passwd">x</a><script src="{address}/e.js"></script></body></html>'
    )
    target = tmp_path / "out.pdf"
    assert render.render_pdf(name, {}, target) == 1
    reader = PdfReader(target)
    assert "Still there" in text_of(target)
    assert asked == []
    assert b"root:" not in target.read_bytes()
    assert not reader.attachments


def test_secrets_of_the_environment_do_not_reach_the_child(template, tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    child.write_text(
        "import os, sys\n"
        "print('leaked' if 'SEKISHO_SECRET_KEY' in os.environ else 'clean', file=sys.stderr)\n"
        "sys.exit(9)\n"
    )
    monkeypatch.setenv("SEKISHO_SECRET_KEY", "s" * 50)
    monkeypatch.setattr(render, "CHILD", child)
    with pytest.raises(DomainError) as refused:
        render.render_pdf(template("<p>x</p>"), {}, tmp_path / "out.pdf")
    assert refused.value.message == Message("pdf.failed", {"detail": "clean"})


# What stops it


def test_without_pango_the_message_says_what_to_install(template, tmp_path, monkeypatch):
    """The libraries cannot be opened, as on a machine that lacks them."""
    child = tmp_path / "child.py"
    child.write_text(
        "import cffi, runpy\n"
        "whole = cffi.FFI.dlopen\n"
        "def dlopen(self, name, *args):\n"
        "    if 'pango' in str(name): raise OSError(f'cannot load library {name!r}')\n"
        "    return whole(self, name, *args)\n"
        "cffi.FFI.dlopen = dlopen\n"
        f"runpy.run_path({str(render.CHILD)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(render, "CHILD", child)
    with pytest.raises(Unavailable) as refused:
        render.render_pdf(template("<p>x</p>"), {}, tmp_path / "out.pdf")
    assert refused.value.message.code == "pdf.no_pango"
    assert "apt-get install" in str(refused.value)
    assert not (tmp_path / "out.pdf").exists()


def test_a_document_that_is_too_large_is_refused(template, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "MOST_HTML", 1000)
    with pytest.raises(DomainError) as refused:
        render.render_pdf(template("<p>{{ text }}</p>"), {"text": "語" * 400}, tmp_path / "out.pdf")
    assert refused.value.message.code == "pdf.too_large"


def test_a_document_that_takes_too_long_is_stopped(template, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "SECONDS", 0.01)
    with pytest.raises(DomainError) as refused:
        render.render_pdf(template("<p>x</p>"), {}, tmp_path / "out.pdf")
    assert refused.value.message.code == "pdf.too_slow"
    assert not (tmp_path / "out.pdf").exists()


def test_the_child_has_a_limit_of_memory(template, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "MEMORY", 64 * 2**20)
    with pytest.raises(DomainError):
        render.render_pdf(template("<p>x</p>"), {}, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_both_languages_have_their_letters(template, tmp_path):
    head = '<link rel="stylesheet" href="sekisho:static/css/paper.css">'
    render.render_pdf(template(f"{head}<p>Sekisho 関所、審査記録</p>"), {}, tmp_path / "out.pdf")
    assert "関所、審査記録" in text_of(tmp_path / "out.pdf")
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in PdfReader(tmp_path / "out.pdf").pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("IPAexGothic" in font for font in fonts), fonts


def test_the_child_stands_alone():
    """It is run without the project on its path, so it may import nothing of it."""
    assert runpy.run_path(str(render.CHILD), run_name="child")["NO_PANGO"] == render.NO_PANGO


# Documents


def test_a_document_is_made_kept_and_recorded(cast, kind, ask, template, run_jobs, as_user):
    template("<p>{{ text }} {{ language }}</p>")
    job = ask()
    run_jobs()
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    document = Document.objects.get()
    assert job.result == {"document": document.pk, "url": f"/documents/{document.pk}/"}
    assert hashlib.sha256(document.file.read_bytes()).hexdigest() == document.sha256
    event = Event.objects.get(action="document.make")
    assert event.content["after"] == {"kind": KIND, "language": "en", "sha256": document.sha256}
    assert document.pages == len(PdfReader(document.file).pages) == 1
    answer = as_user(cast.member).get(job.result["url"])
    assert answer["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content) == document.file.read_bytes()
    assert "attachment" in answer["Content-Disposition"]
    assert "one-en.pdf" in answer["Content-Disposition"]


def test_a_job_that_runs_twice_makes_one_document(cast, kind, ask, template):
    from portal.jobs.runner import run_job

    template("<p>{{ text }}</p>")
    job = ask()
    for _ in range(2):  # the worker dies after the document and before the job's end
        run_job(job.pk)
        type(job).objects.filter(pk=job.pk).update(state=State.QUEUED, ended_at=None)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == State.DONE
    assert Document.objects.count() == 1 == Event.objects.filter(action="document.make").count()
    assert job.result["document"] == Document.objects.get().pk


def test_asking_twice_gives_the_same_job_but_not_somebody_elses(cast, kind, ask):
    first = ask()
    assert ask() == first
    assert ask(language="ja") != first
    assert ask(by=cast.manager) != first


def test_an_unknown_language_is_refused(kind, ask):
    with pytest.raises(Invalid) as refused:
        ask(language="xx")
    assert refused.value.message == Message("pdf.language", {"language": "xx"})


def _status_of(as_user, address):
    def status(user) -> int:
        answer = as_user(user).get(address)
        b"".join(answer)  # a file is closed once it has been sent
        return answer.status_code

    return status


def test_documents_follow_the_visibility_of_their_team(cast, kind, ask, template, run_jobs, as_user):
    template("<p>{{ text }}</p>")
    ask()
    run_jobs()
    address = f"/documents/{Document.objects.get().pk}/"
    status = _status_of(as_user, address)
    assert status(cast.stranger) == 404
    assert status(cast.auditor) == 200
    cast.team.visibility = Visibility.ORGANISATION
    cast.team.save()
    assert status(cast.stranger) == 200


def test_nobody_gets_a_document_without_signing_in(cast, kind, ask, template, run_jobs, client):
    template("<p>{{ text }}</p>")
    ask()
    run_jobs()
    assert client.get(f"/documents/{Document.objects.get().pk}/").status_code == 302


def test_what_is_attached_lies_in_the_file_and_only_that(template, tmp_path):
    """The child reads the files that were given to it; a document cannot name one itself."""
    target = tmp_path / "out.pdf"
    name = template('<p>One</p><link rel="attachment" href="file:///etc/hostname"><a rel="attachment" href="x">x</a>')
    attached = {"proof.json": b'{"a": 1}', "note.txt": b"two"}
    assert render.render_pdf(name, {}, target, attached=attached) == 1
    found = PdfReader(target).attachments
    assert {name: list(data) for name, data in found.items()} == {n: [data] for n, data in attached.items()}
