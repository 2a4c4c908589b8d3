"""The entry points: ``mlflow server --app-name sekisho`` and ``--app-name sekisho-basic-auth``.

The gate is a `before_request` of MLflow's Flask application. That application is also what answers the registry
under uvicorn, where MLflow mounts it below FastAPI, so that one hook sees ``/api`` and ``/ajax-api`` under each
server. It reads the request with MLflow's own parser, the one that the handler will use a moment later, so that
no spelling of a request means one thing here and another there.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, request

from .configuration import Configuration
from .gate import REPORT, REPORT_FORM, Gate, Refusal
from .rules import LET_THROUGH, RULES

log = logging.getLogger("sekisho.gate")

REPORTED_USES = 200
# The registry's addresses, but those of basic-auth's rights, which it guards itself.
_REGISTRY = re.compile(r"/(ajax-)?api/\d+\.\d+/mlflow/(registered-models|model-versions)(?!/permissions/)(/|$)")
_READS = ("GET", "HEAD", "OPTIONS")


def create_app(app: Flask | None = None) -> Any:
    """MLflow's application with the gate; with basic-auth as well where MLFLOW_AUTH_CONFIG_PATH is set."""
    return _compose(app, with_auth="MLFLOW_AUTH_CONFIG_PATH" in os.environ)


def create_app_with_auth(app: Flask | None = None) -> Any:
    """MLflow's application with basic-auth and the gate behind it."""
    return _compose(app, with_auth=True)


def _compose(app: Flask | None, *, with_auth: bool) -> Any:
    if app is None:
        from mlflow.server import app
    configuration = Configuration.read(os.environ)
    whole = _with_auth(app, configuration) if with_auth else app
    # After basic-auth's own hook: a stranger is turned away before the gate looks, and spends no token.
    gate = install(app, configuration)
    if os.environ.get("_MLFLOW_SGI_NAME") != "uvicorn":
        return app
    if whole is app:
        from mlflow.server.fastapi_app import create_fastapi_app

        whole = create_fastapi_app(app)
    return OneDoor(whole, gate)


class OneDoor:
    """Keeps the registry behind Flask's hook: what FastAPI would serve of it by a route of its own is refused.

    MLflow has been moving routes from Flask to FastAPI. None of the registry's has moved in the versions tried;
    one that does would pass by the gate.
    """

    def __init__(self, whole: Any, gate: Gate):
        from starlette.routing import Mount

        self.whole = whole
        self.gate = gate
        self.native = [route for route in whole.routes if not isinstance(route, Mount)]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._passes_by(scope):
            from starlette.responses import JSONResponse

            answer = JSONResponse(_body(self.gate.refusal("unknown-route")), status_code=403)
            await answer(scope, receive, send)
        else:
            await self.whole(scope, receive, send)

    def _passes_by(self, scope: Any) -> bool:
        from starlette.routing import Match

        if scope["method"] in _READS or not _of_registry(scope["path"]):
            return False
        return any(route.matches(scope)[0] is Match.FULL for route in self.native)


def _with_auth(app: Flask, configuration: Configuration) -> Any:
    """basic-auth around the application. Only `--app-name basic-auth` makes its first user before the workers
    start; here each worker may find that it is missing, so that one after the other looks."""
    from mlflow.server import auth

    # Each who is signed in may read the gate's report; basic-auth refuses what has no rule.
    auth.BEFORE_REQUEST_VALIDATORS[(_prefixed(REPORT), "GET")] = lambda: True
    with _one_at_a_time(configuration.state or Path(tempfile.gettempdir())):
        return auth.create_app(app)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    try:
        import fcntl  # not on Windows

        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "sekisho-start.lock").open("w")
    except (ImportError, OSError) as error:
        log.warning("workers start without waiting for each other: %s", error)
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(app: Flask, configuration: Configuration) -> Gate:
    """Put the gate before each request of a Flask application, and its report beside MLflow's routes."""
    gate = Gate(configuration)
    problems = [*configuration.problems, *_unwritable(gate)]
    for problem in problems:
        log.error(problem)

    def before() -> Response | None:
        try:
            verdict = _examine(gate)
        except Exception as error:
            return _failed(gate, error)
        if isinstance(verdict, Refusal):
            return _refused(verdict)
        if verdict is not None:
            g.sekisho_token = verdict
        return None

    def after(response: Response) -> Response:
        if jti := g.pop("sekisho_token", None):
            gate.finish(jti, response.status_code)
        return response

    def report() -> Response:
        return jsonify(_report(gate, problems))

    app.before_request(before)
    app.after_request(after)
    app.add_url_rule(_prefixed(REPORT), "sekisho_gate", report, methods=["GET"])
    return gate


