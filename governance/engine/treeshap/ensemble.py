"""A tree ensemble as plain arrays: all that the kernel needs to know of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


class Refused(ValueError):
    """A model or a table that this package does not explain, and why, as one sentence."""


class NotAdditive(Refused):
    """A model whose output is no sum of leaves, so that no values of its trees add up to it."""


_DTYPES = {
    "roots": np.int64, "left": np.int64, "right": np.int64, "feature": np.int64, "column": np.int64,
    "threshold": np.float64, "cover": np.float64, "value": np.float64, "offset": np.float64,
    "missing_left": np.bool_,
}  # fmt: skip


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaf values add up to the model's output: ``output = offset + sum of one leaf a tree``.

    The nodes of all trees stand in one row of arrays, tree after tree, each tree's root first and every child
    after its parent. Children are counted from the root of their tree. A row goes left where
    ``x[feature] <= threshold``, or where x is missing and ``missing_left``.

    Attributes
    ----------
    roots : ndarray of int64, shape (trees + 1,)
        Where each tree's nodes start; last, the number of all nodes.
    left, right : ndarray of int64, shape (nodes,)
        Children; -1 in a leaf.
    feature : ndarray of int64, shape (nodes,)
    threshold : ndarray of float64, shape (nodes,)
    missing_left : ndarray of bool, shape (nodes,)
    cover : ndarray of float64, shape (nodes,)
        Weight of the training rows that reached the node: what "feature unknown" is averaged with.
    value : ndarray of float64, shape (nodes, width)
        Of the leaves, scaled by what the model scales its trees with (1 / trees, learning rate).
    column : ndarray of int64, shape (trees,)
        First of the ``width`` outputs that the tree adds to. A forest's trees add to all, a booster's to one.
    offset : ndarray of float64, shape (outputs,)
        What the model adds to its trees, such as a booster's initial value.
    features : int
    dtype : str
        ``"float32"`` or ``"float64"``: what the model rounds a row to before it compares.
    takes_missing : bool
        Whether the model accepts NaN.
    output : str
        ``"probability"``, ``"margin"`` (log-odds, before the link) or ``"prediction"``.
    classes : tuple or None
        What the outputs stand for, where the model has classes.
    complement : bool
        Whether the outputs are all classes but the first, whose output is 1 - their sum.
    scalar : bool
        Whether the model has one output, and values are to come without an axis for it.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    cover: np.ndarray
    value: np.ndarray
    column: np.ndarray
    offset: np.ndarray
    features: int
    dtype: str = "float64"
    takes_missing: bool = True
    output: str = "prediction"
    classes: tuple[Any, ...] | None = None
    complement: bool = False
    scalar: bool = True

    def __post_init__(self) -> None:
        """Bring the arrays to one memory layout, so that the kernel is compiled once, and refuse broken trees."""
        for name, dtype in _DTYPES.items():
            object.__setattr__(self, name, np.require(getattr(self, name), dtype, ["C", "W"]))
        self._check()

    def _check(self) -> None:
        """Refuse arrays on which the kernel would not end, or read where nothing is."""
        nodes, trees = len(self.left), len(self.column)
        shapes = {len(a) for a in (self.right, self.feature, self.threshold, self.missing_left, self.cover, self.value)}
        if shapes != {nodes} or len(self.roots) != trees + 1 or trees == 0 or self.value.ndim != 2:
            raise Refused("The arrays of the trees do not have the same length.")
        sizes = np.diff(self.roots)
        if self.roots[0] != 0 or self.roots[-1] != nodes or sizes.min() < 1:
            raise Refused("The trees do not fill the arrays one after the other.")
        split = self.left >= 0
        within, size = np.arange(nodes) - np.repeat(self.roots[:-1], sizes), np.repeat(sizes, sizes)
        first = np.repeat(self.roots[:-1], sizes)
        children = np.concatenate([(self.left + first)[split], (self.right + first)[split]])
        for child in (self.left, self.right):
            if not ((child > within) & (child < size))[split].all():
                raise Refused("A child does not come after its parent.")
        parents = np.bincount(children, minlength=nodes)
        parents[self.roots[:-1]] += 1
        if not (parents == 1).all():
            raise Refused("A node does not have exactly one parent.")
        if split.any() and not (self.feature[split].min() >= 0 and self.feature[split].max() < self.features):
            raise Refused("A split names a feature that is not there.")
        if not (self.cover > 0).all():
            raise Refused("A node was reached by no training weight, so its share is not defined.")
        if not np.isfinite(self.value[~split]).all() or np.isnan(self.threshold[split]).any():
            raise Refused("A leaf value is not finite, or a threshold is missing.")
        if self.column.min() < 0 or self.column.max() + self.value.shape[1] > len(self.offset):
            raise Refused("A tree adds to an output that is not there.")
