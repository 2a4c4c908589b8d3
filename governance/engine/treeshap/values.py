"""From a model and rows to SHAP values."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ensemble import Ensemble, Refused
from .kernel import gauss_legendre, run
from .lanes import LANES
from .program import lay_out
from .readers import read

# Rows of so many blocks stay in the processor's cache while a tree is walked for them.
BATCH = 64


@dataclass(frozen=True)
class TreeShap:
    """SHAP values: ``base + values.sum(axis=1)`` is the model's output for each row.

    Attributes
    ----------
    values : ndarray of float64, shape (rows, features) or (rows, features, outputs)
        In units of the output; the third axis where the model has more than one.
    base : float or ndarray of float64, shape (outputs,)
        The output with all features unknown.
    output : str
        ``"probability"``, ``"margin"`` or ``"prediction"``.
    classes : tuple or None
        What the outputs stand for. A margin of two classes is one output, of the second class.
    """

    values: np.ndarray
    base: float | np.ndarray
    output: str
    classes: tuple[Any, ...] | None


class Explainer:
    """A model that was read and laid out once, for any number of tables.

    Parameters
    ----------
    model : scikit-learn estimator or Ensemble

    Raises
    ------
    Refused
        For a model that cannot be explained exactly; the text says why.
    """

    def __init__(self, model: Any) -> None:
        self.ensemble = model if isinstance(model, Ensemble) else read(model)
        self.program = lay_out(self.ensemble)
        orders = self.program.order
        rules = [gauss_legendre(int(order)) for order in orders]
        self._nodes, self._weights = np.zeros((2, len(orders), orders.max()))
        for tree, (nodes, weights) in enumerate(rules):
            self._nodes[tree, : len(nodes)], self._weights[tree, : len(nodes)] = nodes, weights

    def explain(self, X: Any, *, threads: int = 1) -> TreeShap:
        """SHAP values of a table's rows.

        Parameters
        ----------
        X : array-like of numbers, shape (rows, features)
            Columns in the order of the model's training.
        threads : int
            Rows are shared among so many; the values do not depend on it.

        Raises
        ------
        Refused
            For another number of columns, or missing values in front of a model that takes none.
        """
        ensemble = self.ensemble
        rows = self._table(X)
        blocks, outputs = -(-len(rows) // LANES), len(ensemble.offset)
        padded = np.zeros((blocks * LANES, ensemble.features))
        padded[: len(rows)] = rows
        lanes = padded.reshape(blocks, LANES, ensemble.features).transpose(0, 2, 1).ravel()
        values = np.zeros(blocks * ensemble.features * outputs * LANES)
        self._run(lanes, values, blocks, threads)
        values = values.reshape(blocks, ensemble.features, outputs, LANES).transpose(0, 3, 1, 2)
        values = values.reshape(blocks * LANES, ensemble.features, outputs)[: len(rows)]
        return self._shaped(values)

    def _table(self, X: Any) -> np.ndarray:
        ensemble = self.ensemble
        if hasattr(X, "toarray"):
            X = X.toarray()
        rows = np.asarray(X, dtype=ensemble.dtype)
        if rows.ndim != 2 or rows.shape[1] != ensemble.features:
            raise Refused(f"The model takes {ensemble.features} columns, and the table has the shape {rows.shape}.")
        if not ensemble.takes_missing and np.isnan(rows).any():
            raise Refused("The table has missing values, and the model takes none.")
        return rows

    def _run(self, rows: np.ndarray, values: np.ndarray, blocks: int, threads: int) -> None:
        e, p = self.ensemble, self.program
        if not len(p.splits):
            return

        def batch(start: int) -> None:
            run(
                rows, e.features, p.steps, p.splits, p.tree_steps, p.tree_splits, p.repeats, p.order,
                self._nodes, self._weights, e.value, e.column, p.depth, len(e.offset), values,
                start, min(start + size, blocks),
            )  # fmt: skip

        size = max(1, min(BATCH, -(-blocks // threads)))
        starts = range(0, blocks, size)
        if threads == 1 or len(starts) == 1:
            for start in starts:
                batch(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(batch, starts))

    def _shaped(self, values: np.ndarray) -> TreeShap:
        ensemble = self.ensemble
        base = ensemble.offset.copy()
        columns = ensemble.column[:, None] + np.arange(ensemble.value.shape[1])
        np.add.at(base, columns, self.program.expected)
        if ensemble.complement:
            values = np.concatenate([-values.sum(axis=2, keepdims=True), values], axis=2)
            base = np.concatenate([[1.0 - base.sum()], base])
        if ensemble.scalar:
            return TreeShap(values[:, :, 0], float(base[0]), ensemble.output, ensemble.classes)
        return TreeShap(values, base, ensemble.output, ensemble.classes)


def explain(model: Any, X: Any, *, threads: int = 1) -> TreeShap:
    """SHAP values of a table's rows; see ``Explainer``, which serves several tables with one preparation."""
    return Explainer(model).explain(X, threads=threads)


def warm_up() -> None:
    """Compile, or load from numba's cache, all that an explanation needs."""
    one_split = Ensemble(
        roots=np.array([0, 3]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        feature=np.zeros(3),
        threshold=np.zeros(3),
        missing_left=np.zeros(3),
        cover=np.array([2.0, 1.0, 1.0]),
        value=np.array([[0.0], [0.0], [1.0]]),
        column=np.zeros(1),
        offset=np.zeros(1),
        features=1,
    )
    explain(one_split, np.zeros((1, 1)))
