"""Levels and classes: how the values of a column become the names of groups and classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.tables import EvaluationDataError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

MAX_FEATURES = 4
MAX_LEVELS = 50
MAX_GROUPS = 2_000  # every pair of them is compared
LONGEST_LEVEL = 200  # characters; longer values are texts, not groups

Level = str | None


@dataclass(frozen=True, eq=False)
class Grouped:
    """Cells by sensitive features.

    Attributes
    ----------
    features : tuple of str
        Sensitive features, in the order they were named.
    levels : tuple of tuple of (str or None)
        Levels of each feature. None is "missing", and is not the string "missing".
    codes : ndarray of int, shape (cells, features)
        Index into `levels`.
    """

    features: tuple[str, ...]
    levels: tuple[tuple[Level, ...], ...]
    codes: np.ndarray

    def group_index(self, features: Sequence[str]) -> tuple[list[tuple[Level, ...]], np.ndarray]:
        """The groups that some features span, and the group of each cell.

        Returns
        -------
        groups : list of tuple
            One level for each feature; only groups that have rows.
        index : ndarray of int, shape (cells,)
        """
        at = [self.features.index(feature) for feature in features]
        if not at:
            return [()], np.zeros(len(self.codes), dtype=np.int64)
        shape = tuple(len(self.levels[i]) for i in at)
        flat = np.ravel_multi_index(tuple(self.codes[:, i] for i in at), shape)
        present, index = np.unique(flat, return_inverse=True)
        codes = np.stack(np.unravel_index(present, shape), axis=1)
        groups = [tuple(self.levels[i][code] for i, code in zip(at, row, strict=True)) for row in codes]
        return groups, index

    def missing_levels(self, n: np.ndarray) -> dict[str, int]:
        """Rows without a value of each feature, from the rows `n` of each cell."""
        return {
            feature: int(n[self.codes[:, i] == levels.index(None)].sum()) if None in levels else 0
            for i, (feature, levels) in enumerate(zip(self.features, self.levels, strict=True))
        }


def check_names(columns: Sequence[str], sensitive: Sequence[str], bins: Mapping[str, list[float]]) -> None:
    """Refuse columns named twice, too many features, and bin edges that cut nothing."""
    if not sensitive:
        raise EvaluationDataError("data.no_sensitive")
    if len(sensitive) > MAX_FEATURES:
        raise EvaluationDataError("data.too_many_sensitive", count=len(sensitive), limit=MAX_FEATURES)
    names = [*columns, *sensitive]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EvaluationDataError("data.column_twice", column=twice)
    for name, edges in bins.items():
        if name not in sensitive:
            raise EvaluationDataError("data.bins_unused", column=name)
        if not edges or not all(map(math.isfinite, edges)) or len(set(edges)) < len(edges):
            raise EvaluationDataError("data.bins_edges", column=name)


def sorted_edges(bins: Mapping[str, Sequence[float]] | None) -> dict[str, list[float]]:
    return {name: sorted(float(edge) for edge in edges) for name, edges in (bins or {}).items()}


def binned(table: ibis.Table, name: str, edges: list[float] | None) -> ibis.Value:
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


def feature_levels(column: pa.ChunkedArray, name: str, edges: list[float] | None) -> tuple[tuple, np.ndarray]:
    """Levels of a feature, missing last, and the code of each entry."""
    values, codes = encode(column)
    if edges is not None:
        texts = [_bin_text(int(value), edges) for value in values]
    else:
        texts = [_text(value) for value in values]
    if len(texts) > MAX_LEVELS:
        raise EvaluationDataError("data.too_many_levels", column=name, count=len(texts), limit=MAX_LEVELS)
    if any(len(text) > LONGEST_LEVEL for text in texts):
        raise EvaluationDataError("data.long_level", column=name, limit=LONGEST_LEVEL)
    if len(set(texts)) < len(texts):  # such as 1 and 1.0 in decimals of several scales
        names = sorted(set(texts), key=texts.index)
        codes = np.array([*(names.index(text) for text in texts), -1])[codes]
        texts = names
    if (codes < 0).any():
        codes = np.where(codes < 0, len(texts), codes)
        return (*texts, None), codes
    return tuple(texts), codes


def class_codes(names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """One list of classes for labels and predictions: 1, 1.0, True and "1" are the same class."""
    encoded = [encode(column) for column in columns]
    texts = [[_class_text(value) for value in values] for values, _ in encoded]
    for name, found in zip(names, texts, strict=True):
        if len(found) > MAX_LEVELS:
            raise EvaluationDataError("data.not_classes", column=name, count=len(found), limit=MAX_LEVELS)
        if any(len(text) > LONGEST_LEVEL for text in found):
            raise EvaluationDataError("data.long_level", column=name, limit=LONGEST_LEVEL)
    classes = tuple(sorted({text for column in texts for text in column}, key=class_order))
    at = {text: i for i, text in enumerate(classes)}
    # One more entry at the end, so that the code -1 of a missing value stays -1.
    indexes = [np.array([*(at[text] for text in column), -1], dtype=np.int64) for column in texts]
    return classes, [index[codes] for index, (_, codes) in zip(indexes, encoded, strict=True)]


def encode(column: pa.ChunkedArray) -> tuple[list[Any], np.ndarray]:
    """Sorted distinct values and the index of each entry; -1 for null and NaN."""
    dictionary = column.combine_chunks().dictionary_encode()
    if hasattr(dictionary, "combine_chunks"):  # a chunked array of no chunk, or of several
        dictionary = dictionary.combine_chunks()
    entries = [
        None if isinstance(value, float) and math.isnan(value) else value for value in dictionary.dictionary.to_pylist()
    ]
    values = sorted({value for value in entries if value is not None}, key=_order)
    at = {value: i for i, value in enumerate(values)} | {None: -1}
    index = np.array([*(at[value] for value in entries), -1], dtype=np.int64)
    return values, index[dictionary.indices.fill_null(len(entries)).to_numpy(zero_copy_only=False)]


def class_order(text: str) -> tuple[int, float, str]:
    """Numbers by size, then texts."""
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def _order(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float | Decimal) else (1, str(value))


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


def blame_column(table: ibis.Table, classes: Sequence[str], sensitive: Sequence[str], bins: Mapping) -> None:
    """Say which column makes the cube too large."""
    names = [name for name in (*sensitive, *classes) if name not in bins]
    counts = table.aggregate(**{f"c{i}": table[name].nunique() for i, name in enumerate(names)}).to_pyarrow()
    found = {name: counts[f"c{i}"][0].as_py() for i, name in enumerate(names)}
    name, count = max(found.items(), key=lambda item: item[1])
    if name in sensitive and count > MAX_LEVELS:
        raise EvaluationDataError("data.too_many_levels", column=name, count=count, limit=MAX_LEVELS)
    if name in classes and count > MAX_LEVELS:
        raise EvaluationDataError("data.not_classes", column=name, count=count, limit=MAX_LEVELS)
    groups = math.prod(count for name, count in found.items() if name in sensitive)
    raise EvaluationDataError("data.too_many_groups", groups=groups, limit=MAX_GROUPS)
