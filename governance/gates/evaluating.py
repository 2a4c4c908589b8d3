"""One verdict: the rules for an environment, weighed against the evidence at hand.

Pure: no Django. Page, API, command and report all show what `evaluate` returns. Unknown is never a pass:
evidence that is missing, too old, of another label, or of something else leaves its gate "not evaluated". An
exception that somebody signed lets a gate be passed by; the gate keeps its true outcome beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from governance.gates.parts import AuditEvidence, Exempt, GateResult, StageNeed, Subject, Verdict, Waived
from governance.gates.standing import stands_before, stood_there
from governance.policy import Environment, Gate, MaturityRule, Rules, group_name, of_environment
from governance.readings import (
    FAIL,
    GRAVITY,
    INCONCLUSIVE,
    NOT_APPLICABLE,
    NOT_EVALUATED,
    PASS,
    Reading,
    Standpoint,
    audit_named,
    level_of,
    of,
    read,
    required,
)
from portal.message import Message

# Audits that read the profile's columns and data
ON_PROFILE = frozenset({"performance", "fairness", "explanation", "drift", "safety"})
SUPPLIED = ("checklist", "fact")  # by people and pipelines: no audit that could be run
CLOCK_SKEW = timedelta(hours=1)


def evaluate(
    rules: Rules | Environment,
    evidence: Mapping[str, AuditEvidence],
    subject: Subject,
    now: datetime,
    *,
    exceptions: Iterable[Exempt] = (),
) -> Verdict:
    """Weigh the evidence against the rules.

    Parameters
    ----------
    rules : Rules or Environment
        Of all policies that apply, or one environment of one policy.
    evidence : mapping
        A gate's source → the newest evidence of it: a kind of audit, ``"maturity"``, ``"checklist"``, ``"fact:<key>"``.
    subject : Subject
    now : datetime
        With a time zone; evidence ages against it.
    exceptions : iterable of Exempt
        Those that are signed for this version and environment.
    """
    if isinstance(rules, Environment):
        rules = of_environment(rules)
    signed: dict[str, list[Exempt]] = {}
    for one in exceptions:
        signed.setdefault(one.gate, []).append(one)
    judged = [_result(gate, evidence.get(gate.source), subject, now, signed.get(gate.id, ())) for gate in rules.gates]
    places = [stands_before(name, subject) for name in rules.after]
    if rules.again:
        places.append(stood_there(rules.environment, subject))
    results = (*places, *(result for result, _holds in judged))
    outcome, message = _overall(results)
    clean = outcome == PASS and not any(result.waived for result in results)
    levels = evidence.get("maturity")
    return Verdict(
        outcome,
        message,
        results,
        needs=_stages(rules, levels),
        clean=clean,
        automatic=clean and not subject.denied and _automatic(rules, levels),
        holds_until=min((holds for _result, holds in judged if holds), default=None),
    )


def _overall(results: tuple[GateResult, ...]) -> tuple[str, Message]:
    """The gravest outcome of those in the way, and its reason; of equally grave ones the policy's first."""
    counted = [result for result in results if result.outcome != NOT_APPLICABLE]
    if not counted:
        return NOT_EVALUATED, Message("gates.verdict.nothing")
    in_the_way = [result for result in counted if not result.passes]
    if not in_the_way:
        passed = sum(result.outcome == PASS for result in counted)
        if waived := len(counted) - passed:
            return PASS, Message("gates.verdict.pass-waived", {"passed": passed, "waived": waived, "all": len(counted)})
        return PASS, Message("gates.verdict.pass", {"passed": passed})
    gravest = max(in_the_way, key=lambda result: GRAVITY[_standing(result)])
    code, more = "gates.verdict.blocked", len(in_the_way) - 1
    params = {"reason": gravest.message, **({"more": more} if more else {})}
    return _standing(gravest), Message(f"{code}-more" if more else code, params)


def _standing(result: GateResult) -> str:
    """What a gate in the way counts as: an undecided one that a person has denied is a fail."""
    return FAIL if result.waived and result.waived.outcome == FAIL else result.outcome


# -- who must agree ------------------------------------------------------------------------------------------


