"""Read fitted scikit-learn models into plain arrays, by name: scikit-learn itself is not imported for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .ensemble import Ensemble, NotAdditive, Refused

FORESTS = {"RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"}
TREES = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
GRADIENT = {"GradientBoostingClassifier", "GradientBoostingRegressor"}
HISTOGRAM = {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}
# Losses whose predictions are an exponential: values of the logarithm would not add up to them.
EXPONENTIAL = {"poisson", "gamma"}


def read(model: Any) -> Ensemble:
    """A fitted tree, forest or booster of scikit-learn as an ensemble.

    Raises
    ------
    Refused
        For any other model, and for one whose output no sum of leaves gives.
    """
    kind = type(model).__name__
    library = type(model).__module__.partition(".")[0]
    reader = _reader(kind) if library == "sklearn" else None
    if reader is None:
        raise Refused(f"There is no reader for a model of the kind {library}.{kind}.")
    if not any(hasattr(model, name) for name in ("tree_", "estimators_", "_predictors")):
        raise Refused(f"The {kind} is not fitted.")
    return reader(model)


def _reader(kind: str) -> Callable[[Any], Ensemble] | None:
    if kind in FORESTS:
        return lambda model: _averaged(model, model.estimators_)
    if kind in TREES:
        return lambda model: _averaged(model, [model])
    if kind in GRADIENT:
        return _gradient_boosting
    return _histogram_boosting if kind in HISTOGRAM else None


def _averaged(model: Any, estimators: Sequence[Any]) -> Ensemble:
    """A forest, or one tree: the mean of its leaves' class frequencies or numbers."""
    trees = [estimator.tree_ for estimator in estimators]
    arrays = _arrays(trees)
    value = np.concatenate([tree.value for tree in trees])  # (nodes, targets, classes)
    classes = getattr(model, "classes_", None)
    if classes is None:
        value = value[:, :, 0]
    else:
        if value.shape[1] != 1:
            raise Refused("The model answers several targets with classes.")
        value = value[:, 0, :]
        value = value / value.sum(axis=1, keepdims=True)
        # Frequencies sum to one: the first of several classes is what the others leave.
        value = value[:, 1:] if len(classes) > 1 else value
    outputs = value.shape[1]
    return Ensemble(
        **arrays,
        value=value / len(trees),
        column=np.zeros(len(trees), np.int64),
        offset=np.zeros(outputs),
        features=int(model.n_features_in_),
        dtype="float32",
        takes_missing=_takes_missing(model),
        output="prediction" if classes is None else "probability",
        classes=None if classes is None else tuple(classes.tolist()),
        complement=classes is not None and len(classes) > 1,
        scalar=classes is None and outputs == 1,
    )


def _gradient_boosting(model: Any) -> Ensemble:
    """Gradient boosting: learning rate times the trees' sum, on top of an initial value."""
    if model.init is not None and not isinstance(model.init, str):
        raise NotAdditive("The booster starts from the predictions of a model of its own, which are no constant.")
    stages = np.asarray(model.estimators_, dtype=object)  # (stages, outputs)
    trees = [estimator.tree_ for estimator in stages.ravel()]
    arrays = _arrays(trees)
    value = model.learning_rate * np.concatenate([tree.value[:, 0, :] for tree in trees])
    outputs = stages.shape[1]
    classes = getattr(model, "classes_", None)
    # The initial value is what the model answers above its trees, for any row.
    row = np.zeros((1, model.n_features_in_), np.float32)
    answer = model.predict(row) if classes is None else model.decision_function(row)
    leaves = [model.learning_rate * tree.predict(row)[0, 0] for tree in trees]
    return Ensemble(
        **arrays,
        value=value,
        column=np.tile(np.arange(outputs), len(stages)),
        offset=answer.reshape(outputs) - np.reshape(leaves, stages.shape).sum(axis=0),
        features=int(model.n_features_in_),
        dtype="float32",
        takes_missing=_takes_missing(model),
        output="prediction" if classes is None else "margin",
        classes=None if classes is None else tuple(classes.tolist()),
        scalar=outputs == 1,
    )


def _arrays(trees: Sequence[Any]) -> dict[str, np.ndarray]:
    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return {
        "roots": np.cumsum([0, *(tree.node_count for tree in trees)]),
        "left": joined("children_left"),
        "right": joined("children_right"),
        "feature": joined("feature"),
        "threshold": joined("threshold"),
        "missing_left": joined("missing_go_to_left"),
        "cover": joined("weighted_n_node_samples"),
    }


def _histogram_boosting(model: Any) -> Ensemble:
    """Histogram gradient boosting: leaf values are scaled already; thresholds and rows are float64."""
    if getattr(model, "loss", None) in EXPONENTIAL:
        raise NotAdditive(f"With the loss {model.loss} the model predicts an exponential of its trees' sum.")
    stages = model._predictors  # [stage][output]
    nodes = [predictor.nodes for stage in stages for predictor in stage]
    joined = np.concatenate(nodes)
    if getattr(model, "is_categorical_", None) is not None or joined["is_categorical"].any():
        raise Refused("The model splits on categories, which are no thresholds.")
    leaf = joined["is_leaf"].astype(bool)
    outputs = len(stages[0])
    classes = getattr(model, "classes_", None)
    return Ensemble(
        roots=np.cumsum([0, *map(len, nodes)]),
        left=np.where(leaf, -1, joined["left"].astype(np.int64)),  # unsigned as it is
        right=np.where(leaf, -1, joined["right"].astype(np.int64)),
        feature=joined["feature_idx"],
        threshold=joined["num_threshold"],
        missing_left=joined["missing_go_to_left"],
        cover=joined["count"],
        value=joined["value"][:, None],
        column=np.tile(np.arange(outputs), len(stages)),
        offset=np.asarray(model._baseline_prediction, dtype=float).reshape(outputs),
        features=int(model.n_features_in_),
        takes_missing=True,
        output="prediction" if classes is None else "margin",
        classes=None if classes is None else tuple(classes.tolist()),
        scalar=outputs == 1,
    )


def _takes_missing(model: Any) -> bool:
    tags = getattr(model, "__sklearn_tags__", None)
    return bool(tags().input_tags.allow_nan) if tags else False
