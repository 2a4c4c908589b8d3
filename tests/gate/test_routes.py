"""Each way that MLflow serves its registry by is known to the gate, or shut."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.mlflow_gate import app as gate_app
from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.rules import LET_THROUGH, RULES

# MLflow's own warnings, at its import and in its store, are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_every_endpoint_of_the_registry_is_known():
    """What a new MLflow adds must be looked at: put it into `rules`, with a rule or among what is let through."""
    from mlflow.protos.model_registry_pb2 import ModelRegistryService
    from mlflow.server import handlers

    served = handlers.get_service_endpoints(ModelRegistryService, handlers.get_handler)
    names = {handler.__name__ for _, handler, _ in served}
    assert names - set(RULES) - LET_THROUGH == set()
    assert set(RULES) <= names
    assert set(RULES).isdisjoint(LET_THROUGH)


def test_no_other_endpoint_serves_the_registry():
    from mlflow.server import handlers

    known = set(RULES) | LET_THROUGH
    everything = handlers.get_endpoints()
    paths = {path for path, handler, _ in everything if handler.__name__ in known}
    assert not [p for p, h, _ in everything if h.__name__ not in known and p in paths]
    assert not [
        p for p, h, _ in everything if h.__name__ not in known and gate_app.unknown_route(h.__name__, p, "POST")
    ]


def test_graphql_changes_nothing():
    from mlflow.server.graphql.graphql_schema_extensions import schema

    # Searches are called mutations there: they carry what is sought in a body.
    known = {"testMutation", "mlflowSearchRuns", "mlflowSearchDatasets"}
    assert set(schema.graphql_schema.mutation_type.fields) <= known


def test_each_rule_reads_the_message_that_its_handler_reads():
    """MLflow's parser is private: this holds it, and the names of messages and fields, to what is written here."""
    from mlflow.protos import model_registry_pb2
    from mlflow.server import handlers

    for endpoint, rule in RULES.items():
        message = getattr(model_registry_pb2, rule.message)
        assert handlers.HANDLERS[message].__name__ == endpoint
        assert "name" in message.DESCRIPTOR.fields_by_name


def test_the_stores_own_words():
    from mlflow.entities.model_registry.prompt_version import IS_PROMPT_TAG_KEY
    from mlflow.entities.workspace import WorkspaceDeletionMode

    from governance.mlflow_gate.rules import PROMPT_TAG

    assert IS_PROMPT_TAG_KEY == PROMPT_TAG
    assert WorkspaceDeletionMode.RESTRICT == "RESTRICT"


@pytest.mark.parametrize(
    ("endpoint", "path", "method", "unknown"),
    [
        ("_set_alias_of_everything", "/api/3.0/mlflow/registered-models/alias/bulk", "POST", True),
        ("_something", "/ajax-api/2.0/mlflow/model-versions/move", "PATCH", True),
        ("_something", "/api/3.0/mlflow/model-versions/list", "GET", False),
        ("_set_registered_model_alias", "/api/2.0/mlflow/registered-models/alias", "GET", False),
        ("create_permission", "/api/2.0/mlflow/registered-models/permissions/create", "POST", False),
        ("_log_metric", "/api/2.0/mlflow/runs/log-metric", "POST", False),
        ("_upload_artifact", "/api/2.0/mlflow-artifacts/artifacts/mlflow/registered-models/x", "PUT", False),
        ("_something", "/api/2.0/mlflow/registered-models-of-others/x", "POST", False),
        (None, "/api/2.0/mlflow/registered-models/nothing", "POST", False),
    ],
)
def test_what_a_later_mlflow_adds_is_refused(endpoint, path, method, unknown, monkeypatch):
    assert gate_app.unknown_route(endpoint, path, method) is unknown
    monkeypatch.setenv("_MLFLOW_STATIC_PREFIX", "/mlflow-main/")
    assert gate_app.unknown_route(endpoint, f"/mlflow-main{path}", method) is unknown


def test_a_second_door_is_shut(registry):
    """A route of FastAPI's own would pass by Flask's hook; so it is refused, and everything else is not touched."""
    from fastapi import APIRouter, FastAPI
    from starlette.middleware.wsgi import WSGIMiddleware

    router, whole = APIRouter(), FastAPI()
    asked = []

    @router.api_route("/api/{version}/mlflow/registered-models/alias", methods=["GET", "POST"])
    def alias(version: str) -> dict:
        asked.append(version)
        return {}

    @router.put("/api/2.0/mlflow-artifacts/artifacts/{path:path}")
    def artifact(path: str) -> dict:
        return {"path": path}

    whole.include_router(router)
    whole.mount("/", WSGIMiddleware(registry.client.application))
    door = gate_app.OneDoor(whole, gate_app.Gate(Configuration.read({})))
    for version in ("2.0", "4.0"):
        status, answer = asgi(door, "POST", f"/api/{version}/mlflow/registered-models/alias", {})
        assert (status, answer["sekisho"]) == (403, "unknown-route")
    assert asked == []
    assert asgi(door, "GET", "/api/4.0/mlflow/registered-models/alias")[0] == 200
    under = "/api/2.0/mlflow-artifacts/artifacts/1/api/2.0/mlflow/registered-models/x"
    assert asgi(door, "PUT", under, {})[0] == 200
    status, answer = asgi(door, "POST", "/api/2.0/mlflow/registered-models/rename", {"name": "a", "new_name": "b"})
    assert (status, answer["sekisho"]) == (403, "no-token")  # of Flask, behind the hook


def asgi(whole, method: str, path: str, body=None):
    """Status and JSON of one request to an ASGI application."""
    raw, sent = json.dumps(body).encode() if body is not None else b"", []
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""}
    scope |= {"method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    scope |= {"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1)}

    async def receive():
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps a loop running in this one
        thread.submit(asyncio.run, whole(scope, receive, send)).result()
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


def test_mlflow_serves_its_registry_behind_the_hook_alone(monkeypatch):
    """The routes of FastAPI's own, as they are: no change of the registry is among them."""
    from mlflow.server import handlers
    from mlflow.server.fastapi_app import create_fastapi_app

    door = gate_app.OneDoor(create_fastapi_app(), gate_app.Gate(Configuration.read({})))
    assert door.native
    artifact = {"type": "http", "method": "PUT", "path": "/api/2.0/mlflow-artifacts/artifacts/x", "headers": []}
    assert any(route.matches(artifact)[0].name == "FULL" for route in door.native)  # so they are found
    for path, handler, methods in handlers.get_endpoints():
        if handler.__name__ in RULES:
            scope = {"type": "http", "method": methods[0], "path": path, "headers": []}
            assert gate_app._of_registry(path)
            assert not door._passes_by(scope), path
