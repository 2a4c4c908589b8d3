"""Random people, faults and clocks: no move without its gates and approvals, one record each, the alias as decided.

`SEKISHO_MACHINE=deep pytest -n 0 tests/governance/machine` looks for as long as `SEKISHO_MACHINE_RUNS` says.
"""

from __future__ import annotations

import os

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from governance.moves import outbox
from tests.governance.machine.acting import BEGIN
from tests.governance.machine.changing import Changing
from tests.governance.machine.moving import Moving
from tests.governance.machine.world import World

DEEP = os.environ.get("SEKISHO_MACHINE") == "deep"
RUNS = int(os.environ.get("SEKISHO_MACHINE_RUNS", "300"))
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "report_multiple_bugs": False}
SHORT = settings(derandomize=True, max_examples=9, stateful_step_count=30, phases=[Phase.generate], **QUIET)
LONG = settings(max_examples=RUNS, stateful_step_count=60, phases=[Phase.generate], **QUIET)


class Machine(Moving, Changing):
    """All rules together."""


@pytest.mark.django_db
def test_the_history_holds_whoever_does_what_and_whatever_fails(monkeypatch):
    running: list[Machine] = []

    def begin() -> Machine:
        running[:] = [Machine(world, clock)]
        return running[0]

    monkeypatch.setattr(outbox, "connect", lambda registry: running[0].connect())
    with time_machine.travel(BEGIN, tick=False) as clock:
        world = World()
        run_state_machine_as_test(begin, settings=LONG if DEEP else SHORT)
