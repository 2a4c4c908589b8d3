"""Which audits are made of a model without being named, by what kind of model it is."""

from __future__ import annotations

from governance.models import AuditKind, EvaluationSetUse, Kind, Profile, SetRole

# Predictions in a table can be audited of every kind of model; its inputs as columns only of some.
ONLY_FOR: dict[str, tuple[str, ...]] = {AuditKind.EXPLANATION: (Kind.TABULAR,)}
REFERENCES = (SetRole.REFERENCE, SetRole.TRAINING)  # what drift is measured from: the first that a model has


def kinds_for(profile: Profile | None) -> tuple[AuditKind, ...]:
    """The kinds of audit, in the order of `AuditKind`; without a profile those of a tabular model."""
    left_out = () if has_reference(profile) else (AuditKind.DRIFT,)
    return tuple(kind for kind in AuditKind if applies(kind, profile) and kind not in left_out)


def applies(kind: str, profile: Profile | None) -> bool:
    """Whether an audit says anything of such a model; where it does not, it is "not applicable", not left open."""
    return (profile.kind if profile else Kind.TABULAR) in ONLY_FOR.get(kind, Kind.values)


def has_reference(profile: Profile | None) -> bool:
    """Whether the model has data to measure drift from; without it drift is audited when somebody asks."""
    if profile is None:
        return False
    return EvaluationSetUse.objects.filter(model=profile.model_id, role__in=REFERENCES).exists()
