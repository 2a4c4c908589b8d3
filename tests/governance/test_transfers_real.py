"""An environment in another registry, with two real MLflow servers, of which the second has the gate."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from governance.actions.places import set_place
from governance.actions.rollback import rollback
from governance.connections import connect
from governance.mirror import sync
from governance.models import Finding, MintedToken, ModelVersion, RegisteredModel, Registry
from governance.moves import alias as alias_of_moves
from governance.registry import Denied, local_tree
from portal.jobs.models import Job
from portal.jobs.runner import drain, run_job
from portal.ledger import keyring
from tests.gate.servers import GateServer
from tests.gate.test_tokens import PRIVATE
from tests.governance.fake_registry import Killed
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.registered import plain_client
from tests.mlflow_server import mlflow_server  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]
SLUG = "mlflow-production"
TRAIN = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_registry_uri(sys.argv[1])
mlflow.set_experiment("transfers")
x = np.array([[0.0], [1.0], [2.0], [3.0]])
for number in (1, 2):
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.9)
        mlflow.sklearn.log_model(
            LogisticRegression(C=number).fit(x, [0, 0, 1, 1]), name="model", input_example=x[:1],
            registered_model_name=sys.argv[2], serialization_format="cloudpickle",
            pip_requirements=["scikit-learn", "cloudpickle"],  # else MLflow starts a process to find them out
        )
"""
LOAD = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy
from mlflow import MlflowClient
target, name = sys.argv[2], sys.argv[3]
client = MlflowClient(target, target)
version = client.get_model_version_by_alias(name, "champion")
mlflow.set_tracking_uri(target); mlflow.set_registry_uri(target)
model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
run = client.get_run(version.run_id)
print(json.dumps({
    "version": version.version, "tags": version.tags,
    "answers": [int(answer) for answer in model.predict(numpy.array([[0.0], [3.0]]))],
    "run": {"status": run.info.status, "tags": run.data.tags},
    "all": [one.version for one in client.search_model_versions(f"name = '{name}'")],
}))
"""
NAMES = (f"carried-{number}" for number in range(9))


@pytest.fixture(scope="module")
def target_server(tmp_path_factory):
    server = GateServer(
        tmp_path_factory.mktemp("production"),
        SEKISHO_SERVER=SLUG,
        SEKISHO_ENVIRONMENT_MODELS="prod.*",
        SEKISHO_GOVERNED_ALIASES="champion",
    )
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def target(db, target_server, monkeypatch) -> Registry:
    """The other registry as the portal knows it; the ledger's key is the one that its gate knows."""
    monkeypatch.setattr(keyring, "secrets", SimpleNamespace(token_bytes=lambda size: PRIVATE))
    registry = Registry.objects.create(name="Production", slug=SLUG, address=target_server.address)
    sync(registry, connect(registry))
    Registry.objects.filter(pk=registry.pk).update(synced_at=registry.created_at)
    registry.refresh_from_db()
    return registry


@pytest.fixture
def model(cast, mlflow_server, target):  # noqa: F811
    """A model with two versions as MLflow 3 logs them, whose production lies in the other registry."""
    name = next(NAMES)
    plain_client(TRAIN, name)
    made = make_model(cast, name, mlflow_server.address)
    set_place(
        registry=made.registry, environment="production", kind="registry", target=target,
        name_pattern="prod.{name}", by=cast.admin,
    )  # fmt: skip
    return made


@pytest.fixture
def version(model):
    def make(number: int = 1) -> ModelVersion:
        remote = connect(model.registry)
        run = remote.version(model.name, number).run_id
        files = remote.model_files(model.name, number).digest
        made = make_version(model, number, files)
        made.run_id = run
        made.save()
        return audited(made)

    return make


def again(promotion) -> None:
    """Run the next try of a promotion's move now."""
    job = Job.objects.active().about("promotion", promotion.pk).get()
    Job.objects.filter(pk=job.pk).update(not_before=None, state="queued")
    run_job(job.pk)
    promotion.refresh_from_db()
    promotion.move.refresh_from_db()


def seen_by_plain_client(target: Registry, name: str) -> dict:
    return json.loads(plain_client(LOAD, target.address, name).strip().splitlines()[-1])


def about(model) -> list[Finding]:
    """The open findings; the server keeps what other tests left there."""
    return list(Finding.objects.open().filter(model=model).select_related("registry", "model"))


