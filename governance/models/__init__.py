"""Registries and what is mirrored of them, profiles, audits, policies, promotions and moves."""

from governance.models.audit import Audit, AuditKind, EvidenceLabel, Outcome
from governance.models.profile import Direction, Kind, Profile, Risk, digest_of
from governance.models.promotion import (
    Decision,
    DecisionKind,
    Move,
    MoveState,
    Placement,
    Policy,
    Promotion,
    PromotionState,
)
from governance.models.registry import ModelVersion, RegisteredModel, Registry

__all__ = [
    "Audit",
    "AuditKind",
    "Decision",
    "DecisionKind",
    "Direction",
    "EvidenceLabel",
    "Kind",
    "ModelVersion",
    "Move",
    "MoveState",
    "Outcome",
    "Placement",
    "Policy",
    "Profile",
    "Promotion",
    "PromotionState",
    "RegisteredModel",
    "Registry",
    "Risk",
    "digest_of",
]
