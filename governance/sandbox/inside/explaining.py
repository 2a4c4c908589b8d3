"""SHAP values of the original columns, by the soundest of shap's explainers that fits the model.

- Tree ensembles whose columns are the original ones, one by one: ``TreeExplainer``, exact.
- Linear models whose columns each come from one original column: ``LinearExplainer`` with the whole
  background, summed to the original columns. A linear model is additive, so the sum is the exact value.
- All else, a tree behind a one-hot encoding included (there the sum of parts is not the value of the
  whole): one antithetic permutation over the original columns on the model's own predictions.

The first ``rows`` rows of the table are explained; the rest is background.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pipeline import View, look_through
from predicting import one_column, plain

if TYPE_CHECKING:
    import pandas as pd
    from loading import Model

TREES = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "GradientBoostingClassifier", "GradientBoostingRegressor",
    "HistGradientBoostingClassifier", "HistGradientBoostingRegressor",
}  # fmt: skip
BOOSTED = {"GradientBoostingClassifier", "HistGradientBoostingClassifier"}
LINEAR = {
    "LogisticRegression", "LogisticRegressionCV", "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV",
    "ElasticNet", "ElasticNetCV", "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier", "SGDRegressor",
    "LinearSVC", "LinearSVR",
}  # fmt: skip


@dataclass(frozen=True)
class Output:
    """What is explained: one number a row.

    Attributes
    ----------
    kind : str
        ``"probability"``, ``"margin"`` (log-odds or decision value), ``"prediction"`` (a number as it is),
        or ``"indicator"`` (1 where the model answers the class).
    label : object
        The class; None for a number.
    position : int
        Its position among the classes.
    """

    kind: str
    label: Any = None
    position: int = 0


@dataclass(frozen=True)
class Attribution:
    """Base value per row, contributions per row and original column, and the output they should sum to."""

    base: np.ndarray
    values: np.ndarray
    output: np.ndarray
    explained: Output
    background: int


def explain(model: Model, features: pd.DataFrame, task: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Explain the first rows of a table.

    Parameters
    ----------
    model : Model
    features : DataFrame
        Rows to explain, then the background.
    task : dict
        ``rows``, ``background`` (rows of it that a permutation uses), ``seed``, ``positive``.
    """
    attribution, method = None, "permutation"
    if model.native:
        attribution, method = _structured(model.estimator, features, task)
    if attribution is None:
        attribution, method = _permutation(model, features, task), "permutation"
    explained = attribution.explained
    payload = {
        "method": method,
        "columns": [str(name) for name in features.columns],
        "kind": explained.kind,
        "class": None if explained.label is None else plain(explained.label),
        "background": attribution.background,
        "versions": _versions(),
    }
    arrays = {"base": attribution.base, "values": attribution.values, "output": attribution.output}
    return payload, arrays


def _structured(estimator: Any, features: pd.DataFrame, task: dict[str, Any]) -> tuple[Attribution | None, str]:
    """By the model's own structure; None if it has none that shap can use, or it fails."""
    try:
        view = look_through(estimator, features)
        kind = type(view.final).__name__
        # shap reads no categorical splits.
        if kind in TREES and view.one_to_one and getattr(view.final, "is_categorical_", None) is None:
            return _tree(view, estimator, features, task), "tree"
        if kind in LINEAR and view.origin is not None:
            return _linear(view, estimator, features, task), "linear"
    except MissingClass:
        raise
    except Exception as error:  # an unknown shape of model, or one that shap cannot take: explained as a whole
        print(f"structured explanation not possible: {error!r}", file=sys.stderr)
    return None, "permutation"


def _tree(view: View, estimator: Any, features: pd.DataFrame, task: dict[str, Any]) -> Attribution:
    shap = import_shap()
    rows = task["rows"]
    matrix = _rows(_dense(view.matrix), rows)
    kind = type(view.final).__name__
    output = choose_output(estimator, features.iloc[:rows], task, "margin" if kind in BOOSTED else "probability")
    explainer = shap.TreeExplainer(view.final, feature_perturbation="tree_path_dependent")
    explanation = explainer(matrix, check_additivity=False)
    values, base = _of_class(explanation, output)
    outputs = (
        _decision(view.final, matrix, output)
        if output.kind == "margin"
        else _evaluate(estimator, features.iloc[:rows], output)
    )
    return Attribution(base, view.folded(values, features.shape[1]), outputs, output, 0)


def _linear(view: View, estimator: Any, features: pd.DataFrame, task: dict[str, Any]) -> Attribution:
    shap = import_shap()
    rows = task["rows"]
    matrix = np.asarray(_dense(view.matrix), dtype=float)
    output = choose_output(estimator, features.iloc[:rows], task, "margin")
    background = matrix[rows:] if len(matrix) > rows else matrix
    # shap takes 100 rows of a background by itself; it is to use them all.
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explanation = shap.LinearExplainer(view.final, masker)(matrix[:rows])
    values, base = _of_class(explanation, output)
    if output.kind == "margin":
        outputs = _decision(view.final, matrix[:rows], output)
    else:
        outputs = _evaluate(estimator, features.iloc[:rows], output)
    return Attribution(base, view.folded(values, features.shape[1]), outputs, output, len(background))


