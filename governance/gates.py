"""One verdict: a policy's gates for an environment, weighed against the evidence at hand.

Pure: no Django. Page, API, command and report all show what `evaluate` returns. Unknown is never a pass:
evidence that is missing, too old, of another label, or of something else leaves its gate "not evaluated".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from governance import gate_readings
from governance.gate_readings import FAIL, GRAVITY, INCONCLUSIVE, NOT_APPLICABLE, NOT_EVALUATED, PASS, Reading
from governance.policy import Environment, Gate
from portal.message import Message

# Audits that read the profile's columns and data
ON_PROFILE = frozenset({"performance", "fairness", "explanation", "drift", "safety"})
RUN_AGAIN = frozenset(
    f"gates.{why}" for why in ("missing", "stale", "future", "other-profile", "other-artifact", "unknown-artifact")
)
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class AuditEvidence:
    """The newest audit of one kind, as a gate reads it.

    Parameters
    ----------
    kind : str
        ``"lineage"``, ``"performance"``, ``"fairness"``, ``"explanation"``, ``"drift"``, ``"safety"``.
    outcome : str
        What the audit itself found, by its own measure.
    message : Message
        The audit's verdict in one sentence.
    result : mapping
        The engine's result, with its schema.
    label : str
        ``"replayed"``, ``"computed"``, ``"attested"`` or ``"declared"``.
    created_at : datetime
        With a time zone.
    digest : str
        Of the whole audit; an approval binds it.
    artifact_digest, profile_digest : str
        What was examined; empty if that is not known.
    id : int or None
        The audit's row.
    unsandboxed : bool
        Whether a model was run without walls for it; such evidence never counts.
    """

    kind: str
    outcome: str
    message: Message
    result: Mapping[str, Any]
    label: str
    created_at: datetime
    digest: str
    artifact_digest: str = ""
    profile_digest: str = ""
    id: int | None = None
    unsandboxed: bool = False


@dataclass(frozen=True)
class Subject:
    """The version that is judged, as it is now.

    Parameters
    ----------
    kind, risk : str
        Of the profile; empty if the model has none yet.
    artifact_digest, profile_digest : str
        As they are now; empty if not known.
    """

    kind: str = ""
    risk: str = ""
    artifact_digest: str = ""
    profile_digest: str = ""


@dataclass(frozen=True)
class GateResult:
    """One gate's outcome, with what was measured beside what is required.

    ``title`` is ``{"en": …, "ja": …}``; ``fix`` says who can do what; ``waived`` is for signed exceptions.
    """

    id: str
    audit: str
    title: Mapping[str, str]
    outcome: str
    measured: Message | None
    required: Message
    message: Message
    fix: Message | None = None
    label: str | None = None
    observed_at: datetime | None = None
    audit_id: int | None = None
    waived: None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "audit": self.audit,
            "title": dict(self.title),
            "outcome": self.outcome,
            "measured": self.measured.to_json() if self.measured else None,
            "required": self.required.to_json(),
            "message": self.message.to_json(),
            "fix": self.fix.to_json() if self.fix else None,
            "label": self.label,
            "observed_at": self.observed_at.isoformat() if self.observed_at else None,
            "audit_id": self.audit_id,
            "waived": None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GateResult:
        messages = {
            name: Message.from_json(data[name]) if data[name] else None
            for name in ("measured", "required", "message", "fix")
        }
        at = datetime.fromisoformat(data["observed_at"]) if data["observed_at"] else None
        return cls(**{**data, **messages, "observed_at": at})


@dataclass(frozen=True)
class Verdict:
    """May this version go? ``results`` stand in the policy's order."""

    outcome: str
    message: Message
    results: tuple[GateResult, ...]
    approvals_required: int

    @property
    def passes(self) -> bool:
        return self.outcome == PASS

    @property
    def counts(self) -> dict[str, int]:
        """Outcome → how many gates."""
        return dict(Counter(result.outcome for result in self.results))

    @property
    def audits_due(self) -> tuple[str, ...]:
        """The kinds of audit whose running again may supply what is missing."""
        kinds = dict.fromkeys(result.audit for result in self.results if result.message.code in RUN_AGAIN)
        if any(result.message.code == "gates.unhashed" for result in self.results):
            kinds["lineage"] = None
        return tuple(kinds)

    @property
    def gravest_first(self) -> tuple[GateResult, ...]:
        return tuple(sorted(self.results, key=lambda result: -GRAVITY.get(result.outcome, -1)))

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "message": self.message.to_json(),
            "results": [result.to_json() for result in self.results],
            "approvals_required": self.approvals_required,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        results = tuple(GateResult.from_json(result) for result in data["results"])
        return cls(data["outcome"], Message.from_json(data["message"]), results, data["approvals_required"])


