"""Registries and what is mirrored of them, profiles, audits, policies, promotions and moves."""

from governance.models.audit import Audit, AuditKind, EvidenceLabel, Outcome
from governance.models.evaluation import (
    KEPT,
    DataConnection,
    EvaluationSet,
    EvaluationSetUse,
    SetRole,
    SetSource,
    SetState,
)
from governance.models.interpreter import Interpreter
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
    "KEPT",
    "Audit",
    "AuditKind",
    "DataConnection",
    "Decision",
    "DecisionKind",
    "Direction",
    "EvaluationSet",
    "EvaluationSetUse",
    "EvidenceLabel",
    "Interpreter",
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
    "SetRole",
    "SetSource",
    "SetState",
    "digest_of",
]
