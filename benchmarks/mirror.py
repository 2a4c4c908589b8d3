"""Mirror of a registry on a real server: 200 models of 25 versions, each with a run.

Ours reads models, versions and runs in about two dozen calls; the baseline asks MLflow's client for each
version and each run. Every version and run is compared.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import Figure
from governance.registry import Connection
from portal.demo.mlflow_server import MlflowServer

MODELS = 200
VERSIONS = 25
GOAL = 8.0
_NOW = 1_760_000_000_000


def run() -> list[Figure]:
    """Start a server, fill its database, and read it both ways."""
    with tempfile.TemporaryDirectory() as folder, MlflowServer(Path(folder)) as server:
        fill(Path(folder) / "mlflow.db")
        connection = Connection(server.address)
        connection.check()  # both find the server warm
        started = time.perf_counter()
        ours = mirrored(connection)
        mirrored_in = time.perf_counter() - started
        started = time.perf_counter()
        theirs = dict(one_by_one(server.address))
        asked_in = time.perf_counter() - started
    agreed = ours == theirs and len(ours) == MODELS * VERSIONS
    rows = MODELS * VERSIONS
    return [Figure("mirror", "one call a version and a run", rows, "wall", asked_in / mirrored_in, GOAL, agreed)]


def mirrored(connection: Connection) -> dict[tuple[str, str], Any]:
    """Each version with its aliases and run, the way the mirror reads them."""
    aliases = {model.name: model.aliases for model in connection.models()}
    versions = connection.versions()
    runs = connection.runs(version.run_id for version in versions)
    found = {}
    for version in versions:
        run = runs[version.run_id]
        names = sorted(alias for alias, number in aliases[version.model].items() if number == version.version)
        datasets = [(d.name, d.digest, d.context) for d in run.datasets]
        facts = (version.source, version.status, dict(version.tags), names)
        found[version.model, version.version] = (*facts, run.status, run.tags, run.params, run.metrics, datasets)
    return found


def one_by_one(address: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """The same by MLflow's client, one call a version and one a run."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address, registry_uri=address)
    for model in range(MODELS):
        for number in range(1, VERSIONS + 1):
            version = client.get_model_version(f"model-{model}", str(number))
            run = client.get_run(version.run_id)
            datasets = [
                (i.dataset.name, i.dataset.digest, {t.key: t.value for t in i.tags}["mlflow.data.context"])
                for i in run.inputs.dataset_inputs
            ]
            facts = (version.source, version.status, version.tags, sorted(version.aliases))
            data = run.data
            yield (
                (version.name, str(version.version)),
                (*facts, run.info.status, data.tags, data.params, data.metrics, datasets),
            )


def fill(database: Path) -> None:
    """Write models, versions and runs as MLflow itself would: through it, this would take ten minutes."""
    rows: dict[str, list[dict[str, Any]]] = {}

    def add(table: str, **row: Any) -> None:
        rows.setdefault(table, []).append(row)

    for dataset in range(MODELS):
        source = json.dumps({"uri": f"s3://data/{dataset}.parquet"})
        add("datasets", dataset_uuid=f"{dataset:032x}", experiment_id=0, name=f"data-{dataset}",
            digest=f"{dataset:08x}", dataset_source_type="s3", dataset_source=source,
            dataset_schema="{}", dataset_profile='{"num_rows": 1000}')  # fmt: skip
    for model in range(MODELS):
        name = f"model-{model}"
        add("registered_models", name=name, creation_time=_NOW, last_updated_time=_NOW, description="")
        for alias, number in (("champion", VERSIONS - 2), ("staging", VERSIONS)):
            add("registered_model_aliases", name=name, alias=alias, version=number)
        for number in range(1, VERSIONS + 1):
            _add_version(add, name, model, number)
    with sqlite3.connect(database, timeout=30) as connection:
        for table, found in rows.items():
            columns = list(found[0])
            places = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", [tuple(r.values()) for r in found]
            )
    connection.close()


def _add_version(add: Any, name: str, model: int, number: int) -> None:
    run = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{number}").hex
    add("runs", run_uuid=run, name=f"run {number}", source_type="LOCAL", source_name="train.py", user_id="ito",
        status="FINISHED", start_time=_NOW, end_time=_NOW + 1, lifecycle_stage="active",
        artifact_uri=f"mlflow-artifacts:/0/{run}/artifacts", experiment_id=0)  # fmt: skip
    for key, value in (
        ("mlflow.user", "ito"),
        ("mlflow.source.name", "train.py"),
        ("mlflow.source.git.commit", run + "00000000"),
        ("mlflow.runName", f"run {number}"),
    ):
        add("tags", key=key, value=value, run_uuid=run)
    for key in ("depth", "rate", "rounds", "rows", "seed"):
        add("params", key=key, value=str(number), run_uuid=run)
    for key in ("accuracy", "roc_auc", "log_loss"):
        add("latest_metrics", key=key, value=number / 100, timestamp=_NOW, step=0, is_nan=0, run_uuid=run)
    add("inputs", input_uuid=run, source_type="DATASET", source_id=f"{model:032x}", destination_type="RUN",
        destination_id=run)  # fmt: skip
    add("input_tags", input_uuid=run, name="mlflow.data.context", value="training")
    add("model_versions", name=name, version=number, creation_time=_NOW, last_updated_time=_NOW + number,
        description="", current_stage="None", source=f"models:/m-{run}", run_id=run, status="READY")  # fmt: skip
    add("model_version_tags", name=name, version=number, key="team", value="credit")
