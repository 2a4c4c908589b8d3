"""Files that are sent to a registry: as they lie, into its own store alone, with an end whatever the server does."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from governance.registry import (
    AddressNotAllowed,
    Connection,
    NotFound,
    RegistryError,
    Rejected,
    RemoteFile,
    TimedOut,
    Unreachable,
    local_tree,
    tree_digest,
)
from tests.governance.test_registry import _post, reply, serving
from tests.mlflow_server import mlflow_server  # noqa: F401

STORE = "mlflow-artifacts:/7/run/artifacts/model"
BIG = bytes(range(256)) * 8192  # two megabytes


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "MLmodel").write_bytes(b"flavors: {}\n")
    (tmp_path / "data" / "a b%2e.bin").write_bytes(BIG)
    (tmp_path / "empty").write_bytes(b"")
    return tmp_path


def sent_to(answer, folder: Path, location: str = STORE, **options) -> None:
    with serving(answer) as address:
        Connection(address, **options).put_files(location, folder, local_tree(folder))


def test_each_file_goes_to_its_own_address_with_its_size(folder):
    seen = {}

    def answer(request) -> None:
        seen[request.command, request.path] = request.headers["Content-Length"], request.headers["Transfer-Encoding"]
        reply(200, {})(request)

    sent_to(answer, folder)
    start = "/api/2.0/mlflow-artifacts/artifacts/7/run/artifacts/model"
    assert seen == {
        ("PUT", f"{start}/MLmodel"): ("12", None),
        ("PUT", f"{start}/data/a%20b%252e.bin"): (str(len(BIG)), None),
        ("PUT", f"{start}/empty"): ("0", None),
    }


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc",
        "s3://bucket/model",
        "mlflow-artifacts://other:80/7",
        "http://127.0.0.1:1/x",
        "mlflow-artifacts:/../x",
    ],
)
def test_files_are_sent_nowhere_but_into_the_servers_own_store(folder, location):
    """Whatever address the server gives for its run."""
    asked = []
    with pytest.raises(AddressNotAllowed):
        sent_to(lambda request: asked.append(request.path), folder, location)
    assert asked == []


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", "a\nb"])
def test_a_path_that_leaves_the_folder_is_not_sent(folder, path):
    with pytest.raises((AddressNotAllowed, OSError)), serving(reply(200, {})) as address:
        Connection(address).put_files(STORE, folder / "data", [RemoteFile(path, 1)])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(503, "busy"), RegistryError),
        (reply(302, "", Location="http://169.254.169.254/"), AddressNotAllowed),
        (reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}), NotFound),
        (lambda request: request.connection.close(), Unreachable),
    ],
)
def test_a_server_that_does_not_take_a_file_is_an_error_with_a_sentence(folder, answer, error):
    with pytest.raises(error) as caught:
        sent_to(answer, folder)
    assert str(caught.value)


def test_a_server_may_take_its_time_to_put_a_file_away_but_not_for_ever(folder):
    def slowly(request) -> None:
        time.sleep(0.3)
        reply(200, {})(request)

    sent_to(slowly, folder, timeout=0.1)
    with pytest.raises(TimedOut):
        sent_to(lambda request: time.sleep(2), folder, timeout=0.1, deadline=0.05)


@pytest.mark.mlflow
class TestRealServer:
    @pytest.fixture
    def connection(self, mlflow_server) -> Connection:  # noqa: F811
        return Connection(mlflow_server.address)

    def test_a_run_is_made_marked_filled_and_ended(self, connection, folder):
        experiment = connection.experiment("written")
        assert connection.experiment("written") == experiment
        run = connection.create_run(experiment, "=cmd|calc", {"sekisho.move": "m1", "sekisho.digest": "x"})
        assert [one.run_id for one in connection.runs_marked(experiment, "sekisho.move", "m1")] == [run.run_id]
        assert connection.runs_marked(experiment, "sekisho.move", "m2") == []
        location = f"{run.artifact_uri}/model"
        assert connection.files_at(location) == []
        connection.put_files(location, folder, [one for one in local_tree(folder) if "%" not in one.path])
        connection.put_files(location, folder, [one for one in local_tree(folder) if one.path == "MLmodel"])
        (folder / "data" / "a b%2e.bin").unlink()
        assert tree_digest(connection.files_at(location)) == tree_digest(local_tree(folder))
        connection.end_run(run.run_id)
        (ended,) = connection.runs_marked(experiment, "sekisho.move", "m1")
        assert (ended.status, ended.ended is not None) == ("FINISHED", True)

    def test_a_big_file_arrives_whole(self, connection, tmp_path):
        data = BIG * 20  # forty megabytes
        (tmp_path / "model.pkl").write_bytes(data)
        run = connection.create_run(connection.experiment("written"), "big", {})
        connection.put_files(run.artifact_uri, tmp_path, local_tree(tmp_path))
        (there,) = connection.files_at(run.artifact_uri)
        assert (there.size, there.sha256) == (len(data), hashlib.sha256(data).hexdigest())

    def test_an_experiment_that_was_deleted_is_said(self, connection):
        experiment = connection.experiment("thrown-away")
        _post(connection, "experiments/delete", experiment_id=experiment)
        with pytest.raises(Rejected, match="thrown-away, which holds"):
            connection.experiment("thrown-away")

    def test_the_newest_version_of_a_model(self, connection):
        connection.create_model("newest")
        assert connection.newest_version("newest") is None
        run = connection.create_run("0", "r", {})
        for mark in ("a", "b", "a"):
            connection.create_version(
                "newest", f"{run.artifact_uri}/model", run_id=run.run_id, tags={"sekisho.move": mark}
            )
        assert connection.newest_version("newest").version == "3"
        assert connection.newest_version("newest").tags == {"sekisho.move": "a"}
        assert connection.marked("newest", "sekisho.move", "a") == [1, 3]
        with pytest.raises(NotFound):
            connection.newest_version("no such model")
        assert json.dumps(connection.version("newest", 1).run_id) == f'"{run.run_id}"'
