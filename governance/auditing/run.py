"""One audit, from the job to the kept row; the three kinds differ in what they compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.actions.audits import keep_audit
from governance.auditing.sources import NotEvaluated, load_version, workplace
from governance.models import EvidenceLabel, ModelVersion, Outcome
from governance.sandbox import unsandboxed
from portal.jobs.models import Job
from portal.message import Message

STEPS = 4


@dataclass(frozen=True)
class Finding:
    """What an audit found, before it is kept."""

    outcome: str
    message: Message
    result: dict[str, Any]
    inputs: dict[str, Any]
    label: str = EvidenceLabel.COMPUTED


def run_audit(kind: str, job: Job, progress, examine: Callable[[ModelVersion, Path, Any], Finding]) -> dict:
    """Load, examine, keep. What cannot be evaluated is kept too, with its reason, so that a gate can show it."""
    version = load_version(job.params["version"])
    unwalled = unsandboxed.watch()
    with workplace() as folder:
        try:
            finding = examine(version, folder, progress)
        except NotEvaluated as error:
            finding = Finding(Outcome.NOT_EVALUATED, error.message, {}, known_inputs(version))
    progress(STEPS, STEPS, Message("audit.keeping"))
    audit = keep_audit(
        version=version,
        kind=kind,
        outcome=finding.outcome,
        message=finding.message,
        result=finding.result,
        inputs=finding.inputs | ({"unsandboxed": True} if unwalled else {}),
        label=finding.label,
        job=job,
    )
    return {"audit": audit.pk, "outcome": str(audit.outcome)}


def known_inputs(version: ModelVersion, **digests: Any) -> dict[str, Any]:
    """The digests that an audit stands on; the profile's is always among them."""
    profile = getattr(version.model, "profile", None)
    return {"profile": profile.digest if profile else "", **digests}