def _permutation(model: Model, features: pd.DataFrame, task: dict[str, Any]) -> Attribution:
    """One antithetic permutation; cells stand as codes, so that a column may be of any type."""
    import pandas as pd

    shap = import_shap()

    rows, width = task["rows"], features.shape[1]
    output = choose_output(model.estimator, features.iloc[:rows], task, "probability", native=model.native)
    codes, levels = [], []
    for name in features.columns:
        code, level = pd.factorize(features[name], use_na_sentinel=False)
        codes.append(code)
        levels.append(pd.Series(level).astype(features[name].dtype))
    table = np.column_stack(codes).astype(float)

    def evaluate(matrix: np.ndarray) -> np.ndarray:
        cells = matrix.astype(np.int64)
        frame = pd.DataFrame({name: levels[j].take(cells[:, j]).array for j, name in enumerate(features.columns)})
        return _evaluate(model.estimator, frame, output)

    behind = table[rows : rows + task["background"]] if len(table) > rows else table[: task["background"]]
    masker = shap.maskers.Independent(behind, max_samples=len(behind))
    explainer = shap.PermutationExplainer(evaluate, masker, seed=task["seed"])
    explanation = explainer(table[:rows], max_evals=2 * width + 1, silent=True)
    base = np.broadcast_to(np.asarray(explanation.base_values, dtype=float), (rows,))
    values = np.asarray(explanation.values, dtype=float)
    return Attribution(base, values, _evaluate(model.estimator, features.iloc[:rows], output), output, len(behind))


def choose_output(
    estimator: Any, rows: pd.DataFrame, task: dict[str, Any], preferred: str, *, native: bool = True
) -> Output:
    """Which number is explained: of two classes the named or the second one, of more the most frequent answer."""
    classes = getattr(estimator, "classes_", None) if native else None
    if classes is None:
        answers = one_column(estimator.predict(rows))
        if answers.dtype.kind in "biuf":
            return Output("prediction")
        labels, counts = np.unique(answers.astype(str), return_counts=True)
        named = task.get("positive")
        return Output("indicator", named if named in labels else labels[np.argmax(counts)])
    position = _position(estimator, list(classes), rows, task.get("positive"))
    kind = preferred
    if kind == "probability" and not hasattr(estimator, "predict_proba"):
        kind = "margin" if hasattr(estimator, "decision_function") else "indicator"
    return Output(kind, classes[position], position)


def _position(estimator: Any, classes: list[Any], rows: pd.DataFrame, positive: Any) -> int:
    if positive is not None:
        named = [i for i, label in enumerate(classes) if str(label) == str(positive)]
        if not named:
            raise MissingClass(f"the model has no class {positive!r}")
        return named[0]
    if len(classes) == 2:
        return 1
    answers = list(estimator.predict(rows))
    return int(np.argmax([answers.count(label) for label in classes]))


class MissingClass(LookupError):
    """The class to explain is none of the model's; not a reason to try another explainer."""


def _evaluate(estimator: Any, rows: pd.DataFrame, output: Output) -> np.ndarray:
    if output.kind == "probability":
        return np.asarray(estimator.predict_proba(rows), dtype=float)[:, output.position]
    if output.kind == "margin":
        return _decision(estimator, rows, output)
    answers = one_column(estimator.predict(rows))
    if output.kind == "indicator":
        return (answers.astype(str) == str(output.label)).astype(float)
    return answers.astype(float)


def _decision(estimator: Any, rows: Any, output: Output) -> np.ndarray:
    """Margin of the class; of two classes scikit-learn gives the second one's."""
    margin = np.asarray(estimator.decision_function(rows), dtype=float)
    if margin.ndim == 1:
        return margin if output.position == 1 else -margin
    return margin[:, output.position]


def _of_class(explanation: Any, output: Output) -> tuple[np.ndarray, np.ndarray]:
    """Contributions and base values of the explained class."""
    values = np.asarray(explanation.values, dtype=float)
    base = np.asarray(explanation.base_values, dtype=float)
    if values.ndim == 3:
        base = np.broadcast_to(base, (len(values), values.shape[2]))
        return values[:, :, output.position], base[:, output.position]
    base = np.broadcast_to(base.reshape(-1) if base.ndim else base, (len(values),))
    # One set of values for two classes is the second one's.
    sign = -1.0 if output.kind == "margin" and output.position == 0 else 1.0
    return sign * values, sign * base


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def import_shap() -> Any:
    """shap, with its small loops left as Python: to compile them at each start takes ten seconds of CPU time."""
    from numba import config

    before, config.DISABLE_JIT = config.DISABLE_JIT, 1
    try:
        import shap
    finally:
        config.DISABLE_JIT = before
    return shap


def _rows(matrix: Any, rows: int) -> Any:
    return matrix.iloc[:rows] if hasattr(matrix, "iloc") else matrix[:rows]


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("shap", "scikit-learn", "mlflow", "numpy", "pandas"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
