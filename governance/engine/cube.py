"""The audit cube: one pass over the rows, after which every count-based metric is arithmetic.

A cube is ``count(*) GROUP BY sensitive features, label, prediction``. Marginals, intersections, metrics and
bootstrap replicates are all functions of it, so rows are read once, wherever they lie.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.tables import EvaluationDataError, open_table, require_columns

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

MAX_FEATURES = 4
MAX_LEVELS = 50
MAX_GROUPS = 2_000  # every pair of them is compared
MAX_CELLS = 500_000
SCHEMA = "sekisho.cube/1"


@dataclass(frozen=True, eq=False)
class Cube:
    """Counts of rows by sensitive features, label and prediction.

    Attributes
    ----------
    features : tuple of str
        Sensitive features, in the order they were named.
    levels : tuple of tuple of (str or None)
        Levels of each feature. None is "missing", and is not the string "missing".
    classes : tuple of str
        All values of label and prediction.
    codes : ndarray of int, shape (cells, features)
        Index into `levels`.
    label, prediction : ndarray of int, shape (cells,)
        Index into `classes`; -1 where the value is missing.
    n : ndarray of int, shape (cells,)
        Rows in each cell.
    """

    features: tuple[str, ...]
    levels: tuple[tuple[str | None, ...], ...]
    classes: tuple[str, ...]
    codes: np.ndarray
    label: np.ndarray
    prediction: np.ndarray
    n: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.n.sum())

    @cached_property
    def complete(self) -> np.ndarray:
        """Which cells have both label and prediction, shape (cells,)."""
        return (self.label >= 0) & (self.prediction >= 0)

    @property
    def missing(self) -> dict[str, Any]:
        """Rows without a label, without a prediction, left out for either, and without each feature."""
        return {
            "label": int(self.n[self.label < 0].sum()),
            "prediction": int(self.n[self.prediction < 0].sum()),
            "left_out": int(self.n[~self.complete].sum()),
            "sensitive": {
                feature: int(self.n[self.codes[:, i] == levels.index(None)].sum()) if None in levels else 0
                for i, (feature, levels) in enumerate(zip(self.features, self.levels, strict=True))
            },
        }

    def label_classes(self) -> tuple[str, ...]:
        """The classes that labels of complete rows take."""
        return tuple(self.classes[i] for i in np.unique(self.label[self.complete]))

    def prediction_classes(self) -> tuple[str, ...]:
        """The classes that predictions of complete rows take."""
        return tuple(self.classes[i] for i in np.unique(self.prediction[self.complete]))

    def group_index(self, features: Sequence[str]) -> tuple[list[tuple[str | None, ...]], np.ndarray]:
        """The groups that some features span, and the group of each cell.

        Returns
        -------
        groups : list of tuple
            One level for each feature; only groups that have rows.
        index : ndarray of int, shape (cells,)
        """
        at = [self.features.index(feature) for feature in features]
        if not at:
            return [()], np.zeros(len(self.n), dtype=np.int64)
        shape = tuple(len(self.levels[i]) for i in at)
        flat = np.ravel_multi_index(tuple(self.codes[:, i] for i in at), shape)
        present, index = np.unique(flat, return_inverse=True)
        codes = np.stack(np.unravel_index(present, shape), axis=1)
        groups = [tuple(self.levels[i][code] for i, code in zip(at, row, strict=True)) for row in codes]
        return groups, index

    def counts(self, features: Sequence[str], positive: str) -> GroupCounts:
        """Confusion counts by the groups that `features` span; no features give the whole."""
        groups, index = self.group_index(features)
        target = self.classes.index(positive)
        # tp, fp, fn, tn
        kind = np.where(self.prediction == target, 0, 2) + np.where(
            (self.label == target) == (self.prediction == target), 0, 1
        )
        kind = np.array([0, 1, 3, 2])[kind]
        size = len(groups)
        used = self.complete
        confusion = np.bincount(index[used] * 4 + kind[used], weights=self.n[used], minlength=size * 4)
        left_out = np.bincount(index[~used], weights=self.n[~used], minlength=size)
        return GroupCounts(
            tuple(features),
            tuple(groups),
            confusion.reshape(size, 4).astype(np.int64),
            left_out.astype(np.int64),
        )

    def to_json(self) -> dict[str, Any]:
        columns = np.column_stack([self.codes, self.label, self.prediction, self.n])
        return {
            "schema": SCHEMA,
            "features": list(self.features),
            "levels": [list(levels) for levels in self.levels],
            "classes": list(self.classes),
            "cells": columns.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cube:
        features = tuple(data["features"])
        cells = np.array(data["cells"], dtype=np.int64).reshape(-1, len(features) + 3)
        return cls(
            features,
            tuple(tuple(levels) for levels in data["levels"]),
            tuple(data["classes"]),
            cells[:, : len(features)],
            *cells[:, len(features) :].T,
        )


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """Confusion counts of each group.

    Attributes
    ----------
    features : tuple of str
    groups : tuple of tuple of (str or None)
    confusion : ndarray of int, shape (groups, 4)
        True positives, false positives, false negatives, true negatives.
    left_out : ndarray of int, shape (groups,)
        Rows left out for want of a label or a prediction.
    """

    features: tuple[str, ...]
    groups: tuple[tuple[str | None, ...], ...]
    confusion: np.ndarray
    left_out: np.ndarray

    @property
    def n(self) -> np.ndarray:
        return self.confusion.sum(axis=1)


def audit_cube(
    source: str | Path | ibis.Table,
    *,
    label: str,
    prediction: str,
    sensitive: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None = None,
) -> Cube:
    """Count the rows of an evaluation table by sensitive features, label and prediction.

    Parameters
    ----------
    source : path or ibis.Table
    label, prediction : str
        Columns of the true class and of the decided class.
    sensitive : sequence of str
        One to four columns.
    bins : mapping of str to sequence of float
        Edges that cut a numeric feature: ``{"age": [30, 45]}`` gives <30, [30, 45) and ≥45.

    Raises
    ------
    EvaluationDataError
        For whatever cannot be counted, with a sentence that says what to change.
    """
    bins = {name: sorted(float(edge) for edge in edges) for name, edges in (bins or {}).items()}
    _check_names(label, prediction, sensitive, bins)
    with open_table(source) as table:
        require_columns(table, [label, prediction, *sensitive])
        for name in (label, prediction, *sensitive):
            if table[name].type().is_nested():
                raise EvaluationDataError("data.nested", column=name)
        keys = {f"s{i}": _binned(table, name, bins.get(name)) for i, name in enumerate(sensitive)}
        keys |= {"y": table[label], "p": table[prediction]}
        cells = table.group_by(**keys).agg(n=table.count()).limit(MAX_CELLS + 1).to_pyarrow()
        if len(cells) > MAX_CELLS:
            _blame_column(table, label, prediction, sensitive, bins)
    if not len(cells):
        raise EvaluationDataError("data.no_rows")
    levels, codes = zip(
        *(_feature(cells[f"s{i}"], name, bins.get(name)) for i, name in enumerate(sensitive)), strict=True
    )
    classes, (truth, decided) = _classes((label, prediction), (cells["y"], cells["p"]))
    cube = Cube(tuple(sensitive), levels, classes, np.column_stack(codes), truth, decided, cells["n"].to_numpy())
    groups = len(cube.group_index(sensitive)[0])
    if groups > MAX_GROUPS:
        raise EvaluationDataError("data.too_many_groups", groups=groups, limit=MAX_GROUPS)
    return cube


def _check_names(label: str, prediction: str, sensitive: Sequence[str], bins: Mapping[str, list[float]]) -> None:
    if not sensitive:
        raise EvaluationDataError("data.no_sensitive")
    if len(sensitive) > MAX_FEATURES:
        raise EvaluationDataError("data.too_many_sensitive", count=len(sensitive), limit=MAX_FEATURES)
    names = [label, prediction, *sensitive]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EvaluationDataError("data.column_twice", column=twice)
    for name, edges in bins.items():
        if name not in sensitive:
            raise EvaluationDataError("data.bins_unused", column=name)
        if not edges or not all(map(math.isfinite, edges)) or len(set(edges)) < len(edges):
            raise EvaluationDataError("data.bins_edges", column=name)


def _binned(table: ibis.Table, name: str, edges: list[float] | None) -> ibis.Value:
    """The column itself, or the number of edges at or below its value."""
    import ibis

    column = table[name]
    if edges is None:
        return column
    if not column.type().is_numeric():
        raise EvaluationDataError("data.bins_not_numeric", column=name)
    code = reduce(add, [(column >= edge).cast("int8") for edge in edges])
    if column.type().is_floating():  # engines disagree on how NaN compares; here it is missing
        code = ibis.ifelse(column.isnan(), ibis.null("int8"), code)
    return code


def _feature(column: pa.ChunkedArray, name: str, edges: list[float] | None) -> tuple[tuple, np.ndarray]:
    values, codes = _encode(column)
    if edges is not None:
        texts = [_bin_text(int(value), edges) for value in values]
    else:
        texts = [_text(value) for value in values]
    if len(texts) > MAX_LEVELS:
        raise EvaluationDataError("data.too_many_levels", column=name, count=len(texts), limit=MAX_LEVELS)
    if (codes < 0).any():
        codes = np.where(codes < 0, len(texts), codes)
        return (*texts, None), codes
    return tuple(texts), codes


def _classes(names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """One list of classes for labels and predictions: 1, 1.0, True and "1" are the same class."""
    encoded = [_encode(column) for column in columns]
    texts = [[_class_text(value) for value in values] for values, _ in encoded]
    for name, found in zip(names, texts, strict=True):
        if len(found) > MAX_LEVELS:
            raise EvaluationDataError("data.not_classes", column=name, count=len(found), limit=MAX_LEVELS)
    classes = tuple(sorted({text for column in texts for text in column}, key=_class_order))
    at = {text: i for i, text in enumerate(classes)}
    # One more entry at the end, so that the code -1 of a missing value stays -1.
    indexes = [np.array([*(at[text] for text in column), -1], dtype=np.int64) for column in texts]
    return classes, [index[codes] for index, (_, codes) in zip(indexes, encoded, strict=True)]


def _encode(column: pa.ChunkedArray) -> tuple[list[Any], np.ndarray]:
    """Sorted distinct values and the index of each entry; -1 for null and NaN."""
    entries = [None if isinstance(value, float) and math.isnan(value) else value for value in column.to_pylist()]
    values = sorted({value for value in entries if value is not None}, key=_order)
    at = {value: i for i, value in enumerate(values)} | {None: -1}
    return values, np.array([at[value] for value in entries], dtype=np.int64)


def _order(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float | Decimal) else (1, str(value))


def _class_order(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def _class_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else _text(value)


def _bin_text(code: int, edges: Sequence[float]) -> str:
    if code == 0:
        return f"<{edges[0]:g}"
    if code == len(edges):
        return f"≥{edges[-1]:g}"
    return f"[{edges[code - 1]:g}, {edges[code]:g})"


def _blame_column(table: ibis.Table, label: str, prediction: str, sensitive: Sequence[str], bins: Mapping) -> None:
    """Say which column makes the cube too large."""
    names = [name for name in (*sensitive, label, prediction) if name not in bins]
    counts = table.aggregate(**{f"c{i}": table[name].nunique() for i, name in enumerate(names)}).to_pyarrow()
    found = {name: counts[f"c{i}"][0].as_py() for i, name in enumerate(names)}
    name, count = max(found.items(), key=lambda item: item[1])
    if name in sensitive and count > MAX_LEVELS:
        raise EvaluationDataError("data.too_many_levels", column=name, count=count, limit=MAX_LEVELS)
    if name in (label, prediction) and count > MAX_LEVELS:
        raise EvaluationDataError("data.not_classes", column=name, count=count, limit=MAX_LEVELS)
    groups = math.prod(count for name, count in found.items() if name in sensitive)
    raise EvaluationDataError("data.too_many_groups", groups=groups, limit=MAX_GROUPS)
