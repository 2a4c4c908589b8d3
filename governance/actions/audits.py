"""Asking for audits and keeping what they found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from governance.audit_kinds import kinds_for
from governance.models import Audit, EvidenceLabel, ModelVersion, Profile, Promotion, digest_of
from governance.verdicts import outdate
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message


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


def keep_audit(
    *,
    version: ModelVersion,
    kind: str,
    outcome: str,
    message: Message,
    result: dict[str, Any],
    inputs: dict[str, Any],
    label: str = EvidenceLabel.COMPUTED,
    job: Job | None = None,
) -> Audit:
    """Store a finished audit with its event, and compute the open promotions of the version anew.

    A job that runs again after a crash finds the audit it has kept and makes no second one.
    """
    from governance.actions.promotions import recompute

    with transaction.atomic():
        if job and (kept := Audit.objects.filter(job=job).first()):
            return kept
        audit = Audit.objects.create(
            version=version,
            kind=kind,
            outcome=outcome,
            label=label,
            message=message.to_json(),
            result=result,
            inputs=inputs,
            digest=digest_of({"kind": kind, "outcome": outcome, "label": label, "result": result, "inputs": inputs}),
            job=job,
        )
        record(
            action="audit.keep",
            by=job.created_by if job else None,
            subject=("version", version.pk, str(version)),
            after={"kind": kind, "outcome": outcome, "label": label, "digest": audit.digest},
            params={"audit": audit.pk, "inputs": {k: v for k, v in inputs.items() if isinstance(v, str)}},
            team=version.team,
        )
        outdate(version=version)
        for promotion in Promotion.objects.waiting().filter(version=version):
            recompute(promotion=promotion)
    return audit
