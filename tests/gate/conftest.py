"""A registry behind the gate, in this process."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest

from tests.gate.inside import Registry


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Path:
    """The database of a store in which nothing is: MLflow takes seconds to make one."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    SqlAlchemyStore(f"sqlite:///{path}").engine.dispose()
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory, empty):
    from mlflow.server import handlers
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    place = tmp_path_factory.mktemp("registry") / "mlflow.db"
    shutil.copyfile(empty, place)
    before = handlers._model_registry_store
    handlers._model_registry_store = SqlAlchemyStore(f"sqlite:///{place}")
    yield handlers._model_registry_store
    handlers._model_registry_store = before


@pytest.fixture
def registry(store, tmp_path, monkeypatch) -> Registry:
    monkeypatch.setenv("MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS", "1")
    return Registry(tmp_path)


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex[:8]}"
