"""One audit, from the job to the kept row; the kinds differ in what they compute."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from governance.actions.audit_keeping import keep_audit
from governance.audit_kinds import applies
from governance.auditing.challengers import KINDS as CHALLENGED
from governance.auditing.challengers import judged_on_challengers
from governance.auditing.examination import Examination, Finding
from governance.auditing.sources import NotEvaluated, load_version
from governance.models import EvaluationSetUse, Outcome, SetRole
from governance.sandbox import unsandboxed
from governance.scratch import workplace
from portal.jobs.models import Job
from portal.message import Message

STEPS = 4


def run_audit(kind: str, job: Job, progress, examine: Callable[[Examination, Path, Any], Finding]) -> dict:
    """Load, examine, keep. What cannot be evaluated is kept too, with its reason, so that a gate can show it."""
    examination = Examination(load_version(job.params["version"]))
    unwalled = unsandboxed.watch()
    with workplace("audit") as folder:
        try:
            finding = _not_applicable(kind, examination) or examine(examination, folder, progress)
        except NotEvaluated as error:
            finding = Finding(Outcome.NOT_EVALUATED, error.message, {}, known_inputs(examination))
    finding = dataclasses.replace(finding, inputs=finding.inputs | read_inputs(examination))
    if kind in CHALLENGED:
        finding = judged_on_challengers(examination.version, finding, examine, progress)
    progress(STEPS, STEPS, Message("audit.keeping"))
    audit = keep_audit(
        version=examination.version,
        kind=kind,
        outcome=finding.outcome,
        message=finding.message,
        result=finding.result,
        inputs=finding.inputs | ({"unsandboxed": True} if unwalled else {}),
        label=finding.label,
        job=job,
    )
    return {"audit": audit.pk, "outcome": str(audit.outcome)}


def _not_applicable(kind: str, examination: Examination) -> Finding | None:
    profile = getattr(examination.version.model, "profile", None)
    if applies(kind, profile):
        return None
    message = Message(f"audit.not_applicable.{profile.kind}")
    return Finding(Outcome.NOT_APPLICABLE, message, {}, known_inputs(examination))


def known_inputs(examination: Examination, **digests: Any) -> dict[str, Any]:
    """The digests that an audit stands on; the profile's is always among them."""
    return {"profile": examination.profile_digest, **digests}


def read_inputs(examination: Examination) -> dict[str, Any]:
    """What is known of the evaluation table that was read: its set, rows it shares with training, keys not found."""
    table = examination.table
    if table is None:
        return {}
    found: dict[str, Any] = {}
    if table.set:
        found["set"] = table.set.name
        model = examination.version.model_id
        use = EvaluationSetUse.objects.filter(model=model, set=table.set, role=SetRole.GOLD).first()
        if use and use.overlap and use.overlap.get("data") == table.set.digest:
            found["overlap"] = f"{use.overlap['rows']} / {use.overlap['of']}"
    if table.joined:
        found["unmatched"] = f"{table.joined['unmatched']} / {table.joined['rows']}"
        found["duplicates"] = str(table.joined["duplicates"])
    return found
