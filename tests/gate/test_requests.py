"""No spelling of a request, and no trouble on the way, lets a change through."""

from __future__ import annotations

import json

import pytest

from tests.gate.inside import API, code, token

# MLflow's own warnings, at its import and in its store, are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


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
