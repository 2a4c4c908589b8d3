"""Tokens work once, whatever worker they come to."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from governance.mlflow_gate.spent import UNDER_WAY, Spent
from governance.mlflow_gate.tokens import Change, Refused
from tests.gate.test_tokens import GRANT

CHANGE = Change("alias.set", "churn", "champion", "12", "14")


def try_one(folder: Path, grant) -> str:
    try:
        Spent(folder).spend(grant, CHANGE)
    except Refused as refusal:
        return refusal.code
    return "taken"


def try_all(folder: Path, count: int, same: bool, start, queue) -> None:
    grants = [replace(GRANT, jti=str(uuid.UUID(int=n) if same else uuid.uuid4())) for n in range(count)]
    start.wait()
    queue.put(json.dumps([try_one(folder, grant) for grant in grants]))


def race(folder: Path, *, same: bool, count: int) -> list[str]:
    """Eight processes that take tokens for one change at the same moment."""
    context = multiprocessing.get_context("spawn")
    start, queue = context.Event(), context.Queue()
    workers = [context.Process(target=try_all, args=(folder, count, same, start, queue)) for _ in range(8)]
    for worker in workers:
        worker.start()
    start.set()
    results = [code for _ in workers for code in json.loads(queue.get(timeout=60))]
    for worker in workers:
        worker.join(10)
    return results


def test_one_of_many_workers_takes_a_token(tmp_path):
    results = race(tmp_path, same=True, count=1)
    assert sorted(results) == ["taken", *["used"] * 7]


def test_two_tokens_for_one_alias_are_not_under_way_at_once(tmp_path):
    results = race(tmp_path, same=False, count=3)
    assert sorted(results) == ["taken", *["under-way"] * 23]


def test_a_change_that_ended_makes_room_for_the_next(tmp_path):
    spent = Spent(tmp_path)
    spent.spend(GRANT, CHANGE)
    other = replace(GRANT, jti=str(uuid.uuid4()))
    assert try_one(tmp_path, other) == "under-way"
    spent.spend(replace(GRANT, jti=str(uuid.uuid4())), replace(CHANGE, model="fraud"))
    spent.finish(GRANT.jti, 200)
    assert try_one(tmp_path, GRANT) == "used"
    assert try_one(tmp_path, other) == "taken"
    assert [(use["jti"], use["status"]) for use in spent.latest(9)][::2] == [(other.jti, None), (GRANT.jti, 200)]


def test_a_worker_that_died_holds_up_the_next_for_a_minute_only(tmp_path):
    with time_machine.travel(1_795_180_000, tick=False) as clock:
        Spent(tmp_path).spend(GRANT, CHANGE)
        other = replace(GRANT, jti=str(uuid.uuid4()))
        clock.shift(UNDER_WAY - 1)
        assert try_one(tmp_path, other) == "under-way"
        clock.shift(1)
        assert try_one(tmp_path, other) == "taken"
        clock.shift(-7200)  # the clock set back
        assert try_one(tmp_path, GRANT) == "used"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError):  # noqa: PT011
        Spent(tmp_path / "file" / "state").prepare()
    (tmp_path / "tokens.sqlite3").write_text("no database, and longer than its header would be " * 9)
    with pytest.raises(sqlite3.DatabaseError):
        Spent(tmp_path).spend(GRANT, CHANGE)
