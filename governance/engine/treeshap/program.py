"""Trees as straight programs: the order in which a depth-first walk enters, turns at and leaves each split.

All rows take the same walk, so it is laid out once. What depends on the tree alone is laid beside it: shares,
where the same feature was split on earlier, and what "went to the first child" is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from .ensemble import Ensemble

ENTER, TURN, LEAVE = 0, 1, 2
NEVER = -1

SPLIT = np.dtype(
    [
        ("feature", np.int64),
        ("threshold", np.float64),
        ("missing_left", np.bool_),
        ("first", np.int64),  # children, as nodes; if only one is a leaf, it is the second
        ("second", np.int64),
        ("inner", np.int64),  # how many of the children are splits themselves
        ("share", np.float64),  # z: share of the cover that goes to the first child
        ("if_left", np.float64),  # g = o - z of a row that goes left, and of one that goes right
        ("if_right", np.float64),
        ("depth", np.int64),
        ("side", np.int64),  # 0 or 1: which child of its parent this is
        ("earlier", np.int64),  # depth of the last split on the same feature above, or NEVER
        ("earlier_side", np.int64),
        ("above", np.float64),  # a: product of the shares of the splits above on the same feature
        ("repeat", np.int64),  # number of the split among its tree's repeated ones, or NEVER
    ],
    align=True,
)


@dataclass(frozen=True)
class Program:
    """The walks of all trees, one after the other.

    Attributes
    ----------
    steps : ndarray of int64, shape (steps, 2)
        ``ENTER``, ``TURN`` or ``LEAVE``, and the split.
    splits : structured ndarray of SPLIT, shape (splits,)
    tree_steps, tree_splits : ndarray of int64, shape (trees + 1,)
        Where each tree's steps and splits start.
    repeats : ndarray of int64, shape (trees,)
        Splits on a feature that was split on above.
    order : ndarray of int64, shape (trees,)
        Quadrature nodes that are exact for the tree: half its most features on a path, rounded up.
    depth : int
        Most splits on a path.
    expected : ndarray of float64, shape (trees, width)
        Each tree's value with all features unknown.
    """

    steps: np.ndarray
    splits: np.ndarray
    tree_steps: np.ndarray
    tree_splits: np.ndarray
    repeats: np.ndarray
    order: np.ndarray
    depth: int
    expected: np.ndarray


def lay_out(ensemble: Ensemble) -> Program:
    """The program of an ensemble."""
    trees, count = len(ensemble.column), int((ensemble.left >= 0).sum())
    largest = int(np.diff(ensemble.roots).max())
    steps, splits = np.empty((3 * count, 2), np.int64), np.zeros(count, SPLIT)
    starts, sizes = np.zeros((trees + 1, 2), np.int64), np.zeros((trees, 3), np.int64)
    expected = np.zeros((trees, ensemble.value.shape[1]))
    _lay_out(
        ensemble.roots, ensemble.left, ensemble.right, ensemble.feature, ensemble.threshold, ensemble.missing_left,
        ensemble.cover, ensemble.value, largest, steps, splits, starts, sizes, expected,
    )  # fmt: skip
    return Program(
        steps=steps[: starts[-1, 0]],
        splits=splits,
        tree_steps=np.ascontiguousarray(starts[:, 0]),
        tree_splits=np.ascontiguousarray(starts[:, 1]),
        repeats=np.ascontiguousarray(sizes[:, 0]),
        order=np.maximum(1, (sizes[:, 1] + 1) // 2),
        depth=int(sizes[:, 2].max()),
        expected=expected,
    )


@njit(cache=True)
def _lay_out(
    roots, left, right, feature, threshold, missing_left, cover, value, largest, steps, splits, starts, sizes, expected
):
    """Fill the program: an explicit stack of steps to come, and the path to where the walk stands."""
    stack, path = np.empty((3 * largest, 3), np.int64), np.empty((largest, 2), np.int64)
    distinct, reach = np.zeros(largest + 1, np.int64), np.zeros(largest)
    for tree in range(len(roots) - 1):
        root, end = roots[tree], roots[tree + 1]
        step, split = starts[tree, 0], starts[tree, 1]
        starts[tree + 1, 0], starts[tree + 1, 1] = step, split
        _average(left[root:end], right[root:end], cover[root:end], value[root:end], reach, expected[tree])
        if left[root] < 0:
            continue
        top = _push(stack, 0, ENTER, root, 0)
        while top > 0:
            top -= 1
            kind, which, depth = stack[top, 0], stack[top, 1], stack[top, 2]
            if kind == ENTER:
                this, node = split, which
                split += 1
                s = splits[this]
                s.feature, s.threshold, s.missing_left = feature[node], threshold[node], missing_left[node]
                s.depth = depth
                _order_children(s, node, root, left, right, cover)
                _look_up(s, splits, path)
                distinct[depth + 1] = distinct[depth] + (1 if s.earlier == NEVER else 0)
                if s.earlier != NEVER:
                    s.repeat = sizes[tree, 0]
                    sizes[tree, 0] += 1
                sizes[tree, 1] = max(sizes[tree, 1], distinct[depth + 1])
                sizes[tree, 2] = max(sizes[tree, 2], depth + 1)
                path[depth, 0], path[depth, 1] = this, 0
                top = _push(stack, top, LEAVE, this, depth)
                if s.inner == 2:
                    top = _push(stack, top, ENTER, s.second, depth + 1)
                    top = _push(stack, top, TURN, this, depth)
                if s.inner >= 1:
                    top = _push(stack, top, ENTER, s.first, depth + 1)
                which = this
            elif kind == TURN:
                path[depth, 1] = 1
            steps[step, 0], steps[step, 1] = kind, which
            step += 1
        starts[tree + 1, 0], starts[tree + 1, 1] = step, split


@njit
def _average(left, right, cover, value, reach, expected):
    """A tree's leaves weighted with the shares on their paths: its value with all features unknown."""
    reach[0] = 1.0
    for node in range(len(left)):
        a, b = left[node], right[node]
        if a < 0:
            for c in range(value.shape[1]):
                expected[c] += reach[node] * value[node, c]
        else:
            share = cover[a] / (cover[a] + cover[b])
            reach[a], reach[b] = reach[node] * share, reach[node] * (1.0 - share)


@njit
def _push(stack, top, kind, which, depth):
    stack[top, 0], stack[top, 1], stack[top, 2] = kind, which, depth
    return top + 1


@njit
def _order_children(s, node, root, left, right, cover):
    """Choose the first child, a split if there is one, and what going left and right is then worth."""
    first, second = root + left[node], root + right[node]
    swapped = left[first] < 0 and left[second] >= 0
    if swapped:
        first, second = second, first
    s.first, s.second = first, second
    s.inner = (1 if left[first] >= 0 else 0) + (1 if left[second] >= 0 else 0)
    s.share = cover[first] / (cover[first] + cover[second])
    s.if_left = -s.share if swapped else 1.0 - s.share
    s.if_right = 1.0 - s.share if swapped else -s.share


@njit
def _look_up(s, splits, path):
    """Find the last split on the same feature above, and the share that the splits on it leave."""
    s.side = 0 if s.depth == 0 else path[s.depth - 1, 1]
    s.earlier, s.earlier_side, s.above, s.repeat = NEVER, 0, 1.0, NEVER
    for depth in range(s.depth - 1, -1, -1):
        other = splits[path[depth, 0]]
        if other.feature == s.feature:
            s.earlier, s.earlier_side = depth, path[depth, 1]
            s.above = other.above * (other.share if s.earlier_side == 0 else 1.0 - other.share)
            break
