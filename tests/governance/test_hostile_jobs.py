"""Hostile models in a real MLflow server, audited by the real jobs: contained, and the next audit works."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from governance.actions.audits import request_audits
from governance.models import Audit, ModelVersion
from governance.sandbox import Limits, limits, probe
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.message import Message
from portal.web.errors import DomainError
from tests.governance import factories as make
from tests.governance.agreed import use_set
from tests.governance.evaluation_made import uploaded
from tests.governance.models_made import write_model
from tests.governance.registered import plain_client
from tests.mlflow_server import mlflow_server  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]  # with the server: each worker would start one of its own
REGISTER = """
import sys, warnings
warnings.simplefilter("ignore")
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])
experiment = client.create_experiment("hostile")
client.create_registered_model("hostile")
for folder in sys.argv[2:]:
    run = client.create_run(experiment).info
    client.log_artifacts(run.run_id, folder, "model")
    client.create_model_version("hostile", run.artifact_uri + "/model", run.run_id)
"""
MODULE = """
import ctypes, os, socket, time
class Model:
    classes_ = [0, 1]
    def fit(self, X, y=None):
        return self
    def predict(self, X):
        n = len(X)
        {body}
"""
GRAB = """
        got = 0
        def tries(what):
            try:
                return 1 if what() else 0
            except BaseException:
                return 0
        got += tries(lambda: socket.create_connection(("127.0.0.1", {port}), 0.3))
        got += tries(lambda: open({secret!r}).read())
        got += tries(lambda: open("/proc/{pid}/environ").read())
        got += tries(lambda: open({outside!r} + "/x", "w").write("x"))
        got += tries(lambda: "hunter2" in str(os.environ))
        try:
            while os.fork():
                pass
            time.sleep(120)
            os._exit(0)
        except OSError:
            pass
        return [got] * n
"""
FORGE = """
        for fd in range(1, 40):
            try:
                os.write(fd, b'result 2\\n{}')
            except OSError:
                pass
        return [1] * n
