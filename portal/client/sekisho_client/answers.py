"""What Sekisho answers, typed; `document` holds all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OVER = ("done", "failed", "cancelled")
CLOSED = ("done", "refused", "sent_back", "withdrawn", "failed", "overtaken")
UNKNOWN = ("not_evaluated",)


@dataclass(frozen=True)
class Reason:
    """One gate of a verdict."""

    gate: str
    outcome: str
    sentence: str
    fix: str | None
    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Reason:
        return cls(document["gate"], document["outcome"], document["sentence"], document.get("fix"), document)


@dataclass(frozen=True)
class Verdict:
    """May the version go? `outcome` is pass, fail, inconclusive, not_evaluated or not_applicable."""

    outcome: str
    passes: bool
    sentence: str
    reasons: tuple[Reason, ...]
    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Verdict:
        reasons = tuple(Reason.of(one) for one in document["reasons"])
        return cls(document["outcome"], bool(document["passes"]), document["sentence"], reasons, document)

    @property
    def fails(self) -> bool:
        return not self.passes and self.outcome == "fail"

    @property
    def may_change(self) -> bool:
        """Whether something has not been looked at yet, so that waiting can help."""
        return not self.passes and not self.fails and any(one.outcome in UNKNOWN for one in self.reasons)


@dataclass(frozen=True)
class Registered:
    """A version that is governed now; `jobs` read and audit it."""

    registry: str
    model: str
    version: int
    jobs: tuple[int, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Registered:
        return cls(document["registry"], document["model"], document["version"], tuple(document["jobs"]))


@dataclass(frozen=True)
class Job:
    """Work that takes time."""

    id: int
    state: str
    text: str
    result: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Job:
        return cls(document["id"], document["state"], document["text"], document.get("result") or {})

    @property
    def is_over(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True)
class Promotion:
    """A request, and how far it has come."""

    id: int
    state: str
    outcome: str
    sentence: str
    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Promotion:
        return cls(document["id"], document["state"], document["outcome"], document["sentence"], document)

    @property
    def is_over(self) -> bool:
        return self.state in CLOSED
