"""The explanation audit of a version."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from governance.auditing.features import features_of, read_table
from governance.auditing.run import STEPS, Finding, known_inputs, run_audit
from governance.auditing.sources import NotEvaluated, fetch_model, fetch_table, profile_of
from governance.models import AuditKind, EvidenceLabel, ModelVersion
from portal.jobs.kinds import job_kind
from portal.message import Message


@job_kind("audit.explanation", title=_("Explanation audit"), lease=30, deadline=1800)
def run(job, progress) -> dict:
    return run_audit(AuditKind.EXPLANATION, job, progress, examine)


def examine(version: ModelVersion, folder: Path, progress) -> Finding:
    """Run the model in the sandbox and attribute its outputs to its inputs."""
    from governance.engine.explanation import audit_explanation
    from governance.engine.tables import EvaluationDataError

    profile = profile_of(version)
    progress(1, STEPS, Message("audit.fetching_data"))
    table = fetch_table(version, profile, folder)
    progress(2, STEPS, Message("audit.fetching_model"))
    model_dir, digest = fetch_model(version, folder)
    progress(3, STEPS, Message("audit.computing"))
    try:
        rows = read_table(table.path)
        audit = audit_explanation(
            model_dir=model_dir,
            features=features_of(rows, profile, model_dir),
            sensitive=tuple(profile.sensitive_columns),
        )
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error
    inputs = known_inputs(version, data=table.digest, artifact=digest)
    return Finding(audit.verdict, audit.message, audit.to_json(), inputs, EvidenceLabel.REPLAYED)
