"""A version under examination: what it is judged on, what was read for it, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from governance.models import EvaluationSet, EvidenceLabel, ModelVersion
from portal.message import Message

if TYPE_CHECKING:
    from governance.auditing.sources import EvaluationTable


@dataclass(eq=False)
class Examination:
    """One version, judged once.

    Attributes
    ----------
    version : ModelVersion
    challenger : EvaluationSet or None
        The set that it is judged on in place of the gold set.
    table : EvaluationTable or None
        The evaluation table, once it is there.
    profile_digest : str
        Of the profile as it was loaded with the version: what is written meanwhile has no part in what is found.
    """

    version: ModelVersion
    challenger: EvaluationSet | None = None
    table: EvaluationTable | None = None
    profile_digest: str = field(init=False)

    def __post_init__(self) -> None:
        profile = getattr(self.version.model, "profile", None)
        self.profile_digest = profile.digest if profile else ""


@dataclass(frozen=True)
class Finding:
    """What an audit found, before it is kept."""

    outcome: str
    message: Message
    result: dict[str, Any]
    inputs: dict[str, Any]
    label: str = EvidenceLabel.COMPUTED