def test_a_version_is_promoted_over_the_line(cast, model, version, target, tmp_path):
    one, two = version(1), version(2)
    promotion = approved(cast, one)
    drain()
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.kind, promotion.move.target_number) == ("done", "transfer", 1)

    there = f"prod.{model.name}"
    found = seen_by_plain_client(target, there)
    assert (found["version"], found["answers"], found["all"]) == ("1", [0, 1], ["1"])
    assert found["tags"] == {
        "sekisho.move": str(promotion.move.tag),
        "sekisho.source.registry": model.registry.slug,
        "sekisho.source.model": model.name,
        "sekisho.source.version": "1",
        "sekisho.source.run": one.run_id,
        "sekisho.digest": one.artifact_digest,
        "sekisho.promotion": str(promotion.pk),
    }
    assert found["run"]["status"] == "FINISHED"
    assert found["run"]["tags"].items() >= found["tags"].items()
    assert connect(model.registry).get_alias(model.name, "champion") is None

    for registry, name, folder in ((model.registry, model.name, "here"), (target, there, "there")):
        (tmp_path / folder).mkdir()
        connect(registry).download(name, 1, tmp_path / folder)
    assert local_tree(tmp_path / "here") == local_tree(tmp_path / "there")

    # The gate there saw one token for the version and one for the alias; without one it lets nothing through.
    used = MintedToken.objects.filter(registry=target).order_by("minted_at").values_list("action", "model", "alias")
    assert list(used) == [("version.create", there, ""), ("alias.set", there, "champion")]
    with pytest.raises(Denied):
        connect(target).set_alias(there, "champion", 1)

    # Nothing of it looks strange to sweeps of either server.
    for registry in (model.registry, target):
        sync(registry, connect(registry))
        sync(registry, connect(registry))
    row = RegisteredModel.objects.get(name=there)
    assert (row.registry, row.origin, row.aliases, row.deleted_at) == (target, model, {"champion": 1}, None)
    assert row.versions.get().copied_from == one
    assert about(model) == []

    second = approved(cast, two)
    drain()
    assert seen_by_plain_client(target, there)["version"] == "2"
    back = rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member)
    drain()
    back.refresh_from_db()
    second.refresh_from_db()
    found = seen_by_plain_client(target, there)
    assert (back.state, second.state, found["version"], sorted(found["all"])) == ("done", "done", "1", ["1", "2"])


@pytest.mark.parametrize("step", ["put_files", "create_version", "set_alias"])
def test_a_worker_that_dies_on_the_way_leaves_one_version(cast, model, version, target, monkeypatch, step):
    from governance.registry import Connection

    promotion = approved(cast, version(1))
    real = getattr(Connection, step)

    def dying(self, *args, **more):
        real(self, *args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Connection, step, dying)
        with pytest.raises(Killed):
            again(promotion)
    sent = []
    put = Connection.put_files
    monkeypatch.setattr(Connection, "put_files", lambda *args: sent.append(put(*args)))
    again(promotion)
    assert (promotion.state, promotion.move.target_number) == ("done", 1)
    assert sent == [], "what was there already is not sent again"
    found = seen_by_plain_client(target, f"prod.{model.name}")
    assert (found["version"], found["all"]) == ("1", ["1"])


def test_files_that_changed_after_the_approval_do_not_go(cast, model, version, target, mlflow_server):  # noqa: F811
    """Also where they change after the first look, so that only what was downloaded tells."""
    promotion = approved(cast, version(1))
    (path,) = (mlflow_server.home / "artifacts").rglob(f"{_logged(model)}/artifacts/requirements.txt")
    real, looked = alias_of_moves.take, []

    def tampering(move, found):
        real(move, found)
        looked.append(path.write_text(path.read_text() + "evil==1\n"))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(alias_of_moves, "take", tampering)
        again(promotion)
    assert looked
    assert (promotion.state, promotion.move.error["code"]) == ("open", "move.changed")
    assert connect(target).marked(f"prod.{model.name}", "sekisho.move", str(promotion.move.tag)) == []


def test_an_alias_that_moves_by_hand_there_is_found(cast, model, version, target, target_server):
    for number in (1, 2):
        approved(cast, version(number))
        drain()
    there = f"prod.{model.name}"
    sync(target, connect(target))
    import sqlite3

    with sqlite3.connect(target_server.database) as database:  # round the gate
        database.execute("UPDATE registered_model_aliases SET version = 1 WHERE name = ?", [there])
    sync(target, connect(target))
    (finding,) = about(model)
    assert (finding.kind, finding.model, finding.registry) == ("alias_moved", model, target)


def _logged(model) -> str:
    return connect(model.registry).version(model.name, 1).model_id
