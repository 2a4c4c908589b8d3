"""What a verdict is made of: the evidence that goes in, and the results that come out.

Pure: no Django.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from governance.readings import FAIL, GRAVITY, NOT_APPLICABLE, PASS
from portal.message import Message

# What running an audit again may mend
RUN_AGAIN = frozenset(
    f"gates.{why}"
    for why in (
        "missing",
        "stale",
        "future",
        "other-profile",
        "other-artifact",
        "unknown-artifact",
        "other-live",
        "no-live-now",
        "fairness.confidence",
    )
)


@dataclass(frozen=True)
class AuditEvidence:
    """The newest audit of one kind, as a gate reads it.

    Parameters
    ----------
    kind : str
        ``"lineage"``, ``"performance"``, ``"fairness"``, ``"explanation"``, ``"drift"``, ``"safety"``, and what is no
        audit: ``"maturity"``, ``"checklist"``, ``"fact:<key>"``.
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
    compared_with : str
        The number of the live version that it was compared with; empty if with none.
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
    compared_with: str = ""


@dataclass(frozen=True)
class Subject:
    """The version that is judged, as it is now.

    Parameters
    ----------
    kind, risk : str
        Of the profile; empty if the model has none yet, or only one that does not count.
    artifact_digest, profile_digest : str
        As they are now; empty if not known.
    stands : mapping
        Environment → the digest of the files with which it was put there; empty if that is not known. Those where
        it stands now.
    stood : frozenset
        The digests of the files with which it stood, by a regular approval, where it is to go back to.
    agreed : bool
        Whether a second person has agreed to the profile; until then nothing on it counts.
    live : str or None
        The number of the version that is live now; empty if there is none, None if it is this one, or where no
        gate asks.
    places : mapping
        Environment → its title, ``{"en", "ja"}``, where it is asked whether it stands or stood there.
    denied : bool
        Whether a person has refused it or sent it back there, where the policy might let it go without one.
    """

    kind: str = ""
    risk: str = ""
    artifact_digest: str = ""
    profile_digest: str = ""
    live: str | None = None
    agreed: bool = True
    stands: Mapping[str, str] = field(default_factory=dict)
    stood: frozenset[str] = frozenset()
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    denied: bool = False


@dataclass(frozen=True)
class Exempt:
    """A signed exception to one gate, as it is weighed.

    Parameters
    ----------
    gate : str
        The gate's id in the rules.
    kind : {"waiver", "ruling"}
    by, reason : str
    until : datetime
    evidence_digest : str
        What a ruling was made on.
    outcome : {"pass", "fail"}
        What a ruling says.
    """

    gate: str
    kind: str
    by: str
    reason: str
    until: datetime
    evidence_digest: str = ""
    outcome: str = PASS


@dataclass(frozen=True)
class Waived:
    """The exception under which a gate was passed by, or denied."""

    kind: str
    by: str
    reason: str
    until: datetime
    outcome: str = PASS

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "until": self.until.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Waived:
        return cls(**{**data, "until": datetime.fromisoformat(data["until"])})


@dataclass(frozen=True)
class StageNeed:
    """So many members of a group must agree; ``extra`` where one of them is for the team's level."""

    group: str
    quorum: int
    due_days: int | None = None
    title: Mapping[str, str] | None = None
    extra: bool = False

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class GateResult:
    """One gate's outcome, with what was measured beside what is required.

    ``title`` is ``{"en": …, "ja": …}``; ``fix`` says who can do what; ``waived`` is the signed
    exception under which it is passed by, and changes nothing of the outcome.
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
    waived: Waived | None = None

    @property
    def passes(self) -> bool:
        """Whether it stands in nobody's way."""
        if self.waived:
            return self.waived.outcome != FAIL
        return self.outcome in (PASS, NOT_APPLICABLE)

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
            "waived": self.waived.to_json() if self.waived else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GateResult:
        messages = {
            name: Message.from_json(data[name]) if data[name] else None
            for name in ("measured", "required", "message", "fix")
        }
        at = datetime.fromisoformat(data["observed_at"]) if data["observed_at"] else None
        waived = Waived.from_json(data["waived"]) if data.get("waived") else None
        return cls(**{**data, **messages, "observed_at": at, "waived": waived})


@dataclass(frozen=True)
class Verdict:
    """May this version go? ``results`` stand in the order of the rules.

    Parameters
    ----------
    needs : tuple of StageNeed
        Who must agree.
    clean : bool
        Every gate that applies passes, and none by an exception.
    automatic : bool
        Clean, by the team's level nobody need agree, and nobody has said no.
    holds_until : datetime or None
        When something that it stands on ends by itself.
    """

    outcome: str
    message: Message
    results: tuple[GateResult, ...]
    needs: tuple[StageNeed, ...] = ()
    clean: bool = False
    automatic: bool = False
    holds_until: datetime | None = field(default=None, compare=False)

    @property
    def passes(self) -> bool:
        return self.outcome == PASS

    @property
    def approvals_required(self) -> int:
        return sum(stage.quorum for stage in self.needs)

    @property
    def waived(self) -> int:
        """How many gates are passed by under an exception."""
        return sum(result.waived is not None and result.passes for result in self.results)

    @property
    def counts(self) -> dict[str, int]:
        """Outcome → how many gates."""
        return dict(Counter(result.outcome for result in self.results))

    @property
    def audits_due(self) -> tuple[str, ...]:
        """The kinds of audit whose running again may supply what is missing."""
        kinds = dict.fromkeys(
            "safety" if result.audit == "replay" else result.audit
            for result in self.results
            if result.message.code in RUN_AGAIN
        )
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
            "needs": [stage.to_json() for stage in self.needs],
            "waived": self.waived,
            "clean": self.clean,
            "automatic": self.automatic,
            "holds_until": self.holds_until.isoformat() if self.holds_until else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """What was kept before there were stages says how many reviewers must agree."""
        results = tuple(GateResult.from_json(result) for result in data["results"])
        needs = data.get("needs")
        if needs is None:
            needs = [{"group": "reviewer", "quorum": data["approvals_required"]}]
        until = data.get("holds_until")
        return cls(
            data["outcome"],
            Message.from_json(data["message"]),
            results,
            needs=tuple(StageNeed(**need) for need in needs),
            clean=data.get("clean", False),
            automatic=data.get("automatic", False),
            holds_until=datetime.fromisoformat(until) if until else None,
        )
