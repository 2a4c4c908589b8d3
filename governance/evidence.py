"""The evidence at hand about a version, in the form that gates read."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from governance.gates import AuditEvidence, Subject
from governance.models import Audit, ModelVersion
from portal.message import Message


def latest_audits(version: ModelVersion) -> dict[str, Audit]:
    """The newest audit of each kind; of older ones, whose results are large, nothing is read."""
    return latest_audits_of([version])[version.pk]


def latest_audits_of(versions: Iterable[ModelVersion]) -> dict[int, dict[str, Audit]]:
    """The same for several versions in one query, by version. Newest is what was kept last: clocks are set back."""
    found: dict[int, dict[str, Audit]] = {version.pk: {} for version in versions}
    same = Audit.objects.filter(version=OuterRef("version"), kind=OuterRef("kind")).order_by("-id")
    newest = Audit.objects.filter(version__in=list(found), pk=Subquery(same.values("pk")[:1]))
    for audit in newest.order_by("id"):
        found[audit.version_id][audit.kind] = audit
    return found


def collect(version: ModelVersion) -> tuple[dict[str, AuditEvidence], Subject]:
    """The newest audit of each kind, and the version as it is now."""
    return collect_many([version])[version.pk]


def collect_many(versions: Iterable[ModelVersion]) -> dict[int, tuple[dict[str, AuditEvidence], Subject]]:
    """The same for several versions, by version, in as many queries as for one."""
    versions = list(versions)
    audits = latest_audits_of(versions)
    return {
        version.pk: (
            {kind: as_evidence(audit) for kind, audit in audits[version.pk].items()},
            _subject(version),
        )
        for version in versions
    }


def _subject(version: ModelVersion) -> Subject:
    """What only its author has seen of a profile says neither of which kind nor of which risk the model is."""
    profile = getattr(version.model, "profile", None)
    counts = profile is not None and profile.agreed
    return Subject(
        kind=profile.kind if counts else "",
        risk=profile.risk if counts else "",
        artifact_digest=version.artifact_digest,
        profile_digest=profile.digest if profile else "",
        agreed=profile is None or profile.agreed,
    )


def as_evidence(audit: Audit) -> AuditEvidence:
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
        compared_with=str(audit.inputs.get("live_version", "")),
    )
