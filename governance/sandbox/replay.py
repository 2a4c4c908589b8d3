"""Let a model predict behind the walls, and check what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.sandbox.backends import Sandbox
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.limits import Limits
from governance.sandbox.run import Outcome, run
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ROUNDING = 1e-6


@dataclass(frozen=True)
class Predictions:
    """What the model answers, one per row.

    Attributes
    ----------
    labels : pyarrow.Array
        Predictions: int64, bool, double or string.
    scores : ndarray of float64, shape (rows, classes), or None
        Class probabilities, where the model has them.
    classes : tuple or None
        The classes of the scores' columns.
    seconds : float
    backend : str
    """

    labels: pa.Array
    scores: np.ndarray | None
    classes: tuple[Any, ...] | None
    seconds: float
    backend: str


def predict(
    model_dir: str | Path,
    features: pa.Table,
    *,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    interpreter: str | None = None,
) -> Predictions:
    """Predict in a sandboxed process.

    Parameters
    ----------
    model_dir : path
        Local folder of a logged MLflow model.
    features : pyarrow.Table
        Only columns that the model takes.
    interpreter : str, optional
        Path of another Python that the model is run with.

    Raises
    ------
    SandboxFailure
        If no sandbox works here, or the model gives no answer, one of another length, or one that is not
        finite.
    """
    outcome = run(
        {"task": "predict"},
        model_dir=model_dir,
        features=features,
        limits=limits,
        sandbox=sandbox,
        interpreter=interpreter,
    )
    rows = features.num_rows
    numbers = required(outcome, "predictions", (rows,))
    labels = _labels(outcome, numbers)
    scores, classes = outcome.arrays.get("scores"), outcome.payload.get("classes")
    if scores is None:
        return Predictions(labels, None, None, outcome.seconds, outcome.backend)
    if not isinstance(classes, list) or not all(isinstance(c, str | int | float) for c in classes):
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    scores = required(outcome, "scores", (rows, len(classes)))
    if scores.size and (scores.min() < -ROUNDING or scores.max() > 1 + ROUNDING):
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    return Predictions(labels, scores, tuple(classes), outcome.seconds, outcome.backend)


def required(outcome: Outcome, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of the answer, with the shape it has to have and finite throughout.

    Raises
    ------
    SandboxFailure
    """
    import numpy as np

    values = outcome.arrays.get(name)
    if values is None or values.ndim != len(shape) or values.shape[1:] != shape[1:]:
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    if values.shape[0] != shape[0]:
        params = {"got": values.shape[0], "expected": shape[0]}
        raise SandboxFailure(Message("sandbox.wrong_length", params), outcome.detail)
    wrong = int(values.size - np.isfinite(values).sum())
    if wrong:
        params = {"count": wrong, "total": int(values.size)}
        raise SandboxFailure(Message("sandbox.not_finite", params), outcome.detail)
    return values


def _labels(outcome: Outcome, numbers: np.ndarray) -> pa.Array:
    import pyarrow as pa

    kind = outcome.payload.get("kind")
    if kind == "number":
        return pa.array(numbers)
    whole = numbers.astype("int64") if (abs(numbers) < 2**53).all() else None
    if whole is None or not (whole == numbers).all():
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    if kind == "integer":
        return pa.array(whole)
    if kind == "boolean":
        return pa.array(whole.astype(bool))
    levels = outcome.payload.get("levels")
    listed = isinstance(levels, list) and all(isinstance(level, str) for level in levels)
    if kind != "text" or not listed or (len(whole) and not 0 <= whole.min() <= whole.max() < len(levels)):
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    return pa.array(levels, pa.string()).take(pa.array(whole))
