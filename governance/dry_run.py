"""What a policy would have said of the last versions, from the evidence already kept; nothing is run or stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from governance.gates import GateResult, Verdict
from governance.in_force import in_force_parsed, rules_by
from governance.models import ModelVersion, Placement
from governance.policy import InForce, Policy
from governance.verdict import judge_many, told_many
from portal.message import Message
from portal.web.errors import Invalid

LAST = 20
MOST_REASONS = 5


@dataclass(frozen=True)
class Tried:
    """One version: the verdict by the policies in force and by the draft; None where none applies to it."""

    version: ModelVersion
    today: Verdict | None
    then: Verdict | None
    live: bool

    @property
    def changes(self) -> bool:
        return (self.today.outcome if self.today else None) != (self.then.outcome if self.then else None)

    @property
    def refused(self) -> bool:
        """Whether it passes today, or nothing is asked of it, and would not under the draft."""
        return bool(self.then) and not self.then.passes and (self.today is None or self.today.passes)

    @property
    def let_pass(self) -> bool:
        """Whether it is in the way today and would not be any more."""
        return bool(self.today) and not self.today.passes and (self.then is None or self.then.passes)

    @property
    def decisive(self) -> GateResult | None:
        """The gate that is in the way under the draft, the gravest first."""
        return next((result for result in self.then.gravest_first if not result.passes), None) if self.then else None

    @property
    def was(self) -> GateResult | None:
        """The same gate by the policies in force."""
        if not (self.today and self.decisive):
            return None
        return next((result for result in self.today.results if result.id == self.decisive.id), None)


@dataclass(frozen=True)
class Trial:
    """All versions in one environment."""

    key: str
    title: Any
    tried: tuple[Tried, ...]

    @property
    def refused(self) -> tuple[Tried, ...]:
        return tuple(one for one in self.tried if one.refused)

    @property
    def undecided(self) -> tuple[Tried, ...]:
        """Of those that would not pass any more, those that nothing speaks against: evidence is lacking."""
        return tuple(one for one in self.refused if one.then.outcome != "fail")

    @property
    def let_pass(self) -> tuple[Tried, ...]:
        return tuple(one for one in self.tried if one.let_pass)

    @property
    def changed(self) -> tuple[Tried, ...]:
        return tuple(one for one in self.tried if one.changes)

    @property
    def message(self) -> Message:
        """How many it would have refused, and for which gates."""
        if not self.tried:
            return Message("policy.dry.nothing")
        said = {"all": len(self.tried), "let": len(self.let_pass)}
        if not self.refused:
            return Message("policy.dry.none-let" if self.let_pass else "policy.dry.none", said)
        counts: dict[str, tuple[Any, int]] = {}
        for one in self.refused:
            title, count = counts.get(one.decisive.id, (dict(one.decisive.title), 0)) if one.decisive else ({}, 0)
            if one.decisive:
                counts[one.decisive.id] = (title, count + 1)
        most = sorted(counts.values(), key=lambda item: -item[1])[:MOST_REASONS]
        reasons = [Message("policy.dry.reason", {"title": title, "count": count}) for title, count in most]
        said |= {"count": len(self.refused), "unknown": len(self.undecided), "reasons": reasons or ["–"]}
        return Message("policy.dry.refused-let" if self.let_pass else "policy.dry.refused", said)


def dry_run(content: Policy, versions: Iterable[ModelVersion], *, now=None) -> list[Trial]:
    """Judge versions by the policies in force, and by the same with one of them as it is given."""
    now, versions = now or timezone.now(), list(versions)
    today = in_force_parsed()
    then = [one for one in today if one.policy.key != content.key] + [InForce(content, 0)]
    live = set(Placement.objects.filter(version__in=versions, until=None).values_list("environment", "version_id"))
    return [
        Trial(
            key,
            environment.title,
            _tried(key, versions, _judged(versions, today, key, now), _judged(versions, then, key, now), live),
        )
        for key, environment in content.environments.items()
    ]


def last_versions(user, limit: int = LAST) -> list[ModelVersion]:
    """The last versions that were registered, of those that the user may see."""
    seen = ModelVersion.objects.for_user(user).filter(deleted_at=None, model__deleted_at=None)
    whole = seen.select_related("model__registry", "model__team", "model__profile")
    return list(whole.order_by("-registered_at", "-pk")[:limit])


def as_document(trials: Sequence[Trial], say) -> list[dict[str, Any]]:
    """For programs, with sentences by `say`."""
    return [
        {
            "environment": trial.key,
            "sentence": say(trial.message),
            "versions": len(trial.tried),
            "would_refuse": len(trial.refused),
            "of_which_unknown": len(trial.undecided),
            "would_let_pass": len(trial.let_pass),
            "changes": [_change(one, say) for one in trial.changed],
        }
        for trial in trials
    ]


def _change(one: Tried, say) -> dict[str, Any]:
    return {
        "registry": one.version.model.registry.slug,
        "model": one.version.model.name,
        "version": one.version.number,
        "today": one.today.outcome if one.today else None,
        "then": one.then.outcome if one.then else None,
        "live": one.live,
        "gate": one.decisive.id if one.decisive else None,
        "sentence": say(one.then.message) if one.then else None,
    }


def _judged(versions: Sequence[ModelVersion], policies: Sequence[InForce], key: str, now) -> dict[int, Verdict]:
    """The verdict of each version that some policy applies to, as it may leave the house."""
    rules = {}
    for version in versions:
        try:
            rules[version.pk] = rules_by(policies, version, key)
        except Invalid:
            continue
    fitting = [version for version in versions if version.pk in rules]
    judged = judge_many(fitting, lambda version: rules[version.pk], now=now)
    told = told_many(one.verdict for one in judged)
    return {version.pk: verdict for version, verdict in zip(fitting, told, strict=True)}


def _tried(key: str, versions: Sequence[ModelVersion], today, then, live) -> tuple[Tried, ...]:
    return tuple(
        Tried(version, today.get(version.pk), then.get(version.pk), (key, version.pk) in live)
        for version in versions
        if version.pk in today or version.pk in then
    )
