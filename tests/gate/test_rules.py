"""The gate before MLflow's own handlers and store, in this process: what passes, what is refused, and why."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from pathlib import Path

import pytest
from flask import Flask

from governance.mlflow_gate import app as gate_app
from governance.mlflow_gate import tokens
from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.gate import REPORT
from governance.mlflow_gate.rules import LET_THROUGH, RULES
from governance.mlflow_gate.tokens import HEADER, Grant, sign
from tests.gate.test_tokens import PRIVATE, PUBLIC

# MLflow's own warnings, at its import and in its store, are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")

API = "/api/2.0/mlflow"
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


class Registry:
    """MLflow's handlers behind the gate, over a store of their own."""

    def __init__(self, home: Path, **environ: str):
        from mlflow.server import handlers

        self.home = home
        app = Flask("mlflow.server")
        for path, handler, methods in handlers.get_endpoints():
            app.add_url_rule(path, handler.__name__, handler, methods=methods)
        defaults = {
            "SEKISHO_URL": "https://sekisho.example.org/",
            "SEKISHO_PUBLIC_KEY": base64.b64encode(PUBLIC).decode(),
            "SEKISHO_STATE": str(home / "state"),
            "SEKISHO_GOVERNED_ALIASES": "champion,staging",
        }
        gate_app.install(app, Configuration.read(defaults | environ))
        self.client = app.test_client()

    def call(self, path: str, body=None, *, token: str | None = None, method: str = "POST", **how):
        headers = {HEADER: token} if token else {}
        return self.client.open(f"{API}/{path}", method=method, json=body, headers=headers, **how)

    def model(self, name: str, versions: int = 2, tags=()) -> str:
        assert self.call("registered-models/create", {"name": name, "tags": list(tags)}).status_code == 200
        for _ in range(versions):
            body = {"name": name, "source": "dummy-source" if tags else "s3://bucket/model", "tags": list(tags)}
            assert self.call("model-versions/create", body).status_code == 200
        return name

    def aliases(self, name: str) -> dict[str, str]:
        model = self.call(f"registered-models/get?name={name}", method="GET").json["registered_model"]
        return {entry["alias"]: entry["version"] for entry in model.get("aliases", [])}

    def set_alias(self, name: str, alias: str, version: str, **how):
        return self.call("registered-models/alias", {"name": name, "alias": alias, "version": version}, **how)


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


def token(action: str, model: str, alias=None, old=None, new=None, *, life: int = 60, server: str = "") -> str:
    now = int(time.time())
    return sign(Grant(action, model, alias, old, new, now + life, tokens.new_jti(), server, now), PRIVATE)


def code(response) -> str | None:
    """Why the gate refused, or None if it did not."""
    if response.status_code != 403:
        assert "sekisho" not in (response.json or {}), response.json
        return None
    assert response.json["error_code"] == "PERMISSION_DENIED"
    assert response.json["message"].startswith("Sekisho's gate refuses ")
    return response.json["sekisho"]


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

    asyncio.run(whole(scope, receive, send))
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


def test_an_alias_moves_with_its_token_only(registry, name):
    registry.model(name, versions=3)
    assert code(registry.set_alias(name, "champion", "1")) == "no-token"
    assert registry.aliases(name) == {}
    first = token("alias.set", name, "champion", None, "1")
    assert registry.set_alias(name, "champion", "1", token=first).status_code == 200
    assert code(registry.set_alias(name, "champion", "2", token=first)) == "other-change"
    assert code(registry.set_alias(name, "champion", "2")) == "no-token"
    move = token("alias.set", name, "champion", "1", "2")
    assert registry.set_alias(name, "champion", "2", token=move).status_code == 200
    back = token("alias.set", name, "champion", "2", "1")
    assert registry.set_alias(name, "champion", "1", token=back).status_code == 200
    assert code(registry.set_alias(name, "champion", "2", token=move)) == "used"
    assert registry.aliases(name) == {"champion": "1"}


