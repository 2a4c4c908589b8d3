"""Contributions of a pipeline that ends in an ensemble of trees on the original columns, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attributing import Attributor, between, choose_output, decision, dense, evaluate, of_class

if TYPE_CHECKING:
    import pandas as pd
    from pipeline import View

TREES = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "GradientBoostingClassifier", "GradientBoostingRegressor",
    "HistGradientBoostingClassifier", "HistGradientBoostingRegressor",
}  # fmt: skip
BOOSTED = {"GradientBoostingClassifier", "HistGradientBoostingClassifier"}


def fits(view: View) -> bool:
    """Whether the last step is such an ensemble; categorical splits are not read."""
    numeric = getattr(view.final, "is_categorical_", None) is None
    return type(view.final).__name__ in TREES and view.one_to_one and numeric


def forest(view: View, estimator: Any, features: pd.DataFrame, task: dict[str, Any]) -> Attributor:
    """Path-dependent values of the trees, exact; the first rows by shap too.

    Parameters
    ----------
    view : View
        The model seen from its last step.
    estimator : object
        The whole model.
    features : DataFrame
        Rows to explain, then the background, which trees do not need.
    task : dict
    """
    from trees import tree_values

    matrix, width = dense(view.matrix), features.shape[1]
    boosted = type(view.final).__name__ in BOOSTED
    output = choose_output(estimator, features, task, "margin" if boosted else "probability")
    rows = min(task["authority"], task["chosen"] + task["rows"])
    first = tree_values(view.final, between(matrix, 0, max(rows, 1)), authority_rows=rows)

    def folded(explanation: Any) -> tuple[np.ndarray, np.ndarray]:
        base, values = of_class(explanation, output)
        return base, view.folded(values, width)

    def attribute(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        return folded(tree_values(view.final, between(matrix, start, stop), authority_rows=0))

    def outputs(start: int, stop: int) -> np.ndarray:
        if output.kind == "margin":
            return decision(view.final, between(matrix, start, stop), output)
        return evaluate(estimator, features.iloc[start:stop], output)

    authority = None if first.authority is None else lambda: folded(first.authority)
    return Attributor("tree", output, 0, attribute, outputs, kernel=first.kernel, authority=authority)
