"""Diabetes care: scikit-learn's diabetes data in its raw units, with everything on record.

442 patients of one study; ``target`` measures how far the disease had progressed after a year. The label "high
progression" is a value above the median of the patients trained on. `sex` is coded 1 and 2 in the data, and
the source does not say which is which. Whatever the audits find, they find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.demo.training import (
    EVALUATION_TABLE,
    REQUIREMENTS,
    Workbench,
    binary_metrics,
    pinned,
    say,
)

if TYPE_CHECKING:
    import pandas as pd

SEED = 7
HELD_OUT = 0.4
PARAMETERS = {"n_estimators": 80, "max_depth": 2, "learning_rate": 0.08, "subsample": 0.8, "random_state": SEED}


def patients() -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Patients to train on, patients to evaluate on, and the names of the features."""
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split

    frame = load_diabetes(as_frame=True, scaled=False).frame.astype(float)
    features = [column for column in frame.columns if column != "target"]
    training, held_out = train_test_split(frame, test_size=HELD_OUT, random_state=SEED, stratify=frame["sex"])
    median = training["target"].median()
    tables = []
    for part in (training, held_out):
        table = part[features].reset_index(drop=True)
        table["label"] = (part["target"] > median).astype(int).to_numpy()
        tables.append(table)
    return tables[0], tables[1], features


def train(bench: Workbench, version: int) -> dict[str, Any]:
    """Train and register; there is one way."""
    import mlflow
    import numpy as np
    from sklearn.ensemble import GradientBoostingClassifier

    training, held_out, features = patients()
    with bench.run("diabetes care", "gradient boosting", bench.code_tags("diabetes.py")) as run:
        say(f"Diabetes care: training on {len(training)} patients.")
        model = GradientBoostingClassifier(**PARAMETERS).fit(training[features], training["label"])
        table = held_out.copy()
        table["prediction"] = model.predict(held_out[features])
        table["score"] = model.predict_proba(held_out[features])[:, 1]
        table["age_band"] = np.where(table["age"] < 50, "under 50", "50 and over")
        bench.log_data(run, training, "diabetes-study", "training", "data/training.parquet")
        bench.log_data(run, table, "diabetes-study-held-out", "evaluation", EVALUATION_TABLE)
        mlflow.log_params(PARAMETERS | {"held_out": HELD_OUT})
        mlflow.log_metrics(binary_metrics(table["label"], table["prediction"], table["score"]))
        signature = mlflow.models.infer_signature(training[features], table["prediction"].to_numpy())
        say("Diabetes care: registering.")
        return bench.log_model(run, model, "diabetes", signature=signature, pip_requirements=pinned(*REQUIREMENTS))