def test_a_token_starts_from_what_stands_there(registry, name):
    registry.model(name, versions=3)
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )
    for old in (None, "2", "", "3"):
        assert (
            code(registry.set_alias(name, "champion", "3", token=token("alias.set", name, "champion", old, "3")))
            == "other-change"
        )
    assert registry.aliases(name) == {"champion": "1"}


def test_the_sentence_names_the_change_and_links_to_the_portal(registry, name):
    registry.model(name)
    message = registry.set_alias(name, "champion", "2").json["message"]
    assert message == (
        f"Sekisho's gate refuses moving the alias 'champion' of '{name}' to version '2'. It needs a decision. "
        f"Ask for the promotion, and see what it lacks, at https://sekisho.example.org/models/?q={name}"
    )
    nasty = registry.set_alias("<b>\u202e" + "x" * 200, "champion", "2").json["message"]
    assert "\u202e" not in nasty
    assert "x" * 80 not in nasty.partition("https://")[0]


@pytest.mark.parametrize("spelling", ["Champion", "CHAMPION", "chámpion", "ｃｈａｍｐｉｏｎ", "champion\n"])
def test_no_spelling_of_an_alias_passes(registry, name, spelling):
    registry.model(name)
    assert code(registry.set_alias(name, spelling, "1")) == "no-token"
    deletion = {"name": name, "alias": spelling}
    assert code(registry.call("registered-models/alias", deletion, method="DELETE")) == "no-token"
    other = token("alias.set", name, "champion", None, "1")
    assert code(registry.set_alias(name, spelling, "1", token=other)) == "other-change"


def test_other_aliases_pass(registry, name):
    registry.model(name)
    assert registry.set_alias(name, "challenger", "1").status_code == 200
    assert (
        registry.call("registered-models/alias", {"name": name, "alias": "challenger"}, method="DELETE").status_code
        == 200
    )


def test_other_models_pass(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_GOVERNED_MODELS="prod.*")
    registry.model(name)
    registry.model(f"prod.{name}")
    assert registry.set_alias(name, "champion", "1").status_code == 200
    assert code(registry.set_alias(f"prod.{name}", "champion", "1")) == "no-token"
    rename = {"name": name, "new_name": f"Prod.{name}-2"}
    assert code(registry.call("registered-models/rename", rename)) == "no-token"
    assert registry.call("model-versions/delete", {"name": name, "version": "1"}, method="DELETE").status_code == 200
    assert registry.call("registered-models/delete", {"name": name}, method="DELETE").status_code == 200


GOVERNED = [
    ("alias.delete", "champion", "1", None, "DELETE", "registered-models/alias", {"alias": "champion"}),
    (
        "stage.set",
        "Production",
        "None",
        "2",
        "POST",
        "model-versions/transition-stage",
        {"version": "2", "stage": "Production", "archive_existing_versions": False},
    ),
    (
        "tag.set",
        "sekisho.move",
        "2",
        "x",
        "POST",
        "model-versions/set-tag",
        {"version": "2", "key": "sekisho.move", "value": "x"},
    ),
    (
        "tag.delete",
        "sekisho.move",
        "2",
        None,
        "DELETE",
        "model-versions/delete-tag",
        {"version": "2", "key": "sekisho.move"},
    ),
    (
        "tag.set",
        "sekisho.owner",
        None,
        "x",
        "POST",
        "registered-models/set-tag",
        {"key": "sekisho.owner", "value": "x"},
    ),
    ("tag.delete", "sekisho.owner", None, None, "DELETE", "registered-models/delete-tag", {"key": "sekisho.owner"}),
    (
        "version.create",
        None,
        None,
        "s3://bucket/model",
        "POST",
        "model-versions/create",
        {"source": "s3://bucket/model", "tags": [{"key": "sekisho.move", "value": "x"}]},
    ),
    ("version.delete", None, "2", None, "DELETE", "model-versions/delete", {"version": "2"}),
    ("model.rename", None, None, "{name}-new", "POST", "registered-models/rename", {"new_name": "{name}-new"}),
    ("model.delete", None, None, None, "DELETE", "registered-models/delete", {}),
]


