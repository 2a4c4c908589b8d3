"""What is watched of a world: each setting of an alias at its moment, the history, and that everything ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from governance.mirror import poll
from governance.models import (
    BreakGlass,
    Decision,
    Deputy,
    Finding,
    GateException,
    GroupMember,
    Move,
    Placement,
    Policy,
    PolicyDraft,
    Profile,
    ProfileChange,
    Promotion,
)
from governance.moves import watch as call_for_moves
from portal.accounts.models import User
from portal.jobs.models import Job
from portal.jobs.runner import reap, run_job
from portal.ledger.models import Checkpoint, Event
from portal.ledger.signing import checkpoint_now
from tests.governance.machine import by_hand, history
from tests.governance.machine.mlflow import Line
from tests.governance.machine.world import World

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ROWS = (
    *(BreakGlass, Decision, Deputy, Finding, GateException, GroupMember, Job, Move, Placement, Policy, PolicyDraft),
    *(Profile, ProfileChange, Promotion, Event, User),
)


def everything() -> list[str]:
    """All rows that an action may write, as the database holds them."""
    found = []
    with connection.cursor() as cursor:
        for model in ROWS:
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")
            found.append(repr(cursor.fetchall()))
    return found


class Watching:
    """Holds what decisions meant when they were made against what is done later."""

    def watch(self, world: World, clock) -> None:
        self.world, self.clock, self.server = world, clock, world.fresh_server()
        self.server.witness = self.witness
        self.lines: list[Line] = []  # for the next workers; without one a line is whole
        self.caught: list[str] = []
        self.signed: dict[int, dict[str, Any]] = {}
        self.frozen: dict[int, str] = {}
        self.judging = False  # while the witness asks the database, which the worker does not

    def connect(self) -> Line:
        return self.lines.pop(0) if self.lines else Line(self.server)

    def later(self, seconds: float = 1) -> None:
        self.clock.shift(timedelta(seconds=seconds))

    def note(self) -> None:
        """Keep what new signatures mean, and by which rules new requests go."""
        for one in Decision.objects.exclude(pk__in=self.signed).select_related("promotion"):
            self.signed[one.pk] = by_hand.substance(self.world.promotion(one.promotion_id))

    def witness(self, alias: str, number: int) -> int | str:
        """Before an alias is set: by which move."""
        self.judging = True
        try:
            return self.judge(alias, number)
        finally:
            self.judging = False

    def judge(self, alias: str, number: int) -> int | str:
        """Whether a move may go at this moment; its id."""
        self.note()
        moves = list(Move.objects.filter(state="moving", alias=alias))
        if len(moves) != 1 or moves[0].number != number:
            self.caught.append(f"{alias} is set to {number} by {moves}")
            return -1
        [move] = moves
        number_of_decision = Event.objects.get(uuid=move.event).seq
        if not number_of_decision or not Checkpoint.objects.filter(size__gte=number_of_decision).exists():
            self.caught.append(f"{move}: its decision is not signed")
        done = Move.objects.filter(alias=alias, state="done").exclude(kind="restore").values("event")
        if Event.objects.filter(uuid__in=done, seq__gt=number_of_decision or 0).exists():
            self.caught.append(f"{move}: what was decided later stands there")
        if move.promotion is None:
            version = move.restores.version
            if move.restores.until is not None or version.number != number:
                self.caught.append(f"{move} puts back what does not stand there")
        else:
            promotion = self.world.promotion(move.promotion_id)
            version = promotion.version
            self.caught += by_hand.wrong_to_move(promotion, self.signed)
            if (version.number, promotion.environment) != (number, self.environment_of(alias)):
                self.caught.append(f"{move} is of another version or environment")
        if self.server.files[number] != version.artifact_digest:
            self.caught.append(f"{move}: other files than those that were judged")
        return move.pk

    @staticmethod
    def environment_of(alias: str) -> str:
        return "production" if alias == "champion" else alias

    def check_moves(self) -> None:
        assert not self.caught, self.caught

    def check_history(self) -> None:
        assert not (wrong := history.told_of_promotions()), wrong
        assert not (wrong := history.alias_not_ours(self.server)), wrong
        for row in Promotion.objects.select_related("policy"):
            kept = self.frozen.setdefault(row.pk, row.policy.text)
            assert row.policy.text == kept, f"the rules of {row} changed under it"

    def bring_to_an_end(self) -> None:
        """The server is well, workers work: everything ends, and all of it adds up."""
        self.server.down_at, self.lines = "", []
        for _ in range(2):  # what a poll puts back is carried out as well
            self.drain()
            self.check_moves()
            poll(self.world.model.registry, self.server)
            assert not (wrong := history.alias_differs(self.world, self.server)), wrong
        self.check_history()
        checkpoint_now()
        assert not (wrong := history.log_is_broken()), wrong

    def drain(self) -> None:
        for _ in range(40):
            self.later(60)
            Job.objects.filter(kind="move.run", state="running").update(lease_until=LONG_AGO)
            reap()
            call_for_moves()
            jobs = self.move_jobs()
            if not jobs:
                break
            for job in jobs:
                run_job(job)
        left = Move.objects.filter(state__in=("waiting", "moving"))
        assert not left.exists(), f"never ends: {[(move.pk, move.state, move.error) for move in left]}"
        assert not Promotion.objects.filter(state="approved").exists(), "approved, and nobody moves it"

    @staticmethod
    def move_jobs() -> list[int]:
        """The jobs of moves that may be taken, whatever they wait for."""
        rows = Job.objects.filter(kind="move.run", state="queued").order_by("pk")
        rows.update(not_before=None)
        return list(rows.values_list("pk", flat=True))
