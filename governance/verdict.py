"""The verdict on a version, from what stands in the database now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from governance import gates
from governance.gates import AuditEvidence, GateResult, Verdict
from governance.in_force import (
    current_policy,
    environments,
    in_force,
    parsed,
    published,
    rules_by,
    rules_kept,
    rules_now,
    rules_of,
    rules_of_policy,
)
from governance.material import Material, gather, may_be_excepted
from governance.models import ModelVersion, Policy, Promotion, digest_of
from governance.outgoing import gate_results_by_id, outgoing_gates
from governance.policy import Rules
from governance.requesters import requesters_of
from portal.message import Message
from portal.web.say import say

__all__ = [
    "BOUND",
    "Judgement",
    "as_document",
    "as_messages",
    "bound_digests",
    "current_policy",
    "environments",
    "in_force",
    "judge",
    "judge_many",
    "judge_request",
    "parsed",
    "rules_by",
    "rules_kept",
    "rules_now",
    "rules_of",
    "spoken",
    "told",
    "told_many",
    "verdict_for",
]
SAID = ("measured", "required", "fix")  # of a gate, beside its sentence
BOUND = ("artifact", "policy", "profile", "evidence", "exceptions")


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the digests of all that it stands on."""

    verdict: Verdict
    bound: Mapping[str, str]
    rules: Rules
    environment: str
    at: datetime
    evidence: Mapping[str, str] = field(default_factory=dict)  # source → digest of what was weighed

    @cached_property
    def policy(self) -> Policy:
        """The first of the policies that the rules come from, as published."""
        return self.policies[0]

    @cached_property
    def policies(self) -> list[Policy]:
        """All policies that the rules come from, in the rules' order."""
        return published(self.rules.sources)

    @property
    def frozen(self) -> list[dict[str, Any]]:
        """The rules as a request keeps them."""
        return [source.to_json() for source in self.rules.sources]


def judge(
    version: ModelVersion,
    environment: str,
    rules: Rules | None = None,
    *,
    policy: Policy | None = None,
    asked_by: Collection[UUID] = (),
    now=None,
) -> Judgement:
    """Weigh the evidence at hand against the rules in force, unless others, or one policy alone, are given.

    `asked_by` are the pseudonyms of those who ask: what they signed passes no gate by.
    """
    if rules is None:
        rules = rules_of_policy(policy, environment) if policy else rules_now(version, environment)
    now = now or timezone.now()
    return _judged(gather([(version, rules)], now, asked_by=asked_by)[0], now)


def judge_request(promotion: Promotion, *, now=None) -> Judgement:
    """Weigh the evidence at hand against the rules of a request, at no lower risk than it was opened at."""
    now = now or timezone.now()
    rules = rules_kept(promotion)
    asked_by = requesters_of(promotion) if may_be_excepted(rules) else ()
    found = gather([(promotion.version, rules)], now, least_risk=promotion.risk_at_request, asked_by=asked_by)
    return _judged(found[0], now)


def judge_many(
    versions: Iterable[ModelVersion],
    rules: Rules | Callable[[ModelVersion], Rules],
    *,
    asked_by: Collection[UUID] = (),
    now=None,
) -> list[Judgement]:
    """Judge several versions, in as many queries as one takes.

    Parameters
    ----------
    versions : iterable of ModelVersion
        Best with their models, profiles and teams at hand.
    rules : Rules, or a function of the version
        For versions of different kinds and risks other policies may apply.
    """
    now = now or timezone.now()
    asked = [(version, rules if isinstance(rules, Rules) else rules(version)) for version in versions]
    return [_judged(material, now) for material in gather(asked, now, asked_by=asked_by)]


