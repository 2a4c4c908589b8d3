"""Rules of the machine: what must come to nothing, tried on purpose, since chance alone meets it too seldom."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from governance.models import Decision, Move, Promotion
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from tests.governance.evidence_made import fairness
from tests.governance.machine import by_hand
from tests.governance.machine.changing import APPROVERS, GAPS, Changing
from tests.governance.machine.deciding import open_one, which
from tests.governance.machine.mlflow import Line
from tests.governance.machine.moving import Moving, waits

ALL = ["sato", "baba", "kato", "ono", "abe"]
GROUNDS = ("role", "leaves", "evidence", "profile", "files", "time")


def approved_one(machine: Moving) -> bool:
    return Promotion.objects.filter(state="approved", decisions__decision="approve").exists()


class Provoking(Moving, Changing):
    """The wrong people, the wrong moment, a server that lies."""

    @precondition(open_one)
    @rule(number=which)
    def the_wrong_ones_try(self, number: int) -> None:
        """Who asked for it, who made it, who has spoken already, who looked at an older state; stage by stage."""
        promotion = self.pick(number, "open")
        while promotion and promotion.state == "open":
            people = {who: self.world.person(who) for who in (*APPROVERS, "ito")}
            right = {who: by_hand.may_approve(promotion, person) for who, person in people.items()}
            for who in people:
                if not right[who]:
                    self.say_yes(promotion.pk, who)
            if not any(right.values()):
                return
            who = max(right, key=right.__getitem__)
            self.say_yes(promotion.pk, who, stale=True)
            self.say_yes(promotion.pk, who)
            promotion = self.world.promotion(promotion.pk)

    @precondition(open_one)
    @rule(number=which, gap=st.sampled_from(["unclear", "apart"]))
    def a_shut_gate_is_tried(self, number: int, gap: str) -> None:
        """The evidence is bad, nobody signed for it, and those whose turn it is agree all the same."""
        if promotion := self.pick(number, "open"):
            self.keep(promotion.version.number, "fairness", fairness(*GAPS[gap]))
            for who in ALL:
                self.say_yes(promotion.pk, who)

    @precondition(open_one)
    @rule(number=which)
    def one_alone_breaks_the_glass(self, number: int) -> None:
        self.ask_to_break_glass("baba", number)
        self.break_glass("baba", number)

    @precondition(open_one)
    @rule(number=which)
    def a_waiver_ends(self, number: int) -> None:
        """It is approved under a waiver of one day, and the worker comes on the day after; then it is asked again."""
        if promotion := self.pick(number, "open"):
            self.keep(promotion.version.number, "fairness", fairness(*GAPS["apart"]))
            self.waive("baba", promotion.version.number, 1, False)
            self.all_approve(number, ALL)
            self.clock.shift(timedelta(days=2))
            self.everybody_works()
            for who in ALL:
                self.say_yes(promotion.pk, who)

    @precondition(approved_one)
    @rule(number=which, what=st.sampled_from(GROUNDS))
    def take_the_ground(self, number: int, what: str) -> None:
        """What an approval stands on is taken away right before the workers come, and given back after."""
        promotion = self.pick(number, "approved")
        given = by_hand.standing(promotion) if promotion else []
        if promotion is None or promotion.state != "approved" or not given:
            return
        self.change_ground(promotion, given[-1], what)
        self.everybody_works()
        if what in ("role", "leaves", "files"):
            self.change_ground(promotion, given[-1], what)

    def change_ground(self, promotion: Promotion, one: Decision, what: str) -> None:
        pk = one.acting_for_id or one.by_id
        who = next(name for name, person in self.world.people.items() if person == pk)
        if what == "role":
            group = by_hand.rules_of(promotion).stages_of(promotion.environment)[one.stage].group
            self.change_roles(who, "reviewer", "mori") if group == "reviewer" else self.change_group(who, group, "mori")
        elif what == "leaves":
            self.change_roles(who, "leaves", "mori")
        elif what == "evidence":
            self.keep(promotion.version.number, "fairness", fairness(0.02, 0.0, 0.025))
        elif what == "profile":
            self.propose_profile("ito", "high", "B")
            self.agree_to_profile("sato")
        elif what == "files":
            self.change_files(promotion.version.number)
        else:
            self.clock.shift(timedelta(days=15))

    def everybody_works(self) -> None:
        for number in range(len(self.move_jobs())):
            self.work(number)

    @precondition(waits)
    @rule()
    def the_newest_goes_first(self) -> None:
        for job in reversed(self.move_jobs()):
            self.later()
            run_job(job)

    @precondition(waits)
    @rule(number=which)
    def work_on_a_deaf_server(self, number: int) -> None:
        """The server says yes and sets nothing: what cannot be read is not recorded as done."""
        if job := self.job(number):
            self.later()
            rows = Move.objects.filter(pk=Job.objects.get(pk=job).params["move"])
            before = rows.get().state
            self.lines = [Line(self.server, deaf=True)]
            run_job(job)
            self.lines, move = [], rows.get()
            here = self.server.aliases.get(move.alias)
            assert move.state != "done" or before == "done" or here == str(move.number), f"{move} was not read back"
