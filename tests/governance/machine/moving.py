"""Rules of the machine: workers that meet faults, die and wake, the mirror, and hands at the server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager, suppress

from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from governance import moves
from governance.actions.policies import publish
from governance.mirror import poll
from governance.models import Finding, Move, Placement
from portal.jobs.models import Job
from portal.jobs.runner import reap, run_job
from portal.ledger.signing import checkpoint_now
from portal.web.errors import Unavailable
from tests.governance.fake_registry import CALLS, FAULTS, Killed
from tests.governance.machine import history
from tests.governance.machine.acting import Acting
from tests.governance.machine.deciding import Deciding, environments, numbers, which
from tests.governance.machine.mlflow import Line
from tests.governance.machine.watching import LONG_AGO
from tests.governance.machine.world import ALIASES, POLICIES, Content, now

aliases = st.sampled_from(list(ALIASES.values()))


@contextmanager
def at_statement(machine: Acting, number: int, act: Callable[[], object], *, between: bool = False):
    """Act once before the worker sends its statement of a number; `between` two transactions only."""
    depth, seen, done = len(connection.savepoint_ids), 0, False

    def wrapper(execute, sql, params, many, context):
        nonlocal seen, done
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")) and not machine.judging:
            seen += 1
            if not done and seen >= number and (not between or len(connection.savepoint_ids) == depth):
                done = True
                act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def die() -> None:
    raise Killed


def waits(machine: Acting) -> bool:
    return Job.objects.filter(kind="move.run", state="queued").exists()


def placed(machine: Acting) -> bool:
    return Placement.objects.filter(until=None).exists()


class Moving(Deciding):
    """The outbox at work."""

    @initialize(
        content=st.sampled_from(POLICIES),
        first=numbers,
        more=st.integers(1, 2),
        where=environments,
        stage=st.sampled_from(["asked", "approved", "placed", "replaced", "replaced"]),
        second=st.sampled_from(["suzuki", "ono"]),
    )
    def open_the_scene(self, content: Content, first: int, more: int, where: str, stage: str, second: str) -> None:
        """Something is under way from the beginning: asked for, approved, in place, or replaced already."""
        publish(text=content.text, by=None)
        self.request("ito", first, where)
        if stage != "asked":
            self.all_approve(0, ["baba", "sato", "kato", "abe", "ono"])
        if stage in ("placed", "replaced"):
            self.work(0)
        self.request(second, (first + more - 1) % 3 + 1, where)
        if stage == "replaced":
            self.all_approve(0, ["baba", "sato", "kato", "abe", "ono"])
            self.work(0)

    def job(self, number: int) -> int | None:
        jobs = self.move_jobs()
        return jobs[number % len(jobs)] if jobs else None

    @precondition(waits)
    @rule(number=which)
    def work(self, number: int) -> None:
        if job := self.job(number):
            self.later()
            run_job(job)

    @precondition(waits)
    @rule(number=which)
    def keep_working(self, number: int) -> None:
        self.work(number)

    @precondition(waits)
    @rule(number=which, call=st.sampled_from(CALLS), after=st.booleans(), fault=st.sampled_from(list(FAULTS)))
    def work_with_a_fault(self, number: int, call: str, after: bool, fault: str) -> None:
        """The server fails at a step, before it did what was asked or after."""
        if job := self.job(number):
            self.later()
            self.lines = [Line(self.server, **{"after" if after else "before": {call: FAULTS[fault]}})]
            run_job(job)
            self.lines = []

    @precondition(waits)
    @rule(number=which, call=st.sampled_from(CALLS), after=st.booleans())
    def work_and_die_at_a_call(self, number: int, call: str, after: bool) -> None:
        if job := self.job(number):
            self.later()
            self.lines = [Line(self.server, **{"after" if after else "before": {call: Killed()}})]
            self.run_to_death(job)

    @precondition(waits)
    @rule(number=which, statement=st.integers(1, 90))
    def work_and_die_at_a_statement(self, number: int, statement: int) -> None:
        if job := self.job(number):
            self.later()
            with at_statement(self, statement, die):
                self.run_to_death(job)

    def run_to_death(self, job: int) -> None:
        with suppress(Killed):
            run_job(job)
        self.lines = []

    @precondition(waits)
    @rule(number=which, statement=st.integers(1, 90), dies=st.booleans())
    def two_workers(self, number: int, statement: int, dies: bool) -> None:
        """The first stops somewhere, another takes over and brings it to its end or dies too, the first wakes up."""
        job = self.job(number)
        if job is None:
            return
        self.later()
        move = Job.objects.get(pk=job).params["move"]

        def meanwhile() -> None:
            other = Job.objects.create(kind="move.run", params={"move": move}).pk
            if dies:
                self.lines = [Line(self.server, after={"set_alias": Killed()})]
            self.run_to_death(other)
            for waiting in self.move_jobs():
                run_job(waiting)

        with at_statement(self, statement, meanwhile, between=True):
            self.run_to_death(job)

    @rule()
    def leases_run_out(self) -> None:
        Job.objects.filter(kind="move.run", state="running").update(lease_until=LONG_AGO)
        reap()

    @rule()
    def jobs_are_lost(self) -> None:
        """The queue's own storage is gone: the outbox is still there."""
        Job.objects.active().filter(kind="move.run").update(state="failed", lease_until=None, ended_at=now())
        self.call_for_moves()

    @rule()
    def call_for_moves(self) -> None:
        moves.watch()

    @rule()
    def sign_log(self) -> None:
        checkpoint_now()

    # -- at the server ---------------------------------------------------------------------------------------------

    @rule(down=st.sampled_from(["", "", "", "models", "latest", "runs in"]))
    def look(self, down: str) -> None:
        """A poll: it finds what no decision explains, or it fails and accuses nobody."""
        self.later()
        known = set(Finding.objects.open().values_list("pk", flat=True))
        self.server.down_at = down
        try:
            poll(self.world.model.registry, self.server)
        except Unavailable:
            assert set(Finding.objects.open().values_list("pk", flat=True)) == known
        else:
            assert not (wrong := history.alias_differs(self.world, self.server)), wrong
            assert Move.objects.filter(kind="restore", state__in=("waiting", "moving")).count() <= len(ALIASES)
        self.server.down_at = ""

    @rule(alias=aliases, number=st.sampled_from([1, 2, 3, None]))
    def a_hand_moves_the_alias(self, alias: str, number: int | None) -> None:
        if number is None or number in self.server.numbers:
            self.server.by_hand(alias, number)

    @precondition(placed)
    @rule(more=st.integers(0, 2))
    def a_hand_is_seen(self, more: int) -> None:
        """The alias of what stands somewhere names another version, and the next poll sees it."""
        place = Placement.objects.filter(until=None).order_by("pk").last()
        self.a_hand_moves_the_alias(ALIASES[place.environment], (place.version.number + more - 1) % 3 + 1)
        self.look("")

    @rule(number=numbers)
    def a_version_goes_or_comes_back(self, number: int) -> None:
        if number in self.server.numbers:
            if len(self.server.numbers) > 1:  # a model is not listed without any
                self.server.delete(number)
        else:
            self.server.make_again(number)
