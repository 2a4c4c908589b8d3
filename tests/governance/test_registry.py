"""What Sekisho says to MLflow, against a real server; what it says of a bad one, against servers that lie."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from governance.registry import (
    AddressNotAllowed,
    Connection,
    CredentialsRefused,
    Denied,
    NotFound,
    NotMlflow,
    RegistryError,
    Rejected,
    TimedOut,
    TooLarge,
    Unreachable,
    local_tree,
    tree_digest,
)
from governance.registry.artifacts import logged_model_root, run_root
from governance.sandbox.digest import tree_digest as sandbox_digest
from portal.demo.training import EVALUATION_TABLE, MODELS
from portal.message import registered
from tests.mlflow_server import mlflow_server, trained  # noqa: F401  fixtures

DIABETES, IMAGING = MODELS["diabetes"], MODELS["imaging"]


# -- a real server ---------------------------------------------------------------------------------------


@pytest.fixture
def connection(mlflow_server) -> Connection:  # noqa: F811
    return Connection(mlflow_server.address)


@pytest.fixture
def made(connection, trained):  # noqa: F811
    """The connection to a server on which a careful and a careless model are registered."""
    return connection, trained("diabetes"), trained("imaging")


@pytest.mark.mlflow
class TestRealServer:
    def test_check_tells_version_counts_and_rights(self, made):
        found = made[0].check()
        assert found.mlflow_version[0].isdigit()
        assert found.models >= 2
        assert found.versions >= 2
        assert found.rights == "all"
        assert json.dumps(found.to_json())

    def test_models_and_versions(self, made):
        connection, diabetes, _ = made
        assert {DIABETES, IMAGING} <= {model.name for model in connection.models()}
        versions = {version.model: version for version in connection.versions()}
        assert versions[DIABETES].run_id == diabetes["run_id"]
        assert versions[DIABETES].model_id == diabetes["model_id"]
        assert versions[IMAGING].status == "READY"
        assert versions[IMAGING].created > 1_700_000_000_000

    def test_versions_since_leaves_out_what_is_older(self, made):
        connection = made[0]
        times = sorted(version.updated for version in connection.versions())
        assert len(connection.versions(since=times[0])) == len(times)
        recent = connection.versions(since=times[-1])
        assert {version.updated for version in recent} == {times[-1]}

    def test_runs_come_by_id_with_data_sets(self, made):
        connection, diabetes, imaging = made
        runs = connection.runs([diabetes["run_id"], imaging["run_id"], "0" * 32, "x' OR '1"])
        assert set(runs) == {diabetes["run_id"], imaging["run_id"]}
        run = runs[diabetes["run_id"]]
        assert (run.status, run.lifecycle) == ("FINISHED", "active")
        assert run.params["n_estimators"] == "80"
        assert 0.5 < run.metrics["roc_auc"] <= 1
        assert {d.context for d in run.datasets} == {"training", "evaluation"}
        assert run.datasets[0].rows > 100
        assert "sex" in run.datasets[0].columns
        assert json.loads(json.dumps(run.to_json()))["run_id"] == run.run_id

    def test_logged_model(self, made):
        connection, diabetes, _ = made
        assert connection.logged_model(diabetes["model_id"]).source_run_id == diabetes["run_id"]

    def test_describe_version_reads_the_files_without_running_them(self, made):
        connection, diabetes, _ = made
        facts = connection.describe_version(DIABETES, 1, hashed=True)
        assert json.loads(json.dumps(facts)) == facts
        assert facts["problems"] == {}
        assert facts["run"]["run_id"] == facts["logged_model"]["source_run_id"] == diabetes["run_id"]
        files = facts["files"]
        assert [column["name"] for column in files["signature"]["inputs"]][:2] == ["age", "sex"]
        assert "sklearn" in files["flavours"]
        assert any(line.startswith("scikit-learn==") for line in files["requirements"])
        assert files["python_version"]
        assert files["digest"].startswith("sha256:")

    def test_a_version_that_is_not_there(self, made):
        with pytest.raises(NotFound):
            made[0].describe_version(DIABETES, 99)

    def test_download_gives_the_bytes_that_the_digest_names(self, made, tmp_path):
        connection = made[0]
        files = connection.download(DIABETES, "1", tmp_path)
        assert (tmp_path / "MLmodel").is_file()
        assert files.digest == tree_digest(local_tree(tmp_path))
        assert files.digest == connection.model_files(DIABETES, 1).digest
        script = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum"
        told = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert f"sha256:{told.stdout.split()[0]}" == files.digest
        assert sandbox_digest(tmp_path) == files.digest

    def test_the_same_files_by_other_routes(self, made):
        """Stores that the server does not proxy are read through these routes."""
        connection, diabetes, _ = made
        reader = connection._files(logged_model_root(diabetes["model_id"]), connection._clock())
        assert tree_digest(reader.fetch(reader.walk())) == connection.model_files(DIABETES, 1).digest
        reader = connection._files(run_root(diabetes["run_id"], "evaluation"), connection._clock(), "evaluation")
        (table,) = reader.fetch(reader.walk())
        assert table.path == "evaluation.parquet"

    def test_download_of_a_runs_artifact(self, made, tmp_path):
        connection, diabetes, imaging = made
        path = connection.download_run_artifact(diabetes["run_id"], EVALUATION_TABLE, tmp_path)
        assert path == tmp_path / EVALUATION_TABLE
        assert path.read_bytes()[:4] == b"PAR1"
        with pytest.raises(NotFound):
            connection.download_run_artifact(imaging["run_id"], EVALUATION_TABLE, tmp_path / "other")

    @pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", "a\\b", "", "a//b", "a\nb"])
    def test_unsafe_paths_are_refused(self, made, tmp_path, path):
        connection, diabetes, _ = made
        with pytest.raises(AddressNotAllowed):
            connection.download_run_artifact(diabetes["run_id"], path, tmp_path)

    def test_nothing_is_written_through_a_link(self, made, tmp_path):
        connection, diabetes, _ = made
        (tmp_path / "outside").mkdir()
        (tmp_path / "into").mkdir()
        (tmp_path / "into" / "evaluation").symlink_to(tmp_path / "outside")
        with pytest.raises(AddressNotAllowed):
            connection.download_run_artifact(diabetes["run_id"], EVALUATION_TABLE, tmp_path / "into")
        assert not list((tmp_path / "outside").iterdir())

    def test_aliases_are_set_read_and_deleted(self, made):
        connection = made[0]
        connection.set_alias(IMAGING, "candidate", 1)
        assert connection.get_alias(IMAGING, "candidate") == "1"
        assert connection.version(IMAGING, 1).aliases == ("candidate",)
        assert {m.name: m.aliases for m in connection.models()}[IMAGING] == {"candidate": "1"}
        connection.delete_alias(IMAGING, "candidate")
        connection.delete_alias(IMAGING, "candidate")
        assert connection.get_alias(IMAGING, "candidate") is None

    def test_aliases_of_what_is_not_there(self, made):
        connection = made[0]
        with pytest.raises(NotFound):
            connection.set_alias(IMAGING, "candidate", 99)
        with pytest.raises(NotFound):
            connection.get_alias("no such model", "candidate")
        with pytest.raises(Rejected, match="alias"):
            connection.set_alias(IMAGING, "v1", 1)

    def test_a_deleted_run_is_told_as_deleted(self, connection):
        name, run_id = _register(connection, "deleted-run")
        _post(connection, "runs/delete", run_id=run_id)
        assert connection.runs([run_id])[run_id].lifecycle == "deleted"
        assert connection.describe_version(name, 1)["run"]["lifecycle"] == "deleted"

    @pytest.mark.parametrize("name", ["=cmd|calc", "a b&c=d#e", "日本語モデル", "%2e%2e", "\u202eevil", "x" * 200])
    def test_odd_names_pass_unharmed(self, connection, name):
        _, run_id = _register(connection, name)
        assert connection.version(name, 1).run_id == run_id
        connection.set_alias(name, "champion", 1)
        assert connection.get_alias(name, "champion") == "1"

    def test_a_version_whose_files_lie_elsewhere(self, connection, tmp_path):
        """MLflow stores any source; a path on a disk is never opened."""
        name, _ = _register(connection, "elsewhere", source="s3://someone-elses/bucket")
        facts = connection.describe_version(name, 1)
        assert facts["files"] is None
        assert facts["problems"]["files"]["code"] == "registry.address.files"
        with pytest.raises(AddressNotAllowed):
            connection.download(name, 1, tmp_path)


def _post(connection: Connection, path: str, **body):
    return connection._call("POST", path, connection._clock(), body=body)


def _register(connection: Connection, name: str, source: str = "") -> tuple[str, str]:
    """A model with one version and a run, without files."""
    run = _post(connection, "runs/create", experiment_id="0", start_time=1_700_000_000_000)["run"]["info"]
    _post(connection, "registered-models/create", name=name)
    source = source or f"{run['artifact_uri']}/model"
    _post(connection, "model-versions/create", name=name, source=source, run_id=run["run_id"])
    return name, run["run_id"]


# -- servers that are wrong, slow or lying ---------------------------------------------------------------

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server on loopback that answers everything by one function."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer(self)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def reply(status: int, body: str | dict, **headers: str) -> Answer:
    content = (json.dumps(body) if isinstance(body, dict) else body).encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def failure(answer: Answer, call: Callable[[Connection], object] = Connection.models, **options) -> RegistryError:
    with serving(answer) as address, pytest.raises(RegistryError) as caught:
        call(Connection(address, **options))
    return caught.value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(401, "Unauthorized"), CredentialsRefused),
        (reply(403, {"error_code": "PERMISSION_DENIED", "message": "Ask Sekisho"}), Denied),
        (reply(403, "Invalid Host header - possible DNS rebinding attack detected"), Denied),
        (reply(404, "<html>Not Found</html>"), NotMlflow),
        (reply(200, "<html>Welcome</html>"), NotMlflow),
        (reply(200, "[" * 100_000), NotMlflow),
        (reply(200, {"registered_models": [{"nome": "x"}]}), RegistryError),
        (reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}), NotFound),
        (reply(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "bad"}), Rejected),
        (reply(500, "boom"), RegistryError),
        (reply(302, "", Location="http://169.254.169.254/latest"), AddressNotAllowed),
    ],
)
def test_wrong_answers_become_errors_with_a_sentence(answer, error):
    caught = failure(answer)
    assert type(caught) is error
    assert caught.message.code in registered()
    assert str(caught) != caught.message.code


def test_check_wants_an_mlflow_server():
    assert failure(reply(200, "<html>Welcome</html>"), Connection.check).kind == "not_mlflow"


def test_a_redirect_is_not_followed():
    seen = []
    with serving(lambda request: (seen.append(request.path), reply(200, {})(request))) as other:
        failure(reply(302, "", Location=other))
    assert seen == []


def test_the_password_is_sent_and_never_shown():
    seen = []

    def answer(request):
        seen.append(request.headers["Authorization"])
        reply(401, "no")(request)

    caught = failure(answer, username="portal", password="s3cret")
    assert seen == ["Basic cG9ydGFsOnMzY3JldA=="]
    assert "s3cret" not in str(caught) + repr(Connection("http://x", "portal", "s3cret"))
    with pytest.raises(AddressNotAllowed) as malformed:
        Connection("http://portal:s3cret@host/").models()
    assert "s3cret" not in str(malformed.value)


def test_the_environment_changes_nothing(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with serving(reply(200, {})) as address:
        assert Connection(address).models() == []


def test_a_dead_port_is_told_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(Unreachable):
        Connection(f"http://127.0.0.1:{port}").check()
    assert time.monotonic() - started < 3


def test_an_unknown_name_is_told():
    with pytest.raises(Unreachable):
        Connection("http://no-such-host.invalid").check()


def test_silence_ends_at_the_timeout():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        with pytest.raises(TimedOut):
            Connection(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1).check()
    assert 0.9 < time.monotonic() - started < 3


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
def test_dribbling_ends_at_the_deadline(prefix):
    def dribble(request):
        request.wfile.write(prefix)
        for _ in range(100):
            request.wfile.write(b"1")
            time.sleep(0.1)

    started = time.monotonic()
    caught = failure(dribble, timeout=1, deadline=1.5)
    assert caught.kind == "timeout"
    assert time.monotonic() - started < 3


def test_endless_pages_end_at_the_deadline():
    page = {"registered_models": [], "next_page_token": "again"}
    assert failure(reply(200, page), deadline=1).kind == "timeout"


def test_a_read_is_tried_once_more_and_a_move_is_not():
    calls = []

    def answer(request):
        calls.append(request.command)
        if len(calls) == 1:
            reply(503, "starting")(request)
        else:
            reply(200, {})(request)

    with serving(answer) as address:
        assert Connection(address).models() == []
        assert calls == ["GET", "GET"]
    calls.clear()
    assert failure(answer, lambda c: c.set_alias("m", "a", 1)).kind == "failed"
    assert calls == ["POST"]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host",
        "host:5000",
        "http://",
        "http://u:p@host",
        "http://host/?a=b",
        "http://host/../x",
        "http://host:99999",
    ],
)
def test_malformed_addresses(address):
    with pytest.raises(AddressNotAllowed):
        Connection(address).check()


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200"],
)
def test_forbidden_networks(host):
    with pytest.raises(AddressNotAllowed):
        Connection(f"http://{host}:5000").check()


def test_a_name_that_turns_to_a_forbidden_address_is_refused(monkeypatch):
    """The address is checked when connecting, and that very address is connected to."""
    answers = iter(["127.0.0.1", "169.254.169.254"])

    def lookup(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    with serving(reply(200, {})) as address:
        port = address.rpartition(":")[2]
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        connection = Connection(f"http://rebinding.example:{port}")
        monkeypatch.setattr(socket, "create_connection", _only_literal(socket.create_connection, monkeypatch))
        assert connection.models() == []
        with pytest.raises(AddressNotAllowed):
            connection.models()


def _only_literal(create, monkeypatch):
    """Connecting resolves again by itself; let it, but only for the address that was checked."""

    def connect(address, *arguments):
        assert address[0] == "127.0.0.1"
        sock = socket.socket()
        sock.settimeout(5)
        sock.connect(address)
        return sock

    return connect


def test_allowed_hosts():
    with serving(reply(200, {})) as address:
        assert Connection(address, allowed_hosts=("127.0.0.0/8",)).models() == []
        with pytest.raises(AddressNotAllowed):
            Connection(address, allowed_hosts=(".example.org", "10.0.0.0/8")).models()


def test_a_registry_that_lies_about_where_files_lie(tmp_path):
    """It names our own disk; nothing of it is read, whatever else the server says."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    version = {"model_version": {"name": "m", "version": "1", "source": f"file://{tmp_path}"}}

    def answer(request):
        where = {"artifact_uri": f"file://{tmp_path}"} if "download-uri" in request.path else version
        reply(200, where)(request)

    caught = failure(answer, lambda c: c.download("m", 1, tmp_path / "into"))
    assert caught.message.code == "registry.address.files"
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("path", ["../../evil", "/etc/evil", "..", "a\u0000b"])
def test_a_registry_that_lists_paths_outside(tmp_path, path):
    version = {"model_version": {"name": "m", "version": "1", "source": "mlflow-artifacts:/1/x"}}

    def answer(request):
        if "download-uri" in request.path:
            reply(200, {"artifact_uri": "mlflow-artifacts:/1/x"})(request)
        elif "mlflow-artifacts" in request.path:
            reply(200, {"files": [{"path": path, "is_dir": False, "file_size": 1}]})(request)
        else:
            reply(200, version)(request)

    caught = failure(answer, lambda c: c.download("m", 1, tmp_path / "into"))
    assert caught.message.code == "registry.address.path"


