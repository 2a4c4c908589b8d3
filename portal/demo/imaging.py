"""Imaging: scikit-learn's breast cancer data, logged as things are logged in a hurry.

The model is good. But no commit, no data set, no signature, no evaluation table and no exact versions are
recorded: nobody could make it again, or say what it was evaluated on.
"""

from __future__ import annotations

from typing import Any

from portal.demo.training import Workbench, say


def train(bench: Workbench, version: int) -> dict[str, Any]:
    """Train and register; there is one way."""
    import mlflow
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    features, label = load_breast_cancer(return_X_y=True, as_frame=True)
    training, held_out, known, truth = train_test_split(features, label, random_state=3)
    with bench.run("imaging", "forest", {"mlflow.source.name": "Untitled3.ipynb"}) as run:
        say(f"Imaging: training on {len(training)} images.")
        model = RandomForestClassifier(n_estimators=100, max_depth=8, random_state=3).fit(training, known)
        mlflow.log_metric("accuracy", float(model.score(held_out, truth)))
        say("Imaging: registering.")
        return bench.log_model(run, model, "imaging", pip_requirements=["scikit-learn", "cloudpickle"])
