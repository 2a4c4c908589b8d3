"""Rules of the machine: what changes around the promotions: people, rules, profiles, evidence, files, and the clock."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from governance import freshness
from governance.actions.deputies import end_deputy, name_deputy
from governance.actions.groups import add_member, remove_member
from governance.actions.policies import publish_draft, save_draft
from governance.actions.profile_changes import agree, withdraw_change
from governance.actions.profiles import propose_profile, waiting_change
from governance.models import Deputy, GroupMember, ModelVersion, PolicyDraft
from portal.accounts.actions import activate, deactivate, set_roles
from tests.governance.evidence_made import fairness, lineage
from tests.governance.machine import by_hand
from tests.governance.machine.acting import Acting
from tests.governance.machine.deciding import TEAM, Deciding, numbers, open_one, people, which
from tests.governance.machine.world import GROUPS, POLICIES, REVIEWERS, now
from tests.governance.promotions_made import FILES, audit

APPROVERS = ("sato", "kato", "abe", "baba", "ono", "chiba")
SHIFTS = {
    **{"minutes": timedelta(minutes=20), "hour": timedelta(minutes=61), "passage": timedelta(hours=5)},
    **{"week": timedelta(days=8), "quarter": timedelta(days=91), "back": timedelta(hours=-2)},
    "far back": timedelta(days=-10),
}
GAPS = {
    "apart": (0.2, 0.15, 0.3),
    "even": (0.01, 0.0, 0.03),
    "close": (0.05, 0.045, 0.06),
    "unclear": (0.09, 0.05, 0.13),
}


def proposed(machine: Acting) -> bool:
    return waiting_change(machine.world.model) is not None


def lent(machine: Acting) -> bool:
    return Deputy.objects.exists()


class Changing(Deciding):
    """Everything that an approval binds, or depends on, changes under it."""

    @rule(
        who=st.sampled_from(APPROVERS),
        what=st.sampled_from(["group", "group", "reviewer", "leaves"]),
        by=st.sampled_from(["mori", "mori", "mori", "sato"]),
    )
    def change_roles(self, who: str, what: str, by: str) -> None:
        """Somebody joins or leaves a group, is made a reviewer or is one no more, leaves the house or comes back."""
        self.later()
        person, admin = self.world.person(who), self.world.person(by)
        if not person.is_active:
            what = "leaves"
        if what == "leaves":
            act, told = (deactivate, "user.deactivate") if person.is_active else (activate, "user.activate")
            self.attempt(lambda: act(user=person, by=admin), allowed=by == "mori", tells=told)
        elif what == "reviewer" and who in REVIEWERS:
            roles = {"is_administrator": person.is_administrator, "is_auditor": person.is_auditor}
            self.attempt(
                lambda: set_roles(user=person, is_reviewer=not person.is_reviewer, by=admin, **roles),
                allowed=by == "mori",
                tells="user.set_roles",
            )
        else:
            self.change_group(who, next(group for group, members in GROUPS.items() if who in (*members, "sato")), by)

    def change_group(self, who: str, group: str, by: str) -> None:
        person, admin = self.world.person(who), self.world.person(by)
        rows = GroupMember.objects.filter(group__key=group, user=person, until=None)
        if rows.exists():
            act, told = (lambda: remove_member(member=rows.get(), by=admin)), "group.remove"
        else:
            act, told = (lambda: add_member(group=self.world.groups[group], user=person, by=admin)), "group.add"
        self.attempt(act, allowed=None if by == "mori" else False, tells=told)

    @rule(
        who=st.sampled_from(APPROVERS),
        other=people,
        days=st.sampled_from([1, 20]),
        group=st.sampled_from([*GROUPS, ""]),
    )
    def name_deputy(self, who: str, other: str, days: int, group: str) -> None:
        self.later()
        person, deputy = self.world.person(who), self.world.person(other)
        self.attempt(
            lambda: name_deputy(
                deputy=deputy, until=now() + timedelta(days=days), reason="Away.",
                group=self.world.groups.get(group), by=person,
            ),
            allowed=None if who != other and deputy.is_active else False,
            tells="deputy.name",
        )  # fmt: skip

    @precondition(lent)
    @rule(number=which, own=st.booleans())
    def end_deputy(self, number: int, own: bool) -> None:
        rows = list(Deputy.objects.order_by("-pk").select_related("principal"))
        if rows:
            self.later()
            one = rows[number % len(rows)]
            holds = one.ended_at is None and one.until > now()
            by = one.principal if own else self.world.person("hara")
            mine = own or one.deputy_id == by.pk
            self.attempt(lambda: end_deputy(deputy=one, by=by), allowed=holds and mine, tells="deputy.end")

    # -- rules and profile -----------------------------------------------------------------------------------------

    @rule(content=st.sampled_from(POLICIES), drafts=st.sampled_from(["mori", "chiba"]), other=st.booleans())
    def publish(self, content, drafts: str, other: bool) -> None:
        """Two people put another policy in force; one alone does not."""
        self.later()
        kept = PolicyDraft.objects.filter(key="default").first()
        by, differs = self.world.person(drafts), self.world.in_force().text != content.text
        rev = kept.rev if kept else 0
        act = {"key": "default", "text": content.text, "rev": rev, "by": by}
        if not self.attempt(lambda: save_draft(**act), allowed=by.is_active or None, tells="policy.draft"):
            return
        second = self.world.person(("chiba" if drafts == "mori" else "mori") if other else drafts)
        done = self.attempt(
            lambda: publish_draft(key="default", rev=rev + 1, by=second),
            allowed=None if other else False,  # another version may have come between
            tells="policy.publish" if differs else "",
        )
        if done:
            assert self.world.in_force().text == content.text

    @rule(who=st.sampled_from([*TEAM, "sato", "hara"]), risk=st.sampled_from(by_hand.RISKS), use=st.sampled_from("AB"))
    def propose_profile(self, who: str, risk: str, use: str) -> None:
        self.later()
        model, profile = self.world.model, self.world.profile
        fields = profile.content | {"risk": risk, "intended_use": f"Limits of cards ({use})."}
        self.attempt(
            lambda: propose_profile(
                model=model, team=model.team, fields=fields, rev=profile.rev, by=self.world.person(who)
            ),
            allowed=None if who in TEAM else False,
        )

    @precondition(proposed)
    @rule(who=st.sampled_from([*TEAM, "sato", "kato", "hara"]))
    def agree_to_profile(self, who: str) -> None:
        if change := waiting_change(self.world.model):
            self.later()
            person, kept = self.world.person(who), self.world.profile
            softer = by_hand.RISKS.index(change.content["risk"]) < by_hand.RISKS.index(kept.risk)
            own, reviewer = change.proposed_by_id == person.pk, by_hand.belongs(person, "reviewer")
            may = not own and (reviewer if softer else reviewer or who == "ono")
            done = self.attempt(
                lambda: agree(change=change, digest=change.digest, by=person), allowed=None if may else False
            )
            if done:
                assert self.world.profile.risk == change.content["risk"]

    @precondition(proposed)
    @rule(who=st.sampled_from([*TEAM, "hara"]))
    def withdraw_profile(self, who: str) -> None:
        if change := waiting_change(self.world.model):
            self.later()
            person = self.world.person(who)
            self.attempt(
                lambda: withdraw_change(change=change, by=person),
                allowed=None if who in TEAM else False,
                tells="profile.withdraw",
            )

    # -- evidence --------------------------------------------------------------------------------------------------

    @rule(number=numbers, gap=st.sampled_from(["even", "even", *GAPS]))
    def audit_fairness(self, number: int, gap: str) -> None:
        self.keep(number, "fairness", fairness(*GAPS[gap]))

    @rule(number=numbers, missing=st.sampled_from([(), (), ("commit",)]))
    def audit_lineage(self, number: int, missing: tuple) -> None:
        self.keep(number, "lineage", lineage(missing))

    @rule(number=numbers)
    def audit_all(self, number: int) -> None:
        """As after new data or another profile: everything is examined again, and well."""
        self.keep(number, "lineage", lineage())
        self.keep(number, "fairness", fairness(*GAPS["even"]))

    def keep(self, number: int, kind: str, result: dict) -> None:
        """As an audit's job: it reads the files, and keeps what it found."""
        self.later()
        ModelVersion.objects.filter(number=number).update(artifact_digest=self.server.files[number])
        audit(self.world.version(number), kind, result)

    @precondition(open_one)
    @rule(number=which, gap=st.sampled_from(["unclear", "apart"]), who=st.sampled_from(["baba", "ono", "abe"]))
    def stand_for_a_gate(self, number: int, gap: str, who: str) -> None:
        """The gate does not pass, and somebody signs for it."""
        promotion = self.pick(number, "open")
        self.keep(promotion.version.number, "fairness", fairness(*GAPS[gap]))
        if gap == "unclear":
            self.rule_on_the_gate(who, number, "pass")
        else:
            self.waive(who, promotion.version.number, 30, number == 3)
        self.all_approve(number, ["sato", "kato", "abe", "baba", "ono"])

    @rule(number=numbers)
    def change_files(self, number: int) -> None:
        """Somebody writes other files over those that were audited, or puts them back."""
        self.server.files[number] = "sha256:others" if self.server.files[number] == FILES else FILES

    @rule(shift=st.sampled_from(["minutes", "minutes", "hour", "back", "back", *SHIFTS]))
    def shift_clock(self, shift: str) -> None:
        self.clock.shift(SHIFTS[shift])

    @rule()
    def compute_anew(self) -> None:
        """The duty; it must not fail silently either."""
        before = self.pick(0, "open")
        freshness.recompute_open()
        if before and before.state == "open":
            after = self.world.promotion(before.pk)
            assert after.verdict_at == now(), "an open promotion was not computed"
