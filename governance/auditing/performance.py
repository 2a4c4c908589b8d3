"""The performance audit of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from governance.auditing.examination import Examination, Finding
from governance.auditing.features import read_table
from governance.auditing.live import live_version
from governance.auditing.replayed import Replayed, replay
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.auditing.sources import NotEvaluated, fetch_model, fetch_table, known_digest, profile_of
from governance.models import AuditKind, EvidenceLabel, ModelVersion, Profile
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError, Unavailable

LIVE = "_live"


@job_kind("audit.performance", title=_("Performance audit"), lease=30, deadline=1800)
def run(job, progress) -> dict:
    return run_audit(AuditKind.PERFORMANCE, job, progress, examine)


def examine(examination: Examination, folder: Path, progress) -> Finding:
    """Measure the supplied predictions, or those the sandbox makes, beside those of the live version."""
    from governance.engine.authority import InvalidEvidence
    from governance.engine.performance.audit import audit_performance
    from governance.engine.tables import EvaluationDataError

    version, profile = examination.version, profile_of(examination)
    progress(1, STEPS, Message("audit.fetching_data"))
    table = fetch_table(examination, profile, folder)
    if not profile.label_column:
        raise NotEvaluated("audit.no_label")
    inputs = known_inputs(examination, data=table.digest)
    try:
        if profile.prediction_column:
            inputs["artifact"], label = known_digest(version), EvidenceLabel.COMPUTED
            read_table(table.path)  # refused here if it is too large to be read whole
            own = Replayed(table.path, profile.prediction_column)
        else:
            progress(2, STEPS, Message("audit.fetching_model"))
            model_dir, inputs["artifact"] = fetch_model(version, folder)
            progress(2, STEPS, Message("audit.predicting"))
            own, label = replay(model_dir, table.path, profile), EvidenceLabel.REPLAYED
            inputs["interpreter"] = own.interpreter
        beside, digests = compared(version, own, table.path, profile, folder, progress)
        progress(3, STEPS, Message("audit.computing"))
        audit = audit_performance(
            beside.pop("source", own.path), prediction=own.prediction, **asked(profile, own), **beside
        )
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error
    except InvalidEvidence as error:
        raise DomainError(error.message) from error  # no evidence at all: the job fails, nothing is kept
    return Finding(audit.verdict, audit.message, audit.to_json(), inputs | digests, label)


def asked(profile: Profile, own: Replayed) -> dict[str, Any]:
    """What the profile says of columns and metric; without named slices every other column of the table is cut."""
    named = [*profile.slice_columns, *profile.sensitive_columns]
    return {
        "label": profile.label_column,
        "score": (profile.score_column if profile.prediction_column else dict(own.scores)) or None,
        "weight": profile.weight_column or None,
        "positive": profile.positive or None,
        "metric": profile.metric or None,
        "direction": profile.metric_direction if profile.metric else None,
        "slices": list(dict.fromkeys(named)) if profile.slice_columns else None,
        "bins": profile.bins or None,
    }


def compared(
    version: ModelVersion, own: Replayed, table: Path, profile: Profile, folder: Path, progress
) -> tuple[dict[str, Any], dict[str, str]]:
    """The live version's answers on the same rows, or why there are none; and the digest of its files.

    That it cannot be run is no verdict on the version at hand: it is said, and the comparison is not evaluated.
    """
    live = live_version(version)
    if live is None:
        return {"not_compared": Message("performance.live.none")}, {}
    name = Message("performance.live.version", {"number": live.number})
    place = folder / "live"
    place.mkdir()
    try:
        progress(2, STEPS, Message("performance.fetching_live", {"number": live.number}))
        model_dir, digest = fetch_model(live, place)
        made = replay(model_dir, table, profile, role=LIVE, beside=own.path)
    except (NotEvaluated, Unavailable) as error:
        return {"not_compared": Message("performance.live.failed", {"name": name, "reason": error.message})}, {}
    answers = {
        "source": made.path,
        "baseline_prediction": made.prediction,
        "baseline_score": dict(made.scores) or None,
        "baseline_name": name,
    }
    return answers, {"live": digest, "live_version": str(live.number)}