def test_each_governed_change_needs_a_token_for_just_it(registry, name):
    """One model's life, each step refused without a token, refused with the next step's, done with its own."""
    registry.model(name)
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )
    current = name
    for place, (action, alias, old, new, method, path, fields) in enumerate(GOVERNED):
        body = {key: value.format(name=name) if isinstance(value, str) else value for key, value in fields.items()}
        body["name"] = current
        new = new.format(name=name) if new else new
        following = GOVERNED[(place + 1) % len(GOVERNED)]
        other = token(following[0], current, following[1], following[2], following[3])
        assert code(registry.call(path, body, method=method)) == "no-token", path
        assert code(registry.call(path, body, method=method, token=other)) == "other-change", path
        own = token(action, current, alias, old, new)
        response = registry.call(path, body, method=method, token=own)
        assert response.status_code == 200, (path, response.json)
        if action != "model.delete":
            repeated = registry.call(path, body, method=method, token=own)
            assert code(repeated) in ("used", "other-change"), path  # what stands there is another now
        if action == "model.rename":
            current = new
    assert registry.call(f"registered-models/get?name={current}", method="GET").status_code == 404


def test_changes_that_no_token_allows(registry, name):
    registry.model(name)
    archive = {"name": name, "version": "1", "stage": "Production", "archive_existing_versions": True}
    allowed = token("stage.set", name, "Production", "None", "1")
    assert code(registry.call("model-versions/transition-stage", archive, token=allowed)) == "never"
    born = {"name": f"{name}-2", "tags": [{"key": "Sekisho.owner", "value": "x"}]}
    assert code(registry.call("registered-models/create", born, token=allowed)) == "never"


def test_ordinary_work_passes(registry, name):
    registry.model(name)
    for method, path, body in (
        ("PATCH", "registered-models/update", {"description": "what it is for"}),
        ("PATCH", "model-versions/update", {"version": "1", "description": "better"}),
        ("POST", "registered-models/set-tag", {"key": "team", "value": "risk"}),
        ("DELETE", "registered-models/delete-tag", {"key": "team"}),
        ("POST", "model-versions/set-tag", {"version": "1", "key": "sekishox", "value": "1"}),
        ("DELETE", "model-versions/delete-tag", {"version": "1", "key": "sekishox"}),
        ("POST", "model-versions/create", {"source": "s3://bucket/model", "tags": [{"key": "a", "value": "b"}]}),
        ("POST", "registered-models/get-latest-versions", {}),
    ):
        response = registry.call(path, {"name": name} | body, method=method)
        assert response.status_code == 200, (path, response.json)


def test_prompts_pass(registry, name):
    registry.model(name, tags=PROMPT)
    assert registry.set_alias(name, "champion", "1").status_code == 200
    for method, path, body in (
        ("POST", "model-versions/set-tag", {"version": "1", "key": "sekisho.x", "value": "1"}),
        ("POST", "registered-models/set-tag", {"key": "mlflow.prompt.is_prompt", "value": "true"}),
        ("POST", "registered-models/set-tag", {"key": "sekisho.x", "value": "1"}),
        ("DELETE", "registered-models/delete-tag", {"key": "sekisho.x"}),
        ("DELETE", "registered-models/alias", {"alias": "champion"}),
        ("DELETE", "model-versions/delete", {"version": "2"}),
        ("POST", "registered-models/rename", {"new_name": f"{name}-2"}),
    ):
        response = registry.call(path, {"name": name} | body, method=method)
        assert response.status_code == 200, (path, response.json)
    assert registry.call("registered-models/delete", {"name": f"{name}-2"}, method="DELETE").status_code == 200


def test_no_model_becomes_a_prompt_and_no_prompt_a_model(registry, name):
    registry.model(name)
    for key, value in (("mlflow.prompt.is_prompt", "true"), ("mlflow.Prompt.is_prompt", "True")):
        body = {"name": name, "key": key, "value": value}
        assert code(registry.call("registered-models/set-tag", body)) == "never"
        assert code(registry.call("model-versions/set-tag", body | {"version": "1"})) == "no-token"
    marked = {"name": name, "source": "dummy-source", "tags": PROMPT}
    assert code(registry.call("model-versions/create", marked)) == "no-token"
    prompt = registry.model(f"{name}-prompt", tags=PROMPT)
    assert registry.set_alias(prompt, "champion", "1").status_code == 200  # now it would be a model with a champion
    body = {"name": prompt, "key": "mlflow.prompt.is_prompt"}
    assert code(registry.call("registered-models/delete-tag", body, method="DELETE")) == "never"
    assert code(registry.call("registered-models/set-tag", body | {"value": "false"})) == "never"
    both = [*PROMPT, {"key": "mlflow.prompt.is_prompt", "value": "false"}, {"key": "sekisho.x", "value": "1"}]
    assert code(registry.call("registered-models/create", {"name": f"{name}-both", "tags": both})) == "never"


