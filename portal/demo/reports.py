"""The demo asks for its reports, in both languages, as a reader would."""

from __future__ import annotations

from portal.accounts.models import User
from portal.demo.steps import Step, numbers, wait_for
from portal.jobs.models import Job, State
from portal.message import Message
from portal.pdf.models import Document
from portal.web.say import say

LANGUAGES = {"en": "English", "ja": "Japanese"}
NO_PANGO = "pdf.no_pango"


def make_reports(by: User, version) -> list[Step]:
    """The dossier of a version and the maturity report of its team, as PDFs of more than one page.

    Without Pango on the machine none can be made: then each step holds the line that installs it.
    """
    from assessments import reports as maturity
    from governance import reports as dossiers

    asked = []
    for language, name in LANGUAGES.items():
        job = maturity.request_report(team=version.team, language=language, by=by)
        asked.append((f"maturity report of {version.team}, {name}", job))
        job = dossiers.request_report(version=version, language=language, by=by)
        asked.append((f"dossier of {version}, {name}", job))
    return [_step(title, job) for title, job in asked]


def _step(title: str, job: Job) -> Step:
    wait_for(lambda: not Job.objects.active().filter(pk=job.pk).exists(), title, 180)
    job.refresh_from_db()
    error = Message.from_json(job.error) if job.error else None
    if error and error.code == NO_PANGO:
        return Step(title, "a PDF, or how to install Pango", say(error), True)
    if job.state != State.DONE:
        return Step(title, "a PDF of several pages", say(error) if error else str(job.state), False)
    document = Document.objects.get(pk=job.result["document"])
    with document.file.open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    return Step(
        title,
        "a PDF of several pages",
        f"{'a PDF' if is_pdf else 'no PDF'} of {document.pages} pages, {document.size:,} bytes",
        is_pdf and document.pages > 1,
        ledger=numbers(document.subject_type, document.subject_id, "document.make"),
    )
