"""Rules of the machine: what people ask for and decide, with and without the right to."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from governance.actions import promotions
from governance.actions.break_glass import open_break_glass, second_break_glass
from governance.actions.conditions import Condition
from governance.actions.exceptions import end_exception, waive
from governance.actions.exceptions import rule as rule_on_gate
from governance.actions.rollback import rollback
from governance.models import BreakGlass, GateException, Placement, Promotion
from governance.preflight import preflight
from governance.verdict import judge_request
from portal.accounts.models import User
from tests.governance.machine import by_hand
from tests.governance.machine.acting import Acting
from tests.governance.machine.world import ALIASES, AUTHORS, PEOPLE, now

people = st.sampled_from(PEOPLE)
environments = st.sampled_from(["production", "production", "staging"])
numbers = st.sampled_from(list(AUTHORS))
which = st.integers(0, 3)
TEAM = ("ito", "ono", "suzuki")


def open_one(machine: Acting) -> bool:
    return Promotion.objects.filter(state="open").exists()


def excepted(machine: Acting) -> bool:
    return GateException.objects.exists()


def stood(machine: Acting) -> bool:
    return Placement.objects.filter(until__isnull=False).exists()


def stopped(machine: Acting) -> bool:
    return Promotion.objects.filter(state__in=("sent_back", "failed")).exists()


class Deciding(Acting):
    """Requests, approvals, exceptions, emergencies, rollbacks."""

    @rule(who=st.sampled_from([*TEAM, *TEAM, "sato", "hara"]), number=numbers, environment=environments)
    def request(self, who: str, number: int, environment: str) -> None:
        self.later()
        version, person = self.world.version(number), self.world.person(who)
        rows = Promotion.objects.filter(version=version, environment=environment, state__in=("open", "approved"))
        there = Placement.objects.filter(version=version, environment=environment, until=None)
        free = not rows.exists() and not there.exists() and version.deleted_at is None
        told = preflight(version, environment, user=person).judgement
        made = self.attempt(
            lambda: promotions.request(version=version, environment=environment, reason="Better.", by=person),
            allowed=free and who in TEAM and person.is_active,
            tells="promotion.request",
        )
        if made:
            assert made.policy == self.world.in_force(), "another policy than the one in force was frozen"
            seen = told.verdict.outcome, dict(told.bound), told.verdict.passes
            assert (made.outcome, made.bound, not by_hand.shut(made)) == seen, "it was said to be otherwise before"

    @precondition(open_one)
    @rule(who=people, number=which, stale=st.booleans(), twice=st.booleans(), conditions=st.booleans())
    def approve(self, who: str, number: int, stale: bool, twice: bool, conditions: bool) -> None:
        if promotion := self.pick(number, "open"):
            self.say_yes(promotion.pk, who, stale=stale and number == 3, twice=twice, conditions=conditions)

    @precondition(open_one)
    @rule(who=people, principal=people, number=which)
    def approve_in_anothers_place(self, who: str, principal: str, number: int) -> None:
        if (promotion := self.pick(number, "open")) and who != principal:
            self.say_yes(promotion.pk, who, principal=principal)

    @precondition(open_one)
    @rule(number=which, order=st.permutations(["sato", "kato", "abe", "baba", "ono"]))
    def all_approve(self, number: int, order: list[str]) -> None:
        """Everybody who can says yes, in some order, twice around: the stages come in turn."""
        promotion = self.pick(number, "open")
        for who in [*order, *order] if promotion else []:
            fresh = self.world.promotion(promotion.pk)
            if fresh.state != "open" or by_hand.shut(fresh):
                return
            if by_hand.may_approve(fresh, self.world.person(who)):
                self.say_yes(promotion.pk, who)

    @precondition(open_one)
    @rule(number=which)
    def all_approve_in_turn(self, number: int) -> None:
        self.all_approve(number, ["baba", "sato", "ono", "kato", "abe"])

    def say_yes(self, pk: int, who: str, *, principal="", stale=False, twice=False, conditions=False) -> None:
        self.later()
        promotions.recompute(promotion=self.world.promotion(pk))  # as the duty does; what lapses then is not the yes'
        promotion, person = self.world.promotion(pk), self.world.person(who)
        acting_for = self.world.person(principal) if principal else None
        given = [Condition("Look again.", self.world.person("ito"), now().date() + timedelta(days=9))]

        def act():
            rev = promotion.rev - 1 if stale else promotion.rev
            more = {"conditions": given if conditions else (), "acting_for": acting_for}
            more["reason"] = "So be it."
            return promotions.approve(promotion=self.world.promotion(pk), rev=rev, by=person, **more)

        allowed = by_hand.may_approve(promotion, person, acting_for) and not stale
        done = self.attempt(act, allowed=allowed, tells="promotion.approve")
        if done and twice:
            self.attempt(act, allowed=False)

    @precondition(open_one)
    @rule(who=people, number=which, what=st.sampled_from(["send_back", "refuse"]), reason=st.sampled_from(["No.", " "]))
    def deny(self, who: str, number: int, what: str, reason: str) -> None:
        if promotion := self.pick(number, "open"):
            self.later()
            person, rules = self.world.person(who), by_hand.rules_of(promotion)
            stages = rules.stages_of(promotion.environment) if promotion.kind == "move" else ()
            groups = ("reviewer", *(stage.group for stage in stages))
            allowed = promotion.state == "open" and any(by_hand.belongs(person, group) for group in groups)
            act = getattr(promotions, what)
            self.attempt(
                lambda: act(promotion=promotion, rev=promotion.rev, reason=reason, by=person),
                allowed=None if person.is_active is False else allowed and bool(reason.strip()),
                tells=f"promotion.{what}",
            )

    @rule(who=people, number=which, what=st.sampled_from(["withdraw", "resubmit", "retry_move"]))
    def of_the_team(self, who: str, number: int, what: str) -> None:
        states = {"withdraw": ("open", "sent_back", "failed"), "resubmit": ("sent_back",), "retry_move": ("failed",)}
        if promotion := self.pick(number, *states[what]):
            self.later()
            person, act = self.world.person(who), getattr(promotions, what)
            may = (who in TEAM and person.is_active) or (what == "retry_move" and person.is_reviewer)
            may = may or (what == "withdraw" and promotion.requested_by_id == person.pk)
            done = self.attempt(
                lambda: act(promotion=promotion, by=person),
                allowed=None if may and promotion.state in states[what] else False,  # another may be under way
                tells=f"promotion.{what.removesuffix('_move')}",
            )
            if done and what == "resubmit":
                self.frozen[promotion.pk] = self.world.in_force().text

    @precondition(stopped)
    @rule(number=which)
    def go_on(self, number: int) -> None:
        promotion = self.pick(number, "sent_back", "failed")
        self.of_the_team("ito", number, "resubmit" if promotion.state == "sent_back" else "retry_move")

    # -- exceptions ------------------------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(["baba", "ono", "abe", "sato"]),
        number=numbers,
        days=st.sampled_from([0, 1, 30, 31]),
        whole=st.booleans(),
    )
    def waive(self, who: str, number: int, days: int, whole: bool) -> None:
        self.later()
        version, person = self.world.version(number), self.world.person(who)
        until = now() + timedelta(days=days)
        self.attempt(
            lambda: waive(
                version=version, environment="production", gate="fair", reason="Known.", until=until, whole_model=whole,
                by=person,
            ),
            allowed=self.may_sign(person, number) and 0 < days <= 30,
            tells="waiver.sign",
        )  # fmt: skip

    @precondition(open_one)
    @rule(who=people, number=which, said=st.sampled_from(["pass", "pass", "fail"]))
    def rule_on_the_gate(self, who: str, number: int, said: str) -> None:
        if promotion := self.pick(number, "open"):
            self.later()
            person, until = self.world.person(who), now() + timedelta(days=7)
            undecided = promotion.environment == "production" and promotion.kind == "move"
            undecided = undecided and by_hand.outcome(promotion, "fairness") == "inconclusive"
            allowed = self.may_sign(person, promotion.version.number) and promotion.state == "open" and undecided
            self.attempt(
                lambda: rule_on_gate(
                    promotion=promotion, gate="fair", evidence=judge_request(promotion).bound["evidence"], outcome=said,
                    reason="Enough.", until=until, by=person,
                ),
                allowed=None if allowed else False,  # one may stand already
                tells="ruling.sign",
            )  # fmt: skip

    def may_sign(self, person: User, number: int) -> bool:
        """A member of the group who neither made the version nor asks for any of the model there."""
        rows = Promotion.objects.filter(environment="production", state__in=("open", "approved", "sent_back"))
        asks = any(by_hand.barred(row, person) and not by_hand.made(row.version, person) for row in rows)
        asks = asks or any(row.requested_by_id == person.pk for row in rows)
        made = by_hand.made(self.world.version(number), person)
        return by_hand.belongs(person, "model-risk") and not made and not asks

    @precondition(excepted)
    @rule(who=people, number=which)
    def end_exception(self, who: str, number: int) -> None:
        rows = list(GateException.objects.order_by("-pk"))
        if rows:
            self.later()
            one, person = rows[number % len(rows)], self.world.person(who)
            holds = one.ended_at is None and one.until > now()
            self.attempt(
                lambda: end_exception(exception=one, by=person),
                allowed=holds and (one.by_id == person.pk or by_hand.belongs(person, "reviewer")),
                tells=f"{one.kind}.end",
            )

    # -- emergencies and the way back ------------------------------------------------------------------------------

    @precondition(open_one)
    @rule(who=st.sampled_from(["baba", "chiba", "kato", "ito", "sato"]), number=which)
    def ask_to_break_glass(self, who: str, number: int) -> None:
        if promotion := self.pick(number, "open"):
            self.later()
            person = self.world.person(who)
            used = BreakGlass.objects.filter(promotion=promotion)
            waits = [one for one in used if one.second_by_id or one.first_at > now() - timedelta(hours=1)]
            self.attempt(
                lambda: open_break_glass(promotion=promotion, reason="It is down.", by=person),
                allowed=by_hand.may_break_glass(promotion, person) and not waits,
                tells="promotion.ask_break_glass",
            )

    @precondition(open_one)
    @rule(who=st.sampled_from(["baba", "chiba", "kato", "ito", "sato"]), number=which)
    def break_glass(self, who: str, number: int) -> None:
        if promotion := self.pick(number, "open"):
            self.later()
            promotions.recompute(promotion=promotion)
            promotion, person = self.world.promotion(promotion.pk), self.world.person(who)
            row = BreakGlass.objects.filter(promotion=promotion, second_by=None).first()
            asked = row and row.first_at > now() - timedelta(hours=1) and row.first_by_id != person.pk
            may = asked and by_hand.may_break_glass(promotion, person)
            self.attempt(
                lambda: second_break_glass(promotion=promotion, rev=promotion.rev, by=person),
                allowed=bool(may and by_hand.may_break_glass(promotion, row.first_by)),
                tells="promotion.break_glass",
            )

    @precondition(open_one)
    @rule(number=which, first=st.sampled_from(["baba", "kato"]), second=st.sampled_from(["chiba", "kato"]))
    def pass_in_an_emergency(self, number: int, first: str, second: str) -> None:
        self.ask_to_break_glass(first, number)
        self.break_glass(second, number)

    @precondition(stood)
    @rule(who=st.sampled_from(["ito", "sato", "baba", "hara"]), number=numbers, environment=environments)
    def go_back(self, who: str, number: int, environment: str) -> None:
        self.later()
        version, person = self.world.version(number), self.world.person(who)
        stood = Placement.objects.filter(version=version, environment=environment, until__isnull=False, branded="")
        may = who == "ito" or by_hand.belongs(person, "reviewer")
        self.attempt(
            lambda: rollback(version=version, environment=environment, reason="Wrong limits.", by=person),
            allowed=None if may and stood.exists() and environment in ALIASES else False,
        )