def test_a_model_that_is_an_environment_takes_no_version_without_a_token(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_ENVIRONMENT_MODELS="prod.*")
    registry.model(name)
    closed = f"prod.{name}"
    assert registry.call("registered-models/create", {"name": closed}).status_code == 200
    body = {"name": closed, "source": f"models:/{name}/1"}
    assert code(registry.call("model-versions/create", body)) == "no-token"
    other = token("version.create", closed, None, None, f"models:/{name}/2")
    assert code(registry.call("model-versions/create", body, token=other)) == "other-change"
    own = token("version.create", closed, None, None, f"models:/{name}/1")
    assert registry.call("model-versions/create", body, token=own).status_code == 200
    assert code(registry.call("model-versions/create", body, token=own)) == "used"


def test_without_a_key_every_governed_change_is_refused_and_the_rest_passes(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_PUBLIC_KEY="")
    registry.model(name)
    registry.model(f"{name}-prompt", tags=PROMPT)
    good = token("alias.set", name, "champion", None, "1")
    assert code(registry.set_alias(name, "champion", "1")) == "closed"
    assert code(registry.set_alias(name, "champion", "1", token=good)) == "closed"
    for *_, method, path, fields in GOVERNED:
        body = {key: value.format(name=name) if isinstance(value, str) else value for key, value in fields.items()}
        assert code(registry.call(path, body | {"name": name}, method=method)) == "closed", path
    assert registry.set_alias(name, "challenger", "1").status_code == 200
    assert registry.set_alias(f"{name}-prompt", "champion", "1").status_code == 200
    assert (
        registry.call(
            "model-versions/update", {"name": name, "version": "1", "description": ""}, method="PATCH"
        ).status_code
        == 200
    )


