"""The tree kernel: against the definition on small trees, against shap on models, and where shap cannot go."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from sklearn import ensemble as forests
from sklearn import tree as trees
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression

from governance.engine import treeshap
from governance.engine.treeshap import Ensemble, Refused

FEATURES = 4


def by_definition(model: Ensemble, row: np.ndarray) -> np.ndarray:
    """Shapley values over all coalitions, each game a walk that averages over unknown features."""

    def expected(known: tuple[int, ...]) -> np.ndarray:
        total = model.offset.copy()
        for tree, root in enumerate(model.roots[:-1]):
            first = model.column[tree]
            total[first : first + model.value.shape[1]] += follow(model, root, 0, row, known)
        return total

    players = range(model.features)
    values = np.zeros((model.features, len(model.offset)))
    for player in players:
        others = [p for p in players if p != player]
        for size in range(len(others) + 1):
            weight = 1 / (model.features * math.comb(len(others), size))
            for known in itertools.combinations(others, size):
                values[player] += weight * (expected((*known, player)) - expected(known))
    return values


def follow(model: Ensemble, root: int, node: int, row: np.ndarray, known) -> np.ndarray:
    at = root + node
    left, right = model.left[at], model.right[at]
    if left < 0:
        return model.value[at]
    if model.feature[at] in known:
        x = row[model.feature[at]]
        goes_left = model.missing_left[at] if np.isnan(x) else x <= model.threshold[at]
        return follow(model, root, left if goes_left else right, row, known)
    cover = model.cover[root + left], model.cover[root + right]
    branches = follow(model, root, left, row, known), follow(model, root, right, row, known)
    return (cover[0] * branches[0] + cover[1] * branches[1]) / sum(cover)


@st.composite
def ensembles(draw) -> Ensemble:
    """Up to three random trees: features come again on a path, shares are lopsided, some trees are one leaf."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width, boosted = draw(st.integers(1, 2)), draw(st.booleans())
    depths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3))
    parts, roots = [], [0]
    for depth in depths:
        nodes: list[list[float]] = []
        grow(nodes, depth, float(rng.uniform(0.5, 100)), rng)
        parts += nodes
        roots.append(len(parts))
    left, right, feature, threshold, missing, cover = np.array(parts).T
    outputs = 2 if boosted else width
    return Ensemble(
        roots=np.array(roots),
        left=left,
        right=right,
        feature=feature,
        threshold=threshold,
        missing_left=missing,
        cover=cover,
        value=rng.normal(size=(len(left), 1 if boosted else width)),
        column=rng.integers(0, outputs, len(depths)) if boosted else np.zeros(len(depths)),
        offset=rng.normal(size=outputs),
        features=FEATURES,
        scalar=False,
    )


def grow(nodes: list[list[float]], depth: int, cover: float, rng: np.random.Generator) -> int:
    this = len(nodes)
    nodes.append([-1, -1, 0, 0, 0, cover])
    if depth and rng.random() < 0.85:
        share = rng.uniform(0.01, 0.99)
        left = grow(nodes, depth - 1, cover * share, rng)
        right = grow(nodes, depth - 1, cover * (1 - share), rng)
        nodes[this] = [left, right, rng.integers(0, FEATURES), rng.normal(), rng.integers(0, 2), cover]
    return this


@settings(max_examples=40, deadline=None)
@given(ensembles(), st.integers(0, 2**32 - 1))
def test_values_are_those_of_the_definition(model, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(3, FEATURES))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    found = treeshap.explain(model, rows)
    expected = np.stack([by_definition(model, row) for row in rows])
    assert np.abs(found.values - expected).max() < 1e-12
    alone = [follow(model, root, 0, rows[0], ()) for root in model.roots[:-1]]
    total = model.offset.copy()
    for first, value in zip(model.column, alone, strict=True):
        total[first : first + len(value)] += value
    assert np.abs(found.base - total).max() < 1e-12


