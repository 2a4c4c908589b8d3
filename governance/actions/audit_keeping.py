"""Keeping what audits found."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.actions.promotions import recompute
from governance.models import Audit, EvidenceLabel, ModelVersion, Promotion, digest_of
from governance.verdicts import outdate
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message


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
