"""What a model answers for rows: its predictions, and scores where it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from loading import Model

MOST_LEVELS = 100_000


def predict(model: Model, features: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Predictions as numbers, or as codes into a list of levels; and class probabilities."""
    values = one_column(model.estimator.predict(features))
    payload, numbers = encoded(values)
    arrays = {"predictions": numbers}
    if model.native and hasattr(model.estimator, "predict_proba"):
        arrays["scores"] = np.asarray(model.estimator.predict_proba(features), dtype=float)
        payload["classes"] = [plain(value) for value in model.estimator.classes_]
    return payload, arrays


def one_column(values: Any) -> np.ndarray:
    """One value per row; several outputs are refused."""
    values = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"the model gives an output of shape {values.shape}, not one value a row")
    return values


def encoded(values: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """Numbers as they are; anything else as codes and levels."""
    kind = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}.get(values.dtype.kind)
    if kind:
        return {"kind": kind}, values.astype(float)
    levels, codes = np.unique(values.astype(str), return_inverse=True)
    if len(levels) > MOST_LEVELS:
        raise ValueError("the model gives too many different texts")
    return {"kind": "text", "levels": levels.tolist()}, codes.astype(float)


def plain(value: Any) -> Any:
    """A class as JSON."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, bool | int | float | str) else str(value)