def _stages(rules: Rules, levels: AuditEvidence | None) -> tuple[StageNeed, ...]:
    """The stages of approval; for a team of a low level, or of none that is known, the last asks for one more."""
    needs = [
        StageNeed(
            stage.group,
            stage.quorum,
            stage.due_days,
            {"en": stage.title.en, "ja": stage.title.ja} if stage.title else None,
        )
        for stage in rules.stages
    ]
    if needs and any(_below(rule, levels) for rule in rules.extra):
        needs[-1] = replace(needs[-1], quorum=needs[-1].quorum + 1, extra=True)
    return tuple(needs)


def _below(rule: MaturityRule, levels: AuditEvidence | None) -> bool:
    level = level_of(rule, levels.result) if levels else None
    return level is None or level < rule.extra_below


def _automatic(rules: Rules, levels: AuditEvidence | None) -> bool:
    """Whether nobody need agree: every policy says so for a team of such a level, and none asks for one more."""
    if not rules.automatic or not levels or any(_below(rule, levels) for rule in rules.extra):
        return False
    known = [level_of(rule, levels.result) for rule in rules.automatic]
    pairs = zip(known, rules.automatic, strict=True)
    return all(level is not None and level >= rule.automatic_from for level, rule in pairs)


# -- one gate ------------------------------------------------------------------------------------------------


def _result(
    gate: Gate, evidence: AuditEvidence | None, subject: Subject, now: datetime, signed: Iterable[Exempt]
) -> tuple[GateResult, datetime | None]:
    """The outcome of one gate, and until when it holds by itself."""
    reading = _scope(gate, subject) or _validity(gate, evidence, subject, now) or _content(gate, evidence, subject, now)
    seen = evidence if reading.outcome != NOT_APPLICABLE else None
    waived = _waived(gate, reading.outcome, seen, now, signed)
    result = GateResult(
        id=gate.id,
        audit=gate.audit,
        title={"en": gate.title.en, "ja": gate.title.ja},
        outcome=reading.outcome,
        measured=reading.measured,
        required=required(gate.needs),
        message=reading.message,
        fix=reading.fix,
        label=seen.label if seen else None,
        observed_at=seen.created_at if seen else None,
        audit_id=seen.id if seen else None,
        waived=waived,
    )
    ends = [waived.until] if waived else []
    if seen and reading.outcome != NOT_EVALUATED:
        ends.append((reading.since or seen.created_at) + timedelta(days=gate.max_age_days))
    return result, min(ends, default=None)


def _waived(
    gate: Gate, outcome: str, evidence: AuditEvidence | None, now: datetime, signed: Iterable[Exempt]
) -> Waived | None:
    """The exception that lets a gate be passed by, if one holds: none where the policy allows none, or after its end.

    A decision on an undecided gate stands on the evidence that the signer saw; it may also deny.
    """
    if outcome in (PASS, NOT_APPLICABLE):
        return None
    for one in sorted(signed, key=lambda one: one.kind != "ruling"):
        allowed = gate.waivable if one.kind == "waiver" else gate.ruling
        if not allowed or not now < one.until <= now + timedelta(days=allowed.max_days):
            continue
        seen = evidence is not None and one.evidence_digest == evidence.digest
        if one.kind == "ruling" and not (outcome == INCONCLUSIVE and seen):
            continue
        return Waived(one.kind, one.by, one.reason, one.until, one.outcome if one.kind == "ruling" else PASS)
    return None


def _scope(gate: Gate, subject: Subject) -> Reading | None:
    """Whether the policy asks this of such a model at all; what is not known is not "does not apply"."""
    if (gate.kinds and not subject.kind) or (gate.risks and not subject.risk):
        if not subject.agreed:
            return _not_agreed()
        return Reading(NOT_EVALUATED, Message("gates.no-profile"), fix=Message("gates.fix.profile"))
    if gate.applies(subject.kind, subject.risk):
        return None
    named = {"kind": Message(f"gates.kind.{subject.kind}"), "risk": Message(f"gates.risk.{subject.risk}")}
    return Reading(NOT_APPLICABLE, Message("gates.not-applicable", named))


