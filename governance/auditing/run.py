"""One audit, from the job to the kept row; the three kinds differ in what they compute."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.actions.audits import keep_audit
from governance.audit_kinds import applies
from governance.auditing.challengers import KINDS as CHALLENGED
from governance.auditing.challengers import judged_on_challengers
from governance.auditing.sources import NotEvaluated, load_version, workplace
from governance.models import EvaluationSetUse, EvidenceLabel, ModelVersion, Outcome, Profile, SetRole
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
            finding = _not_applicable(kind, version) or examine(version, folder, progress)
        except NotEvaluated as error:
            finding = Finding(Outcome.NOT_EVALUATED, error.message, {}, known_inputs(version))
    finding = dataclasses.replace(finding, inputs=finding.inputs | read_inputs(version))
    if kind in CHALLENGED:
        finding = judged_on_challengers(version, finding, examine, progress)
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


def _not_applicable(kind: str, version: ModelVersion) -> Finding | None:
    profile = getattr(version.model, "profile", None)
    if applies(kind, profile):
        return None
    message = Message(f"audit.not_applicable.{profile.kind}")
    return Finding(Outcome.NOT_APPLICABLE, message, {}, known_inputs(version))


def known_inputs(version: ModelVersion, **digests: Any) -> dict[str, Any]:
    """The digests that an audit stands on; the profile's is always among them."""
    profile = Profile.objects.filter(model=version.model_id).first()  # as it is kept: audits may read it otherwise
    return {"profile": profile.digest if profile else "", **digests}


def read_inputs(version: ModelVersion) -> dict[str, Any]:
    """What is known of the evaluation table that was read: its set, rows it shares with training, keys not found."""
    table = version.evaluated
    if table is None:
        return {}
    found: dict[str, Any] = {}
    if table.set:
        found["set"] = table.set.name
        use = EvaluationSetUse.objects.filter(model=version.model_id, set=table.set, role=SetRole.GOLD).first()
        if use and use.overlap:
            found["overlap"] = f"{use.overlap['rows']} / {use.overlap['of']}"
    if table.joined:
        found["unmatched"] = f"{table.joined['unmatched']} / {table.joined['rows']}"
        found["duplicates"] = str(table.joined["duplicates"])
    return found
