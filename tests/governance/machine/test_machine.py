"""Random people, faults and clocks: no move without its gates and approvals, one record each, the alias as decided.

`SEKISHO_MACHINE=deep pytest -n 0 tests/governance/machine` looks for as long as `SEKISHO_MACHINE_RUNS` says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from governance.models import Move
from governance.moves import outbox
from tests.governance.machine.acting import BEGIN
from tests.governance.machine.provoking import GROUNDS, Provoking
from tests.governance.machine.world import POLICIES, WITH_A_WINDOW, World

DEEP = os.environ.get("SEKISHO_MACHINE") == "deep"
RUNS = int(os.environ.get("SEKISHO_MACHINE_RUNS", "300"))
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "report_multiple_bugs": False}
SHORT = settings(derandomize=True, max_examples=7, stateful_step_count=30, phases=[Phase.generate], **QUIET)
LONG = settings(max_examples=RUNS, stateful_step_count=60, phases=[Phase.generate], **QUIET)


TWO_OF_A_GROUP = POLICIES[1]


@pytest.fixture
def begin(db, monkeypatch) -> Iterator[Callable[[], Provoking]]:
    """What begins a run of the machine, in a world that is made once."""
    running: list[Provoking] = []

    def run() -> Provoking:
        running[:] = [Provoking(world, clock)]
        return running[0]

    monkeypatch.setattr(outbox, "connect", lambda registry: running[0].connect())
    with time_machine.travel(BEGIN, tick=False) as clock:
        world = World()
        yield run


@pytest.mark.django_db
def test_the_history_holds_whoever_does_what_and_whatever_fails(begin):
    run_state_machine_as_test(begin, settings=LONG if DEEP else SHORT)


@pytest.mark.django_db
def test_what_is_tried_on_purpose_comes_to_nothing(begin):
    """Chance may pass by these; here each is met once."""
    tried: list[tuple[str, Callable[[Provoking], object]]] = [
        *(("approved", lambda machine, what=what: machine.take_the_ground(0, what)) for what in GROUNDS),
        *(("approved", lambda machine, at=at: machine.two_workers(0, at, False)) for at in (26, 42, 74)),
        ("approved", lambda machine: machine.work_on_a_deaf_server(0)),
        ("approved", both_go),
        ("asked", shut_and_alone),
        ("asked", lambda machine: machine.a_waiver_ends(0)),
        ("asked", lambda machine: machine.the_wrong_ones_try(0)),
        ("replaced", lambda machine: machine.a_hand_is_seen(1)),
        ("waiting", the_later_one_was_faster),
    ]
    for stage, provoke in tried:
        machine = begin()
        content, stage = (WITH_A_WINDOW, "approved") if stage == "waiting" else (TWO_OF_A_GROUP, stage)
        try:
            machine.open_the_scene(content, 1, 1, "production", stage, "ono")
            provoke(machine)
            machine.nothing_was_caught()
            machine.the_history_adds_up()
        finally:
            machine.teardown()


def shut_and_alone(machine: Provoking) -> None:
    machine.a_shut_gate_is_tried(0, "apart")
    machine.one_alone_breaks_the_glass(0)


def the_later_one_was_faster(machine: Provoking) -> None:
    """One waits for its window, another goes in an emergency meanwhile: what waited sets nothing any more."""
    machine.everybody_works()
    assert Move.objects.get().state == "waiting"
    machine.pass_in_an_emergency(0, "baba", "chiba")
    machine.the_newest_goes_first()
    assert machine.server.aliases["champion"] == "2"
    machine.clock.shift(timedelta(days=1))
    machine.everybody_works()
    assert machine.server.aliases["champion"] == "2"
    assert sorted(Move.objects.values_list("state", flat=True)) == ["done", "overtaken"]


def both_go(machine: Provoking) -> None:
    """Two are approved for one alias, and the worker of the later one is the faster."""
    machine.all_approve(0, ["sato", "kato", "baba", "abe", "ono"])
    machine.the_newest_goes_first()
    machine.the_newest_goes_first()
