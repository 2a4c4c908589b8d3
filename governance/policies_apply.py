"""Which policies apply to a version in an environment, and what they ask together.

Pure: no Django. Together they ask at least what each of them asks alone, in whatever order they are given:
all gates, the larger quorum of each group, the shorter expiry, the windows of each, the freezes of all.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from governance import gate_texts as _texts  # noqa: F401  (registers the sentences)
from governance.policy.model import BreakGlass, Gate, Rollback, RollbackApprovals, Stage
from governance.policy.rules import InForce, Rules, of_environment
from portal.message import Message


class RulesError(ValueError):
    """No rules can be made; ``message`` says why."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message


def combine(policies: Iterable[InForce], environment: str, kind: str, risk: str) -> Rules:
    """The rules for a model of such a kind and risk in an environment.

    Parameters
    ----------
    policies : iterable of InForce
    kind, risk : str
        Of the profile; empty where not known, and then no policy is left out for it.

    Raises
    ------
    RulesError
        No policy applies, or two of them disagree on the alias.
    """
    known = [one for one in policies if environment in one.policy.environments]
    if not known:
        raise RulesError(Message("policy.no-environment", {"environment": environment}))
    fitting = sorted(
        (one for one in known if one.policy.is_for(environment, kind, risk)),
        key=lambda one: (one.policy.key, one.version),
    )
    if not fitting:
        named = {"kind": Message(f"gates.kind.{kind}"), "risk": Message(f"gates.risk.{risk}")}
        raise RulesError(Message("policy.none-applies", {"environment": environment, **named}))
    each = [of_environment(one.policy.environments[environment], environment, one.source) for one in fitting]
    return each[0] if len(each) == 1 else _together(each)


def differing_alias(policies: Iterable[InForce]) -> Message | None:
    """The first environment that two of the policies realise by different aliases, in a sentence.

    Two environments under one alias are told as well: a move into the one would empty the other.
    """
    alias: dict[str, tuple[str, str]] = {}
    place: dict[str, tuple[str, str]] = {}
    for one in policies:
        for name, environment in one.policy.environments.items():
            other, key = alias.setdefault(name, (environment.alias, one.policy.key))
            if other != environment.alias:
                named = {"environment": name, "one": other, "other": environment.alias, "key": key}
                return Message("policy.alias-differs", named)
            where, key = place.setdefault(environment.alias.lower(), (name, one.policy.key))
            if where != name:
                return Message("policy.alias-taken", {"alias": environment.alias, "environment": where, "key": key})
    return None


def _together(each: Sequence[Rules]) -> Rules:
    first = each[0]
    for other in each[1:]:
        if other.alias != first.alias:
            named = {"environment": first.environment, "one": first.alias, "other": other.alias}
            raise RulesError(Message("policy.alias-differs", {**named, "key": first.sources[0].key}))
    return Rules(
        sources=tuple(source for rules in each for source in rules.sources),
        environment=first.environment,
        alias=first.alias,
        title=first.title,
        gates=_gates(each),
        stages=_stages(stage for rules in each for stage in rules.stages),
        in_order=any(rules.in_order for rules in each),
        expires_days=min((rules.expires_days for rules in each if rules.expires_days), default=None),
        automatic=_once(rule for rules in each for rule in rules.automatic) if all(r.automatic for r in each) else (),
        extra=_once(rule for rules in each for rule in rules.extra),
        after=_once(name for rules in each for name in rules.after),
        windows=_once(windows for rules in each for windows in rules.windows),
        freezes=_once(freeze for rules in each for freeze in rules.freezes),
        break_glass=_break_glass([rules.break_glass for rules in each]),
        rollback=_rollback(each),
        restore="auto" if any(rules.restore == "auto" for rules in each) else "off",
        roles=_once(roles for rules in each for roles in rules.roles),
        digest=_digest(source.digest for rules in each for source in rules.sources),
    )


def _once(items: Iterable[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for item in items:
        if item not in found:
            found.append(item)
    return tuple(found)


def _digest(digests: Iterable[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _gates(each: Sequence[Rules]) -> tuple[Gate, ...]:
    """All gates; the very same one counts once, and different ones under one id are told apart by their policy."""
    by_id: dict[str, list[Gate]] = {}
    for rules in each:
        for gate in rules.gates:
            kept = by_id.setdefault(gate.id, [])
            if gate not in kept:
                kept.append(gate)
    found: list[Gate] = []
    for rules in each:
        for gate in rules.gates:
            named = _named(gate, rules.sources[0].key) if len(by_id[gate.id]) > 1 else gate
            if named not in found:
                found.append(named)
    return tuple(found)


def _named(gate: Gate, key: str) -> Gate:
    """The gate under an id that no file can hold, so that it is nobody else's."""
    named = copy.copy(gate)
    object.__setattr__(named, "id", f"{key}/{gate.id}")
    return named


def _stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """One stage a group, with the larger quorum and the shorter time: who agrees, agrees for every policy."""
    found: dict[str, Stage] = {}
    for stage in stages:
        kept = found.get(stage.group)
        if kept is None:
            found[stage.group] = stage
            continue
        due = min((days for days in (kept.due_days, stage.due_days) if days), default=None)
        quorum = max(kept.quorum, stage.quorum)
        found[stage.group] = Stage(stage.group, quorum, due, kept.title or stage.title)
    return tuple(found.values())


def _break_glass(each: Sequence[BreakGlass | None]) -> BreakGlass | None:
    """Only where every policy has the passage, and the same group for it; then the shorter times."""
    given = [one for one in each if one is not None]
    if len(given) < len(each) or len({one.group for one in given}) > 1:
        return None
    return BreakGlass(given[0].group, min(one.hours for one in given), min(one.review_days for one in given))


def _rollback(each: Sequence[Rules]) -> Rollback | None:
    """What the policies that speak of it ask; a gate that was renamed is meant by its new id."""
    given = [rules for rules in each if rules.rollback]
    if not given:
        return None
    ids = {gate.id for gate in _gates(each)}
    gates = _once(
        name if name in ids else f"{rules.sources[0].key}/{name}" for rules in given for name in rules.rollback.gates
    )
    stages = _stages(stage for rules in given for stage in rules.rollback.approvals.stages)
    made = Rollback((), RollbackApprovals(stages))
    object.__setattr__(made, "gates", gates)
    return made
