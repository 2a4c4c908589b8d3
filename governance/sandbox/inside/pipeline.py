"""Look through a scikit-learn pipeline: which original column each column of the last step comes from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# One column in, one column out, each by itself, whatever the data.
ONE_TO_ONE = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer",
    "OrdinalEncoder", "Binarizer",
}  # fmt: skip
ONE_TO_MANY = {"OneHotEncoder"}


@dataclass(frozen=True)
class View:
    """A model seen from its last step.

    Attributes
    ----------
    final : object
        The last estimator.
    matrix : ndarray or DataFrame
        What it is given, for all rows.
    origin : ndarray of int or None
        For each column of the matrix, the number of the original column; None if a column mixes several.
    """

    final: Any
    matrix: Any
    origin: np.ndarray | None

    @property
    def one_to_one(self) -> bool:
        """Whether each original column became exactly one column."""
        return self.origin is not None and sorted(self.origin) == list(range(len(self.origin)))

    def folded(self, values: np.ndarray, width: int) -> np.ndarray:
        """Contributions of the matrix's columns summed to the original columns."""
        total = np.zeros((len(values), width))
        np.add.at(total.T, self.origin, values.T)
        return total


def look_through(estimator: Any, features: pd.DataFrame) -> View:
    """The last step, what it is given, and where that comes from."""
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.pipeline import Pipeline

    origin = np.arange(features.shape[1])
    matrix = features
    while True:
        if isinstance(estimator, BaseSearchCV):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            for _, step in estimator.steps[:-1]:
                origin = _through(step, origin)
                if step is not None and step != "passthrough":
                    matrix = step.transform(matrix)
            estimator = estimator.steps[-1][1]
        else:
            break
    width = matrix.shape[1] if hasattr(matrix, "shape") else -1
    if origin is not None and len(origin) != width:
        origin = None
    return View(estimator, matrix, origin)


def _through(step: Any, origin: np.ndarray | None) -> np.ndarray | None:
    if origin is None:
        return None
    if step is None or step == "passthrough":
        return origin
    kind = type(step).__name__
    if kind in ONE_TO_ONE or (kind == "FunctionTransformer" and step.func is None):
        return origin
    if kind == "SimpleImputer":
        return _through_imputer(step, origin)
    if kind in ONE_TO_MANY:
        return origin[_encoded_origin(step)]
    if kind == "Pipeline":
        for _, inner in step.steps:
            origin = _through(inner, origin)
        return origin
    if kind == "ColumnTransformer":
        return _through_columns(step, origin)
    return None


def _through_imputer(step: Any, origin: np.ndarray) -> np.ndarray | None:
    statistics = np.asarray(step.statistics_, dtype=object)
    empty = np.array([value is None or value != value for value in statistics], dtype=bool)
    kept = origin if step.keep_empty_features else origin[~empty]
    if step.add_indicator:
        kept = np.concatenate([kept, origin[step.indicator_.features_]])
    return kept


def _encoded_origin(encoder: Any) -> np.ndarray:
    """For each column of a one-hot encoding, the number of its input column; drops and rare groups included."""
    named = copy.copy(encoder)
    named.feature_name_combiner = lambda feature, category: str(feature)
    width = encoder.n_features_in_
    inputs = [str(n) for n in getattr(encoder, "feature_names_in_", [f"x{i}" for i in range(width)])]
    return np.array([inputs.index(name) for name in named.get_feature_names_out()], dtype=int)


def _through_columns(step: Any, origin: np.ndarray) -> np.ndarray | None:
    parts = np.empty(0, dtype=int)
    names = list(getattr(step, "feature_names_in_", []))
    for name, transformer, columns in step.transformers_:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        chosen = _positions(columns, names, step.n_features_in_)
        part = _through(transformer, origin[chosen])
        block = step.output_indices_[name]
        if part is None or len(part) != block.stop - block.start:
            return None
        parts = np.concatenate([parts, part])
    return parts


def _positions(columns: Any, names: list[str], width: int) -> np.ndarray:
    if isinstance(columns, str | int):
        columns = [columns]
    if isinstance(columns, slice):
        return np.arange(width)[columns]
    chosen = np.asarray(columns)
    if chosen.dtype.kind == "b":
        return np.flatnonzero(chosen)
    return np.array([names.index(c) if isinstance(c, str) else int(c) for c in columns], dtype=int)
