"""Decisions between more than two classes: what does not depend on which class is the positive one.

Macro values are the plain mean over the classes; they are undefined where any class's value is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from governance.engine.cube import Cube
from governance.engine.metrics import metric
from governance.engine.quantities import Proportions, enough
from governance.engine.weights import effective_fraction

MACRO = {
    "macro_true_positive_rate": "true_positive_rate",
    "macro_precision": "precision",
    "macro_f1": "f1",
}


def macro_values(cube: Cube, features: Sequence[str]) -> dict[str, np.ndarray]:
    """Macro averages by group, each an ndarray of float of shape (groups,)."""
    counts = [cube.counts(features, target).mass for target in cube.label_classes()]
    return {name: np.mean([metric(mass, by_class) for mass in counts], axis=0) for name, by_class in MACRO.items()}


def right_decisions(cube: Cube, features: Sequence[str], min_group: int) -> Proportions:
    """The share of right decisions, whatever the class, of the groups that have `min_group` cases."""
    groups, index = cube.group_index(features)

    def total(amount: np.ndarray, used: np.ndarray) -> np.ndarray:
        return np.bincount(index[used], amount[used], minlength=len(groups))

    known = cube.complete
    right = known & (cube.label == cube.prediction)
    n = total(cube.n, known).astype(np.int64)
    if cube.w is None:
        return enough("multiclass_accuracy", total(cube.n, right).astype(np.int64), n, n, n, min_group)
    sums = [tuple(total(amount, used) for amount in (cube.w, cube.w2)) for used in (right, known)]
    return enough("multiclass_accuracy", *effective_fraction(*sums), n, n, min_group)
