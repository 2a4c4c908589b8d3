"""Trains one model of the demo and registers it: ``python -m portal.demo.training --what lending …``.

A process of its own, as training is in real life. It knows the MLflow server and nothing of the portal: no
Django, no database. Progress goes to standard error; standard output gets one line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import importlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.demo.repository import commit_files

if TYPE_CHECKING:
    import pandas as pd

MODELS = {"lending": "loan-approval", "diabetes": "diabetes-progression", "imaging": "breast-imaging"}
EVALUATION_TABLE = "evaluation/evaluation.parquet"

_COMMITTED = ("training.py", "lending.py", "diabetes.py")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.demo.training", description=__doc__)
    parser.add_argument("--tracking-uri", required=True, help="address of the MLflow server")
    parser.add_argument("--what", required=True, choices=MODELS)
    parser.add_argument("--version", type=int, default=1, help="which way of training; lending has two")
    parser.add_argument("--home", type=Path, default=Path("var/demo"), help="keeps the repository of the scripts")
    options = parser.parse_args(arguments)
    with contextlib.redirect_stdout(sys.stderr):  # MLflow prints addresses
        _quiet_mlflow(options.tracking_uri)
        trainer = importlib.import_module(f"portal.demo.{options.what}")
        told = trainer.train(Workbench(options.tracking_uri, options.home), options.version)
    print(json.dumps(told), flush=True)


def say(sentence: str) -> None:
    """One sentence of progress."""
    print(sentence, file=sys.stderr, flush=True)


def _quiet_mlflow(tracking_uri: str) -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    warnings.filterwarnings("ignore", module="mlflow")
    import logging

    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)


class Workbench:
    """What the three trainings share: a run, its data, its model."""

    def __init__(self, tracking_uri: str, home: Path):
        self.tracking_uri = tracking_uri
        self.home = home

    @contextmanager
    def run(self, experiment: str, name: str, tags: dict[str, str]) -> Iterator[Any]:
        """A run with the tags given and none that MLflow guesses from where this process was started."""
        import mlflow

        client = mlflow.MlflowClient(self.tracking_uri, self.tracking_uri)
        found = mlflow.set_experiment(experiment)
        tags = {"mlflow.user": getpass.getuser()} | tags
        run = client.create_run(found.experiment_id, run_name=name, tags=tags)
        with mlflow.start_run(run_id=run.info.run_id) as active:
            yield active

    def code_tags(self, script: str) -> dict[str, str]:
        """Commit the training scripts, and say so as MLflow would in a checkout."""
        folder = Path(__file__).parent
        repository = (self.home / "training.git").resolve()
        commit = commit_files(
            repository, {name: (folder / name).read_bytes() for name in _COMMITTED}, "Training scripts of the demo"
        )
        return {
            "mlflow.source.name": script,
            "mlflow.source.type": "LOCAL",
            "mlflow.source.git.commit": commit,
            "mlflow.source.git.branch": "main",
            "mlflow.source.git.repoURL": repository.as_uri(),
        }

    def log_data(self, run: Any, frame: pd.DataFrame, name: str, context: str, path: str) -> None:
        """Keep a table as an artifact of the run, and name that artifact as the data's source."""
        import mlflow

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / Path(path).name
            frame.to_parquet(file, index=False)
            mlflow.log_artifact(str(file), artifact_path=str(Path(path).parent))
        # MLflow knows no data source of its own artifact scheme, so the server's own route to it is named.
        folder = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
        address = f"{self.tracking_uri.rstrip('/')}/api/2.0/mlflow-artifacts/artifacts/{folder}/{path}"
        mlflow.log_input(mlflow.data.from_pandas(frame, source=address, name=name, targets="label"), context=context)

    def log_model(self, run: Any, model: Any, what: str, **details: Any) -> dict[str, Any]:
        """Register the model, and say what came of it."""
        import mlflow

        # skops, MLflow's default, does not save trees without a list of types to trust.
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="cloudpickle",
            registered_model_name=MODELS[what],
            await_registration_for=30,
            **details,
        )
        return {
            "what": what,
            "model": MODELS[what],
            "version": int(info.registered_model_version),
            "run_id": run.info.run_id,
            "model_id": info.model_id,
        }


def pinned(*packages: str) -> list[str]:
    """Exact requirements of what is installed here."""
    return [f"{package}=={installed(package)}" for package in packages]


def one_thread() -> AbstractContextManager:
    """Fit on one thread: on a busy machine several mostly wait for each other, and sums may vary with their number."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


REQUIREMENTS = ("mlflow", "scikit-learn", "numpy", "pandas", "cloudpickle")


def binary_metrics(label: Any, prediction: Any, score: Any) -> dict[str, float]:
    """The figures that every classifier of the demo logs."""
    from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

    return {
        "accuracy": float(accuracy_score(label, prediction)),
        "precision": float(precision_score(label, prediction, zero_division=0)),
        "recall": float(recall_score(label, prediction)),
        "roc_auc": float(roc_auc_score(label, score)),
    }


if __name__ == "__main__":
    main()
