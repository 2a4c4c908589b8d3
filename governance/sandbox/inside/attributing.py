"""What a method of attribution is given and gives: the number that is explained, and contributions by rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from predicting import one_column

if TYPE_CHECKING:
    import pandas as pd

# Rows by whose answers a class is chosen where none is named.
FIRST_ROWS = 200


class MissingClass(LookupError):
    """The class to explain is none of the model's; not a reason to try another method."""


@dataclass(frozen=True)
class Output:
    """What is explained: one number a row.

    Attributes
    ----------
    kind : str
        ``"probability"``, ``"margin"`` (log-odds or decision value), ``"prediction"`` (a number as it is),
        or ``"indicator"`` (1 where the model answers the class).
    label : object
        The class; None for a number.
    position : int
        Its position among the classes.
    """

    kind: str
    label: Any = None
    position: int = 0


@dataclass(frozen=True)
class Attributor:
    """A method, prepared once for a model and a table, and asked for ranges of the table's rows.

    Attributes
    ----------
    method : str
        ``"tree"``, ``"linear"`` or ``"permutation"``.
    output : Output
    background : int
        Rows that stand for "feature unknown"; 0 where the model carries its own.
    attribute : callable (start, stop) -> (base of shape (n,), values of shape (n, columns))
        Base values and contributions of the original columns.
    outputs : callable (start, stop) -> ndarray of shape (n,)
        The model's own output.
    cost : int
        Rows that the model is asked for to explain one.
    kernel : str
        What computes: ``"treeshap"``, ``"closed form"`` or ``"shap"``.
    authority : callable () -> (base, values), optional
        The same of the first rows by shap; None where shap is the kernel.
    again : callable (seed) -> Attributor, optional
        The same method by another seed and background; None where nothing depends on either.
    """

    method: str
    output: Output
    background: int
    attribute: Callable[[int, int], tuple[np.ndarray, np.ndarray]]
    outputs: Callable[[int, int], np.ndarray]
    cost: int = 0
    kernel: str = "shap"
    authority: Callable[[], tuple[np.ndarray, np.ndarray]] | None = None
    again: Callable[[int], Attributor] | None = None


def choose_output(
    estimator: Any, rows: pd.DataFrame, task: dict[str, Any], preferred: str, *, native: bool = True
) -> Output:
    """Which number is explained: of two classes the named or the second one, of more the most frequent answer."""
    rows = rows.iloc[:FIRST_ROWS]
    classes = getattr(estimator, "classes_", None) if native else None
    if classes is None:
        answers = one_column(estimator.predict(rows))
        if answers.dtype.kind in "biuf":
            return Output("prediction")
        labels, counts = np.unique(answers.astype(str), return_counts=True)
        named = task.get("positive")
        return Output("indicator", named if named in labels else labels[np.argmax(counts)])
    position = _position(estimator, list(classes), rows, task.get("positive"))
    kind = preferred
    if kind == "probability" and not hasattr(estimator, "predict_proba"):
        kind = "margin" if hasattr(estimator, "decision_function") else "indicator"
    return Output(kind, classes[position], position)


def _position(estimator: Any, classes: list[Any], rows: pd.DataFrame, positive: Any) -> int:
    if positive is not None:
        named = [i for i, label in enumerate(classes) if str(label) == str(positive)]
        if not named:
            raise MissingClass(f"the model has no class {positive!r}")
        return named[0]
    if len(classes) == 2:
        return 1
    answers = list(estimator.predict(rows))
    return int(np.argmax([answers.count(label) for label in classes]))


def evaluate(estimator: Any, rows: Any, output: Output) -> np.ndarray:
    """The model's output for rows."""
    if output.kind == "probability":
        return np.asarray(estimator.predict_proba(rows), dtype=float)[:, output.position]
    if output.kind == "margin":
        return decision(estimator, rows, output)
    answers = one_column(estimator.predict(rows))
    if output.kind == "indicator":
        return (answers.astype(str) == str(output.label)).astype(float)
    return answers.astype(float)


def decision(estimator: Any, rows: Any, output: Output) -> np.ndarray:
    """Margin of the class; of two classes scikit-learn gives the second one's."""
    margin = np.asarray(estimator.decision_function(rows), dtype=float)
    if margin.ndim == 1:
        return margin if output.position == 1 else -margin
    return margin[:, output.position]


def of_class(explanation: Any, output: Output) -> tuple[np.ndarray, np.ndarray]:
    """Base values and contributions of the explained class, from an explanation by shap."""
    values = np.asarray(explanation.values, dtype=float)
    base = np.asarray(explanation.base_values, dtype=float)
    if values.ndim == 3:
        base = np.broadcast_to(base, (len(values), values.shape[2]))
        return base[:, output.position], values[:, :, output.position]
    base = np.broadcast_to(base.reshape(-1) if base.ndim else base, (len(values),))
    # One set of values for two classes is the second one's.
    sign = -1.0 if output.kind == "margin" and output.position == 0 else 1.0
    return sign * base, sign * values


def dense(matrix: Any) -> Any:
    """A matrix with its zeros."""
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def between(matrix: Any, start: int, stop: int) -> Any:
    """A range of rows of an array, a sparse matrix or a DataFrame."""
    return matrix.iloc[start:stop] if hasattr(matrix, "iloc") else matrix[start:stop]


def import_shap() -> Any:
    """shap, with its small loops left as Python: to compile them at each start takes ten seconds of CPU time."""
    from numba import config

    before, config.DISABLE_JIT = config.DISABLE_JIT, 1
    try:
        import shap
    finally:
        config.DISABLE_JIT = before
    return shap
