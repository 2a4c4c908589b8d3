"""A server whose answers are JSON and none of MLflow's: an error with a sentence, which is tried again and ends."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from governance.registry import AddressNotAllowed, Connection, RegistryError
from tests.governance.test_registry import reply, serving

STORE = "mlflow-artifacts:/7/run/artifacts/model"
VERSION = {"name": "churn", "version": "1", "creation_timestamp": 1}
CALLS = {
    "newest_version": lambda remote: remote.newest_version("churn"),
    "get_alias": lambda remote: remote.get_alias("churn", "champion"),
    "create_version": lambda remote: remote.create_version("churn", STORE),
    "marked": lambda remote: remote.marked("churn", "sekisho.move", "m1"),
    "experiment": lambda remote: remote.experiment("sekisho"),
    "runs_marked": lambda remote: remote.runs_marked("7", "sekisho.move", "m1"),
    "create_run": lambda remote: remote.create_run("7", "churn 1", {}),
    "files_at": lambda remote: remote.files_at(STORE),
    "version": lambda remote: remote.version("churn", 1),
    "model_files": lambda remote: remote.model_files("churn", 1),
    "models": lambda remote: remote.models(),
    "versions": lambda remote: remote.versions(),
    "runs": lambda remote: remote.runs(["a1"]),
}
PARTS = (
    "registered_model", "registered_models", "model_version", "model_versions", "experiment", "experiments",
    "experiment_id", "run", "runs", "files", "artifact_uri",
)  # fmt: skip


@pytest.mark.parametrize("lie", [None, 5, "text", [5], [None], {}, {"latest_versions": 5}], ids=str)
def test_whatever_a_server_answers_is_read_or_refused_with_a_sentence(lie):
    with serving(reply(200, dict.fromkeys(PARTS, lie))) as address:
        for call in CALLS.values():
            with suppress(RegistryError):
                call(Connection(address))


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("newest_version", {}),
        ("newest_version", {"registered_model": {"name": "churn", "latest_versions": 5}}),
        ("experiment", {}),
        ("runs_marked", {"runs": [5]}),
        ("files_at", {"files": [{"path": "MLmodel", "file_size": "many"}]}),
        ("files_at", {"files": [{"path": "MLmodel", "file_size": 1e999}]}),
        ("files_at", {"files": 5}),
        ("version", {"model_version": VERSION | {"version": "9" * 30}}),
        ("version", {"model_version": VERSION | {"version": "-1"}}),
        ("version", {"model_version": VERSION | {"creation_timestamp": 1e999}}),
        ("version", {"model_version": VERSION | {"creation_timestamp": 10**30}}),
    ],
    ids=str,
)
def test_what_cannot_be_is_an_error_with_a_sentence(call, answer):
    with serving(reply(200, answer)) as address, pytest.raises(RegistryError) as caught:
        CALLS[call](Connection(address))
    assert str(caught.value)


def test_an_answer_of_lists_within_lists_is_an_error_with_a_sentence():
    deep = "[" * 700 + "]" * 700
    with serving(reply(200, f'{{"model_version": {{"name": {deep}}}}}')) as address, pytest.raises(RegistryError):
        Connection(address).version("churn", 1)


@pytest.mark.parametrize("location", ["http://[", "mlflow-artifacts://[x/y", "mlflow-artifacts:/%2e%2e%2f", "", "//"])
def test_an_address_that_is_none_is_refused(location, tmp_path):
    with serving(reply(200, {})) as address, pytest.raises(AddressNotAllowed):
        Connection(address).put_files(location, tmp_path, [])


def test_a_run_is_named_as_databases_keep_it():
    """A model's name may have 256 characters and its number comes after; a run's has 250."""
    seen = []

    def answer(request) -> None:
        seen.append(json.loads(request.body)["run_name"])
        reply(200, {"run": {"info": {"run_id": "a1"}}})(request)

    with serving(answer) as address:
        Connection(address).create_run("7", "n" * 256 + " 1", {})
    assert seen == ["n" * 250]
