"""Registries and what is mirrored of them, profiles, audits, policies, promotions, moves, and what watches them."""

from governance.models.approval import ApproverGroup, Deputy, GroupMember
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
from governance.models.exception import BreakGlass, ExceptionKind, GateException
from governance.models.finding import Finding, FindingState, Resolution, Severity
from governance.models.gate import EmergencyKit, KitState, MintedToken
from governance.models.interpreter import Interpreter
from governance.models.judged import LiveJudgement, StoredVerdict
from governance.models.move import UNDER_WAY, Brand, Move, MoveKind, MoveState, Placement
from governance.models.place import Place, PlaceKind
from governance.models.policy import Policy, PolicyDraft
from governance.models.profile import Direction, Kind, Profile, Risk, digest_of
from governance.models.profile_history import ProfileChange, ProfileChangeState, ProfileVersion
from governance.models.promotion import Comment, Decision, DecisionKind, Promotion, PromotionKind, PromotionState
from governance.models.pushed import RequestKey
from governance.models.registry import ModelVersion, RegisteredModel, Registry, WebhookDelivery
from governance.models.supplied import ChecklistMark, Fact

__all__ = [
    "KEPT",
    "UNDER_WAY",
    "ApproverGroup",
    "Audit",
    "AuditKind",
    "Brand",
    "BreakGlass",
    "ChecklistMark",
    "Comment",
    "DataConnection",
    "Decision",
    "DecisionKind",
    "Deputy",
    "Direction",
    "EmergencyKit",
    "EvaluationSet",
    "EvaluationSetUse",
    "EvidenceLabel",
    "ExceptionKind",
    "Fact",
    "Finding",
    "FindingState",
    "GateException",
    "GroupMember",
    "Interpreter",
    "Kind",
    "KitState",
    "LiveJudgement",
    "MintedToken",
    "ModelVersion",
    "Move",
    "MoveKind",
    "MoveState",
    "Outcome",
    "Place",
    "PlaceKind",
    "Placement",
    "Policy",
    "PolicyDraft",
    "Profile",
    "ProfileChange",
    "ProfileChangeState",
    "ProfileVersion",
    "Promotion",
    "PromotionKind",
    "PromotionState",
    "RegisteredModel",
    "Registry",
    "RequestKey",
    "Resolution",
    "Risk",
    "SetRole",
    "SetSource",
    "SetState",
    "Severity",
    "StoredVerdict",
    "WebhookDelivery",
    "digest_of",
]
