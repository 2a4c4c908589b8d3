"""The rows of a performance audit: labels, predictions, scores and weights as arrays, and how they can be cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.tables import EvaluationDataError, open_table, require_columns

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
CLASSIFICATION = "classification"
MAX_CLASSES = 50


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model answered, beside what was true; only rows that have both.

    Attributes
    ----------
    task : {"binary", "multiclass", "regression"}
    classes : tuple of str
        Empty for regression.
    positive : int
        Index into `classes`; -1 where no class is positive.
    label, prediction : ndarray, shape (n,)
        Indexes into `classes`, or numbers.
    score : ndarray of float or None
        Shape (n,): the probability of the positive class; shape (n, classes): of each class. NaN where missing.
    weight : ndarray of float or None, shape (n,)
        Positive. None means one each.
    """

    task: str
    classes: tuple[str, ...]
    positive: int
    label: np.ndarray
    prediction: np.ndarray
    score: np.ndarray | None = None
    weight: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.label)

    @cached_property
    def weights(self) -> np.ndarray:
        return np.ones(self.n) if self.weight is None else self.weight

    def take(self, at: np.ndarray) -> Answers:
        """Some of the rows, by index or mask."""
        score = None if self.score is None else self.score[at]
        weight = None if self.weight is None else self.weight[at]
        return replace(self, label=self.label[at], prediction=self.prediction[at], score=score, weight=weight)

    @cached_property
    def scored(self) -> Answers:
        """The rows that have a score."""
        if self.score is None:
            return self.take(np.zeros(0, dtype=np.int64))
        known = ~np.isnan(self.score.reshape(self.n, -1)).any(axis=1)
        return self if known.all() else self.take(known)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Weight of the rows by label and prediction, shape (classes, classes); counts where all weigh one."""
        size = len(self.classes)
        cell = self.label * size + self.prediction
        return np.bincount(cell, weights=self.weight, minlength=size * size).reshape(size, size)


@dataclass(frozen=True, eq=False)
class Rows:
    """An evaluation table as a performance audit reads it.

    Attributes
    ----------
    own : Answers
    live : Answers or None
        The other model's answers on the rows where it has them.
    paired : ndarray of int or None
        Those rows, as indexes into `own`.
    total : int
        Rows of the table, complete or not.
    missing : dict of str to int
        Rows without label, prediction, score, and the other model's prediction; rows left out.
    table : pyarrow.Table
        The columns to cut by, on the complete rows.
    """

    own: Answers
    live: Answers | None
    paired: np.ndarray | None
    total: int
    missing: dict[str, int]
    table: pa.Table


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    `score` names the positive class's probability, or maps each class to its column.
    """

    label: str
    prediction: str
    score: str | Mapping[str, str] | None = None
    weight: str | None = None
    live: str | None = None
    live_score: str | Mapping[str, str] | None = None

    @property
    def named(self) -> list[str]:
        names = [self.label, self.prediction, self.weight, self.live]
        for score in (self.score, self.live_score):
            names += [score] if isinstance(score, str) else list((score or {}).values())
        return [name for name in names if name]


def read_rows(
    source: str | Path | ibis.Table,
    columns: Columns,
    *,
    slices: Sequence[str] | None,
    positive: str | int | float | bool | None,
    task: str | None,
) -> Rows:
    """Read the columns that are asked for; of the rest nothing is fetched.

    Raises
    ------
    EvaluationDataError
        For whatever cannot be measured, with a sentence that says what to change.
    """
    named = columns.named
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise EvaluationDataError("data.column_twice", column=twice)
    with open_table(source) as table:
        require_columns(table, [*named, *(slices or ())])
        for name in named:
            if table[name].type().is_nested():
                raise EvaluationDataError("data.nested", column=name)
        cut = [name for name in (table.columns if slices is None else dict.fromkeys(slices)) if name not in named]
        rows = table.select(*named, *[name for name in cut if not table[name].type().is_nested()]).to_pyarrow()
    if not rows.num_rows:
        raise EvaluationDataError("data.no_rows")
    return _arranged(rows, columns, positive, task)


def _arranged(rows: pa.Table, columns: Columns, positive: Any, task: str | None) -> Rows:
    names = [columns.label, columns.prediction, *([columns.live] if columns.live else [])]
    if (task or _guess(rows, columns)) == REGRESSION:
        kind, classes, target = REGRESSION, (), -1
        values = [numbers(rows, name) for name in names]
        missing = [np.isnan(column) for column in values]
    else:
        classes, values = _classes(rows, names)
        missing = [codes < 0 for codes in values]
        kind, target = _classification(classes, values, names, positive)
    weight = _weights(rows, columns.weight)
    score = _scores(rows, columns.score, classes, target)
    live_score = _scores(rows, columns.live_score, classes, target)
    complete = ~missing[0] & ~missing[1] & (weight > 0 if weight is not None else True)
    if not complete.any():
        raise EvaluationDataError("data.no_complete_rows", label=columns.label, prediction=columns.prediction)
    everything = Answers(kind, classes, target, values[0], values[1], score, weight)
    own = everything.take(complete)
    counted = {
        "label": int(missing[0].sum()),
        "prediction": int(missing[1].sum()),
        "score": 0 if own.score is None else own.n - own.scored.n,
        "left_out": len(complete) - own.n,
    }
    live, paired = None, None
    if columns.live:
        both = complete & ~missing[2]
        live = replace(everything, prediction=values[2], score=live_score).take(both)
        paired = np.flatnonzero(both[complete])
        counted["live"] = own.n - live.n
    left = [name for name in rows.column_names if name not in columns.named]
    return Rows(own, live, paired, len(complete), counted, rows.select(left).filter(complete))


