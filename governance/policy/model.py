"""A policy as data: gates, stages of approval, times of release, environments.

Pure: no Django.
"""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from governance.policy.fields import (
    Alias,
    Clock,
    Day,
    Days,
    Flag,
    Hours,
    Key,
    Kinds,
    Labels,
    Name,
    Names,
    Quorum,
    Restore,
    Risks,
    Rung,
    Text,
    Weekday,
    closed,
)
from governance.policy.needs import (
    ChecklistNeeds,
    DriftNeeds,
    ExplanationNeeds,
    FactNeeds,
    FairnessNeeds,
    LineageNeeds,
    MaturityNeeds,
    PerformanceNeeds,
    ReplayNeeds,
    SafetyNeeds,
)

BUILT_IN_GROUPS = ("owner", "reviewer", "author-team-manager")
REVIEWER = "reviewer"
MOST_STAGES, MOST_WINDOWS, MOST_FREEZES = 5, 20, 50
Zone = Annotated[str, Field(min_length=1, max_length=60)]


@dataclass(frozen=True, config=closed)
class Signing:
    """Which group may sign an exception to a gate, and for how many days at most."""

    group: Name
    max_days: Annotated[int, Field(strict=True, ge=1, le=366)]


@dataclass(frozen=True, config=closed, kw_only=True)
class _Gate:
    id: Name
    title: Text
    max_age_days: Days
    labels: Annotated[tuple[Labels, ...], Field(min_length=1)]
    kinds: tuple[Kinds, ...] = ()
    risks: tuple[Risks, ...] = ()
    waivable: Signing | None = None
    ruling: Signing | None = None

    @property
    def source(self) -> str:
        """Which evidence it reads."""
        return self.audit

    def applies(self, kind: str, risk: str) -> bool:
        """Whether the gate is for such a model; with no kinds or risks named, it is for all."""
        return (not self.kinds or kind in self.kinds) and (not self.risks or risk in self.risks)


@dataclass(frozen=True, config=closed, kw_only=True)
class LineageGate(_Gate):
    audit: Literal["lineage"]
    needs: LineageNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class FairnessGate(_Gate):
    audit: Literal["fairness"]
    needs: FairnessNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class ExplanationGate(_Gate):
    audit: Literal["explanation"]
    needs: ExplanationNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class PerformanceGate(_Gate):
    audit: Literal["performance"]
    needs: PerformanceNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class DriftGate(_Gate):
    audit: Literal["drift"]
    needs: DriftNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class SafetyGate(_Gate):
    audit: Literal["safety"]
    needs: SafetyNeeds


@dataclass(frozen=True, config=closed, kw_only=True)
class ReplayGate(_Gate):
    """The safety audit runs the model again; this reads what came of it, and takes no other label."""

    audit: Literal["replay"]
    needs: ReplayNeeds
    labels: Annotated[tuple[Literal["replayed"], ...], Field(min_length=1)] = ("replayed",)

    @property
    def source(self) -> str:
        return "safety"


@dataclass(frozen=True, config=closed, kw_only=True)
class ChecklistGate(_Gate):
    """What people have confirmed by name; it is always attested."""

    audit: Literal["checklist"]
    needs: ChecklistNeeds
    labels: Annotated[tuple[Literal["attested"], ...], Field(min_length=1)] = ("attested",)


@dataclass(frozen=True, config=closed, kw_only=True)
class FactGate(_Gate):
    """What a pipeline has told; nothing of it was recomputed."""

    audit: Literal["fact"]
    needs: FactNeeds
    labels: Annotated[tuple[Literal["declared", "attested"], ...], Field(min_length=1)]

    @property
    def source(self) -> str:
        return f"fact:{self.needs.key}"


@dataclass(frozen=True, config=closed, kw_only=True)
class MaturityGate(_Gate):
    """No audit of the version, but what is known of its owner team; it is always as of now."""

    audit: Literal["maturity"]
    needs: MaturityNeeds
    max_age_days: Days = 1
    labels: Annotated[tuple[Literal["computed"], ...], Field(min_length=1)] = ("computed",)


GATES = (
    LineageGate,
    FairnessGate,
    ExplanationGate,
    PerformanceGate,
    DriftGate,
    SafetyGate,
    ReplayGate,
    ChecklistGate,
    FactGate,
    MaturityGate,
)
Gate = (
    LineageGate
    | FairnessGate
    | ExplanationGate
    | PerformanceGate
    | DriftGate
    | SafetyGate
    | ReplayGate
    | ChecklistGate
    | FactGate
    | MaturityGate
)


@dataclass(frozen=True, config=closed)
class Stage:
    """So many members of one group agree, within so many business days."""

    group: Name
    quorum: Quorum
    due_days: Days | None = None
    title: Text | None = None


@dataclass(frozen=True, config=closed)
class MaturityRule:
    """From ``automatic_from`` on a clean pass goes without a person; below ``extra_below`` one more must agree."""

    framework: Key
    dimension: Key | None = None
    automatic_from: Rung | None = None
    extra_below: Rung | None = None


