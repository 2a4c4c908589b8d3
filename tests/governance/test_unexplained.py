"""What nobody decided is found within one poll of a real MLflow server, and ends when it is right again."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone

from governance.actions.policies import ensure_default_policy
from governance.connections import connect
from governance.jobs_findings import ask_for_check, check_what_is_due
from governance.mirror import poll, sync
from governance.models import Finding, ModelVersion, Placement, Profile, RegisteredModel, Registry
from portal.jobs.models import Job
from portal.jobs.runner import drain
from portal.ledger.models import Event
from tests.governance.promotions_made import approved, audited
from tests.governance.registered import plain_client
from tests.mlflow_server import mlflow_server  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]
BEGIN = (
    "import sys, warnings; warnings.simplefilter('ignore'); from mlflow import MlflowClient; "
    "client = MlflowClient(sys.argv[1], sys.argv[1]); name = sys.argv[2]; "
)
MAKE = (
    BEGIN + "run = client.create_run(client.create_experiment(name)).info; "
    "client.log_metric(run.run_id, 'auc', 0.9); client.set_terminated(run.run_id); "
    "client.create_registered_model(name); "
    "[client.log_text(run.run_id, f'artifact_path: model {n}', f'model{n}/MLmodel') for n in '12']; "
    "[client.create_model_version(name, f'{run.artifact_uri}/model{n}', run.run_id, tags={'team': 'crm'}) "
    "for n in '12']; print(run.run_id)"
)
numbers = iter(range(1, 1000))


class Live:
    """A model of which version 1 was promoted to production in the server."""

    def __init__(self, cast, server) -> None:
        self.server, self.name = server, f"watched-{next(numbers)}"
        self.run = plain_client(MAKE, self.name).split()[-1]
        ensure_default_policy()
        self.registry = Registry.objects.create(name="real", slug="real", address=server.address)
        sync(self.registry, connect(self.registry))
        self.model = RegisteredModel.objects.get(name=self.name)
        RegisteredModel.objects.filter(pk=self.model.pk).update(team=cast.team)
        Profile.objects.create(model=self.model, intended_use="x", population="y", risk="high")
        version = ModelVersion.objects.select_related("model__team").get(model=self.model, number=1)
        version.artifact_digest = connect(self.registry).model_files(self.name, 1).digest
        version.save()
        self.promotion = approved(cast, audited(version))
        drain()
        self.promotion.refresh_from_db()
        assert self.promotion.state == "done"

    def do(self, program: str) -> None:
        plain_client(BEGIN + program, self.name)

    @property
    def findings(self):
        """Those of this model: the server holds others', with aliases that nobody approved here."""
        return Finding.objects.filter(model=self.model)

    @property
    def kinds(self) -> list[str]:
        """The kinds of open findings."""
        return sorted(self.findings.open().values_list("kind", flat=True))

    def poll(self) -> list[str]:
        """The kinds of open findings after one poll."""
        self.registry.refresh_from_db()
        poll(self.registry, connect(self.registry))
        return self.kinds


@pytest.fixture
def live(cast, mlflow_server):  # noqa: F811
    return Live(cast, mlflow_server)


def test_an_alias_moved_and_moved_back(live):
    assert live.poll() == []
    live.do("client.set_registered_model_alias(name, 'champion', '2')")
    assert live.poll() == ["alias_moved"]
    found = live.findings.get()
    assert (found.severity, found.detail["expected"], found.detail["found"]) == ("high", 1, 2)
    assert (found.environment, found.version.number, found.team_id) == ("production", 2, live.promotion.team_id)
    assert Event.objects.get(uuid=found.event).action == "finding.open"
    assert live.poll() == ["alias_moved"]
    assert live.findings.count() == 1
    live.do("client.set_registered_model_alias(name, 'champion', '1')")
    assert live.poll() == []
    found.refresh_from_db()
    assert (found.state, found.resolution, found.resolved_by) == ("resolved", "ended", None)


