"""Which audits are made of a model without being named, by what kind of model it is."""

from __future__ import annotations

from governance.models import AuditKind, Kind, Profile

ALWAYS = (AuditKind.LINEAGE, AuditKind.FAIRNESS)
BY_KIND: dict[str, tuple[AuditKind, ...]] = {Kind.TABULAR: (*ALWAYS, AuditKind.EXPLANATION)}


def kinds_for(profile: Profile | None) -> tuple[AuditKind, ...]:
    """The kinds of audit, in the order of `AuditKind`; without a profile those of a tabular model."""
    wanted = BY_KIND.get(profile.kind if profile else Kind.TABULAR, ALWAYS)
    return tuple(kind for kind in AuditKind if kind in wanted)
