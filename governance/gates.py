"""One verdict: a policy's gates for an environment, weighed against the evidence at hand.

Pure: no Django. Page, API, command and report all show what `evaluate` returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.message import Message


@dataclass(frozen=True)
class AuditEvidence:
    """The newest audit of one kind, as a gate reads it.

    Parameters
    ----------
    kind : str
        ``"lineage"``, ``"fairness"``, ``"explanation"``.
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
