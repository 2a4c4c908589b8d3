"""Contributions of any model: one antithetic permutation of the original columns, on the model's own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attributing import Attributor, choose_output, evaluate, import_shap

if TYPE_CHECKING:
    import pandas as pd
    from loading import Model


def permutation(model: Model, features: pd.DataFrame, task: dict[str, Any]) -> Attributor:
    """By ``shap.PermutationExplainer``; cells stand as codes, so that a column may be of any type.

    Parameters
    ----------
    model : Model
    features : DataFrame
        Rows to explain, then the background, of which ``task["background"]`` rows are used.
    task : dict
    """
    shap = import_shap()
    width, first = features.shape[1], task["chosen"] + task["rows"]
    output = choose_output(model.estimator, features.iloc[:first], task, "probability", native=model.native)
    table, cells_of = _coded(features)
    pool = table[first:]

    def answers(matrix: np.ndarray) -> np.ndarray:
        return evaluate(model.estimator, cells_of(matrix.astype(np.int64)), output)

    def prepared(behind: np.ndarray, seed: int, again: Any = None) -> Attributor:
        masker = shap.maskers.Independent(behind, max_samples=len(behind))
        explainer = shap.PermutationExplainer(answers, masker, seed=seed)

        def attribute(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
            explanation = explainer(table[start:stop], max_evals=2 * width + 1, silent=True)
            base = np.broadcast_to(np.asarray(explanation.base_values, dtype=float), (stop - start,))
            return base, np.asarray(explanation.values, dtype=float)

        def outputs(start: int, stop: int) -> np.ndarray:
            return evaluate(model.estimator, features.iloc[start:stop], output)

        cost = (2 * width + 1) * len(behind)
        return Attributor("permutation", output, len(behind), attribute, outputs, cost=cost, again=again)

    def again(seed: int) -> Attributor:
        drawn = np.random.default_rng(seed).choice(len(pool), size=min(task["background"], len(pool)), replace=False)
        return prepared(pool[drawn], seed)

    return prepared(pool[: task["background"]], task["seed"], again)


def _coded(features: pd.DataFrame) -> tuple[np.ndarray, Any]:
    """The table as codes, and the way back from codes to a table of the same types."""
    import pandas as pd

    codes, levels = [], []
    for name in features.columns:
        code, level = pd.factorize(features[name], use_na_sentinel=False)
        codes.append(code)
        levels.append(pd.Series(level).astype(features[name].dtype))

    def cells_of(cells: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({name: levels[j].take(cells[:, j]).array for j, name in enumerate(features.columns)})

    return np.column_stack(codes).astype(float), cells_of
