"""Which columns of an evaluation table the model is given: never the label, never what it does not take."""

from __future__ import annotations

from pathlib import Path

from governance.auditing.sources import NotEvaluated
from governance.models import Profile
from governance.sandbox import SandboxFailure, read_model_file
from portal.message import Message


def read_table(path: Path):
    """An evaluation table as Arrow."""
    from governance.engine.tables import open_table

    with open_table(path) as table:
        return table.to_pyarrow()


def features_of(rows, profile: Profile, model_dir: Path):
    """The features: the columns of the model's signature, or else all that the profile does not name otherwise.

    Parameters
    ----------
    rows : pyarrow.Table
    profile : Profile
    model_dir : Path
        Its MLmodel file is read as text; nothing of the model runs.
    """
    try:
        wanted = read_model_file(model_dir).inputs
    except SandboxFailure as failure:
        raise NotEvaluated(failure.message) from failure
    if wanted:
        missing = [name for name in wanted if name not in rows.column_names]
        if missing:
            raise NotEvaluated(Message("audit.features_missing", {"columns": missing[:10]}))
        return rows.select(list(wanted))
    left_out = {profile.label_column, profile.prediction_column, *profile.excluded_columns}
    return rows.select([name for name in rows.column_names if name not in left_out])
