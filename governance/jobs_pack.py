"""The period pack as a file: asked for, made by a job, handed out by the job's page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from governance.pack import Period, collect
from governance.pack_files import zipped
from portal.accounts.permissions import require
from portal.jobs.kinds import job_kind
from portal.jobs.models import Job
from portal.ledger.sequencer import number_events
from portal.pdf.actions import Subject, make_document, request_document
from portal.pdf.proof import prove
from portal.web.errors import Invalid

KIND = "report.pack"
MOST_DRAWN, LONGEST_SEED = 500, 60
PRINTED = 400  # rows of a table in the PDF; the CSV has them all


def request_pack(*, period: Period, seed: str = "", size: int = 0, language: str, by) -> Job:
    """Ask for the pack of a period, with a sample if a seed is given."""
    require(by, "pack.make")
    if not 0 <= size <= MOST_DRAWN or len(seed) > LONGEST_SEED:
        raise Invalid("pack.sample", most=MOST_DRAWN)
    drawn = {"seed": seed, "size": str(size)} if seed and size else {}
    return request_document(kind=KIND, subject=_subject(period), language=language, by=by, params=drawn)


@job_kind(KIND, title=_("Period pack"), lease=60, deadline=900)
def run(job: Job, progress) -> dict:
    period = Period.parse(job.params["subject"])
    seed, size = job.params.get("seed", ""), int(job.params.get("size", 0))
    return make_document(
        job=job,
        progress=progress,
        subject=_subject(period),
        name=f"pack-{period.key}",
        template="pdf/pack.html",
        context=lambda: content(period, seed, size),
        wrap=zipped,
    )


def content(period: Period, seed: str, size: int) -> dict[str, Any]:
    """What the PDF says; whatever was recorded until now has its number in it."""
    number_events()
    pack = collect(period, seed=seed, size=size)
    proof = prove(pack.events)
    return {
        "pack": pack,
        "count": pack.count,
        "seed": seed,
        "printed": f":{PRINTED}",
        "most": PRINTED,
        "proof": proof,
        "attached": proof.attached if proof else {},
    }


def _subject(period: Period) -> Subject:
    return Subject("period", period.key, f"{period.environment} {period.first} – {period.last}", None)
