"""The fairness audit of a version."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from governance.auditing.examination import Examination, Finding
from governance.auditing.replayed import REPLAYED_COLUMN, replay
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.auditing.sources import NotEvaluated, fetch_model, fetch_table, known_digest, profile_of
from governance.in_force import gates_in_force
from governance.models import AuditKind, EvidenceLabel
from governance.policy import FairnessNeeds
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError

MIN_GROUP, CONFIDENCE = 30, 0.95


@job_kind("audit.fairness", title=_("Fairness audit"), lease=30, deadline=1800)
def run(job, progress) -> dict:
    return run_audit(AuditKind.FAIRNESS, job, progress, examine)


def examine(examination: Examination, folder: Path, progress) -> Finding:
    """Compare the groups of the evaluation table by the supplied predictions, or by those the sandbox makes."""
    from governance.engine.authority import InvalidEvidence
    from governance.engine.fairness.audit import audit_fairness
    from governance.engine.tables import EvaluationDataError, limit_memory

    limit_memory(settings.QUERY_MEMORY, settings.QUERY_FOLDER)
    version, profile = examination.version, profile_of(examination)
    if not profile.sensitive_columns:
        raise NotEvaluated("audit.no_sensitive")
    progress(1, STEPS, Message("audit.fetching_data"))
    table = fetch_table(examination, profile, folder)
    if not profile.label_column:
        raise NotEvaluated("audit.no_label")
    source, label = table.path, EvidenceLabel.COMPUTED
    inputs = known_inputs(examination, data=table.digest)
    score = profile.score_column or None
    try:
        if profile.prediction_column:
            inputs["artifact"] = known_digest(version)
        else:
            progress(2, STEPS, Message("audit.fetching_model"))
            model_dir, inputs["artifact"] = fetch_model(version, folder)
            progress(2, STEPS, Message("audit.predicting"))
            replayed = replay(model_dir, table.path, profile)
            source, label, inputs["interpreter"] = replayed.path, EvidenceLabel.REPLAYED, replayed.interpreter
            score = replayed.scores.get(profile.positive or "1")
        progress(3, STEPS, Message("audit.computing"))
        audit = audit_fairness(
            source,
            label=profile.label_column,
            prediction=profile.prediction_column or REPLAYED_COLUMN,
            sensitive=tuple(profile.sensitive_columns),
            positive=profile.positive or None,
            weight=profile.weight_column or None,
            score=score,
            bins=profile.bins or None,
            pool=profile.pools or None,
            min_group=smallest_group(),
            confidence=surest(),
        )
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error
    except InvalidEvidence as error:
        raise DomainError(error.message) from error  # no evidence at all: the job fails, nothing is kept
    return Finding(audit.verdict, audit.message, audit.to_json(), inputs, label)


def smallest_group() -> int:
    """How many cases a group needs: what the strictest policy in force asks, so that every gate can read the audit."""
    return max((need.min_group for need in _asked()), default=MIN_GROUP)


def surest() -> float:
    """How sure intervals are: as the strictest policy in force asks."""
    return max((need.confidence for need in _asked() if need.confidence), default=CONFIDENCE)


def _asked() -> list[FairnessNeeds]:
    return [gate.needs for gate in gates_in_force() if isinstance(gate.needs, FairnessNeeds)]