def test_without_a_place_for_used_tokens_none_is_taken(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_STATE="")
    registry.model(name)
    assert (
        code(registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")))
        == "no-state"
    )
    (tmp_path / "file").write_text("in the way")
    registry = Registry(tmp_path, SEKISHO_STATE=str(tmp_path / "file"))
    assert (
        code(registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")))
        == "no-state"
    )
    assert registry.client.get(REPORT).json["single_use"] is False
    assert registry.aliases(name) == {}


def test_a_token_is_spent_by_a_change_that_fails(registry, name):
    registry.model(name, versions=1)
    wrong = token("alias.set", name, "champion", None, "7")
    assert registry.set_alias(name, "champion", "7", token=wrong).status_code == 404
    assert code(registry.set_alias(name, "champion", "7", token=wrong)) == "used"
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )


def test_a_name_that_is_not_there_is_a_models(registry, name):
    assert code(registry.set_alias(name, "champion", "1")) == "no-token"
    assert code(registry.set_alias("", "champion", "1")) == "no-token"
    assert code(registry.set_alias("a/b", "champion", "1")) == "no-token"


def test_an_emergency_token_sets_the_alias_once(registry, name):
    registry.model(name)
    sealed = token("alias.set", name, "champion", "*", "*", life=86_400)
    assert code(registry.set_alias(name, "staging", "2", token=sealed)) == "other-change"
    assert registry.set_alias(name, "champion", "2", token=sealed).status_code == 200
    assert code(registry.set_alias(name, "champion", "1", token=sealed)) == "used"
    uses = registry.client.get(REPORT).json["uses"]
    assert [(use["model"], use["old"], use["new"], use["emergency"], use["status"]) for use in uses] == [
        (name, None, "2", True, 200)
    ]


def test_the_report(registry, name):
    report = registry.client.get(REPORT).json
    assert report | {"version": ""} == {
        "form": "sekisho.gate/1",
        "version": "",
        "keys": [tokens.key_id(PUBLIC)],
        "aliases": ["champion", "staging"],
        "models": ["*"],
        "environment_models": [],
        "server": "",
        "single_use": True,
        "problems": [],
        "uses": [],
    }


def test_a_request_that_mlflow_cannot_read_is_refused_as_mlflow_does(registry, name):
    registry.model(name)
    raw = {"data": b"name=x&alias=champion", "content_type": "application/x-www-form-urlencoded"}
    response = registry.client.post(f"{API}/registered-models/alias", **raw)
    assert response.status_code == 400
    both = {"name": name, "new_name": f"{name}-2", "newName": "other"}
    assert registry.call("registered-models/rename", both).status_code == 400
    for body in (b"[1]", b'"nonsense"', b"7", b"true", b"[" * 100_000):
        answer = registry.client.post(f"{API}/registered-models/alias", data=body, content_type="application/json")
        assert answer.status_code >= 400, body[:9]
    assert registry.aliases(name) == {}


@pytest.mark.parametrize(
    "spell",
    [
        lambda body: json.dumps(json.dumps(body)),  # double-encoded, which MLflow decodes twice
        lambda body: json.dumps(body)[:-1] + ', "alias": "champion"}',  # twice: the last counts
        lambda body: json.dumps(body).replace("champion", "\\u0063hampion"),
        lambda body: "\ufeff"[:0] + " " + json.dumps(body) + "\n",
    ],
)
def test_no_spelling_of_a_request_passes(registry, name, spell):
    registry.model(name)
    body = spell({"name": name, "alias": "champion", "version": "1"})
    response = registry.client.post(f"{API}/registered-models/alias", data=body, content_type="application/json")
    assert code(response) == "no-token"
    assert registry.aliases(name) == {}


def test_camel_case_is_read_as_mlflow_reads_it(registry, name):
    registry.model(name)
    assert code(registry.call("registered-models/rename", {"name": name, "newName": f"{name}-2"})) == "no-token"
    body = {"name": name, "version": "1", "stage": "Production", "archiveExistingVersions": True}
    own = token("stage.set", name, "Production", "None", "1")
    response = registry.call("model-versions/transition-stage", body, token=own)
    assert response.status_code in (400, 403)
    version = registry.call(f"model-versions/get?name={name}&version=1", method="GET").json["model_version"]
    assert version["current_stage"] == "None"


def test_an_error_of_the_gate_refuses(registry, name, monkeypatch):
    registry.model(name)

    def broken(*_: object) -> None:
        raise KeyError("what nobody thought of")

    monkeypatch.setattr("governance.mlflow_gate.rules._is_prompt", broken)
    assert (
        code(registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")))
        == "broken"
    )


def test_a_store_that_is_away_refuses(registry, name, store, monkeypatch):
    from mlflow.exceptions import MlflowException

    registry.model(name)

    def away(*_: object) -> None:
        raise MlflowException("no database")

    monkeypatch.setattr(store, "get_registered_model", away)
    response = registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1"))
    assert response.status_code == 500


def test_models_of_other_workspaces_take_no_token(registry, name, monkeypatch):
    registry.model(name)
    monkeypatch.setattr("mlflow.utils.workspace_context.get_request_workspace", lambda: "lab")
    good = token("alias.set", name, "champion", None, "1")
    assert code(registry.set_alias(name, "champion", "1", token=good)) == "workspace"
    monkeypatch.setattr("mlflow.utils.workspace_context.get_request_workspace", lambda: "default")
    assert registry.set_alias(name, "champion", "1", token=good).status_code == 200


def test_no_workspace_is_deleted_with_its_models(registry):
    for mode, refused in (("CASCADE", True), ("SET_DEFAULT", True), ("RESTRICT", False)):
        response = registry.client.delete(f"/api/3.0/mlflow/workspaces/lab?mode={mode}")
        assert (code(response) == "never") is refused, (mode, response.status_code)