def test_an_alias_removed_and_one_that_nobody_approved(live):
    live.do("client.delete_registered_model_alias(name, 'champion')")
    live.do("client.set_registered_model_alias(name, 'staging', '2')")
    assert live.poll() == ["alias_removed", "never_approved"]
    assert set(live.findings.values_list("severity", flat=True)) == {"high"}


def test_a_deleted_version_and_a_tag(live):
    live.do("client.set_model_version_tag(name, '1', 'team', 'other')")
    assert live.poll() == ["tag_changed"]
    assert live.poll() == ["tag_changed"]  # although the mirror holds the new value by now
    live.do("client.set_model_version_tag(name, '1', 'team', 'crm')")
    assert live.poll() == []
    live.do("client.delete_model_version(name, '1')")
    assert live.poll() == ["alias_removed", "version_deleted"]


def test_a_run_that_is_changed_and_deleted(live):
    live.do(f"client.log_metric('{live.run}', 'auc', 0.99)")
    assert live.poll() == ["run_changed"]
    assert live.poll() == ["run_changed"]
    live.do(f"client.delete_run('{live.run}')")
    assert live.poll() == ["run_changed", "run_deleted"]
    live.do(f"client.restore_run('{live.run}')")
    assert live.poll() == ["run_changed"]


def test_sql_behind_the_servers_back(live):
    """No API was called, so nothing could have refused it."""
    database = sqlite3.connect(live.server.home / "mlflow.db", timeout=30)
    with database:
        database.execute(
            "UPDATE registered_model_aliases SET version = 2 WHERE name = ? AND alias = 'champion'", [live.name]
        )
    database.close()
    assert live.poll() == ["alias_moved"]


def test_a_model_with_a_new_name_and_one_that_is_gone(live):
    live.do("client.rename_registered_model(name, name + '-new')")
    assert live.poll() == ["model_renamed"]
    assert live.findings.get(kind="model_renamed").detail["found"] == f"{live.name}-new"
    live.do("client.delete_registered_model(name + '-new')")
    assert live.poll() == ["model_deleted"]


def test_a_sweep_finds_the_same(live):
    live.do("client.set_registered_model_alias(name, 'champion', '2'); client.delete_model_version(name, '1')")
    sync(live.registry, connect(live.registry))
    assert live.kinds == ["alias_moved", "version_deleted"]


def test_files_that_are_overwritten_at_the_artifact_store(live):
    """`PUT` on the artifact store passes every hook of MLflow's registry; the next check of the bytes finds it."""
    place = live.promotion.placement

    def check() -> list[str]:
        ask_for_check(placement=place)
        drain()
        return live.kinds

    assert check() == []
    version = ModelVersion.objects.get(model=live.model, number=1)
    path = version.source.partition(":/")[2].lstrip("/") + "/MLmodel"
    address = f"{live.server.address}/api/2.0/mlflow-artifacts/artifacts/{path}"

    def put(text: str) -> None:
        with urlopen(Request(address, text.encode(), method="PUT")) as answer:
            assert answer.status == 200

    put("artifact_path: something else")
    assert live.poll() == []
    assert check() == ["artifact_changed"]
    found = live.findings.get()
    assert (found.severity, found.detail["expected"]) == ("critical", live.promotion.bound["artifact"])
    put("artifact_path: model 1")
    assert check() == []


def test_a_registry_that_is_down_is_not_a_file_that_is_unchanged(live):
    place = live.promotion.placement
    Placement.objects.update(since=timezone.now() - timedelta(days=3))
    Registry.objects.update(address="http://127.0.0.1:9")
    assert check_what_is_due() == 1
    drain()
    assert Job.objects.about("placement", place.pk).get().state == "failed"
    assert not live.findings.exists()
    assert check_what_is_due() == 1, "it is asked for again"
    Registry.objects.update(address=live.server.address)
    drain()
    assert check_what_is_due() == 0
