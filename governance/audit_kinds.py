"""Which audits are made of a model without being named, by what kind of model it is."""

from __future__ import annotations

from governance.models import AuditKind, EvaluationSetUse, Kind, Profile, SetRole

ALWAYS = (AuditKind.LINEAGE, AuditKind.PERFORMANCE, AuditKind.FAIRNESS, AuditKind.DRIFT)
REFERENCES = (SetRole.REFERENCE, SetRole.TRAINING)  # what drift is measured from: the first that a model has
BY_KIND: dict[str, tuple[AuditKind, ...]] = {Kind.TABULAR: (*ALWAYS, AuditKind.EXPLANATION)}


def kinds_for(profile: Profile | None) -> tuple[AuditKind, ...]:
    """The kinds of audit, in the order of `AuditKind`; without a profile those of a tabular model."""
    wanted = BY_KIND.get(profile.kind if profile else Kind.TABULAR, ALWAYS)
    left_out = () if has_reference(profile) else (AuditKind.DRIFT,)
    return tuple(kind for kind in AuditKind if kind in wanted and kind not in left_out)


def has_reference(profile: Profile | None) -> bool:
    """Whether the model has data to measure drift from; without it drift is audited when somebody asks."""
    if profile is None:
        return False
    return EvaluationSetUse.objects.filter(model=profile.model_id, role__in=REFERENCES).exists()
