"""Exact SHAP values of tree ensembles for 1,000 rows, preparation included, against shap.TreeExplainer.

Both are warmed up before: imports, and the compilation of the kernel, which a cache keeps. shap's time is measured
on fewer rows where it is long, and its loop over rows carried on to 1,000; its preparation is counted once, as ours.
All values are compared on the rows that shap was given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from benchmarks import Figure, cpu_seconds
from governance.engine.treeshap import Explainer, warm_up

ROWS, TRAINING, FEATURES = 1_000, 20_000, 30
AGREEMENT = 1e-9
# Model, goal, and the rows that shap is given.
MODELS: dict[str, tuple[Callable[[], Any], float, int]] = {
    "forest": (lambda: RandomForestClassifier(200, max_depth=10, n_jobs=2, random_state=0), 50, 100),
    "extra-trees": (lambda: ExtraTreesClassifier(200, max_depth=10, n_jobs=2, random_state=0), 50, 100),
    "boosting": (
        lambda: GradientBoostingClassifier(n_estimators=200, max_depth=6, subsample=0.3, random_state=0), 25, ROWS
    ),
    "histogram-boosting": (lambda: HistGradientBoostingClassifier(max_iter=200, random_state=0), 25, ROWS),
}  # fmt: skip


def run() -> list[Figure]:
    import shap

    X, labels = make_classification(
        TRAINING + ROWS, FEATURES, n_informative=12, n_redundant=4, n_clusters_per_class=3, random_state=0
    )
    rows = X[:ROWS]
    warm_up()
    figures = []
    for name, (make, goal, given) in MODELS.items():
        model = make().fit(X[ROWS:], labels[ROWS:])
        shap.TreeExplainer(model).shap_values(rows[:2], check_additivity=False)
        ours, found = cpu_seconds(lambda model=model: Explainer(model).explain(rows), repeat=3)
        preparation, explainer = cpu_seconds(lambda model=model: shap.TreeExplainer(model))
        loop, expected = cpu_seconds(
            lambda explainer=explainer, given=given: explainer.shap_values(rows[:given], check_additivity=False)
        )
        theirs = preparation + loop * ROWS / given
        agreed = bool(np.abs(found.values[:given] - expected).max() < AGREEMENT)
        figures.append(Figure(f"treeshap-{name}", "shap.TreeExplainer", ROWS, "cpu", theirs / ours, goal, agreed))
    return figures
