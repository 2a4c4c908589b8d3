"""MLflow's own handlers and store behind the gate, in this process."""

from __future__ import annotations

import base64
import time
from pathlib import Path

from flask import Flask

from governance.mlflow_gate import app as gate_app
from governance.mlflow_gate import tokens
from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.tokens import HEADER, Grant, sign
from tests.gate.test_tokens import PRIVATE, PUBLIC

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
