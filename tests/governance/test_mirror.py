"""The mirror: what a registry says is kept as it says it, and nothing of an older version stays on a newer one."""

from __future__ import annotations

import math

import pytest

from governance.mirror import sync
from governance.models import ModelVersion, RegisteredModel
from governance.registry.records import RemoteModel, RemoteRun, RemoteVersion
from portal.jobs.models import Job
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


class Server:
    """What a registry would answer."""

    def __init__(self, *versions: RemoteVersion, runs: tuple[RemoteRun, ...] = (), aliases=None) -> None:
        self.listed, self.known, self.aliases = versions, {run.run_id: run for run in runs}, aliases or {}
        self.asked: list[list[str]] = []

    def models(self):
        return [RemoteModel(name, aliases=self.aliases) for name in {v.model for v in self.listed}]

    def versions(self):
        return list(self.listed)

    def runs(self, ids):
        self.asked.append(list(ids))
        return {one: self.known[one] for one in ids if one in self.known}


def version(number: int = 1, run: str = "r1", created: int = 1_700_000_000_123) -> RemoteVersion:
    return RemoteVersion("credit-limit", str(number), run_id=run, created=created, updated=created)


def test_models_versions_and_runs_are_kept(cast):
    registry = make.make_registry()
    run = RemoteRun("r1", user="ito", metrics={"auc": 0.9})
    found = sync(registry, Server(version(), version(2, "r2"), runs=(run,), aliases={"champion": "2"}))
    assert (found.models, found.versions, len(found.new_versions)) == (1, 2, 2)
    first = ModelVersion.objects.get(number=1)
    assert (first.author, first.run["metrics"]) == ("ito", {"auc": 0.9})
    assert ModelVersion.objects.get(number=2).run is None
    assert RegisteredModel.objects.get().aliases == {"champion": 2}


def test_a_metric_that_is_no_number_keeps_nobody_out(cast):
    """MLflow records NaN and infinity, which JSON cannot write."""
    run = RemoteRun("r1", metrics={"loss": math.nan, "best": math.inf, "auc": 0.9})
    sync(make.make_registry(), Server(version(), runs=(run,)))
    assert ModelVersion.objects.get().run["metrics"] == {"loss": None, "best": None, "auc": 0.9}


def test_a_run_is_read_once(cast):
    server = Server(version(), runs=(RemoteRun("r1"),))
    sync(make.make_registry(), server)
    assert sync(make.make_registry(), server).new_versions == ()
    assert server.asked == [["r1"]]


@pytest.mark.parametrize("again", [version(1, "r9"), version(1, "r1", created=1_800_000_000_000)])
def test_a_version_made_anew_keeps_nothing_of_the_old_one(cast, again):
    """Deleted and registered again under the same number: another run, other files, and audits of its own."""
    registry = make.make_registry()
    sync(registry, Server(version(), runs=(RemoteRun("r1", user="ito"),)))
    model = RegisteredModel.objects.get()
    make.Profile.objects.create(model=model, intended_use="x", population="y")
    ModelVersion.objects.update(artifact_digest="sha256:old", lineage={"old": True})
    found = sync(registry, Server(again, runs=(RemoteRun("r9", user="hara"),)))
    kept = ModelVersion.objects.get()
    assert found.new_versions == (kept.pk,)
    assert (kept.artifact_digest, kept.lineage) == ("", None)
    assert (kept.run_id, kept.author) == (again.run_id, "hara" if again.run_id == "r9" else "")
    assert Job.objects.filter(kind="audit.lineage", subject_id=kept.pk).exists()


def test_what_is_gone_is_marked_and_comes_back(cast):
    registry = make.make_registry()
    both = Server(version(), version(2, ""))
    sync(registry, both)
    assert sync(registry, Server(version())).deleted == 1
    assert [v.number for v in ModelVersion.objects.present()] == [1]
    sync(registry, both)
    assert ModelVersion.objects.present().count() == 2


def test_the_audits_of_a_new_version_are_asked_for_with_it(cast, monkeypatch):
    """Whoever dies in between leaves neither: a version that is known is never asked for again."""
    model = make.make_model(cast.team)
    sync(model.registry, Server(version()))
    assert sorted(Job.objects.values_list("kind", flat=True)) == [
        "audit.explanation",
        "audit.fairness",
        "audit.lineage",
        "audit.performance",
        "audit.safety",
    ]

    def die(**given):
        raise RuntimeError

    monkeypatch.setattr("governance.mirror.asking.request_audits", die)
    with pytest.raises(RuntimeError):
        sync(model.registry, Server(version(), version(2)))
    assert not ModelVersion.objects.filter(number=2).exists()