def numbers(rows: pa.Table, name: str) -> np.ndarray:
    """A numeric column as floats, NaN where it is missing.

    Raises
    ------
    EvaluationDataError
        If it is not numeric, or holds infinities.
    """
    import pyarrow as pa

    kind = rows.schema.field(name).type
    if not is_numeric(kind):
        raise EvaluationDataError("performance.not_numeric", column=name)
    values = rows[name].cast(pa.float64(), safe=False).to_numpy()
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise EvaluationDataError("performance.infinite", column=name, count=infinite)
    return values


def is_numeric(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def encode(column: pa.ChunkedArray) -> tuple[list[Any], np.ndarray]:
    """Distinct values in order, and the index of each entry; -1 for null and NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column.combine_chunks())
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda i: _order(values[i]))
    place = np.empty(len(values) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(values)), -1
    return [values[i] for i in order], place[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]


def text(value: Any) -> str:
    """A class or a level in words: 1, 1.0 and True are the same class."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float | Decimal) and np.isfinite(float(value)) and value == int(value):
        return str(int(value))
    return str(value)


def _order(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float | Decimal) else (1, str(value))


def _guess(rows: pa.Table, columns: Columns) -> str:
    """Whether the labels are classes or amounts."""
    if not is_numeric(rows.schema.field(columns.label).type):
        return CLASSIFICATION
    labels = encode(rows[columns.label])[0]
    if len(labels) > MAX_CLASSES or not all(float(value).is_integer() for value in labels):
        return REGRESSION
    if not is_numeric(rows.schema.field(columns.prediction).type):
        return CLASSIFICATION
    predicted = encode(rows[columns.prediction])[0]
    decided = len(predicted) <= MAX_CLASSES and all(float(value).is_integer() for value in predicted)
    if len(labels) == 2 and not decided:
        raise EvaluationDataError("performance.scores_for_classes", column=columns.prediction, label=columns.label)
    return CLASSIFICATION if decided else REGRESSION


def _classes(rows: pa.Table, names: Sequence[str]) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """One list of classes for all columns, with the class of each entry; -1 where it is missing."""
    encoded = [encode(rows[name]) for name in names]
    for name, (values, _) in zip(names, encoded, strict=True):
        if len(values) > MAX_CLASSES:
            raise EvaluationDataError("data.not_classes", column=name, count=len(values), limit=MAX_CLASSES)
    texts = [[text(value) for value in values] for values, _ in encoded]
    classes = tuple(sorted({word for column in texts for word in column}, key=_class_order))
    at = {word: i for i, word in enumerate(classes)}
    indexes = [np.array([*(at[word] for word in column), -1], dtype=np.int64) for column in texts]
    return classes, [index[codes] for index, (_, codes) in zip(indexes, encoded, strict=True)]


def _class_order(word: str) -> tuple[int, float, str]:
    try:
        return 0, float(word), word
    except ValueError:
        return 1, 0.0, word


def _classification(
    classes: tuple[str, ...], values: Sequence[np.ndarray], names: Sequence[str], positive: Any
) -> tuple[str, int]:
    """Two classes or more, and which is positive."""
    complete = (values[0] >= 0) & (values[1] >= 0)
    if not complete.any():
        raise EvaluationDataError("data.no_complete_rows", label=names[0], prediction=names[1])
    found = [classes[i] for i in np.unique(values[0][complete])]
    if len(found) == 1:
        raise EvaluationDataError("data.one_class", column=names[0], value=found[0])
    for name, column in zip(names[1:], values[1:], strict=True):
        predicted = [classes[i] for i in np.unique(column[column >= 0])]
        strange = [word for word in predicted if word not in found]
        if strange and (len(found) == 2 or len(strange) == len(predicted)):
            params = {"prediction": name, "label": names[0], "value": strange[0], "values": found}
            raise EvaluationDataError("data.strange_prediction", **params)
    target = _positive(found, positive, names[0])
    binary = len(found) == 2 and target is not None
    return (BINARY, classes.index(target)) if binary else (MULTICLASS, -1)


def _positive(found: Sequence[str], positive: Any, column: str) -> str | None:
    if positive is None or positive == "":
        return "1" if set(found) == {"0", "1"} else None
    wanted = text(positive)
    spellings = {wanted}
    if set(found) == {"0", "1"}:
        spellings.add({"true": "1", "false": "0", "1.0": "1", "0.0": "0"}.get(wanted.casefold(), wanted))
    match = next((word for word in found if word in spellings), None)
    if match is None:
        raise EvaluationDataError("data.strange_positive", column=column, value=wanted, values=list(found))
    return match


def _weights(rows: pa.Table, name: str | None) -> np.ndarray | None:
    if name is None:
        return None
    weight = numbers(rows, name)
    wrong = int((~(weight >= 0)).sum())
    if wrong or not weight.sum() > 0:
        raise EvaluationDataError("performance.weights", column=name, count=wrong or len(weight))
    return weight


def _scores(
    rows: pa.Table, score: str | Mapping[str, str] | None, classes: tuple[str, ...], positive: int
) -> np.ndarray | None:
    """Scores as the task needs them, or None where they do not say enough."""
    if not score or not classes:
        return None
    if isinstance(score, str):
        return numbers(rows, score) if positive >= 0 else None
    if positive >= 0:
        return numbers(rows, score[classes[positive]]) if classes[positive] in score else None
    if any(word not in score for word in classes):
        return None
    return np.column_stack([numbers(rows, score[word]) for word in classes])
