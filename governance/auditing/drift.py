"""The drift audit of a version: its evaluation data beside what the model was made on, or last accepted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from functools import reduce
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from governance.audit_kinds import REFERENCES
from governance.auditing.examination import Examination, Finding
from governance.auditing.places import SetError
from governance.auditing.replayed import replay
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.auditing.sources import (
    NotEvaluated,
    check_agreed,
    fetch_model,
    fetch_set,
    fetch_table,
    known_digest,
    profile_of,
    uses_of,
)
from governance.engine.texts import drift as _texts  # noqa: F401  (registers the sentences, for every process)
from governance.models import AuditKind, EvaluationSetUse, EvidenceLabel, ModelVersion, Profile
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError


@job_kind("audit.drift", title=_("Drift audit"), lease=30, deadline=1800)
def run(job, progress) -> dict:
    return run_audit(AuditKind.DRIFT, job, progress, examine)


def examine(examination: Examination, folder: Path, progress) -> Finding:
    """Compare the columns of the evaluation table with the reference's, and what the model answers on both."""
    from governance.engine.authority import InvalidEvidence
    from governance.engine.drift.audit import audit_drift
    from governance.engine.tables import EvaluationDataError

    version, profile = examination.version, profile_of(examination)
    use = reference_use(version)
    if use is None:
        raise NotEvaluated("drift.no_reference")
    progress(1, STEPS, Message("audit.fetching_data"))
    table = fetch_table(examination, profile, folder)
    if table.set == use.set:
        raise NotEvaluated("drift.same_set", name=use.set.name)
    try:
        reference = fetch_set(use.set, folder)
    except SetError as error:
        raise NotEvaluated(Message("drift.reference_unusable", {"name": use.set.name, "why": error.message})) from error
    check_agreed(use.set, use.role, profile)
    inputs = known_inputs(examination, data=table.digest, reference=reference.digest)
    prediction, notes, label = profile.prediction_column, [], EvidenceLabel.COMPUTED
    before, now = reference.path, table.path
    if prediction and prediction in use.set.column_names:
        inputs["artifact"] = known_digest(version)
    else:
        progress(2, STEPS, Message("audit.fetching_model"))
        model_dir, inputs["artifact"] = fetch_model(version, folder)
        progress(2, STEPS, Message("audit.predicting"))
        try:
            both = [replay(model_dir, path, profile) for path in (reference.path, table.path)]
            (before, now), prediction, label = [made.path for made in both], both[0].prediction, EvidenceLabel.REPLAYED
            inputs["interpreter"] = both[0].interpreter
        except NotEvaluated as error:
            prediction = ""
            notes.append(Message("drift.note.no_predictions", {"why": error.message}))
    progress(3, STEPS, Message("audit.computing"))
    try:
        audit = audit_drift(
            before,
            now,
            columns=taken_columns(version, profile, use.set.column_names, now),
            prediction=prediction or None,
            label=profile.label_column or None,
            sensitive=tuple(profile.sensitive_columns),
            positive=profile.positive or None,
            bins=profile.bins or None,
        )
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error
    except InvalidEvidence as error:
        raise DomainError(error.message) from error  # no evidence at all: the job fails, nothing is kept
    message = in_one([audit.message, *notes])
    result = changed(audit, message=message, notes=(*audit.notes, *notes)).to_json()
    result["data"]["reference"] |= {"set": use.set.name, "role": use.role}
    return Finding(audit.verdict, message, result, inputs, label)


def in_one(sentences: Sequence[Message]) -> Message:
    """Sentences one after the other: the verdict says too what was not compared."""
    return reduce(lambda first, rest: Message("drift.also", {"first": first, "rest": rest}), sentences)


def reference_use(version: ModelVersion) -> EvaluationSetUse | None:
    """The set that drift is measured from: the reference, or else the training data."""
    uses = {use.role: use for use in uses_of(version)}
    return next((uses[role] for role in REFERENCES if role in uses), None)


def taken_columns(version: ModelVersion, profile: Profile, names: Sequence[str], current: Path) -> list[str]:
    """What the model takes, by its signature; else what both tables have and the profile does not name otherwise."""
    from governance.engine.tables import open_table

    signature = ((version.lineage or {}).get("files") or {}).get("signature") or {}
    inputs = [column.get("name") for column in signature.get("inputs") or ()]
    if inputs and all(inputs):
        return inputs
    left_out = {profile.label_column, profile.prediction_column, *profile.excluded_columns}
    with open_table(current) as table:
        return [name for name in names if name in table.columns and name not in left_out]
