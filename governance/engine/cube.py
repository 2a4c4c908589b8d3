"""The audit cube: one pass over the rows, after which every metric is arithmetic.

A cube is ``count(*) GROUP BY sensitive features, label, prediction``, with the sums of weights and a histogram
of scores where there are any. Marginals, intersections, metrics and bootstrap replicates are all functions of
it, so rows are read once, wherever they lie; cubes of shards and periods add up (`governance.engine.pooling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.levels import (
    MAX_GROUPS,
    Grouped,
    binned,
    blame_column,
    check_names,
    class_codes,
    feature_levels,
    sorted_edges,
)
from governance.engine.scores import RESOLUTIONS, Histogram, ScoreCells, added, score_bin
from governance.engine.tables import EvaluationDataError, open_table, require_columns
from governance.engine.weights import check_weights, numeric, weight_sums

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

MAX_CELLS = 500_000
MAX_DENSE = 1_000_000  # groups × bins of a histogram held at once
SCHEMA = "sekisho.cube/1"


@dataclass(frozen=True, eq=False)
class Cube(Grouped):
    """Counts of rows by sensitive features, label and prediction.

    Attributes
    ----------
    features, levels, codes
        See `Grouped`.
    classes : tuple of str
        All values of label and prediction.
    label, prediction : ndarray of int, shape (cells,)
        Index into `classes`; -1 where the value is missing.
    n : ndarray of int, shape (cells,)
        Rows in each cell.
    w, w2 : ndarray of float, shape (cells,), or None
        Σw and Σw² of sample weights.
    scores : ScoreCells or None
    """

    classes: tuple[str, ...]
    label: np.ndarray
    prediction: np.ndarray
    n: np.ndarray
    w: np.ndarray | None = None
    w2: np.ndarray | None = None
    scores: ScoreCells | None = None

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
        found = {
            "label": int(self.n[self.label < 0].sum()),
            "prediction": int(self.n[self.prediction < 0].sum()),
            "left_out": int(self.n[~self.complete].sum()),
            "sensitive": self.missing_levels(self.n),
        }
        if self.scores is not None:
            found["score"] = self.rows - int(self.scores.n.sum())
        return found

    def label_classes(self) -> tuple[str, ...]:
        """The classes that labels of complete rows take."""
        return tuple(self.classes[i] for i in np.unique(self.label[self.complete]))

    def prediction_classes(self) -> tuple[str, ...]:
        """The classes that predictions of complete rows take."""
        return tuple(self.classes[i] for i in np.unique(self.prediction[self.complete]))

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

        def by_kind(amount: np.ndarray) -> np.ndarray:
            return np.bincount(index[used] * 4 + kind[used], amount[used], minlength=size * 4).reshape(size, 4)

        left_out = np.bincount(index[~used], weights=self.n[~used], minlength=size)
        return GroupCounts(
            tuple(features),
            tuple(groups),
            by_kind(self.n).astype(np.int64),
            left_out.astype(np.int64),
            None if self.w is None else by_kind(self.w),
            None if self.w2 is None else by_kind(self.w2),
        )

    def histogram(self, features: Sequence[str], positive: str) -> Histogram:
        """Scores by group and by whether the label is the positive class, over rows with label and score."""
        scores = self.scores
        groups, index = self.group_index(features)
        target = self.classes.index(positive)
        while len(groups) * len(np.unique(scores.bin)) > MAX_DENSE and scores.resolution > RESOLUTIONS[-1]:
            scores = scores.coarser(2)
        bins, place = np.unique(scores.bin, return_inverse=True)
        known = self.label[scores.cell] >= 0
        rest = (self.label != target).astype(np.int64)
        shape = (2, len(groups), len(bins))
        at = np.ravel_multi_index((rest[scores.cell], index[scores.cell], place), shape)[known]
        n, w, w2, s1 = (
            np.bincount(at, getattr(scores, name)[known], minlength=int(np.prod(shape))).reshape(shape)
            for name in ("n", "w", "w2", "s1")
        )
        kept = self.label >= 0
        s2 = np.bincount(rest[kept] * len(groups) + index[kept], scores.s2[kept], minlength=2 * len(groups))
        tied = np.isin(bins, list(scores.tied))
        return Histogram(bins, n.astype(np.int64), w, w2, s1, s2.reshape(2, len(groups)), tied)

    def to_json(self) -> dict[str, Any]:
        columns = np.column_stack([self.codes, self.label, self.prediction, self.n])
        data = {
            "schema": SCHEMA,
            "features": list(self.features),
            "levels": [list(levels) for levels in self.levels],
            "classes": list(self.classes),
            "cells": columns.tolist(),
        }
        if self.w is not None:
            data["weights"] = {"w": self.w.tolist(), "w2": self.w2.tolist()}
        if self.scores is not None:
            data["scores"] = self.scores.to_json()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cube:
        features = tuple(data["features"])
        cells = np.array(data["cells"], dtype=np.int64).reshape(-1, len(features) + 3)
        weights = data.get("weights")
        return cls(
            features,
            tuple(tuple(levels) for levels in data["levels"]),
            cells[:, : len(features)],
            tuple(data["classes"]),
            *cells[:, len(features) :].T,
            **({name: np.array(weights[name], dtype=np.float64) for name in ("w", "w2")} if weights else {}),
            scores=ScoreCells.from_json(data["scores"]) if data.get("scores") else None,
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
    w, w2 : ndarray of float, shape (groups, 4), or None
        Σw and Σw² of the same cells.
    """

    features: tuple[str, ...]
    groups: tuple[tuple[str | None, ...], ...]
    confusion: np.ndarray
    left_out: np.ndarray
    w: np.ndarray | None = None
    w2: np.ndarray | None = None

    @property
    def n(self) -> np.ndarray:
        return self.confusion.sum(axis=1)

    @property
    def mass(self) -> np.ndarray:
        """What metrics are computed from: Σw where there are weights, else counts."""
        return self.confusion if self.w is None else self.w


