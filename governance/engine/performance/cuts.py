"""How the columns of an evaluation table cut it into slices: by value, or by ranges of a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.performance.rows import encode, is_numeric, text
from governance.engine.tables import EvaluationDataError
from portal.message import Message

if TYPE_CHECKING:
    import pyarrow as pa

MAX_COLUMNS = 40
MAX_LEVELS = 50
FEW_NUMBERS = 10  # a number with no more values is cut by value
QUANTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Level:
    """One part of a column: a value, a range [low, high), or (all None) what is missing."""

    column: str
    level: str | None = None
    low: float | None = None
    high: float | None = None

    def message(self) -> Message:
        column = {"column": self.column}
        if self.level is not None:
            return Message("performance.where.is", {**column, "level": self.level})
        if self.low is None and self.high is None:
            return Message("performance.where.missing", column)
        ends = {
            "low": f"{self.low:g}" if self.low is not None else "",
            "high": f"{self.high:g}" if self.high is not None else "",
        }
        which = "below" if self.low is None else "from" if self.high is None else "between"
        return Message(f"performance.where.{which}", {**column, **ends})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Cut:
    """A column's levels, and the level of each row."""

    column: str
    levels: tuple[Level, ...]
    codes: np.ndarray

    def rows(self) -> list[np.ndarray]:
        """The indexes of each level's rows."""
        return rows_by(self.codes, len(self.levels))


def rows_by(codes: np.ndarray, size: int) -> list[np.ndarray]:
    """The indexes of the rows with each code below `size`."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=size))[:-1])


def cuts(
    table: pa.Table, bins: Mapping[str, Sequence[float]], *, named: bool
) -> tuple[list[Cut], list[tuple[str, str]]]:
    """Cut a table by each of its columns.

    Parameters
    ----------
    table : pyarrow.Table
    bins : mapping of str to sequence of float
        Declared edges; numbers without are cut at their quartiles.
    named : bool
        Whether the columns were asked for, and not merely all there are.

    Returns
    -------
    cuts : list of Cut
    left_out : list of (column, reason)
        Reasons: "one_value", "too_many_values", "too_many_columns".
    """
    for name, edges in bins.items():
        finite = bool(edges) and all(np.isfinite(float(edge)) for edge in edges)
        if not finite or len({float(edge) for edge in edges}) < len(edges):
            raise EvaluationDataError("data.bins_edges", column=name)
    found, left_out = [], []
    for name in table.column_names:
        if len(found) >= MAX_COLUMNS and not named:
            left_out.append((name, "too_many_columns"))
            continue
        cut = _cut(table, name, bins.get(name))
        if isinstance(cut, str):
            left_out.append((name, cut))
        else:
            found.append(cut)
    return found, left_out


def _cut(table: pa.Table, name: str, edges: Sequence[float] | None) -> Cut | str:
    numeric = is_numeric(table.schema.field(name).type)
    if edges and not numeric:
        raise EvaluationDataError("data.bins_not_numeric", column=name)
    values, codes = ([], None) if edges else encode(table[name])
    if codes is not None and not (numeric and len(values) > FEW_NUMBERS):
        return _values(values, codes, name)
    column = table[name].cast("float64", safe=False).to_numpy()
    return _ranges(column, name, sorted(float(edge) for edge in edges) if edges else None)


def _values(values: list[Any], codes: np.ndarray, name: str) -> Cut | str:
    if len(values) > MAX_LEVELS:
        return "too_many_values"
    return _complete([Level(name, text(value)) for value in values], codes, name)


def _ranges(column: np.ndarray, name: str, edges: list[float] | None) -> Cut | str:
    known = column[~np.isnan(column)]
    if edges is None:
        edges = sorted({float(f"{edge:.3g}") for edge in np.quantile(known, QUANTILES)})
        edges = [edge for edge in edges if known.min() < edge <= known.max()]
    if not edges:
        return "one_value"
    ends = [None, *edges, None]
    levels = [Level(name, None, low, high) for low, high in pairwise(ends)]
    codes = np.where(np.isnan(column), -1, np.searchsorted(edges, column, side="right"))
    return _complete(levels, codes, name)


def _complete(levels: list[Level], codes: np.ndarray, name: str) -> Cut | str:
    """With a level for what is missing; a column of one level cuts nothing."""
    if (codes < 0).any():
        codes = np.where(codes < 0, len(levels), codes)
        levels = [*levels, Level(name)]
    if len(np.unique(codes)) < 2:
        return "one_value"
    return Cut(name, tuple(levels), codes.astype(np.int64))