@pytest.fixture(scope="module")
def data():
    X, labels = make_classification(400, 6, n_informative=5, n_redundant=0, n_classes=3, random_state=4)
    holed = X.copy()
    holed[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    return X, holed, labels, X[:, 0] * X[:, 1] + labels


@pytest.fixture(scope="module")
def shap():
    """shap, with its small loops left as Python: to compile them would take ten seconds."""
    before, config.DISABLE_JIT = config.DISABLE_JIT, 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of matplotlib, which shap imports
            import shap
    finally:
        config.DISABLE_JIT = before
    return shap


small = {"n_estimators": 6, "random_state": 0}
# Model; whether on data with holes; target: "two" classes, "three" classes or a "number".
MODELS = {
    "forest": (forests.RandomForestClassifier(max_depth=7, **small), False, "two"),
    "balanced forest": (forests.RandomForestClassifier(class_weight="balanced", **small), True, "three"),
    "forest of numbers": (forests.RandomForestRegressor(max_leaf_nodes=40, **small), True, "number"),
    "extra trees": (forests.ExtraTreesClassifier(**small), False, "three"),
    "extra trees of numbers": (forests.ExtraTreesRegressor(bootstrap=True, **small), False, "number"),
    "tree": (trees.DecisionTreeClassifier(random_state=0), True, "three"),
    "tree of numbers": (trees.DecisionTreeRegressor(criterion="absolute_error", max_depth=6), False, "number"),
    "extra tree": (trees.ExtraTreeClassifier(random_state=0), False, "two"),
    "boosting": (forests.GradientBoostingClassifier(max_depth=5, **small), False, "two"),
    "boosting of numbers": (forests.GradientBoostingRegressor(loss="huber", **small), False, "number"),
    "histograms": (forests.HistGradientBoostingClassifier(max_iter=6), True, "two"),
    "histograms, classes": (forests.HistGradientBoostingClassifier(max_iter=4), True, "three"),
    "histograms of numbers": (forests.HistGradientBoostingRegressor(max_iter=6), True, "number"),
}


def fitted(name: str, data):
    model, holes, target = MODELS[name]
    X, holed, labels, number = data
    rows = holed if holes else X
    return model.fit(rows, {"two": labels > 0, "three": labels, "number": number}[target]), rows


def answers(model, rows: np.ndarray) -> np.ndarray:
    boosted = hasattr(model, "learning_rate")
    if hasattr(model, "classes_"):
        return model.decision_function(rows) if boosted else model.predict_proba(rows)
    return model.predict(rows)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_explained_as_by_shap_and_adds_up(name, data, shap):
    model, rows = fitted(name, data)
    found = treeshap.explain(model, rows[:70])
    output = answers(model, rows[:70])
    assert np.abs(found.base + found.values.sum(axis=1) - output).max() < 1e-12 * max(1, np.abs(output).max())
    theirs = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")(rows[:25], check_additivity=False)
    assert found.values[:25].shape == theirs.values.shape
    assert np.abs(found.values[:25] - theirs.values).max() < 1e-9
    assert np.abs(found.base - theirs.base_values[0]).max() < 1e-9


@pytest.mark.parametrize("options", [{"max_depth": 4}, {"init": "zero"}])
def test_boosting_that_shap_refuses_is_explained_by_definition(options, data):
    """More than two classes, and a start from zero."""
    X, _, labels, _ = data
    model = forests.GradientBoostingClassifier(n_estimators=2, random_state=0, **options).fit(X, labels)
    found = treeshap.explain(model, X[:40])
    assert (found.values.shape, found.output, found.classes) == ((40, 6, 3), "margin", (0, 1, 2))
    assert np.abs(found.base + found.values.sum(axis=1) - model.decision_function(X[:40])).max() < 1e-12
    row = X[0].astype(np.float32)
    assert np.abs(found.values[0] - by_definition(treeshap.read(model), row)).max() < 1e-12


def test_values_of_several_numbers_at_once(data):
    X, _, labels, number = data
    targets = np.column_stack([number, labels])
    model = forests.RandomForestRegressor(max_depth=5, **small).fit(X, targets)
    found = treeshap.explain(model, X)
    assert np.abs(found.base + found.values.sum(axis=1) - model.predict(X)).max() < 1e-12


def test_a_chain_of_seventy_splits_still_adds_up():
    n = 70
    X = np.eye(n + 1)[:, :n]
    model = trees.DecisionTreeRegressor(max_features=1, random_state=0).fit(X, np.arange(n + 1.0) ** 2)
    assert model.get_depth() == n
    found = treeshap.explain(model, X)
    assert np.abs(found.base + found.values.sum(axis=1) - model.predict(X)).max() < 1e-9, "where shap is off by 168,000"
    assert np.abs(found.values).max() < n**2, "no value is larger than the range of the output"


def test_rows_are_rounded_as_the_model_rounds_them(data):
    """A number between two float32 numbers can lie on the other side of a threshold than its rounding."""
    X, _, labels, _ = data
    model = trees.DecisionTreeClassifier(random_state=0, max_depth=6).fit(X, labels)
    split = model.tree_.feature >= 0
    rows = np.repeat(X[:1], 2 * split.sum(), axis=0)
    thresholds = model.tree_.threshold[split]
    rows[np.arange(len(rows)), np.tile(model.tree_.feature[split], 2)] = [
        *np.nextafter(thresholds, np.inf), *np.nextafter(thresholds, -np.inf)
    ]  # fmt: skip
    found = treeshap.explain(model, rows)
    assert np.abs(found.base + found.values.sum(axis=1) - model.predict_proba(rows)).max() < 1e-12


def test_threads_and_further_tables_change_nothing(data):
    X, _, labels, _ = data
    explainer = treeshap.Explainer(forests.RandomForestClassifier(**small).fit(X, labels))
    once = explainer.explain(X)
    assert np.array_equal(explainer.explain(X, threads=2).values, once.values)
    assert np.array_equal(explainer.explain(X[33:34]).values[0], once.values[33])
    assert explainer.explain(X[:0]).values.shape == (0, 6, 3)


def test_trees_without_a_split_and_features_without_a_use(data):
    X = np.random.default_rng(0).normal(size=(50, 3))
    stump = trees.DecisionTreeRegressor(max_depth=1).fit(X, X[:, 1])
    found = treeshap.explain(stump, X)
    assert (found.values[:, [0, 2]] == 0).all()
    assert (found.values[:, 1] != 0).all()
    leaf = trees.DecisionTreeRegressor().fit(X, np.full(50, 3.5))
    assert (treeshap.explain(leaf, X).base, np.abs(treeshap.explain(leaf, X).values).max()) == (3.5, 0)
    certain = trees.DecisionTreeClassifier().fit(X, np.zeros(50))
    assert treeshap.explain(certain, X).base == pytest.approx([1.0])


def test_what_cannot_be_explained_is_refused_with_a_sentence(data):
    X, holed, labels, number = data
    coded = np.column_stack([X, labels])
    histograms = forests.HistGradientBoostingRegressor
    refused = {
        "no reader": LinearRegression().fit(X, number),
        "not fitted": forests.RandomForestClassifier(),
        "categories": histograms(max_iter=2, categorical_features=[6]).fit(coded, number),
        "loss poisson": histograms(max_iter=2, loss="poisson").fit(X, np.exp(number / 10)),
        "of its own": forests.GradientBoostingRegressor(n_estimators=2, init=LinearRegression()).fit(X, number),
        "several targets": trees.DecisionTreeClassifier().fit(X, np.column_stack([labels, labels])),
    }
    for words, model in refused.items():
        with pytest.raises(Refused, match=words):
            treeshap.explain(model, X)
    boosted = forests.GradientBoostingRegressor(n_estimators=2).fit(X, number)
    with pytest.raises(Refused, match="missing values"):
        treeshap.explain(boosted, holed)
    with pytest.raises(Refused, match="6 columns"):
        treeshap.explain(boosted, X[:, :5])


def test_arrays_that_are_no_trees_are_refused():
    sound = {
        "roots": [0, 3], "left": [1, -1, -1], "right": [2, -1, -1], "feature": [0, 0, 0], "threshold": [0, 0, 0],
        "missing_left": [0, 0, 0], "cover": [2, 1, 1], "value": [[0], [0], [1]], "column": [0], "offset": [0],
        "features": 1,
    }  # fmt: skip
    assert Ensemble(**sound).features == 1
    broken = {
        "same length": {"cover": [2, 1]},
        "one after the other": {"roots": [0, 2]},
        "come after": {"left": [0, -1, -1]},
        "one parent": {"right": [1, -1, -1]},
        "feature that is not there": {"feature": [1, 0, 0]},
        "no training weight": {"cover": [2, 2, 0]},
        "not finite": {"value": [[0], [0], [np.inf]]},
        "output that is not there": {"column": [1]},
    }
    for words, change in broken.items():
        with pytest.raises(Refused, match=words):
            Ensemble(**sound | change)