@dataclass(frozen=True, config=closed)
class Approvals:
    """Who must agree: so many reviewers, or stages of groups.

    Neither the requester nor the version's author ever counts; a file of the first form says so aloud.
    """

    required: Quorum | None = None
    roles: Annotated[tuple[Literal["reviewer"], ...], Field(min_length=1)] | None = None
    not_requester: Flag | None = None
    not_author: Flag | None = None
    stages: Annotated[tuple[Stage, ...], Field(max_length=MOST_STAGES)] | None = None
    in_order: Flag | None = None
    expires_days: Annotated[int, Field(strict=True, ge=1, le=365)] | None = None
    maturity: MaturityRule | None = None

    @property
    def as_stages(self) -> tuple[Stage, ...]:
        """Either form as stages."""
        if self.stages is not None:
            return self.stages
        return (Stage(group=REVIEWER, quorum=self.required or 1),)


@dataclass(frozen=True, config=closed)
class Window:
    """When moves are made: on these days, from one time of day to a later one."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock
    timezone: Zone = "UTC"


@dataclass(frozen=True, config=closed)
class Freeze:
    """Days on which no move is made, the last one included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    why: Text
    timezone: Zone = "UTC"


@dataclass(frozen=True, config=closed)
class BreakGlass:
    """The emergency passage: two members of the group, for so many hours, reviewed within so many business days."""

    group: Name
    hours: Hours
    review_days: Annotated[int, Field(strict=True, ge=1, le=30)]


@dataclass(frozen=True, config=closed)
class RollbackApprovals:
    """Who must agree to a rollback; no stages: nobody."""

    stages: Annotated[tuple[Stage, ...], Field(max_length=MOST_STAGES)]


@dataclass(frozen=True, config=closed)
class Rollback:
    """Which gates of the environment, by id, an earlier approved version must still pass, and who must agree."""

    gates: Annotated[tuple[Name, ...], Field(max_length=50)]
    approvals: RollbackApprovals


@dataclass(frozen=True, config=closed)
class Roles:
    """Groups whose members may ask, and approve, in the environment."""

    request: Names | None = None
    approve: Names | None = None


@dataclass(frozen=True, config=closed)
class Environment:
    """One environment: the alias that realises it, its gates and its approval."""

    title: Text
    alias: Alias
    gates: Annotated[tuple[Annotated[Gate, Field(discriminator="audit")], ...], Field(min_length=1, max_length=50)]
    approvals: Approvals
    after: Name | None = None
    windows: Annotated[tuple[Window, ...], Field(min_length=1, max_length=MOST_WINDOWS)] | None = None
    freezes: Annotated[tuple[Freeze, ...], Field(max_length=MOST_FREEZES)] = ()
    break_glass: BreakGlass | None = None
    rollback: Rollback | None = None
    restore: Restore = "off"
    roles: Roles | None = None


@dataclass(frozen=True, config=closed)
class Applies:
    """For which environments of the policy, risks and kinds of model it is; what is left out does not narrow it."""

    environments: tuple[Name, ...] = ()
    risks: tuple[Risks, ...] = ()
    kinds: tuple[Kinds, ...] = ()


@dataclass(frozen=True, config=closed)
class Policy:
    """A policy as published: ``text`` is what was read, ``digest`` what approvals bind."""

    key: Name
    title: Text
    environments: Annotated[dict[Name, Environment], Field(min_length=1, max_length=10)]
    applies: Applies = Applies()
    text: str = field(default="", kw_only=True, repr=False)

    @property
    def digest(self) -> str:
        return digest_of_text(self.text)

    def is_for(self, environment: str, kind: str, risk: str) -> bool:
        """Whether it applies to such a model there. What is not known of a model is no reason to leave it alone."""
        asked = self.applies
        return (
            environment in self.environments
            and (not asked.environments or environment in asked.environments)
            and (not asked.kinds or not kind or kind in asked.kinds)
            and (not asked.risks or not risk or risk in asked.risks)
        )

    @property
    def levels(self) -> tuple[MaturityNeeds | MaturityRule, ...]:
        """Whatever asks for an official level: gates and rules of approval."""
        gates = (gate.needs for each in self.environments.values() for gate in each.gates)
        rules = (each.approvals.maturity for each in self.environments.values())
        return (*(needs for needs in gates if isinstance(needs, MaturityNeeds)), *(rule for rule in rules if rule))

    @property
    def groups(self) -> frozenset[str]:
        """All groups of people that it names, those that are built in among them."""
        found: set[str] = set()
        for environment in self.environments.values():
            found.update(stage.group for stage in environment.approvals.as_stages)
            found.update(e.group for gate in environment.gates for e in (gate.waivable, gate.ruling) if e)
            for gate in environment.gates:
                if isinstance(gate.needs, ChecklistNeeds):
                    found.update(group for item in gate.needs.items for group in item.signers)
            if environment.break_glass:
                found.add(environment.break_glass.group)
            if environment.rollback:
                found.update(stage.group for stage in environment.rollback.approvals.stages)
            if environment.roles:
                found.update((environment.roles.request or ()) + (environment.roles.approve or ()))
        return frozenset(found)


def digest_of_text(text: str) -> str:
    """The SHA-256 of a policy's text, as ``sha256sum`` of the file gives it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
