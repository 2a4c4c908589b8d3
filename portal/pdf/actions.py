"""Making documents: asked for by a person, made by a job, kept with a digest."""

from __future__ import annotations

import hashlib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from portal.accounts.models import Language, Team
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message
from portal.pdf.models import Document
from portal.pdf.render import render_pdf
from portal.web.errors import Invalid

STEPS = 2


@dataclass(frozen=True)
class Subject:
    """What a document is about, as jobs and records name it."""

    kind: str
    id: Any
    label: str
    team: Team | None

    @property
    def names(self) -> tuple[str, Any, str]:
        return self.kind, self.id, self.label


def request_document(
    *, kind: str, subject: Subject, language: str, by, params: Mapping[str, str] = MappingProxyType({})
) -> Job:
    """Put a document in the queue; `kind` is a kind of job that calls `make_document`.

    `params` are what else the document is made of; they stand in the job's params, and another choice is another job.

    The caller has found the subject among what `by` may see. Asking again while it is being made gives the same job.
    """
    require(by, "report.request")
    if language not in Language.values:
        raise Invalid("pdf.language", language=language)
    with transaction.atomic():
        return enqueue(
            kind=kind,
            params={**params, "subject": subject.id, "language": language, "timezone": by.timezone},
            by=by,
            team=subject.team,
            subject=subject.names,
            key=":".join((kind, str(subject.id), language, str(by.pk), *params.values())),
        )


def make_document(
    *,
    job: Job,
    progress,
    subject: Subject,
    name: str,
    template: str,
    context: Callable[[], dict[str, Any]],
    wrap: Callable[[Path, dict[str, Any]], Path] | None = None,
) -> dict[str, Any]:
    """Render and keep a document, in the language of the job; a repeated job finds what it made.

    Parameters
    ----------
    name : str
        Of the file, without language and ending.
    context : callable
        Makes the template's context, under the document's language and time zone. What it has under ``attached``,
        names and bytes, lies within the PDF.
    wrap : callable, optional
        Makes of the PDF and its context the file that is kept, such as a ZIP; the PDF itself is removed then.

    Returns
    -------
    dict
        The job's result, with what its page links to.
    """
    kept = Document.objects.filter(job=job).first()
    if kept:
        return result_of(kept)
    language = job.params["language"]
    # Each attempt writes a file of its own, so that a late one cannot change what another has recorded.
    path = f"documents/{job.pk}-{job.fence}-{language}.pdf"
    target = settings.FILES_ROOT / path
    with translation.override(language), timezone.override(zoneinfo.ZoneInfo(job.params.get("timezone") or "UTC")):
        progress(0, STEPS, Message("pdf.reading"))
        content = {"language": language, "made_at": timezone.now(), "made_for": job.created_by, **context()}
        progress(1, STEPS, Message("pdf.rendering"))
        pages = render_pdf(template, content, target, attached=content.get("attached") or {})
        if wrap:
            target = _wrapped(wrap, target, content)
    progress(STEPS, STEPS, Message("pdf.rendering"))
    data = target.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        document = Document.objects.create(
            kind=job.kind,
            name=f"{name}-{language}{target.suffix}",
            language=language,
            team=subject.team,
            subject_type=subject.kind,
            subject_id=str(subject.id),
            path=target.relative_to(settings.FILES_ROOT).as_posix(),
            size=len(data),
            pages=pages,
            sha256=digest,
            job=job,
            created_by=job.created_by,
        )
        record(
            action="document.make",
            by=job.created_by,
            subject=subject.names,
            after={"kind": job.kind, "language": language, "sha256": digest},
            team=subject.team,
        )
    return result_of(document)


def _wrapped(wrap: Callable[[Path, dict[str, Any]], Path], printed: Path, content: dict[str, Any]) -> Path:
    try:
        return wrap(printed, content)
    finally:
        printed.unlink()


def result_of(document: Document) -> dict[str, Any]:
    """What the job's page links to."""
    return {"document": document.pk, "url": reverse("document", args=[document.pk])}