def audit_cube(
    source: str | Path | ibis.Table,
    *,
    label: str,
    prediction: str,
    sensitive: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None = None,
    weight: str | None = None,
    score: str | None = None,
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
    weight : str, optional
        Column of sample weights.
    score : str, optional
        Column of scores: higher speaks for the positive class.

    Raises
    ------
    EvaluationDataError
        For whatever cannot be counted, with a sentence that says what to change.
    """
    edges = sorted_edges(bins)
    extra = [name for name in (weight, score) if name]
    check_names([label, prediction, *extra], sensitive, edges)
    with open_table(source) as table:
        require_columns(table, [label, prediction, *sensitive, *extra])
        for name in (label, prediction, *sensitive):
            if table[name].type().is_nested():
                raise EvaluationDataError("data.nested", column=name)
        keys = {f"s{i}": binned(table, name, edges.get(name)) for i, name in enumerate(sensitive)}
        keys |= {"y": table[label], "p": table[prediction]}
        sums = {"n": table.count(), **(weight_sums(table, weight) if weight else {})}
        if score:
            cells, resolution = _with_scores(table, keys, sums, score, weight)
        else:
            cells = table.group_by(**keys).agg(**sums).limit(MAX_CELLS + 1).to_pyarrow()
        if len(cells) > MAX_CELLS:
            blame_column(table, (label, prediction), sensitive, edges)
    if not len(cells):
        raise EvaluationDataError("data.no_rows")
    if weight:
        check_weights(cells, weight)
    levels, codes = zip(
        *(feature_levels(cells[f"s{i}"], name, edges.get(name)) for i, name in enumerate(sensitive)), strict=True
    )
    classes, (truth, decided) = class_codes((label, prediction), (cells["y"], cells["p"]))
    keys, cells = _in_order(np.column_stack([*codes, truth, decided]), cells)
    parts = (tuple(sensitive), tuple(levels), classes, keys)
    cube = _scored(parts, cells, resolution) if score else _plain(parts, cells)
    groups = len(cube.group_index(sensitive)[0])
    if groups > MAX_GROUPS:
        raise EvaluationDataError("data.too_many_groups", groups=groups, limit=MAX_GROUPS)
    return cube


def _with_scores(
    table: ibis.Table, keys: Mapping[str, Any], sums: Mapping[str, Any], score: str, weight: str | None
) -> tuple[pa.Table, int]:
    """Cells by score bin, at the finest resolution that is not too many of them."""
    s = numeric(table, score)
    w = numeric(table, weight) if weight else 1.0
    sums = {**sums, "sum_s": (s * w).sum(), "sum_ss": (s * s * w).sum(), "lo": s.min(), "hi": s.max()}
    for resolution in RESOLUTIONS:
        query = table.group_by(**keys, b=score_bin(s, resolution)).agg(**sums)
        cells = query.limit(MAX_CELLS + 1).to_pyarrow()
        if len(cells) <= MAX_CELLS:
            break
    return cells, resolution


def _in_order(keys: np.ndarray, cells: pa.Table) -> tuple[np.ndarray, pa.Table]:
    """The cells by their keys: threads count them in any order, and the same table must give the same evidence."""
    columns = [*keys.T]
    if "b" in cells.column_names:
        columns.append(cells["b"].fill_null(-1).to_numpy())
    order = np.lexsort(columns[::-1])
    return keys[order], cells.take(order)


def _plain(parts: tuple, cells: pa.Table) -> Cube:
    features, levels, classes, keys = parts
    w, w2 = (cells[name].to_numpy() for name in ("w", "w2")) if "w" in cells.column_names else (None, None)
    return Cube(features, levels, keys[:, :-2], classes, keys[:, -2], keys[:, -1], cells["n"].to_numpy(), w, w2)


def _scored(parts: tuple, cells: pa.Table, resolution: int) -> Cube:
    """Split entries by cell and bin into the cells and their histogram."""
    features, levels, classes, keys = parts
    cell_keys, cell = np.unique(keys, axis=0, return_inverse=True)
    weighted = "w" in cells.column_names
    n, s1, s2, lo, hi = (cells[name].to_numpy() for name in ("n", "sum_s", "sum_ss", "lo", "hi"))
    w, w2 = (cells[name].to_numpy() for name in ("w", "w2")) if weighted else (n.astype(float),) * 2
    known = np.asarray(cells["b"].is_valid())
    code = cells["b"].fill_null(0).to_numpy()[known]
    if not known.any():
        raise EvaluationDataError("data.no_scores")

    def by_cell(amount: np.ndarray, used: np.ndarray | slice = slice(None)) -> np.ndarray:
        return np.bincount(cell[used], amount[used], minlength=len(cell_keys))

    bins, place = np.unique(code, return_inverse=True)
    least, most = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(least, place, lo[known])
    np.maximum.at(most, place, hi[known])
    tied = dict(zip(bins[least == most].tolist(), least[least == most].tolist(), strict=True))
    entries = SimpleNamespace(n=n[known], w=w[known], w2=w2[known], s1=s1[known])
    scores = added(resolution, cell[known], code, entries, by_cell(s2, known), tied)
    sums = (by_cell(w), by_cell(w2)) if weighted else (None, None)
    counts = by_cell(n).astype(np.int64)
    return Cube(features, levels, cell_keys[:, :-2], classes, cell_keys[:, -2], cell_keys[:, -1], counts, *sums, scores)
