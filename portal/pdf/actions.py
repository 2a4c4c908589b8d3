"""Making documents: asked for by a person, made by a job, kept with a digest."""

from __future__ import annotations

import hashlib
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.pdf.models import Document
from portal.pdf.render import render_pdf


def request_document(*, kind: str, subject: tuple[str, object, str], team, language: str, by) -> Job:
    """Put a document in the queue; `kind` is a kind of job that calls `make_document`."""
    require(by, "report.request")
    with transaction.atomic():
        return enqueue(
            kind=kind,
            params={"subject": subject[1], "language": language, "timezone": by.timezone},
            by=by,
            team=team,
            subject=subject,
            key=f"{kind}:{subject[1]}:{language}",
        )


def make_document(
    *, job: Job, kind: str, name: str, template: str, context: Callable[[], dict], team, subject: tuple[str, object, str]
) -> Document:
    """Render and keep a document, in the language of the job; a repeated job finds what it made.

    Parameters
    ----------
    name : str
        Of the file, without language and ending.
    context : callable
        Makes the template's context under the document's language and time zone.
    """
    kept = Document.objects.filter(job=job).first()
    if kept:
        return kept
    language = job.params["language"]
    path = f"documents/{job.pk}-{language}.pdf"
    target = settings.FILES_ROOT / path
    with translation.override(language), timezone.override(zoneinfo.ZoneInfo(job.params.get("timezone") or "UTC")):
        size = render_pdf(template, {"language": language, "made_at": timezone.now(), **context()}, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    with transaction.atomic():
        document = Document.objects.create(
            kind=kind,
            name=f"{name}-{language}.pdf",
            language=language,
            team=team,
            subject_type=subject[0],
            subject_id=str(subject[1]),
            path=path,
            size=size,
            sha256=digest,
            job=job,
            created_by=job.created_by,
        )
        record(
            action="document.make",
            by=job.created_by,
            subject=subject,
            after={"kind": kind, "language": language, "sha256": digest},
            team=team,
        )
    return document


def result_of(document: Document) -> dict:
    """What the job's page links to."""
    return {"document": document.pk, "url": reverse("document", args=[document.pk])}