def _validity(gate: Gate, evidence: AuditEvidence | None, subject: Subject, now: datetime) -> Reading | None:
    """Why the evidence does not count, if it does not, and who must supply what."""
    named = audit_named(gate.source)

    def unknown(code: str, **params: Any) -> Reading:
        return Reading(NOT_EVALUATED, Message(code, {**named, **params}), fix=Message("gates.fix.run", named))

    if gate.source in ON_PROFILE and not subject.agreed:
        return _not_agreed()
    if gate.audit in SUPPLIED:
        return _supplied(gate, evidence, now)
    if evidence is None:
        return unknown("gates.missing")
    if evidence.unsandboxed:
        return Reading(NOT_EVALUATED, Message("gates.unsandboxed", named), fix=Message("gates.fix.sandbox", named))
    age = now - evidence.created_at
    if age > timedelta(days=gate.max_age_days):
        return unknown("gates.stale", age=age.days, days=gate.max_age_days)
    if age < -CLOCK_SKEW:
        return unknown("gates.future")
    if evidence.label not in gate.labels:
        return _wrong_label(gate, evidence)
    if gate.source in ON_PROFILE and evidence.profile_digest != (subject.profile_digest or None):
        return unknown("gates.other-profile")
    if evidence.artifact_digest and subject.artifact_digest and evidence.artifact_digest != subject.artifact_digest:
        return unknown("gates.other-artifact")
    if gate.source == "safety" and evidence.outcome == NOT_EVALUATED and evidence.result.get("items"):
        return None  # of its items each gate asks for its own
    if evidence.outcome == NOT_EVALUATED:
        return Reading(NOT_EVALUATED, evidence.message, fix=Message("gates.fix.run", named))
    if evidence.outcome == NOT_APPLICABLE:  # that a check is not for such a model, the policy says: no audit does
        return Reading(NOT_EVALUATED, evidence.message, fix=Message("gates.fix.kinds"))
    if evidence.outcome not in (PASS, FAIL, INCONCLUSIVE):
        return unknown("gates.unreadable")
    return None


def _not_agreed() -> Reading:
    return Reading(NOT_EVALUATED, Message("gates.not-agreed"), fix=Message("gates.fix.agree"))


def _supplied(gate: Gate, evidence: AuditEvidence | None, now: datetime) -> Reading | None:
    """The same for what people and pipelines supply; the marks of a checklist age one by one."""
    key = {"key": gate.source.partition(":")[2]}
    if evidence is None and gate.audit == "checklist":
        groups = dict.fromkeys(group for item in gate.needs.items for group in item.signers)
        fix = Message("gates.fix.checklist", {"groups": [group_name(group) for group in groups]})
        return Reading(NOT_EVALUATED, Message("gates.missing.checklist"), of(0, len(gate.needs.items)), fix)
    fix = Message("gates.fix.fact", key)
    if evidence is None:
        return Reading(NOT_EVALUATED, Message("gates.missing.fact", key), fix=fix)
    if evidence.label not in gate.labels:
        return replace(_wrong_label(gate, evidence), fix=fix)
    age = now - evidence.created_at
    if age < -CLOCK_SKEW:
        return Reading(NOT_EVALUATED, Message("gates.future.supplied"), fix=fix)
    if gate.audit == "fact" and age > timedelta(days=gate.max_age_days):
        told = Message("gates.stale.fact", {**key, "age": age.days, "days": gate.max_age_days})
        return Reading(NOT_EVALUATED, told, fix=fix)
    return None


def _wrong_label(gate: Gate, evidence: AuditEvidence) -> Reading:
    accepted = [Message(f"gates.label.{label}") for label in gate.labels]
    params = {"label": Message(f"gates.label.{evidence.label}"), "labels": accepted}
    return Reading(NOT_EVALUATED, Message("gates.label-refused", params), fix=Message("gates.fix.label", params))


def _content(gate: Gate, evidence: AuditEvidence, subject: Subject, now: datetime) -> Reading:
    """What the evidence says, by the policy's own measure."""
    about = Standpoint(
        artifact_digest=subject.artifact_digest,
        profile_digest=subject.profile_digest,
        oldest=now - timedelta(days=gate.max_age_days),
        newest=now + CLOCK_SKEW,
        live=subject.live,
        compared_with=evidence.compared_with,
    )
    reading = read(gate.needs, evidence.outcome, evidence.message, evidence.result, about)
    if reading.outcome != PASS:
        return reading
    # A pass must be of something: replayed evidence names its files, and the version's own are known.
    named = audit_named(gate.source)
    if evidence.label == "replayed" and not evidence.artifact_digest:
        return Reading(NOT_EVALUATED, Message("gates.unknown-artifact", named), fix=Message("gates.fix.run", named))
    if not subject.artifact_digest:
        lineage = {"audit": Message("gates.audit.lineage")}
        return Reading(NOT_EVALUATED, Message("gates.unhashed"), fix=Message("gates.fix.run", lineage))
    return reading
