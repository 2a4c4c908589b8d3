"""Two things at one moment, in threads of their own; afterwards the history is checked as after every other run."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
import time_machine

from governance.actions import promotions
from governance.actions.groups import remove_member
from governance.actions.policies import publish
from governance.actions.rollback import rollback
from governance.mirror import poll
from governance.models import Decision, GroupMember, Move, Placement, Promotion
from governance.moves import outbox
from portal.accounts.actions import set_roles
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.models import Event
from portal.ledger.signing import checkpoint_now
from tests.governance.evidence_made import fairness
from tests.governance.fake_registry import CALLS
from tests.governance.machine.acting import BEGIN
from tests.governance.machine.mlflow import Line
from tests.governance.machine.watching import Watching
from tests.governance.machine.world import POLICIES, World
from tests.governance.promotions_made import audit
from tests.governance.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MEETING = 0.5  # seconds that one waits for the other at a step; one of them may never come there


class Stage(Watching):
    """A world whose people act at the same moment."""

    def request(self, number: int, who: str = "ito") -> Promotion:
        version = self.world.version(number)
        return promotions.request(version=version, environment="production", by=self.world.person(who))

    def yes(self, promotion: Promotion, who: str, rev: int | None = None) -> Promotion:
        fresh = self.world.promotion(promotion.pk)
        return promotions.approve(promotion=fresh, rev=fresh.rev if rev is None else rev, by=self.world.person(who))

    def approved(self, number: int) -> Promotion:
        """By Sato and by Baba or Ono, who asked for none of them."""
        promotion = self.request(number)
        self.yes(promotion, "sato")
        return self.yes(promotion, "baba")

    def placed(self, number: int) -> Promotion:
        promotion = self.approved(number)
        self.drain()
        return promotion

    def state(self, promotion: Promotion) -> str:
        return Promotion.objects.get(pk=promotion.pk).state

    def lines_that_meet(self, call: str, number: int = 2) -> None:
        """The next workers wait for each other before a step."""
        barrier = threading.Barrier(number)

        def meet() -> None:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(MEETING)

        self.lines = [Line(self.server, before={call: meet}) for _ in range(number)]


@pytest.fixture
def stage(monkeypatch):
    made = Stage()
    monkeypatch.setattr(outbox, "connect", lambda registry: made.connect())
    with time_machine.travel(BEGIN, tick=False) as clock:
        made.watch(World(), clock)
        yield made
        made.bring_to_an_end()


def test_two_people_give_the_last_yes(stage):
    promotion = stage.request(1)
    stage.yes(promotion, "sato")
    rev = stage.world.promotion(promotion.pk).rev
    done = at_once(*(lambda who=who: stage.yes(promotion, who, rev) for who in ("abe", "baba", "ono")))
    assert done.count("done") == 1
    assert Decision.objects.filter(promotion=promotion).count() == 2
    assert Move.objects.count() == Job.objects.filter(kind="move.run").count() == 1


def test_one_person_says_yes_in_two_windows(stage):
    promotion = stage.request(1)
    done = at_once(*[lambda: stage.yes(promotion, "sato", 1)] * 3)
    assert done.count("done") == 1
    assert Event.objects.filter(action="promotion.approve").count() == 1


def test_the_last_yes_while_it_is_withdrawn_or_refused(stage):
    promotion = stage.request(1)
    stage.yes(promotion, "sato")
    rev = stage.world.promotion(promotion.pk).rev
    asked, refuser = stage.world.person("ito"), stage.world.person("kato")
    done = at_once(
        lambda: stage.yes(promotion, "baba", rev),
        lambda: promotions.withdraw(promotion=stage.world.promotion(promotion.pk), by=asked),
        lambda: promotions.refuse(promotion=stage.world.promotion(promotion.pk), rev=rev, reason="No.", by=refuser),
    )
    assert done.count("done") == 1
    assert stage.state(promotion) == ("approved", "withdrawn", "refused")[done.index("done")]


def test_two_requests_for_one_version(stage):
    done = at_once(*(lambda who=who: stage.request(1, who) for who in ("ito", "ono", "suzuki")))
    assert done.count("done") == 1
    assert Promotion.objects.count() == 1


def test_the_last_yes_while_its_ground_goes(stage):
    """Evidence, rules, a role and the yes itself at one moment: what was approved is not moved on other grounds."""
    promotion = stage.request(1)
    stage.yes(promotion, "sato")
    rev = stage.world.promotion(promotion.pk).rev
    admin, sato = stage.world.person("mori"), stage.world.person("sato")
    roles = {"is_administrator": False, "is_auditor": False, "is_reviewer": False}
    done = at_once(
        lambda: stage.yes(promotion, "baba", rev),
        lambda: audit(stage.world.version(1), "fairness", fairness(0.2, 0.15, 0.3)),
        lambda: publish(text=POLICIES[2].text, by=None),
        lambda: set_roles(user=sato, by=admin, **roles),
    )
    assert done[1:] == ["done"] * 3
    stage.drain()
    assert stage.state(promotion) == "open"
    assert stage.server.log == []


@pytest.mark.parametrize("call", CALLS)
def test_two_workers_make_one_move(stage, call):
    promotion = stage.approved(1)
    move = Move.objects.get()
    jobs = [Job.objects.get(kind="move.run").pk, Job.objects.create(kind="move.run", params={"move": move.pk}).pk]
    stage.lines_that_meet(call)
    at_once(*(lambda job=job: run_job(job) for job in jobs))
    stage.drain()
    assert stage.state(promotion) == "done"
    assert Event.objects.filter(action="promotion.moved").count() == Placement.objects.count() == 1
    assert {one.number for one in stage.server.log} == {"1"}


@pytest.mark.parametrize("call", ["version", "set_alias"])
def test_two_versions_race_for_one_alias(stage, call):
    """The later approved stands there in the end, and both are on record."""
    first, second = stage.approved(1), stage.approved(2)
    stage.lines_that_meet(call)
    jobs = stage.move_jobs()
    at_once(*(lambda job=job: run_job(job) for job in reversed(jobs)))
    stage.drain()
    assert stage.server.aliases["champion"] == "2"
    assert stage.state(second) == "done"
    assert stage.state(first) in ("done", "overtaken")


def test_a_poll_while_two_workers_move_and_the_log_is_signed(stage):
    stage.placed(1)
    second = stage.approved(2)
    [job] = stage.move_jobs()
    registry = stage.world.model.registry
    at_once(lambda: run_job(job), lambda: poll(registry, stage.server), checkpoint_now, checkpoint_now)
    stage.drain()
    assert stage.state(second) == "done"


def test_a_way_back_while_another_version_is_let_in(stage):
    stage.placed(1)
    stage.placed(2)
    third = stage.request(3)
    stage.yes(third, "sato")
    rev, asks = stage.world.promotion(third.pk).rev, stage.world.person("ono")

    def back() -> Promotion:
        return rollback(version=stage.world.version(1), environment="production", reason="Wrong.", by=asks)

    assert at_once(lambda: stage.yes(third, "baba", rev), back) == ["done", "done"]
    stage.drain()
    last = max(Move.objects.filter(state="done"), key=lambda move: Event.objects.get(uuid=move.event).seq)
    assert stage.server.aliases["champion"] == str(last.number)


def test_a_member_leaves_while_the_worker_is_on_its_way(stage):
    """Who lost the role before the worker looked has not approved; after it, the move is as it was decided."""
    promotion = stage.approved(1)
    [job], member = stage.move_jobs(), GroupMember.objects.get(user=stage.world.people["baba"], group__key="model-risk")
    admin = stage.world.person("mori")
    stage.server.witness = lambda alias, number: Move.objects.get(state="moving").pk  # either order is right here
    assert at_once(lambda: run_job(job), lambda: remove_member(member=member, by=admin))[1] == "done"
    stage.drain()
    assert stage.state(promotion) in ("done", "open")
    assert len(stage.server.log) == (stage.state(promotion) == "done")
