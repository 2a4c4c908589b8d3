"""Samples of columns, ready to be compared: numbers sorted once, levels counted once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from governance.engine.tables import EvaluationDataError, require_columns
from governance.engine.texts import drift as _texts  # noqa: F401  (registers the sentences)

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

FEATURE, PREDICTION, LABEL = "feature", "prediction", "label"
MAX_COLUMNS = 1_000
MAX_LEVELS = 1_000  # beyond it a column names its rows rather than sorts them
MAX_CLASSES = 50  # a prediction or label with more different whole numbers is a measurement
HELD_BYTES = 64 * 2**20  # columns are read together up to this size


@dataclass(frozen=True, eq=False)
class NumericSample:
    """The values of a numeric column.

    Attributes
    ----------
    values : ndarray of float64, shape (present,)
        Sorted upwards; missing ones (null, NaN) are left out, infinite ones are not.
    shares : ndarray of float64, shape (present,), or None
        Cumulated weight at each value, 0 to 1; None where every row counts the same.
    rows : float
        Rows, or with weights how many unweighted ones tell as much (Kish).
    missing : float
        Share of rows without a value.
    """

    values: np.ndarray
    shares: np.ndarray | None
    rows: float
    missing: float
    known_spread: float | None = None

    @property
    def size(self) -> float:
        """Rows with a value."""
        return self.rows * (1 - self.missing)

    def below(self, edges: np.ndarray) -> np.ndarray:
        """Share of the present rows with a value at or below each edge."""
        at = np.searchsorted(self.values, edges, side="right")
        if self.shares is None:
            return at / len(self.values)
        return np.concatenate([[0.0], self.shares])[at]

    def quantiles(self, levels: Sequence[float]) -> np.ndarray:
        """The least value with at least such a share at or below it: a value of the sample, never between two."""
        wanted = np.asarray(levels, dtype=float)
        if self.shares is None:
            at = np.ceil(wanted * len(self.values)).astype(np.int64) - 1
        else:
            at = np.searchsorted(self.shares, wanted - 1e-12)
        return self.values[np.clip(at, 0, len(self.values) - 1)]

    def spread(self) -> float:
        """Standard deviation; a kept sample knows it."""
        if self.known_spread is not None:
            return self.known_spread
        if self.shares is None:
            return float(self.values.std())
        weights = np.diff(self.shares, prepend=0.0)
        centre = float(weights @ self.values)
        return float(np.sqrt(weights @ (self.values - centre) ** 2))


@dataclass(frozen=True, eq=False)
class LevelSample:
    """The levels of a categorical column, with their counts (or weights).

    Attributes
    ----------
    levels : tuple of str
    counts : ndarray of float64, shape (levels,)
    rows : float
        As of `NumericSample`.
    missing : float
        Share of rows without a level.
    """

    levels: tuple[str, ...]
    counts: np.ndarray
    rows: float
    missing: float

    @property
    def size(self) -> float:
        return self.rows * (1 - self.missing)


Sample = NumericSample | LevelSample


class Samples(Protocol):
    """Where samples come from."""

    def samples(self, columns: Sequence[Column]) -> Iterator[tuple[Column, Sample | None]]:
        """The sample of each column, in their order; None for one with too many levels."""


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is for, and what kind of values it holds.

    Attributes
    ----------
    name : str
    role : str
        "feature", "prediction" or "label".
    kind : str
        "numeric", "categorical", or why it cannot be compared: "time", "nested".
    """

    name: str
    role: str
    kind: str


