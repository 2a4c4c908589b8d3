"""The lineage audit of a version."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from governance.auditing.examination import Examination, Finding
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.connections import connect
from governance.models import AuditKind
from governance.verdicts import outdate
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import Unavailable


@job_kind("audit.lineage", title=_("Lineage audit"), lease=30, deadline=900)
def run(job, progress) -> dict:
    return run_audit(AuditKind.LINEAGE, job, progress, examine)


def examine(examination: Examination, folder: Path, progress) -> Finding:
    """Read the version's whole origin afresh, hash its files, and keep both on the version."""
    from governance.engine.lineage.audit import audit_lineage
    from governance.registry import RegistryError

    version = examination.version
    progress(1, STEPS, Message("audit.reading"))
    try:
        facts = connect(version.model.registry).describe_version(version.model.name, version.number, hashed=True)
    except RegistryError as error:
        raise Unavailable(error.message) from error
    progress(3, STEPS, Message("audit.computing"))
    audit = audit_lineage(facts)
    digest = ((facts.get("files") or {}).get("digest")) or ""
    version.lineage, version.artifact_digest = facts, digest
    with transaction.atomic():
        version.save(update_fields=["lineage", "artifact_digest"])
        outdate(version=version)
    return Finding(audit.verdict, audit.message, audit.to_json(), known_inputs(examination, artifact=digest))
