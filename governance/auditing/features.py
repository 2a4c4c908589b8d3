"""Which columns of an evaluation table the model is given: never the label, never what it does not take."""

from __future__ import annotations

from pathlib import Path

from governance.auditing.sources import NotEvaluated
from governance.models import Profile
from governance.sandbox import SandboxFailure, read_model_file
from portal.message import Message

MOST_BYTES = 2 * 2**30


def read_table(path: Path):
    """An evaluation table as Arrow, once it is measured: two megabytes of Parquet may unfold to twenty gigabytes."""
    from governance.engine.tables import open_table

    with open_table(path) as table:
        if unfolded_size(table) > MOST_BYTES:
            raise NotEvaluated(Message("audit.data_large", {"limit": MOST_BYTES // 2**20}))
        return table.to_pyarrow()


def unfolded_size(table) -> int:
    """About how many bytes the whole of an Ibis table takes, found where it lies."""
    import ibis

    schema = table.schema()
    long = [name for name, kind in schema.items() if not (kind.is_numeric() or kind.is_boolean() or kind.is_temporal())]
    lengths = {f"long{i}": table[name].cast("string").length().sum() for i, name in enumerate(long)}
    found = table.aggregate(rows=ibis._.count(), **lengths).to_pyarrow().to_pylist()[0]
    return found.pop("rows") * len(schema) * 8 + sum(length or 0 for length in found.values())


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
        # A restricted attribute that was joined for the audit is no feature, whatever the signature says.
        missing = [name for name in wanted if name not in rows.column_names or name in profile.restricted_columns]
        if missing:
            raise NotEvaluated(Message("audit.features_missing", {"columns": missing[:10]}))
        return rows.select(list(wanted))
    left_out = {profile.label_column, profile.prediction_column, profile.score_column, profile.weight_column}
    left_out |= {
        *profile.excluded_columns,
        *profile.restricted_columns,
        *profile.pinned.get("sensitive", {}).get("key", ()),
    }
    return rows.select([name for name in rows.column_names if name not in left_out])