def evaluate(
    environment: Environment, evidence: Mapping[str, AuditEvidence], subject: Subject, now: datetime
) -> Verdict:
    """Weigh the evidence against an environment's gates.

    Parameters
    ----------
    environment : Environment
        Of the policy.
    evidence : mapping
        Kind of audit → the newest evidence of it.
    subject : Subject
    now : datetime
        With a time zone; evidence ages against it.
    """
    results = tuple(_result(gate, evidence.get(gate.audit), subject, now) for gate in environment.gates)
    outcome, message = _overall(results)
    return Verdict(outcome, message, results, environment.approvals.required)


def _overall(results: tuple[GateResult, ...]) -> tuple[str, Message]:
    """The gravest outcome, and its reason; of equally grave ones the policy's first."""
    counted = [result for result in results if result.outcome != NOT_APPLICABLE]
    if not counted:
        return NOT_EVALUATED, Message("gates.verdict.nothing")
    gravest = max(counted, key=lambda result: GRAVITY[result.outcome])
    if gravest.outcome == PASS:
        return PASS, Message("gates.verdict.pass", {"passed": len(counted)})
    more = sum(result.outcome != PASS for result in counted) - 1
    code = "gates.verdict.blocked-more" if more else "gates.verdict.blocked"
    return gravest.outcome, Message(code, {"reason": gravest.message, **({"more": more} if more else {})})


def _result(gate: Gate, evidence: AuditEvidence | None, subject: Subject, now: datetime) -> GateResult:
    reading = _scope(gate, subject) or _validity(gate, evidence, subject, now) or _content(gate, evidence, subject)
    seen = evidence if reading.outcome != NOT_APPLICABLE else None
    return GateResult(
        id=gate.id,
        audit=gate.audit,
        title={"en": gate.title.en, "ja": gate.title.ja},
        outcome=reading.outcome,
        measured=reading.measured,
        required=gate_readings.required(gate.needs),
        message=reading.message,
        fix=reading.fix,
        label=seen.label if seen else None,
        observed_at=seen.created_at if seen else None,
        audit_id=seen.id if seen else None,
    )


def _scope(gate: Gate, subject: Subject) -> Reading | None:
    """Whether the policy asks this of such a model at all; what is not known is not "does not apply"."""
    if (gate.kinds and not subject.kind) or (gate.risks and not subject.risk):
        return Reading(NOT_EVALUATED, Message("gates.no-profile"), fix=Message("gates.fix.profile"))
    if gate.applies(subject.kind, subject.risk):
        return None
    named = {"kind": Message(f"gates.kind.{subject.kind}"), "risk": Message(f"gates.risk.{subject.risk}")}
    return Reading(NOT_APPLICABLE, Message("gates.not-applicable", named))


def _validity(gate: Gate, evidence: AuditEvidence | None, subject: Subject, now: datetime) -> Reading | None:
    """Why the evidence does not count, if it does not, and who must supply what."""
    named = {"audit": Message(f"gates.audit.{gate.audit}")}

    def unknown(code: str, **params: Any) -> Reading:
        return Reading(NOT_EVALUATED, Message(code, {**named, **params}), fix=Message("gates.fix.run", named))

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
    if gate.audit in ON_PROFILE and evidence.profile_digest != (subject.profile_digest or None):
        return unknown("gates.other-profile")
    if evidence.artifact_digest and subject.artifact_digest and evidence.artifact_digest != subject.artifact_digest:
        return unknown("gates.other-artifact")
    if evidence.outcome == NOT_EVALUATED:
        return Reading(NOT_EVALUATED, evidence.message, fix=Message("gates.fix.run", named))
    if evidence.outcome == NOT_APPLICABLE:  # that a check is not for such a model, the policy says: no audit does
        return Reading(NOT_EVALUATED, evidence.message, fix=Message("gates.fix.kinds"))
    if evidence.outcome not in (PASS, FAIL, INCONCLUSIVE):
        return unknown("gates.unreadable")
    return None


def _wrong_label(gate: Gate, evidence: AuditEvidence) -> Reading:
    accepted = [Message(f"gates.label.{label}") for label in gate.labels]
    params = {"label": Message(f"gates.label.{evidence.label}"), "labels": accepted}
    return Reading(NOT_EVALUATED, Message("gates.label-refused", params), fix=Message("gates.fix.label", params))


def _content(gate: Gate, evidence: AuditEvidence, subject: Subject) -> Reading:
    """What the evidence says, by the policy's own measure."""
    reading = gate_readings.read(gate.needs, evidence.outcome, evidence.message, evidence.result)
    if reading.outcome != PASS:
        return reading
    # A pass must be of something: replayed evidence names its files, and the version's own are known.
    named = {"audit": Message(f"gates.audit.{gate.audit}")}
    if evidence.label == "replayed" and not evidence.artifact_digest:
        return Reading(NOT_EVALUATED, Message("gates.unknown-artifact", named), fix=Message("gates.fix.run", named))
    if not subject.artifact_digest:
        lineage = {"audit": Message("gates.audit.lineage")}
        return Reading(NOT_EVALUATED, Message("gates.unhashed"), fix=Message("gates.fix.run", lineage))
    return reading
