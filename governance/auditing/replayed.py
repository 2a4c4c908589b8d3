"""The predictions of a version by running it: in the sandbox, on the rows of the evaluation table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from governance.auditing.features import features_of, read_table
from governance.auditing.interpreters import environment_for
from governance.auditing.sources import NotEvaluated
from governance.models import Profile

REPLAYED_COLUMN = "__sekisho_prediction"
SCORE_COLUMN = "__sekisho_score_{at}"


@dataclass(frozen=True)
class Replayed:
    """An evaluation table with predictions beside label and groups.

    Attributes
    ----------
    path : Path
    prediction : str
        The column of the predictions.
    interpreter : str
        Which Python ran the model; empty where the predictions were supplied.
    scores : mapping of str to str
        Class → the column of its probability; empty where the model has none.
    """

    path: Path
    prediction: str
    interpreter: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)


def replay(model_dir: Path, table: Path, profile: Profile, *, role: str = "", beside: Path | None = None) -> Replayed:
    """Run the model on the features of a table, and write its answers beside the table's own columns.

    Parameters
    ----------
    role : str
        Sets the columns and the file apart where a second model is run on the same rows.
    beside : Path, optional
        A table with the same rows that the answers are added to; by default the one that the model was run on.

    Raises
    ------
    NotEvaluated
        If the model's columns are not all there, or the sandbox has no answer of it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from governance.sandbox import SandboxFailure, predict

    rows = read_table(table)
    try:
        features = features_of(rows, profile, model_dir)
        interpreter = environment_for(model_dir)
        made = predict(model_dir, features, interpreter=interpreter.executable)
    except SandboxFailure as failure:
        raise NotEvaluated(failure.message) from failure
    prediction, scores = REPLAYED_COLUMN + role, {}
    answers = {prediction: made.labels}
    if made.scores is not None:
        for at, value in enumerate(made.classes or ()):
            scores[class_name(value)] = column = SCORE_COLUMN.format(at=at) + role
            answers[column] = pa.array(made.scores[:, at])
    rows = read_table(beside) if beside else rows
    rows = rows.drop_columns([name for name in answers if name in rows.column_names])
    for name, values in answers.items():
        rows = rows.append_column(name, [values])
    target = table.parent / f"replayed{role}.parquet"
    pq.write_table(rows, target)
    return Replayed(target, prediction, interpreter.stated, scores)


def class_name(value) -> str:
    """A class as the engines spell it: 1, 1.0 and True are the same class."""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return str(value)
