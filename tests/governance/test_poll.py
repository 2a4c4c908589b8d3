"""A poll reads a handful of calls, writes what differs, and never judges what a move is changing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.actions.policies import ensure_default_policy
from governance.findings import open_finding
from governance.mirror import mirror_what_is_due, poll, sync
from governance.models import Finding, ModelVersion, Move, Place, Placement, RegisteredModel, Registry
from governance.polling import RUNS_A_POLL, read_news
from governance.reconcile_rules import MARK, Placed
from governance.registry.errors import NotFound, Unreachable
from governance.registry.records import RemoteModel, RemoteRun, RemoteVersion, moment
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Unavailable
from tests.governance.promotions_made import approved, audited, make_model

pytestmark = pytest.mark.django_db
BORN = 1_700_000_000_000


class Server:
    """A registry in memory that counts what it is asked; `meanwhile` runs after the aliases were read."""

    def __init__(self, *versions: RemoteVersion, aliases=None, runs=()) -> None:
        self.listed = {(v.model, v.version): v for v in versions}
        self.aliases, self.aliases_of = aliases or {}, {}
        self.known = {run.run_id: run for run in runs}
        self.asked: list[str] = []
        self.meanwhile = lambda: None
        self.down_at = ""

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what == self.down_at:
            raise Unreachable(Message("registry.unreachable", {"address": "x", "detail": "down"}))

    def models(self):
        self._ask("models")
        names = {name for name, _number in self.listed}
        found = [RemoteModel(name, aliases=dict(self.aliases_of.get(name, self.aliases))) for name in names]
        self.meanwhile()
        return found

    def versions(self):
        self._ask("versions")
        return list(self.listed.values())

    def latest_versions(self, since: int):
        """Two a page, and whole pages."""
        self._ask("latest")
        rows, found = sorted(self.listed.values(), key=lambda v: -v.updated), []
        for start in range(0, len(rows), 2):
            found += rows[start : start + 2]
            if any(v.updated < since for v in rows[start : start + 2]):
                break
        return found

    def versions_of_runs(self, ids):
        self._ask("versions of runs")
        return [v for v in self.listed.values() if v.run_id in set(ids)]

    def version(self, name, number):
        self._ask("version")
        if found := self.listed.get((name, str(number))):
            return found
        raise NotFound(Message("registry.not_found", {"path": "x", "detail": "gone"}))

    def runs_in(self, ids, experiments):
        self._ask("runs in")
        return {
            one: self.known[one] for one in ids if one in self.known and self.known[one].experiment_id in experiments
        }

    def deleted_runs_in(self, ids, experiments):
        self._ask("deleted runs")
        return {one: run for one, run in self.runs_in(ids, experiments).items() if run.lifecycle == "deleted"}

    def runs(self, ids):
        self._ask("runs")
        return {one: self.known[one] for one in ids if one in self.known}


def version(number: int, updated: int = BORN, model: str = "credit-limit", **more) -> RemoteVersion:
    given = {"run_id": f"r{number}", "created": BORN + number, "updated": updated, "tags": {"team": "crm"}}
    return RemoteVersion(model, str(number), **(given | more))


def run(number: int, **more) -> RemoteRun:
    return RemoteRun(f"r{number}", experiment_id="7", metrics={"auc": 0.9}, **more)


@pytest.fixture
def server():
    return Server(version(1), version(2), runs=[run(1), run(2)])


@pytest.fixture
def placed(cast, server) -> Placement:
    """Version 1 stands in production by a decision, and the server says so."""
    model = make_model(cast)
    sync(model.registry, server)
    first = ModelVersion.objects.select_related("model__team").get(number=1)
    first.artifact_digest = "sha256:files"
    first.save()
    promotion = approved(cast, audited(first))
    Move.objects.update(state="done", done_at=timezone.now() - timedelta(hours=1))
    promotion.state = "done"
    promotion.save()
    server.aliases = {"champion": 1}
    RegisteredModel.objects.update(aliases={"champion": 1})
    server.asked.clear()
    return Placement.objects.create(
        model=model, environment="production", version=first, promotion=promotion, since=timezone.now()
    )


def polled(server) -> list[str]:
    poll(Registry.objects.get(), server)
    return sorted(Finding.objects.open().values_list("kind", flat=True))


def test_a_poll_of_nothing_new_is_three_calls_and_no_write(placed, server):
    polled(server)  # the first one after a sweep moves the watermark
    server.asked.clear()
    with CaptureQueriesContext(connection) as queries:
        assert polled(server) == []
    assert server.asked == ["models", "latest", "runs in"]
    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", 'UPDATE "governance_model', "DELETE"))]
    assert not [sql for sql in written if "deleted_at" not in sql], written


def _newer(server) -> None:
    """So many newer versions that the first one, which stands, is not among the newest that are listed."""
    for number, updated in ((2, 1), (3, 5000), (4, 5000), (5, 5000)):
        server.listed["credit-limit", str(number)] = version(number, updated=BORN + updated)


def test_what_stands_and_is_not_among_the_newest_is_asked_for_by_its_run(placed, server):
    _newer(server)
    polled(server)
    server.asked.clear()
    server.listed["credit-limit", "1"] = version(1, tags={"team": "other"})
    assert polled(server) == ["tag_changed"]
    assert "versions of runs" in server.asked
    assert "version" not in server.asked


def test_a_poll_reads_some_runs_of_many_and_finds_each_that_was_deleted(server):
    runs = {number: run(number) for number in range(1, RUNS_A_POLL + 51)}
    server.known = {one.run_id: one for one in runs.values()}
    server.listed = {("credit-limit", str(number)): version(number) for number in runs}
    stands = [Placed("credit-limit", number, "production", "champion", run_id=f"r{number}") for number in runs]
    assert len(read_news(server, BORN, stands, {"7"}).seen.runs) == RUNS_A_POLL
    for number in (1, 75, RUNS_A_POLL + 50):
        server.known[f"r{number}"] = run(number, lifecycle="deleted")
    seen = read_news(server, BORN, stands, {"7"}).seen.runs
    assert {one for one, found in seen.items() if found.deleted} == {"r1", "r75", f"r{RUNS_A_POLL + 50}"}


def test_a_new_version_is_read_with_its_run(placed, server):
    server.listed["credit-limit", "3"] = version(3, updated=BORN + 5000)
    server.known["r3"] = run(3, user="hara")
    polled(server)
    found = ModelVersion.objects.get(number=3)
    assert (found.author, found.registered_at) == ("hara", moment(BORN + 3))
    assert Job.objects.filter(kind="audit.lineage", subject_id=found.pk).exists()
    assert Registry.objects.get().watermark == BORN + 5000


def test_versions_of_one_millisecond_are_all_read(placed, server):
    """The watermark is of this millisecond already when the others are written."""
    server.listed["credit-limit", "3"] = version(3, updated=BORN + 5000)
    polled(server)
    for number in (4, 5, 6):
        server.listed["credit-limit", str(number)] = version(number, updated=BORN + 5000)
    polled(server)
    assert sorted(ModelVersion.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_a_deleted_and_a_remade_version(placed, server):
    kept = server.listed.pop(("credit-limit", "1"))
    assert polled(server) == ["version_deleted"]
    assert ModelVersion.objects.get(number=1).deleted_at
    server.listed["credit-limit", "1"] = kept
    assert polled(server) == []
    assert not ModelVersion.objects.get(number=1).deleted_at
    server.listed["credit-limit", "1"] = version(1, run_id="r9", updated=BORN + 9000)
    server.known["r9"] = RemoteRun("r9", experiment_id="7")
    assert polled(server) == ["remade"]
    assert Finding.objects.open().get().severity == "critical"
    assert polled(server) == ["remade"], "the mirror holds the new one now, and it is still not what was approved"


def test_a_version_that_is_gone_and_then_made_anew_is_one_matter(placed, server):
    del server.listed["credit-limit", "1"]
    assert polled(server) == ["version_deleted"]
    server.listed["credit-limit", "1"] = version(1, created=BORN + 7777, updated=BORN + 9000)
    assert polled(server) == ["remade"]
    (found,) = Finding.objects.all()
    assert (found.severity, len(found.detail["seen"])) == ("critical", 2)
    assert polled(server) == ["remade"]


def test_a_run_of_an_experiment_that_was_not_known_is_looked_for_before_it_counts_as_gone(placed, server):
    ModelVersion.objects.update(run=None)
    assert polled(server) == []


def test_what_a_registry_does_not_answer_changes_and_accuses_nothing(placed, server):
    _newer(server)
    polled(server)
    for step in ("models", "latest", "versions of runs", "runs in"):
        server.aliases, server.down_at = {"champion": 2}, step
        with pytest.raises(Unavailable):
            polled(server)
        assert RegisteredModel.objects.get().aliases == {"champion": 1}
        assert not Finding.objects.exists()
    server.down_at = ""
    assert polled(server) == ["alias_moved"]


# moves


def ended_now(promotion, number: int) -> None:
    """What the worker of a move does when it records it."""
    Placement.objects.filter(until=None).update(until=timezone.now())
    Move.objects.filter(promotion=promotion).update(state="done", done_at=timezone.now(), replaced=1)
    Placement.objects.create(
        model=promotion.version.model, environment="production", version=promotion.version, promotion=promotion,
        since=timezone.now(),
    )  # fmt: skip
    RegisteredModel.objects.update(aliases={"champion": number})


def test_a_move_that_ends_while_a_poll_reads_is_neither_undone_nor_found(cast, placed, server):
    second = ModelVersion.objects.select_related("model__team").get(number=2)
    second.artifact_digest = "sha256:files"
    second.save()
    promotion = approved(cast, audited(second))
    server.meanwhile = lambda: ended_now(promotion, 2)
    assert polled(server) == []
    assert RegisteredModel.objects.get().aliases == {"champion": 2}, "what was read is older than the move"
    server.meanwhile, server.aliases = lambda: None, {"champion": 2}
    assert polled(server) == []
    server.aliases = {"champion": 7}
    assert polled(server) == ["alias_moved"], "a version that no move names is found at once"


def test_a_move_under_way_explains_its_own_versions_alone(cast, placed, server):
    second = ModelVersion.objects.select_related("model__team").get(number=2)
    second.artifact_digest = "sha256:files"
    second.save()
    promotion = approved(cast, audited(second))
    Move.objects.filter(promotion=promotion).update(state="moving", replaced=1)
    server.aliases = {"champion": 2}
    assert polled(server) == []
    server.aliases = {"champion": 3}
    assert polled(server) == ["alias_moved"]


def test_a_move_that_only_waits_explains_nothing(cast, placed, server):
    second = ModelVersion.objects.select_related("model__team").get(number=2)
    second.artifact_digest = "sha256:files"
    second.save()
    approved(cast, audited(second))
    server.aliases = {"champion": 2}
    assert polled(server) == ["alias_moved"]


# environments that are models of their own


def test_a_version_in_an_environments_own_model_that_no_move_made(cast, placed, server):
    Place.objects.create(
        environment="staging", registry=placed.model.registry, kind="model", name_pattern="prod.{name}"
    )
    mark = uuid.uuid4()
    server.listed["prod.credit-limit", "1"] = version(1, model="prod.credit-limit", tags={MARK: str(mark)})
    server.aliases_of["prod.credit-limit"] = {}
    assert polled(server) == ["stray_version"]
    assert Finding.objects.get().severity == "high"
    target = RegisteredModel.objects.get(name="prod.credit-limit")
    asked = make_promotion(placed.promotion)
    Move.objects.create(
        kind="copy", promotion=asked, model=placed.model, alias="", number=1, target_model=target, tag=mark,
        state="moving", event=uuid.uuid4(),
    )  # fmt: skip
    Finding.objects.all().delete()
    ModelVersion.objects.filter(model=target).delete()
    assert polled(server) == [], "it is being made"
    Move.objects.filter(tag=mark).update(state="done", done_at=timezone.now(), target_number=1)
    assert polled(server) == []
    server.listed["prod.credit-limit", "2"] = version(2, model="prod.credit-limit", updated=BORN + 50)
    assert polled(server) == ["stray_version"]
    assert Finding.objects.get().severity == "high"


def make_promotion(like):
    return type(like).objects.create(version=like.version, environment="staging", policy=like.policy, state="done")


# one finding a thing


def test_a_finding_that_moves_on_keeps_each_state(placed, server):
    for number in (2, 3):
        server.aliases = {"champion": number}
        polled(server)
    (found,) = Finding.objects.all()
    assert [one["found"] for one in found.detail["seen"]] == [2, 3]
    actions = Event.objects.about("finding", found.pk).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["finding.open", "finding.change"]


def test_what_was_accepted_is_not_found_again_unless_it_happens_again(cast, placed, server):
    server.aliases = {"champion": 2}
    polled(server)
    Finding.objects.update(
        state="resolved", resolution="accepted", reason="Fine.", resolved_by=cast.reviewer, resolved_at=timezone.now()
    )
    assert polled(server) == []
    server.aliases = {"champion": 3}
    assert polled(server) == ["alias_moved"], "something else was accepted"
    server.aliases = {"champion": 1}
    assert polled(server) == []
    server.aliases = {"champion": 2}
    assert polled(server) == ["alias_moved"], "it was right in between"


def test_an_alias_that_was_there_before_is_low_and_stays_one(cast, server):
    model = make_model(cast)
    server.aliases = {"champion": 2}
    RegisteredModel.objects.update(aliases={"champion": 2})
    sync(model.registry, server)
    assert polled(server) == ["never_approved"]
    assert Finding.objects.get().severity == "low"
    server.aliases = {"champion": 1}
    polled(server)
    assert Finding.objects.get().severity == "high", "this one was moved under our eyes"


def test_a_long_name_and_a_hostile_one_are_found_as_others_are(cast):
    names = ["x" * 300, "\u202egnp.=cmd|calc!<b>%2e%2e%2f"]
    server = Server(
        *(RemoteVersion(name, "1", run_id="r1", created=BORN, updated=BORN) for name in names), runs=[run(1)]
    )
    make_model(cast)
    registry = Registry.objects.get()
    sync(registry, server)
    server.aliases = {"champion": 1}
    assert polled(server) == ["never_approved", "never_approved"]
    assert polled(server) == ["never_approved", "never_approved"]
    assert Finding.objects.count() == 2


def test_an_unknown_part_of_a_finding_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="person"):
        open_finding(kind="x", key="x", severity="low", title=Message("x"), about={"person": 1})


def test_all_that_a_new_registry_brings_was_there_before(cast, server):
    ensure_default_policy()
    registry = Registry.objects.create(name="new", slug="new", address="http://127.0.0.1:9")
    server.aliases = {"champion": 2}
    sync(registry, server)
    assert Finding.objects.get().severity == "low"


# when


def test_a_poll_is_asked_for_often_and_a_sweep_now_and_then(cast):
    registry = make_model(cast).registry
    now = timezone.now()

    def asked(**fields) -> list[str]:
        Job.objects.all().delete()
        Registry.objects.filter(pk=registry.pk).update(**fields)
        mirror_what_is_due()
        return list(Job.objects.values_list("kind", flat=True))

    assert asked(tried_at=None, swept_at=None) == ["registry.mirror"]
    assert asked(tried_at=now, swept_at=now) == []
    assert asked(tried_at=now - timedelta(seconds=40), swept_at=now) == ["registry.poll"]
    assert asked(tried_at=now - timedelta(seconds=40), swept_at=now - timedelta(hours=2)) == ["registry.mirror"]
    assert asked(enabled=False) == []
