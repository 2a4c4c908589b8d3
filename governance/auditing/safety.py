"""The safety audit of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from governance.auditing.examination import Examination, Finding
from governance.auditing.features import features_of, read_table
from governance.auditing.interpreters import known_environments
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.auditing.sources import NotEvaluated, fetch_model, fetch_table, profile_of
from governance.models import AuditKind, EvidenceLabel, Kind, ModelVersion
from portal.jobs.kinds import job_kind
from portal.message import Message


@job_kind("audit.safety", title=_("Safety audit"), lease=60, deadline=1800)
def run(job, progress) -> dict:
    return run_audit(AuditKind.SAFETY, job, progress, examine)


def examine(examination: Examination, folder: Path, progress) -> Finding:
    """Measure and read the files, and run the model again where the profile names data with its columns."""
    from governance.engine.safety.audit import NEEDS_MODEL, REQUIRED, audit_safety
    from governance.sandbox import SandboxFailure

    progress(1, STEPS, Message("audit.fetching_model"))
    version = examination.version
    model_dir, digest = fetch_model(version, folder)
    progress(2, STEPS, Message("audit.fetching_data"))
    inputs = known_inputs(examination, artifact=digest)
    request, why_not = None, None
    try:
        request, inputs["data"] = _request(examination, model_dir, folder)
    except NotEvaluated as error:
        why_not = error.message
    tabular = _kind(version) == Kind.TABULAR
    progress(3, STEPS, Message("audit.computing"))
    try:
        audit = audit_safety(
            model_dir,
            advisories=settings.ADVISORIES or None,
            replay=request,
            environments=known_environments(),
            required=[item for item in REQUIRED if tabular or item not in NEEDS_MODEL],
            unreplayed=why_not if tabular else Message("safety.replay.kind"),
        )
    except SandboxFailure as failure:
        raise NotEvaluated(failure.message) from failure
    if audit.advisories:
        inputs["advisories"] = audit.advisories.digest
    label = EvidenceLabel.REPLAYED if audit.replay else EvidenceLabel.COMPUTED
    return Finding(audit.verdict, audit.message, audit.to_json(), inputs, label)


def _kind(version: ModelVersion) -> str:
    profile = getattr(version.model, "profile", None)
    return profile.kind if profile else Kind.TABULAR


def _request(examination: Examination, model_dir: Path, folder: Path) -> tuple[Any, str]:
    """What is to be repeated, and the digest of its data."""
    from governance.engine.safety.replay import ReplayRequest
    from governance.engine.tables import EvaluationDataError

    profile = profile_of(examination)
    table = fetch_table(examination, profile, folder)
    try:
        rows = read_table(table.path)
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error
    supplied = profile.prediction_column
    if supplied and supplied not in rows.column_names:
        raise NotEvaluated(Message("audit.features_missing", {"columns": [supplied]}))
    features = features_of(rows, profile, model_dir)
    return ReplayRequest(features, rows[supplied] if supplied else None), table.digest