def _examine(gate: Gate) -> Refusal | str | None:
    rule = RULES.get(request.endpoint or "")
    if rule is None:
        if unknown_route(request.endpoint, request.path, request.method):
            return gate.refusal("unknown-route")
        return gate.refusal("never") if _moves_models_of_a_workspace() else None
    from mlflow.protos import model_registry_pb2
    from mlflow.server.handlers import _get_request_message
    from mlflow.utils.workspace_context import get_request_workspace

    message = _get_request_message(getattr(model_registry_pb2, rule.message)())
    return gate.judge(rule, message, request.headers, _Store(), workspace=get_request_workspace())


def unknown_route(endpoint: str | None, path: str, method: str) -> bool:
    """Whether a request changes the registry by a route that neither list of `rules` names."""
    if endpoint is None or endpoint in LET_THROUGH or method in _READS:
        return False
    return _of_registry(path)


def _of_registry(path: str) -> bool:
    return _REGISTRY.match(path.removeprefix(_prefixed(""))) is not None


def _moves_models_of_a_workspace() -> bool:
    """Deleting a workspace may delete its models, or move them to the default one."""
    return request.endpoint == "_delete_workspace_handler" and request.args.get("mode", "RESTRICT") != "RESTRICT"


class _Store:
    """What the registry holds, asked of the store that the handlers use."""

    def model(self, name: str) -> Any | None:
        return self._ask(lambda store: store.get_registered_model(name))

    def stage(self, name: str, version: str) -> str | None:
        found = self._ask(lambda store: store.get_model_version(name, version))
        return None if found is None else found.current_stage

    def _ask(self, question: Any) -> Any | None:
        """The store's answer, or None if there is no such thing; every other trouble is raised."""
        from mlflow.exceptions import MlflowException
        from mlflow.server.handlers import _get_model_registry_store

        try:
            return question(_get_model_registry_store())
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise


def _refused(refusal: Refusal) -> Response:
    """As MLflow answers where permission is lacking, so that its client shows the sentence."""
    response = jsonify(_body(refusal))
    response.status_code = 403
    return response


def _body(refusal: Refusal) -> dict[str, str]:
    return {"error_code": "PERMISSION_DENIED", "message": refusal.sentence, "sekisho": refusal.code}


def _failed(gate: Gate, error: Exception) -> Response:
    """MLflow's own errors (a request it cannot read, a database that is away) are answered as it would; no other
    error lets a request through."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        status = error.get_http_status_code()
        return Response(error.serialize_as_json(), status=status, mimetype="application/json")
    log.error("the gate failed", exc_info=error)
    return _refused(gate.refusal("broken"))


def _report(gate: Gate, problems: list[str]) -> dict[str, Any]:
    """What the portal asks of the gate: is it there, with which keys, over what, and which tokens were used?"""
    configuration = gate.configuration
    uses: list[dict[str, Any]] | None = None
    if gate.spent is not None:
        try:
            uses = gate.spent.latest(REPORTED_USES)
        except (OSError, sqlite3.Error) as error:
            problems = [*problems, f"SEKISHO_STATE: {error}"]
    return {
        "form": REPORT_FORM,
        "version": _version(),
        "keys": configuration.key_ids,
        "aliases": list(configuration.aliases),
        "models": list(configuration.models),
        "environment_models": list(configuration.closed),
        "server": configuration.server,
        "single_use": uses is not None,
        "problems": list(dict.fromkeys(problems)),
        "uses": uses or [],
    }


def _unwritable(gate: Gate) -> list[str]:
    if gate.spent is None:
        return []
    try:
        gate.spent.prepare()
    except (OSError, sqlite3.Error) as error:
        return [f"SEKISHO_STATE: {gate.spent.path} cannot be written ({error}): no token is taken."]
    return []


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sekisho")
    except PackageNotFoundError:
        return ""


def _prefixed(path: str) -> str:
    from mlflow.server.handlers import _add_static_prefix

    return _add_static_prefix(path)
