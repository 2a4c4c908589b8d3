"""A registry behind the gate, in this process."""

from __future__ import annotations

import uuid

import pytest

from tests.gate.inside import Registry


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from mlflow.server import handlers
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    home = tmp_path_factory.mktemp("registry")
    before = handlers._model_registry_store
    handlers._model_registry_store = SqlAlchemyStore(f"sqlite:///{home}/mlflow.db")
    yield handlers._model_registry_store
    handlers._model_registry_store = before


@pytest.fixture
def registry(store, tmp_path, monkeypatch) -> Registry:
    monkeypatch.setenv("MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS", "1")
    return Registry(tmp_path)


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex[:8]}"