def test_a_registry_that_lists_folders_without_end(tmp_path):
    version = {"model_version": {"name": "m", "version": "1", "source": "mlflow-artifacts:/1/x"}}

    def answer(request):
        if "download-uri" in request.path:
            reply(200, {"artifact_uri": "mlflow-artifacts:/1/x"})(request)
        elif "mlflow-artifacts" in request.path:
            reply(200, {"files": [{"path": "again", "is_dir": True}]})(request)
        else:
            reply(200, version)(request)

    assert isinstance(failure(answer, lambda c: c.download("m", 1, tmp_path)), TooLarge)


def bomb(line: str) -> str:
    """Nine levels, each naming the one below eight times."""
    levels = [f"a{i}: &a{i} {line % ', '.join([f'*a{i - 1}'] * 8)}" for i in range(1, 10)]
    return "\n".join(
        ["a0: &a0 {k: v}", *levels, "mlflow_version: *a9", "flavors: {python_function: {python_version: *a9}}"]
    )


@pytest.mark.parametrize(("line", "read"), [("[%s]", True), ("{<<: [%s]}", False)])
def test_a_model_file_that_would_fill_the_memory(tmp_path, line, read):
    """Nine short lines stand for 134 million entries once they are written out or merged."""

    def answer(request):
        if "download-uri" in request.path:
            reply(200, {"artifact_uri": "mlflow-artifacts:/1/x"})(request)
        elif "path=" in request.path:
            reply(200, {"files": [{"path": "MLmodel", "is_dir": False, "file_size": 1}]})(request)
        elif "mlflow-artifacts" in request.path:
            reply(200, bomb(line))(request)
        else:
            reply(200, {"model_version": {"name": "m", "version": "1", "source": "mlflow-artifacts:/1/x"}})(request)

    started = time.monotonic()
    with serving(answer) as address:
        connection = Connection(address, timeout=5, deadline=20)
        if read:
            found = connection.model_files("m", 1)
            assert (found.mlflow_version, found.python_version, found.flavours) == ("", "", ("python_function",))
        else:
            with pytest.raises(RegistryError, match="merge keys"):
                connection.model_files("m", 1)
    assert time.monotonic() - started < 10


def test_what_no_database_stores_is_replaced():
    """One NUL in one tag would otherwise keep the whole registry out of PostgreSQL."""
    hostile = {"name": "m", "description": "a\x00b\ud800", "tags": [{"key": "k\x00", "value": "😀"}]}
    with serving(reply(200, {"registered_models": [hostile]})) as address:
        (model,) = Connection(address).models()
    assert model.description == "a\ufffdb\ufffd"
    assert model.tags == {"k\ufffd": "😀"}


@pytest.mark.parametrize("version", ["one", None, [], "1.5"])
def test_a_version_that_is_no_number_is_told(version):
    answer = reply(200, {"model_versions": [{"name": "m", "version": version}]})
    assert failure(answer, lambda c: c.versions()).message.code == "registry.unreadable"
