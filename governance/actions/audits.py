"""Asking for audits; `governance.actions.audit_keeping` keeps what they find."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from governance.audit_kinds import kinds_for
from governance.models import ModelVersion, Profile, digest_of
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record


def request_audits(*, version: ModelVersion, by, kinds: Sequence[str] = (), rows: Sequence[str] = ()) -> list[Job]:
    """Put audits of a version in the queue; one that is under way on the same profile is not asked for twice.

    Parameters
    ----------
    kinds : sequence of str
        Of `AuditKind`; with none, those that are made of such a model by themselves.
    rows : sequence of str
        Rows that an explanation explains besides its sample, by number or ``column=value``.
    """
    if by is not None:
        require(by, "audit.request", version)
    profile = Profile.objects.filter(model=version.model_id).first()
    kinds = [str(kind) for kind in kinds or kinds_for(profile)]
    with transaction.atomic():
        jobs = [
            enqueue(
                kind=f"audit.{kind}",
                params={"version": version.pk} | ({"rows": list(rows)} if rows else {}),
                by=by,
                team=version.team,
                subject=("version", version.pk, str(version)),
                key=f"audit:{kind}:{version.pk}:{profile.rev if profile else 0}"
                + (digest_of(list(rows)) if rows else ""),
            )
            for kind in kinds
        ]
        if by is not None:
            record(
                action="audit.request",
                by=by,
                subject=("version", version.pk, str(version)),
                params={"kinds": kinds},
                team=version.team,
            )
    return jobs
