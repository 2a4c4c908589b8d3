"""The kernel: one walk through every tree, for 32 rows at a time. The mathematics stand in the package's text."""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import njit

from .lanes import LANES, load, select_le, select_le_or_missing, spread, store
from .program import ENTER, NEVER, TURN

# Multiplication and addition may be fused; nothing else that changes a result is allowed.
FAST = {"contract"}


@cache
def gauss_legendre(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1], exact for polynomials up to degree ``2 * order - 1``."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return (nodes + 1) / 2, weights / 2


@njit(fastmath=FAST)
def _went(space, s, level, x):
    """g = o - z of a split: o = 1 for rows that go to its first child, z the child's share."""
    left, right, threshold = spread(s.if_left), spread(s.if_right), spread(s.threshold)
    if s.missing_left:
        g = select_le_or_missing(x, threshold, left, right)
    else:
        g = select_le(x, threshold, left, right)
    if s.earlier != NEVER:
        # A row that left this path at an earlier split on the feature does not count in what follows.
        before = load(space, (s.earlier + 1) * level - LANES) * (-1.0 if s.earlier_side == 0 else 1.0)
        g = select_le(spread(0.0), before, spread(0.0), g)
    return g


@njit(fastmath=FAST)
def _down(space, weight, below, went, tau, row, share, sign, order):
    """Weight of a child: that of its parent times r = z + τ g, or for the second child 1 - r."""
    g = load(space, went) * sign
    for q in range(order):
        r = g * tau[row, q] + share
        store(space, below + q * LANES, load(space, weight + q * LANES) * r)


@njit(fastmath=FAST)
def _up(space, weight, first, second, stride, above, went, tau, omega, row, share, order):
    """Value K of a split from its children's, and what its feature gets: g ∑ ω P (K_first - K_second)."""
    g = load(space, went)
    total = spread(0.0)
    for q in range(order):
        other = load(space, second + q * stride)
        difference = load(space, first + q * LANES) - other
        total = total + load(space, weight + q * LANES) * omega[row, q] * difference
        store(space, above + q * LANES, other + (g * tau[row, q] + share) * difference)
    return total * g


@njit(fastmath=FAST)
def _up_from_leaves(space, weight, first, second, above, went, tau, omega, row, share, order):
    """The same where both children are leaves: their difference is one number for all rows and nodes."""
    g = load(space, went)
    difference = first - second
    total = spread(0.0)
    for q in range(order):
        total = total + load(space, weight + q * LANES) * omega[row, q]
        store(space, above + q * LANES, g * (tau[row, q] * difference) + (second + share * difference))
    return total * (g * difference)


@njit
def _fill(tau, omega, splits, nodes, order):
    """τ and ω at the nodes, for each repeated split of a tree; in the last row those of all others."""
    last = tau.shape[0] - 1
    for q in range(order):
        tau[last, q], omega[last, q] = nodes[q], 1.0
    for s in splits:
        if s.repeat != NEVER:
            for q in range(order):
                scale = s.above * (1.0 - nodes[q]) + nodes[q]
                tau[s.repeat, q], omega[s.repeat, q] = nodes[q] / scale, s.above / (scale * scale)


@njit(fastmath=FAST, cache=True, nogil=True, error_model="numpy")
def run(rows, features, steps, splits, tree_steps, tree_splits, repeats, order, nodes, weights, value, column,
        depth, outputs, values, start, end):  # fmt: skip
    """Add the SHAP values of all trees for the blocks ``start`` to ``end``.

    Parameters
    ----------
    rows : ndarray of float64, shape (blocks * features * LANES,)
        Block by block, feature by feature, ``LANES`` rows side by side.
    nodes, weights : ndarray of float64, shape (trees, most nodes)
        The quadrature of each tree.
    values : ndarray of float64, shape (blocks * features * outputs * LANES,)
        Added to.

    Other parameters are those of ``Program`` and ``Ensemble``.
    """
    width, vector = value.shape[1], nodes.shape[1] * LANES
    # For each depth of a path: weights P, values K of the first children, of the second ones, and g.
    level = vector * (1 + 2 * width) + LANES
    space = np.empty((depth + 2) * level)
    unread = (depth + 1) * level
    tau, omega = np.empty((repeats.max() + 1, nodes.shape[1])), np.empty((repeats.max() + 1, nodes.shape[1]))
    for tree in range(len(order)):
        count = order[tree]
        _fill(tau, omega, splits[tree_splits[tree] : tree_splits[tree + 1]], nodes[tree], count)
        for q in range(count):
            store(space, q * LANES, spread(weights[tree, q]))
        for block in range(start, end):
            for step in range(tree_steps[tree], tree_steps[tree + 1]):
                kind, s = steps[step, 0], splits[steps[step, 1]]
                weight = s.depth * level
                below = weight + level
                went = below - LANES
                row = tau.shape[0] - 1 if s.repeat == NEVER else s.repeat
                if kind == TURN:
                    _down(space, weight, below, went, tau, row, 1.0 - s.share, -1.0, count)
                    continue
                place = block * features + s.feature
                if kind == ENTER:
                    store(space, went, _went(space, s, level, load(rows, place * LANES)))
                    if s.inner > 0:
                        _down(space, weight, below, went, tau, row, s.share, 1.0, count)
                    continue
                above = unread if s.depth == 0 else weight - level + (1 + s.side * width) * vector
                for c in range(width):
                    k = above + c * vector
                    if s.inner == 0:
                        a, b = value[s.first, c], value[s.second, c]
                        gained = _up_from_leaves(space, weight, a, b, k, went, tau, omega, row, s.share, count)
                    else:
                        first = weight + (1 + c) * vector
                        second, stride = first + width * vector, LANES
                        if s.inner == 1:
                            store(space, second, spread(value[s.second, c]))
                            stride = 0
                        gained = _up(space, weight, first, second, stride, k, went, tau, omega, row, s.share, count)
                    at = (place * outputs + column[tree] + c) * LANES
                    store(values, at, load(values, at) + gained)