"""
BODIES = {
    "loop": "while True: pass",
    "short": "return [1]",
    "nan": "return [float('nan')] * n",
    "segfault": "ctypes.string_at(0)",
    "forged": FORGE,
}
NUMBERS = {name: at for at, name in enumerate(["grab", *BODIES, "honest"], 1)}
CASES = "income,label,sex\n" + "".join(f"{i},{int(i > 50)},{'fm'[i % 2]}\n" for i in range(100))


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What a hostile model would like: a listener, a secret, a place to write."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret").write_text("hunter2")
    server, callers = socket.create_server(("127.0.0.1", 0)), []

    def accept():
        while True:
            callers.append(server.accept())

    threading.Thread(target=accept, daemon=True).start()
    return folder, server.getsockname()[1], callers


@pytest.fixture(scope="module")
def registered(outside, tmp_path_factory):
    """Every hostile model, and an honest one, as versions of one model of the server."""
    folder, port, _ = outside
    place = tmp_path_factory.mktemp("hostile")
    grab = GRAB.format(port=port, secret=str(folder / "secret"), outside=str(folder), pid=os.getpid())
    for name, body in {"grab": grab.strip(), **BODIES}.items():
        code = MODULE.format(body=body.strip())
        write_model(place / name, stored=b"ctheirs\nModel\n(tR.", code=code)
    write_model(place / "honest")
    plain_client(REGISTER, *(str(place / name) for name in NUMBERS))


@pytest.fixture
def version(cast, mlflow_server, registered):  # noqa: F811
    """`version("loop")`: mirrored, of a model with gold data and without supplied predictions."""
    registry = make.make_registry(address=mlflow_server.address)
    model = make.make_model(
        cast.team, "hostile", registry=registry, profile={"sensitive_columns": ["sex"], "evaluation_data": ""}
    )
    one = uploaded(cast.team, cast.member, text=CASES, name="gold", file="gold.csv")
    use_set(model=model, one=one, role="gold", by=cast.member)

    def named(name: str) -> ModelVersion:
        return make.make_version(model, NUMBERS[name], artifact_digest="")

    return named


@pytest.fixture
def walls(monkeypatch):
    """`walls("bubblewrap")`: from now on models run in that sandbox only, with little time and memory."""
    kept, real = limits.configured(), probe.candidate

    def use(backend: str) -> None:
        monkeypatch.setattr(probe, "candidate", lambda name: real(name) if name == backend else None)
        probe.find_sandbox.cache_clear()
        assert probe.find_sandbox().backend == backend
        limits.configure(Limits(memory=1024 * limits.MEBIBYTE, processes=64, cpu_seconds=60, wall_seconds=40.0))

    yield use
    limits.configure(kept)
    monkeypatch.undo()
    probe.find_sandbox.cache_clear()


def audited(version: ModelVersion, by, kind: str) -> Audit | Message:
    """The kept audit; where the job fails, its sentence."""
    request_audits(version=version, by=by, kinds=[kind])
    job = Job.objects.filter(kind=f"audit.{kind}").latest("pk")
    try:
        KINDS[f"audit.{kind}"].run(job, lambda *args: None)
    except DomainError as error:
        assert not version.audits.filter(kind=kind).exists()
        return error.message
    return version.audits.get(kind=kind)


def untouched(outside) -> None:
    folder, _, callers = outside
    assert callers == []
    assert sorted(path.name for path in folder.iterdir()) == ["secret"]
    assert (folder / "secret").read_text() == "hunter2"


@pytest.mark.parametrize("backend", probe.BACKENDS)
def test_what_reaches_for_the_host_gets_nothing(cast, version, walls, outside, monkeypatch, backend):
    """Network, secrets, another's environment, files, a fork bomb; how many succeeded would be its answer."""
    monkeypatch.setenv("SEKISHO_SECRET_KEY", "hunter2")
    walls(backend)
    one = version("grab")
    performance = audited(one, cast.member, "performance")
    assert performance.outcome in ("pass", "inconclusive")
    assert performance.label == "replayed"
    confusion = performance.result["confusion"]
    none = confusion["classes"].index("0")
    assert sum(row[none] for row in confusion["counts"]) == 100, confusion  # every row says: nothing was reached
    if backend == "bubblewrap":
        safety = audited(one, cast.member, "safety")
        imported = [found for scanned in safety.result["loads"]["scanned"] for found in scanned["imports"]]
        assert ("theirs", "Model") in [(found["module"], found["name"]) for found in imported]
    untouched(outside)


@pytest.mark.parametrize(
    ("attack", "backend", "words"),
    [
        ("loop", "util-linux", "seconds"),
        ("short", "bubblewrap", "100"),
        ("segfault", "util-linux", "signal"),
    ],
)
def test_what_does_not_answer_is_not_evaluated_and_the_next_audit_works(
    cast, version, walls, outside, attack, backend, words
):
    walls(backend)
    if attack == "loop":
        limits.configure(Limits(wall_seconds=12.0))
    audit = audited(version(attack), cast.member, "performance")
    assert audit.outcome == "not_evaluated", audit.message
    assert audit.result == {}
    sentence = str(Message.from_json(audit.message))
    assert words in sentence
    assert sentence.endswith(".")
    untouched(outside)
    if attack == "segfault":  # the same worker, another audit, and the next version
        explained = audited(ModelVersion.objects.get(), cast.member, "explanation")
        said = explained if isinstance(explained, Message) else Message.from_json(explained.message)
        assert isinstance(explained, Message) or explained.outcome == "not_evaluated"
        assert words in str(said)
        honest = audited(version("honest"), cast.member, "performance")
        assert (honest.outcome, honest.label) == ("pass", "replayed")


@pytest.mark.parametrize("attack", ["nan", "forged"])
def test_an_answer_that_is_none_is_not_believed(cast, version, walls, outside, attack):
    walls("bubblewrap")
    audit = audited(version(attack), cast.member, "performance")
    if attack == "nan":
        assert audit.outcome in ("not_evaluated", "inconclusive"), audit.message
    else:  # what it wrote beside its answer is not heard: every row was answered with 1
        accuracy = [item["value"] for item in audit.result.get("metrics", ()) if item["name"] == "accuracy"]
        assert audit.outcome == "not_evaluated" or accuracy == [0.49]
    untouched(outside)
