"""The explanation audit of a version, beside the live one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from governance.auditing.examination import Examination, Finding
from governance.auditing.features import features_of, read_table
from governance.auditing.interpreters import environment_for
from governance.auditing.live import live_version
from governance.auditing.run import STEPS, known_inputs, run_audit
from governance.auditing.sources import NotEvaluated, fetch_model, fetch_table, profile_of
from governance.models import AuditKind, EvidenceLabel, ModelVersion, Profile
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError

if TYPE_CHECKING:
    import pyarrow as pa

    from governance.engine.explanation.audit import ExplanationAudit


NEEDED = ("shap", "numba")  # without them nothing is explained, nor checked


@job_kind("audit.explanation", title=_("Explanation audit"), lease=30, deadline=1800)
def run(job, progress) -> dict:
    asked = partial(examine, chosen=tuple(job.params.get("rows", ())))
    return run_audit(AuditKind.EXPLANATION, job, progress, asked)


def examine(examination: Examination, folder: Path, progress, *, chosen: Sequence[str] = ()) -> Finding:
    """Run the model in the sandbox, attribute its outputs to its inputs, and do the same with the live version.

    Parameters
    ----------
    chosen : sequence of str
        Rows to explain besides the sample, by number or ``column=value``. One that is not there ends the job with
        its reason, and keeps no audit: the version is no worse for it.
    """
    from governance.engine.explanation.audit import compare_explanations

    version, profile = examination.version, profile_of(examination)
    progress(1, STEPS, Message("audit.fetching_data"))
    table = fetch_table(examination, profile, folder)
    progress(2, STEPS, Message("audit.fetching_model"))
    model_dir, digest = fetch_model(version, folder)
    progress(3, STEPS, Message("audit.computing"))
    rows = read_table(table.path)
    _may_be_named(chosen, profile)
    interpreter = environment_for(model_dir, needs=NEEDED)
    audit = explain(rows, profile, model_dir, interpreter.executable, chosen=chosen)
    inputs = known_inputs(examination, data=table.digest, artifact=digest, interpreter=interpreter.stated)
    live = live_version(version)
    if live is not None and audit.attributed is not None:
        progress(3, STEPS, Message("explanation.comparing", {"number": live.number}))
        named = Message("explanation.live", {"number": live.number})
        try:
            before, inputs["live"] = _explain_live(live, folder, rows, profile, audit, chosen)
            audit = compare_explanations(audit, before, other=named)
        except DomainError as error:  # the version's own explanation stands without it
            audit = audit.uncompared(named, error.message)
    return Finding(audit.verdict, audit.message, audit.to_json(), inputs, EvidenceLabel.REPLAYED)


def explain(
    table: pa.Table, profile: Profile, model_dir: Path, interpreter: str | None, **settings
) -> ExplanationAudit:
    """Explain a model by a profile's data; the model is given its features and nothing else."""
    from governance.engine.explanation.audit import audit_explanation
    from governance.engine.explanation.rows import UnknownRow
    from governance.engine.tables import EvaluationDataError

    given = set(features_of(table, profile, model_dir).column_names)
    try:
        return audit_explanation(
            model_dir=model_dir,
            features=table,
            drop=[name for name in table.column_names if name not in given],
            sensitive=tuple(profile.sensitive_columns),
            proxies=tuple(profile.proxy_columns),
            positive=profile.positive or None,
            interpreter=interpreter,
            **settings,
        )
    except UnknownRow as error:
        raise DomainError(error.message) from error
    except EvaluationDataError as error:
        raise NotEvaluated(error.message) from error


def _may_be_named(chosen: Sequence[str], profile: Profile) -> None:
    """Nobody finds out by asking for rows what a sensitive or restricted column says of somebody."""
    hidden = {*profile.sensitive_columns, *profile.restricted_columns}
    for row in chosen:
        if row.partition("=")[0] in hidden:
            raise DomainError(Message("explanation.row_hidden", {"row": row[:80]}))


def _explain_live(
    live: ModelVersion,
    folder: Path,
    rows: pa.Table,
    profile: Profile,
    audit: ExplanationAudit,
    chosen: Sequence[str],
) -> tuple[ExplanationAudit, str]:
    """The live version on the same rows with the same seed, and the digest of its files.

    Rows that were asked for are no part of the sample, so the same ones are asked for.
    """
    place = folder / "live"
    place.mkdir()
    model_dir, digest = fetch_model(live, place)
    interpreter = environment_for(model_dir, needs=NEEDED).executable
    drawn = {"rows": audit.rows_used, "chosen": chosen, "precision": None, "seed": audit.seed}
    return explain(rows, profile, model_dir, interpreter, **drawn), digest
