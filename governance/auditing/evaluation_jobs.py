"""Jobs about evaluation sets: measuring and pinning, the overlap with training data, and the end of retention."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.actions.evaluation_sets import end_set, pin, refuse
from governance.auditing.encodings import readable
from governance.auditing.places import SetError, bring, file_digest
from governance.auditing.sources import fetch_set
from governance.models import EvaluationSet, EvaluationSetUse, SetRole, SetSource
from governance.scratch import workplace
from portal.jobs.kinds import every, job_kind
from portal.message import Message
from portal.web.errors import DomainError

DAY = 86_400


@job_kind("evaluation.measure", title=_("Measure an evaluation set"), lease=60, deadline=1800)
def run_measure(job, progress) -> dict:
    """Job: bring the file here, read what it holds, and pin its digest."""
    one = EvaluationSet.objects.select_related("team", "version__model__registry", "connection").get(
        pk=job.params["set"]
    )
    try:
        with workplace("audit") as folder:
            progress(1, 3, Message("audit.fetching_data"))
            path = _drawn(one, folder) if one.source == SetSource.TABLE else bring(one, folder)
            digest = file_digest(path)
            if one.source == SetSource.UPLOAD and digest != one.digest:
                raise SetError("set.changed", name=one.name)
            progress(2, 3, Message("set.measuring"))
            measured = _measured(path, folder)
            size = path.stat().st_size
            if one.source == SetSource.TABLE:
                _keep(one, path, digest)
    except SetError as error:
        refuse(one=one, error=error.message)
        raise DomainError(error.message) from error
    progress(3, 3, Message("audit.keeping"))
    one = pin(one=one, digest=digest, size=size, measured=measured, by=job.created_by)
    return {"digest": one.digest, "rows": one.rows}


def _measured(path: Path, folder: Path):
    from governance.auditing.measuring import measure

    place = folder / "measuring"
    place.mkdir()
    return measure(readable(path, place), folder)


def _drawn(one: EvaluationSet, folder: Path) -> Path:
    from governance.auditing.drawing import draw

    return draw(one.connection, one.place, folder / "drawn.parquet")


def _keep(one: EvaluationSet, path: Path, digest: str) -> None:
    """The rows as they were drawn, under their digest; a snapshot that was replaced is a leftover."""
    import shutil

    one.digest = digest
    one.kept_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    incoming = one.kept_file.with_name(f"incoming-{one.pk}")
    shutil.copyfile(path, incoming)
    incoming.replace(one.kept_file)


@job_kind("evaluation.overlap", title=_("Compare evaluation and training data"), lease=60, deadline=1800)
def run_overlap(job, progress) -> dict:
    """Job: how many rows of a model's sets stand in its training data too."""
    from governance.auditing.overlap import overlap

    uses = EvaluationSetUse.objects.filter(model=job.params["model"]).select_related(
        "set__team", "set__version__model__registry", "model__profile"
    )
    by_role = {use.role: use for use in uses}
    if SetRole.TRAINING not in by_role:
        return {}
    compared = [use for use in uses if use.role in (SetRole.GOLD, SetRole.CHALLENGER)]
    found = {}
    with workplace("audit") as folder:
        progress(1, len(compared) + 1, Message("audit.fetching_data"))
        training = fetch_set(by_role[SetRole.TRAINING].set, folder)
        for step, use in enumerate(compared, start=2):
            progress(step, len(compared) + 1, Message("set.comparing", {"set": use.set.name}))
            cases = fetch_set(use.set, folder)
            found[str(use.pk)] = overlap(cases.path, training.path, not_features(use.model), folder)
            digests = {"data": cases.digest, "training": training.digest}
            EvaluationSetUse.objects.filter(pk=use.pk).update(overlap=found[str(use.pk)] | digests)
    return found


def not_features(model) -> set[str]:
    """Columns that a model is not given: by these two rows may differ and still be the same case."""
    profile = getattr(model, "profile", None)
    if profile is None:
        return set()
    named = {profile.label_column, profile.prediction_column, profile.score_column, profile.weight_column}
    return named | set(profile.excluded_columns) | set(profile.restricted_columns)


@every(DAY // 24, name="evaluation.retention")
def end_what_is_over() -> int:
    """Duty: end the sets whose time is over; how many there were."""
    over = list(EvaluationSet.objects.filter(ended_at=None, keep_until__lt=timezone.localdate()))
    for one in over:
        end_set(one=one)
    return len(over)
