"""The evidence at hand about a version, in the form that gates read."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery

from governance.gates import AuditEvidence, Subject
from governance.models import Audit, ModelVersion
from portal.message import Message


def latest_audits(version: ModelVersion) -> dict[str, Audit]:
    """The newest audit of each kind; of older ones, whose results are large, nothing is read."""
    same = Audit.objects.filter(version=OuterRef("version"), kind=OuterRef("kind")).order_by("-created_at", "-id")
    newest = version.audits.filter(pk=Subquery(same.values("pk")[:1])).order_by("created_at", "id")
    return {audit.kind: audit for audit in newest}


def collect(version: ModelVersion) -> tuple[dict[str, AuditEvidence], Subject]:
    """The newest audit of each kind, and the version as it is now."""
    evidence = {kind: _as_evidence(audit) for kind, audit in latest_audits(version).items()}
    profile = getattr(version.model, "profile", None)
    subject = Subject(
        kind=profile.kind if profile else "",
        risk=profile.risk if profile else "",
        artifact_digest=version.artifact_digest,
        profile_digest=profile.digest if profile else "",
    )
    return evidence, subject


def _as_evidence(audit: Audit) -> AuditEvidence:
    return AuditEvidence(
        kind=audit.kind,
        outcome=audit.outcome,
        message=Message.from_json(audit.message),
        result=audit.result,
        label=audit.label,
        created_at=audit.created_at,
        digest=audit.digest,
        artifact_digest=str(audit.inputs.get("artifact", "")),
        profile_digest=str(audit.inputs.get("profile", "")),
        id=audit.pk,
        unsandboxed=bool(audit.inputs.get("unsandboxed")),
    )
