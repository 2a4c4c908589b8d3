"""The rules that hold for one version in one environment: of one policy, or of several together.

Pure: no Django. `governance.policies_apply` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.policy.fields import Text
from governance.policy.model import (
    BreakGlass,
    Environment,
    Freeze,
    Gate,
    MaturityRule,
    Policy,
    Roles,
    Rollback,
    Stage,
    Window,
)


@dataclass(frozen=True)
class Source:
    """One published policy that the rules come from."""

    key: str
    version: int
    digest: str

    def to_json(self) -> dict[str, str | int]:
        """As a request keeps it: the rules are frozen when it opens."""
        return {"policy": self.key, "version": self.version, "digest": self.digest}


@dataclass(frozen=True)
class InForce:
    """A policy as published, with its number."""

    policy: Policy
    version: int

    @property
    def source(self) -> Source:
        return Source(self.policy.key, self.version, self.policy.digest)


@dataclass(frozen=True)
class Rules:
    """What one version must meet to go into one environment.

    Parameters
    ----------
    sources : tuple of Source
        By key.
    environment, alias : str
    title : Text
        Of the environment.
    gates : tuple of Gate
        Where two policies use one id for different gates, it stands as ``key/id``.
    stages : tuple of Stage
        One a group.
    in_order : bool
        Whether a stage waits for the one before.
    expires_days : int or None
        How long an approval holds; None where the policies are silent.
    automatic, extra : tuple of MaturityRule
        All of ``automatic`` must hold for a clean pass to go without a person, and none means never; any of
        ``extra`` asks for one more approval in the last stage.
    after : tuple of str
        Environments where the version must stand already.
    windows : tuple of tuple of Window
        A policy's windows add up; a moment must lie in those of each policy.
    freezes : tuple of Freeze
    break_glass : BreakGlass or None
        None unless every policy allows it, by one group.
    rollback : Rollback or None
        None where the policies are silent.
    restore : {"off", "auto"}
    roles : tuple of Roles
        A person must be in the groups of each.
    digest : str
        What approvals bind: a single policy's own digest.
    again : bool
        Whether the version goes back to where it stood, so that it must have stood there with the files of now.
    """

    sources: tuple[Source, ...]
    environment: str
    alias: str
    title: Text
    gates: tuple[Gate, ...]
    stages: tuple[Stage, ...]
    in_order: bool
    expires_days: int | None
    automatic: tuple[MaturityRule, ...]
    extra: tuple[MaturityRule, ...]
    after: tuple[str, ...]
    windows: tuple[tuple[Window, ...], ...]
    freezes: tuple[Freeze, ...]
    break_glass: BreakGlass | None
    rollback: Rollback | None
    restore: str
    roles: tuple[Roles, ...]
    digest: str
    again: bool = False

    @property
    def approvals_required(self) -> int:
        """How many approvals there must be, without those that a low level of the team adds."""
        return sum(stage.quorum for stage in self.stages)

    @property
    def maturity_rules(self) -> tuple[MaturityRule, ...]:
        return tuple(dict.fromkeys((*self.automatic, *self.extra)))


def of_environment(environment: Environment, name: str = "", source: Source | None = None) -> Rules:
    """The rules of one environment of one policy."""
    approvals, rule = environment.approvals, environment.approvals.maturity
    return Rules(
        sources=(source,) if source else (),
        environment=name,
        alias=environment.alias,
        title=environment.title,
        gates=environment.gates,
        stages=approvals.as_stages,
        in_order=approvals.stages is not None and approvals.in_order is not False,
        expires_days=approvals.expires_days,
        automatic=(rule,) if rule and rule.automatic_from is not None else (),
        extra=(rule,) if rule and rule.extra_below is not None else (),
        after=(environment.after,) if environment.after else (),
        windows=(environment.windows,) if environment.windows else (),
        freezes=environment.freezes,
        break_glass=environment.break_glass,
        rollback=environment.rollback,
        restore=environment.restore,
        roles=(environment.roles,) if environment.roles else (),
        digest=source.digest if source else "",
    )
