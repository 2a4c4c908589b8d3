"""Contributions of linear models in closed form, folded through encoders and scalers to the original columns.

The contribution of a column of the last step is its coefficient times the distance from the background's mean.
A linear model is additive, so the sum over the columns that one original column became is the exact value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attributing import Attributor, between, choose_output, decision, dense, evaluate, import_shap, of_class

if TYPE_CHECKING:
    import pandas as pd
    from attributing import Output
    from pipeline import View

LINEAR = {
    "LogisticRegression", "LogisticRegressionCV", "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV",
    "ElasticNet", "ElasticNetCV", "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier", "SGDRegressor",
    "LinearSVC", "LinearSVR",
}  # fmt: skip


def fits(view: View) -> bool:
    """Whether the last step is linear in columns that each come from one original column."""
    return type(view.final).__name__ in LINEAR and view.origin is not None


def linear(view: View, estimator: Any, features: pd.DataFrame, task: dict[str, Any]) -> Attributor:
    """Closed form, with the whole background.

    Parameters
    ----------
    view : View
        The model seen from its last step.
    estimator : object
        The whole model.
    features : DataFrame
        Rows to explain, then the background.
    task : dict
    """
    output = choose_output(estimator, features, task, "margin")
    weights, intercept = _coefficients(view.final, output)
    total = view.matrix.shape[0]
    first, shape = task["chosen"] + task["rows"], features.shape[1]

    def prepared(pool: Any, again: Any = None) -> Attributor:
        centre = np.asarray(pool.mean(axis=0), dtype=float).ravel()
        base = intercept + float(weights @ centre)

        def attribute(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
            matrix = np.asarray(dense(between(view.matrix, start, stop)), dtype=float)
            return np.full(len(matrix), base), view.folded((matrix - centre) * weights, shape)

        def outputs(start: int, stop: int) -> np.ndarray:
            if output.kind == "margin":
                return decision(view.final, between(view.matrix, start, stop), output)
            return evaluate(estimator, features.iloc[start:stop], output)

        def authority() -> tuple[np.ndarray, np.ndarray]:
            return _by_shap(view, pool, min(task["authority"], first), output, shape)

        named = {"kernel": "closed form", "authority": authority if task["authority"] else None, "again": again}
        return Attributor("linear", output, pool.shape[0], attribute, outputs, **named)

    def again(seed: int) -> Attributor:
        drawn = np.random.default_rng(seed).integers(first, total, size=total - first)
        return prepared(_taken(view.matrix, drawn))

    return prepared(between(view.matrix, first, total), again)


def _coefficients(final: Any, output: Output) -> tuple[np.ndarray, float]:
    """Weights and intercept of the explained number; one row of weights for two classes is the second one's."""
    weights = np.atleast_2d(np.asarray(final.coef_, dtype=float))
    intercepts = np.broadcast_to(np.ravel(np.asarray(final.intercept_, dtype=float)), (len(weights),))
    if output.kind == "prediction":
        if len(weights) != 1:
            raise ValueError("several outputs")
        return weights[0], float(intercepts[0])
    if output.kind != "margin":
        raise ValueError(f"a linear model gives no {output.kind}")
    if len(weights) == 1:
        sign = 1.0 if output.position == 1 else -1.0
        return sign * weights[0], sign * float(intercepts[0])
    return weights[output.position], float(intercepts[output.position])


def _by_shap(view: View, pool: Any, rows: int, output: Output, width: int) -> tuple[np.ndarray, np.ndarray]:
    shap = import_shap()
    background = np.asarray(dense(pool), dtype=float)
    # shap takes 100 rows of a background by itself; it is to use them all.
    masker = shap.maskers.Independent(background, max_samples=len(background))
    matrix = np.asarray(dense(between(view.matrix, 0, rows)), dtype=float)
    base, values = of_class(shap.LinearExplainer(view.final, masker)(matrix), output)
    return base, view.folded(values, width)


def _taken(matrix: Any, rows: np.ndarray) -> Any:
    return matrix.iloc[rows] if hasattr(matrix, "iloc") else matrix[rows]
