"""The verdict on a version, from what stands in the database now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from governance import gates
from governance.evidence import collect
from governance.gates import AuditEvidence, GateResult, Verdict
from governance.maturity import evidence_of
from governance.models import ModelVersion, Policy, digest_of
from governance.outgoing import gate_results, outgoing_gates
from governance.policy import Environment, parse
from portal.message import Message
from portal.web.errors import Invalid
from portal.web.say import say

BOUND = ("artifact", "policy", "profile", "evidence")


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the digests of all that it stands on."""

    verdict: Verdict
    bound: Mapping[str, str]
    policy: Policy
    environment: str
    at: datetime


def judge(version: ModelVersion, environment: str, *, policy: Policy | None = None, now=None) -> Judgement:
    """Weigh the evidence at hand against a policy: the current one unless another is given."""
    policy = policy or current_policy(version, environment)
    rules, now = rules_of(policy, environment), now or timezone.now()
    evidence, subject = collect(version)
    evidence |= evidence_of(version, rules.gates, now)
    verdict = gates.evaluate(rules, evidence, subject, now)
    asked = {gate.audit for gate in rules.gates}
    bound = bound_digests(version, policy, {kind: e for kind, e in evidence.items() if kind in asked})
    return Judgement(verdict, bound, policy, environment, now)


def verdict_for(version: ModelVersion, environment: str, *, policy: Policy | None = None, now=None) -> Verdict:
    """May this version go into this environment?"""
    return judge(version, environment, policy=policy, now=now).verdict


def bound_digests(version: ModelVersion, policy: Policy, evidence: Mapping[str, AuditEvidence]) -> dict[str, str]:
    """What an approval binds: when one of these changes, it lapses."""
    profile = getattr(version.model, "profile", None)
    return {
        "artifact": version.artifact_digest,
        "policy": policy.digest,
        "profile": profile.digest if profile else "",
        "evidence": digest_of({kind: item.digest for kind, item in evidence.items()}),
    }


def current_policy(version: ModelVersion, environment: str) -> Policy:
    """The policy in force for an environment: of the newest versions of all policies, the last one published.

    Raises
    ------
    Invalid
        No published policy knows the environment.
    """
    fitting = [policy for policy in in_force() if environment in parsed(policy.text).environments]
    if not fitting:
        raise Invalid("policy.no-environment", environment=environment)
    return fitting[-1]


def in_force() -> list[Policy]:
    """The newest version of each policy, the last published last."""
    newest = {policy.key: policy for policy in Policy.objects.order_by("version")}
    return sorted(newest.values(), key=lambda policy: (policy.published_at, policy.pk))


def environments() -> dict[str, Environment]:
    """All environments that can be asked for now, by key, each by the policy in force."""
    known: dict[str, Environment] = {}
    for policy in in_force():
        known |= parsed(policy.text).environments
    return known


def rules_of(policy: Policy, environment: str) -> Environment:
    """One environment's part of a policy."""
    known = parsed(policy.text).environments
    if environment not in known:
        raise Invalid("policy.no-environment", environment=environment)
    return known[environment]


@lru_cache(maxsize=64)
def parsed(text: str):
    """A published policy, parsed once a process."""
    return parse(text)


def as_document(version: ModelVersion, judgement: Judgement) -> dict[str, Any]:
    """The verdict for programs, with sentences in the current language, as it may leave the house."""
    verdict = told(judgement.verdict)
    return {
        "registry": version.model.registry.slug,
        "model": version.model.name,
        "version": version.number,
        "environment": judgement.environment,
        "policy": {"key": judgement.policy.key, "version": judgement.policy.version, "digest": judgement.policy.digest},
        "outcome": verdict.outcome,
        "passes": verdict.passes,
        "sentence": say(verdict.message),
        "message": verdict.message.to_json(),
        "reasons": [_reason(result) for result in verdict.gravest_first],
        "approvals_required": verdict.approvals_required,
        "bound": dict(judgement.bound),
        "computed_at": judgement.at.isoformat(),
    }


def told(verdict: Verdict) -> Verdict:
    """The verdict without the figures of groups that are too small to leave the house."""
    results = gate_results(line.audit_id for line in verdict.results)
    return Verdict.from_json(outgoing_gates(verdict.to_json(), results)) if results else verdict


def _reason(result: GateResult) -> dict[str, Any]:
    def text(message: Message | None) -> str | None:
        return say(message) if message else None

    return {
        "gate": result.id,
        "audit": result.audit,
        "title": dict(result.title),
        "outcome": result.outcome,
        "sentence": say(result.message),
        "measured": text(result.measured),
        "required": text(result.required),
        "fix": text(result.fix),
        "message": result.message.to_json(),
        "label": result.label,
        "observed_at": result.observed_at.isoformat() if result.observed_at else None,
        "audit_id": result.audit_id,
    }