class Table:
    """An open table whose columns are to be compared."""

    def __init__(self, table: ibis.Table, weight: str | None = None) -> None:
        self.table = table
        self.weight = weight
        self.names = tuple(table.columns)
        if weight is not None:
            require_columns(table, [weight])
            if not table[weight].type().is_numeric():
                raise EvaluationDataError("drift.weight", column=weight)
        self.rows = int(table.count().execute())
        if not self.rows:
            raise EvaluationDataError("data.no_rows")

    def columns(self, names: Sequence[str], prediction: str | None, label: str | None) -> list[Column]:
        """The named columns with their kinds.

        Predictions and labels of few different whole numbers are classes: 0 and 1 have no distance.
        """
        require_columns(self.table, names)
        if len(names) > MAX_COLUMNS:
            raise EvaluationDataError("drift.too_many_columns", count=len(names), limit=MAX_COLUMNS)
        roles = {prediction: PREDICTION, label: LABEL}
        found = []
        for name in names:
            kind = self._kind(name)
            if kind == "numeric" and name in roles and self._of_classes(name):
                kind = "categorical"
            found.append(Column(name, roles.get(name, FEATURE), kind or "categorical"))
        return found

    def kind_beside(self, column: Column) -> str:
        """The kind of this table's column beside the reference's: what may be either is what that one is."""
        kind = self._kind(column.name)
        either = kind == "numeric" and column.role != FEATURE and column.kind == "categorical"
        return column.kind if either or not kind else kind

    def _kind(self, name: str) -> str:
        """By the type alone; empty for a column that holds nothing but nulls."""
        kind = self.table[name].type()
        if kind.is_null():
            return ""
        if kind.is_nested() or kind.is_binary():
            return "nested"
        if kind.is_temporal():
            return "time"
        return "numeric" if kind.is_numeric() and not kind.is_boolean() else "categorical"

    def _of_classes(self, name: str) -> bool:
        return self.table[name].type().is_integer() and self.table[name].nunique().execute() <= MAX_CLASSES

    def samples(self, columns: Sequence[Column]) -> Iterator[tuple[Column, Sample | None]]:
        """The sample of each column, in their order; None for one with too many levels."""
        together = max(1, HELD_BYTES // (8 * self.rows))
        numeric = [column for column in columns if column.kind == "numeric"]
        found: dict[str, NumericSample] = {}
        for column in columns:
            if column.kind != "numeric":
                yield column, self._levels(column.name)
                continue
            if column.name not in found:
                start = numeric.index(column)
                found = dict(self._numbers([c.name for c in numeric[start : start + together]]))
            yield column, found.pop(column.name)

    def _numbers(self, names: Sequence[str]) -> Iterator[tuple[str, NumericSample]]:
        wanted = [*names, *([self.weight] if self.weight and self.weight not in names else [])]
        rows = self.table.select(*wanted).to_pyarrow()
        weights = None if self.weight is None else _weights(rows[self.weight], self.weight)
        for name in names:
            yield name, _sorted(_floats(rows[name]), weights)

    def _levels(self, name: str) -> LevelSample | None:
        keys = {"level": self.table[name]}
        if self.weight is None:
            sums = {"n": self.table.count(), "square": self.table.count()}
        else:
            weight = self.table[self.weight].cast("float64")
            sums = {"n": weight.sum(), "square": (weight * weight).sum()}
        counted = self.table.group_by(**keys).agg(**sums).limit(MAX_LEVELS + 2).to_pyarrow()
        if len(counted) > MAX_LEVELS + 1:
            return None
        counts: dict[str | None, float] = {}
        for level, n in zip(counted["level"].to_pylist(), counted["n"].to_pylist(), strict=True):
            text = level_text(level)
            counts[text] = counts.get(text, 0.0) + float(n or 0)
        total = sum(counts.values())
        if not total > 0:
            raise EvaluationDataError("drift.weight", column=self.weight)
        missing = counts.pop(None, 0.0) / total
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        size = total * total / sum(float(value or 0) for value in counted["square"].to_pylist())
        return LevelSample(
            tuple(ordered),
            np.array([counts[text] for text in ordered]),
            float(self.rows) if self.weight is None else size,
            missing,
        )


def level_text(value: Any) -> str | None:
    """A level by its text: 1, 1.0 and "1" are one, so are True and "True"; null and NaN are missing."""
    if value is None or value != value:
        return None
    if isinstance(value, bool) or value in ("True", "False", "TRUE", "FALSE"):
        return str(value).lower()
    try:
        return str(int(value)) if not isinstance(value, str) and value == int(value) else str(value)
    except (TypeError, ValueError, OverflowError):
        return str(value)


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy()


def _weights(column: pa.ChunkedArray, name: str) -> np.ndarray:
    weights = _floats(column)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum() > 0:
        raise EvaluationDataError("drift.weight", column=name)
    return weights


def _sorted(values: np.ndarray, weights: np.ndarray | None) -> NumericSample:
    rows = len(values)
    if weights is None:
        ordered = values if values.flags.writeable else values.copy()
        ordered.sort()
        present = int(np.searchsorted(ordered, np.nan))  # NaN is sorted to the end
        return NumericSample(ordered[:present], None, float(rows), 1 - present / rows)
    known = ~np.isnan(values)
    kept = known & (weights > 0)
    order = np.argsort(values[kept], kind="stable")
    cumulated = np.cumsum(weights[kept][order])
    shares = cumulated / cumulated[-1] if len(cumulated) else cumulated
    missing = float(weights[~known].sum() / weights.sum())
    return NumericSample(values[kept][order], shares, float(weights.sum() ** 2 / (weights**2).sum()), missing)
