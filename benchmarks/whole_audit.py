"""A whole audit, performance and explanation, of a random forest against `mlflow.models.evaluate` with its SHAP.

RandomForest(100 trees, depth 12) on 20,000 rows of 20 columns. "warm" is CPU time without imports, the sandbox's
start and compilation: what an audit of a one-row problem costs is taken off ours, and a first small run off theirs.
"cold" is the wall time of two commands against a script, from the start of the process to its end.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import Figure

ROWS, COLUMNS = 20_000, 20
WARM_GOAL, COLD_GOAL = 50, 10
THEIRS = """
import os, sys, time, warnings
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
warnings.simplefilter("ignore")
import logging
logging.disable(logging.CRITICAL)
import mlflow, pandas as pd

def evaluate(folder, rows):
    data = pd.read_parquet(f"{folder}/rows.parquet").head(rows)
    with mlflow.start_run():
        return mlflow.models.evaluate(
            f"{folder}/model", data.drop(columns="prediction"), targets="label", model_type="classifier"
        )

folder = sys.argv[1]
mlflow.set_tracking_uri(f"sqlite:///{folder}/theirs.db")
if sys.argv[2] == "warm":
    evaluate(folder, 60)
start = time.process_time()
found = evaluate(folder, None)
print("cpu", time.process_time() - start)
print("accuracy", found.metrics["accuracy_score"])
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _make(place)
        _make(place / "small", rows=60, trees=1, depth=1)
        ours(place / "small")  # compiles, and starts what is started once
        idle, _ = all_cpu(lambda: ours(place / "small"))
        busy, accuracy = all_cpu(lambda: ours(place))
        theirs = _theirs(place, "warm")
        agreed = abs(accuracy - theirs["accuracy"]) < 1e-12
        start = time.perf_counter()
        _theirs(place, "cold")
        their_wall = time.perf_counter() - start
        start = time.perf_counter()
        _commands(place)
        our_wall = time.perf_counter() - start
    return [
        Figure("audit-warm", "mlflow.models.evaluate", ROWS, "cpu", theirs["cpu"] / (busy - idle), WARM_GOAL, agreed),
        Figure("audit-cold", "mlflow.models.evaluate", ROWS, "wall", their_wall / our_wall, COLD_GOAL, agreed),
    ]


def ours(place: Path) -> float:
    """Both audits; the accuracy that was measured."""
    from governance.engine.explanation.audit import audit_explanation
    from governance.engine.performance.audit import audit_performance

    good = audit_performance(place / "rows.parquet", label="label", prediction="prediction")
    why = audit_explanation(model_dir=place / "model", features=place / "rows.parquet", drop=("label", "prediction"))
    assert why.verdict == "pass", why.message
    return next(metric.value for metric in good.metrics if metric.name == "accuracy")


def all_cpu(function: Callable[[], float]) -> tuple[float, float]:
    """CPU time of this process and of the children that end meanwhile."""

    def spent() -> float:
        of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + of_children.ru_utime + of_children.ru_stime

    before = spent()
    result = function()
    return spent() - before, result


def _theirs(place: Path, how: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", THEIRS, str(place), how], check=True, capture_output=True, text=True, cwd=place
    )
    pairs = (line.split() for line in done.stdout.splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] in ("cpu", "accuracy")}


def _commands(place: Path) -> None:
    data = ["--data", str(place / "rows.parquet"), "--label", "label", "--json"]
    manage = [sys.executable, str(Path(__file__).parent.parent / "manage.py"), "audit"]
    for command in (
        [*manage, "performance", "--prediction", "prediction", *data],
        [*manage, "explain", "--model", str(place / "model"), "--drop", "prediction", *data],
    ):
        subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))


def log_forest(place: Path, table: pd.DataFrame, labels: np.ndarray, *, trees: int, depth: int):
    """Train a forest and keep it as MLflow does, without a server."""
    import mlflow
    from sklearn.ensemble import RandomForestClassifier

    place.mkdir(exist_ok=True)
    forest = RandomForestClassifier(trees, max_depth=depth, random_state=7, n_jobs=2).fit(table, labels)
    forest.n_jobs = 1
    mlflow.sklearn.save_model(
        forest,
        place / "model",
        signature=mlflow.models.infer_signature(table.head(), forest.predict(table.head())),
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    return forest


def _make(place: Path, *, rows: int = ROWS, trees: int = 100, depth: int = 12) -> None:
    """A forest, and the rows with labels and its predictions."""
    from sklearn.datasets import make_classification

    x, y = make_classification(rows, COLUMNS, n_informative=12, flip_y=0.05, random_state=7)
    table = pd.DataFrame(np.round(x, 6), columns=[f"x{i}" for i in range(COLUMNS)])
    forest = log_forest(place, table, y, trees=trees, depth=depth)
    table.assign(label=y, prediction=forest.predict(table)).to_parquet(place / "rows.parquet")