def _judged(material: Material, now: datetime) -> Judgement:
    rules = material.rules
    verdict = gates.evaluate(rules, material.evidence, material.subject, now, exceptions=material.exceptions)
    asked = {gate.source for gate in rules.gates} | ({"maturity"} if rules.maturity_rules else set())
    seen = {kind: item for kind, item in material.evidence.items() if kind in asked}
    bound, digests = (
        bound_digests(material.version, rules, seen, verdict),
        {kind: one.digest for kind, one in seen.items()},
    )
    return Judgement(verdict, bound, rules, rules.environment, now, digests)


def verdict_for(
    version: ModelVersion,
    environment: str,
    *,
    policy: Policy | None = None,
    asked_by: Collection[UUID] = (),
    now=None,
) -> Verdict:
    """May this version go into this environment?"""
    return judge(version, environment, policy=policy, asked_by=asked_by, now=now).verdict


def bound_digests(
    version: ModelVersion, rules: Rules | Policy, evidence: Mapping[str, AuditEvidence], verdict: Verdict | None = None
) -> dict[str, str]:
    """What an approval binds: when one of these changes, it lapses. Exceptions are bound where there are any."""
    profile = getattr(version.model, "profile", None)
    waived = {result.id: result.waived.to_json() for result in verdict.results if result.waived} if verdict else {}
    return {
        "artifact": version.artifact_digest,
        "policy": rules.digest,
        "profile": profile.digest if profile else "",
        "evidence": digest_of({kind: item.digest for kind, item in evidence.items()}),
        **({"exceptions": digest_of(waived)} if waived else {}),
    }


def as_document(version: ModelVersion, judgement: Judgement) -> dict[str, Any]:
    """The verdict for programs, with sentences in the current language, as it may leave the house."""
    return spoken(as_messages(version, judgement))


def as_messages(version: ModelVersion, judgement: Judgement) -> dict[str, Any]:
    """The same in no language: with messages where sentences will stand, so that it can be kept."""
    verdict = told(judgement.verdict)
    return {
        "registry": version.model.registry.slug,
        "model": version.model.name,
        "version": version.number,
        "environment": judgement.environment,
        "policy": vars(judgement.rules.sources[0]),
        "policies": [vars(source) for source in judgement.rules.sources],
        "outcome": verdict.outcome,
        "passes": verdict.passes,
        "message": verdict.message.to_json(),
        "reasons": [_reason(result) for result in verdict.gravest_first],
        "approvals_required": verdict.approvals_required,
        "needs": [stage.to_json() for stage in verdict.needs],
        "waived": verdict.waived,
        "automatic": verdict.automatic,
        "bound": dict(judgement.bound),
        "computed_at": judgement.at.isoformat(),
    }


def spoken(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document in the current language."""
    return {
        **document,
        "sentence": _say(document["message"]),
        "reasons": [
            {**reason, "sentence": _say(reason["message"]), **{part: _say(reason[part]) for part in SAID}}
            for reason in document["reasons"]
        ],
    }


def _say(message: Mapping[str, Any] | None) -> str | None:
    return say(Message.from_json(message)) if message else None


def told(verdict: Verdict) -> Verdict:
    """The verdict without the figures of groups that are too small to leave the house."""
    return told_many([verdict])[0]


def told_many(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The same for several, in one query."""
    verdicts = list(verdicts)
    known = gate_results_by_id(line.audit_id for verdict in verdicts for line in verdict.results)
    return [
        _without(verdict, [known[line.audit_id] for line in verdict.results if line.audit_id in known])
        for verdict in verdicts
    ]


def _without(verdict: Verdict, results: list[dict[str, Any]]) -> Verdict:
    return Verdict.from_json(outgoing_gates(verdict.to_json(), results)) if results else verdict


def _reason(result: GateResult) -> dict[str, Any]:
    line = result.to_json()
    return {
        "gate": result.id,
        "audit": result.audit,
        "title": dict(result.title),
        "outcome": result.outcome,
        **{part: line[part] for part in ("message", *SAID)},
        "label": result.label,
        "observed_at": line["observed_at"],
        "audit_id": result.audit_id,
        "waived": line["waived"],
    }
