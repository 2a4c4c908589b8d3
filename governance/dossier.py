"""What the dossier of a version says: the same words and figures as the version's pages, gathered for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.actions.conditions import conditions_of
from governance.dossier_words import glossary, summary
from governance.evidence import latest_audits
from governance.gates import GateResult, Verdict
from governance.models import (
    Audit,
    AuditKind,
    BreakGlass,
    Decision,
    Finding,
    ModelVersion,
    Move,
    Placement,
    Policy,
    Promotion,
    PromotionState,
)
from governance.outgoing import outgoing_message, printed
from governance.policy import Gate, Rules, describe_gate
from governance.verdict import Judgement, environments, judge, judge_request, rules_kept, told
from governance.views.drift_figures import drift_view
from governance.views.explanation_figures import ExplanationView, explanation_view
from governance.views.fairness_figures import EACH, TOGETHER, FairnessView, fairness_view
from governance.views.fairness_plain import plain_words
from governance.views.lineage_figures import items_of, lineage_view
from governance.views.performance_figures import performance_view
from governance.views.safety_figures import safety_view
from portal.message import Message
from portal.pdf.people import Person, people
from portal.pdf.proof import prove
from portal.pdf.references import references

COUNTED = ("fail", "inconclusive", "not_evaluated", "not_applicable", "pass")
MOST_GROUPS = 24
MOST_SLICES = 10


@dataclass(frozen=True)
class GateLine:
    """One gate: its result, what the policy asks in words, and the audit that was read."""

    result: GateResult
    asks: Message | None
    audit: Audit | None


@dataclass(frozen=True)
class Judged:
    """A verdict as the dossier prints it: frozen when it was decided, or as of now."""

    key: str
    rules: Rules
    policy: Policy
    verdict: Verdict
    at: datetime
    lines: list[GateLine]
    frozen: bool

    @property
    def counts(self) -> list[tuple[str, int]]:
        counts = self.verdict.counts
        return [(outcome, counts.get(outcome, 0)) for outcome in COUNTED]

    @property
    def reasons(self) -> list[GateResult]:
        """What keeps it from going, the gravest first."""
        return [r for r in self.verdict.gravest_first if not r.passes]


@dataclass(frozen=True)
class DecisionLine:
    """One decision with its person, in whose place they decided, and what they asked for."""

    decision: Decision
    person: Person | None
    acting_for: Person | None
    conditions: Sequence[Finding]

    @property
    def stamp(self) -> str:
        if self.decision.lapsed_at:
            return "waiting"
        return "agreed" if self.decision.decision in ("approve", "automatic") else "not_agreed"


@dataclass(frozen=True)
class FairnessPart:
    """The picture of one way of grouping; `left_out` groups are not printed."""

    view: FairnessView
    together: bool
    left_out: int


def dossier(version: ModelVersion) -> dict[str, Any]:
    """The context of the dossier's template, in the language in force."""
    promotions = list(version.promotions.select_related("policy", "requested_by", "move", "placement"))
    promotion = promotions[0] if promotions else None
    judged, audits = _judged(version, promotion)
    decisions = list(promotion.decisions.select_related("by", "acting_for")) if promotion else []
    profile = getattr(version.model, "profile", None)
    named = people(
        [
            *(row.by for row in decisions),
            *(row.acting_for for row in decisions),
            *(row.requested_by for row in promotions),
            *(row.policy.published_by for row in judged),
            profile.changed_by if profile else None,
        ],
        version.team,
    )
    asked = conditions_of(promotion) if promotion else {}
    lines = [
        DecisionLine(row, named.get(row.by_id), named.get(row.acting_for_id), asked.get(row.event, ()))
        for row in decisions
    ]
    newest = latest_audits(version)
    ledger = references(_subjects(version, promotions))
    proof = prove(entry.event for entry in ledger.entries)
    return {
        "version": version,
        "model": version.model,
        "registry": version.model.registry,
        "profile": profile,
        "profile_by": named.get(profile.changed_by_id) if profile else None,
        "promotion": promotion,
        "environment": judged[0].rules.title if promotion and judged else None,
        "requested_by": named.get(promotion.requested_by_id) if promotion else None,
        "earlier": [(row, named.get(row.requested_by_id)) for row in promotions[1:]],
        "judged": judged,
        "policies": _policies(judged, named),
        "summary": summary(version, promotion, judged[0] if judged else None),
        "decisions": lines,
        "last_decision": next((line for line in reversed(lines) if not line.decision.lapsed_at), None),
        "bound": lines[-1].decision.bound if lines else {},
        "glass": _glass(promotion),
        "move": _move(promotion),
        "placement": _placement(promotion),
        "superseded": [AuditKind(kind).label for kind, audit in audits.items() if newest[kind].pk != audit.pk],
        "metrics": sorted(((version.run or {}).get("metrics") or {}).items()),
        "parameters": sorted(((version.run or {}).get("params") or {}).items()),
        "datasets": list((version.run or {}).get("datasets") or ()),
        "commit": _run_tag(version, "mlflow.source.git.commit"),
        "repository": _run_tag(version, "mlflow.source.git.repoURL"),
        **_lineage(version, audits.get(AuditKind.LINEAGE)),
        **_fairness(audits.get(AuditKind.FAIRNESS)),
        **_explanation(audits.get(AuditKind.EXPLANATION)),
        **_performance(audits.get(AuditKind.PERFORMANCE)),
        **_drift(audits.get(AuditKind.DRIFT), audits.get(AuditKind.EXPLANATION)),
        **_safety(audits.get(AuditKind.SAFETY)),
        "not_audited": [kind.label for kind in AuditKind if kind not in audits],
        "ledger": ledger,
        "proof": proof,
        "attached": proof.attached if proof else {},
        "glossary": glossary(),
    }


def _judged(version: ModelVersion, promotion: Promotion | None) -> tuple[list[Judged], dict[str, Audit]]:
    """The verdict of the promotion, or what each environment would say now; and the audits it rests on."""
    audits = latest_audits(version)
    if promotion is None:
        return [_now(judge(version, key), key, audits) for key in environments()], audits
    if promotion.state == PromotionState.OPEN or not promotion.verdict:
        return [_now(judge_request(promotion), promotion.environment, audits)], audits
    verdict = told(Verdict.from_json(promotion.verdict))
    read = {audit.pk: audit for audit in version.audits.filter(pk__in=[r.audit_id for r in verdict.results])}
    audits |= {audit.kind: audit for audit in read.values()}
    rules = rules_kept(promotion)
    lines = _gate_lines(verdict, rules, read)
    at = promotion.verdict_at or promotion.requested_at
    return [Judged(promotion.environment, rules, promotion.policy, verdict, at, lines, True)], audits


def _now(judgement: Judgement, key: str, audits: Mapping[str, Audit]) -> Judged:
    verdict = told(judgement.verdict)
    lines = _gate_lines(verdict, judgement.rules, {audit.pk: audit for audit in audits.values()})
    return Judged(key, judgement.rules, judgement.policy, verdict, judgement.at, lines, False)


def _gate_lines(verdict: Verdict, rules: Rules, read: Mapping[int, Audit]) -> list[GateLine]:
    gates: dict[str, Gate] = {gate.id: gate for gate in rules.gates}
    return [
        GateLine(
            result,
            describe_gate(gates[result.id]) if result.id in gates else None,
            read.get(result.audit_id) if result.audit_id else None,
        )
        for result in verdict.gravest_first
    ]


def _policies(judged: list[Judged], named: Mapping[int, Person]) -> list[tuple[Policy, Person | None]]:
    policies = {row.policy.pk: row.policy for row in judged}
    return [(policy, named.get(policy.published_by_id)) for policy in policies.values()]


def _glass(promotion: Promotion | None) -> BreakGlass | None:
    rows = BreakGlass.objects.filter(promotion=promotion, second_by__isnull=False)
    return rows.select_related("first_by", "second_by", "finding__resolved_by").first() if promotion else None


def _move(promotion: Promotion | None) -> Move | None:
    return getattr(promotion, "move", None)


def _placement(promotion: Promotion | None) -> Placement | None:
    return getattr(promotion, "placement", None)


def _run_tag(version: ModelVersion, name: str) -> str:
    return str(((version.run or {}).get("tags") or {}).get(name) or "")


def _lineage(version: ModelVersion, audit: Audit | None) -> dict[str, Any]:
    titles = {environment.alias: environment.title for environment in environments().values()}
    return {
        "lineage_audit": audit,
        "lineage_picture": lineage_view(version.lineage, titles),
        "lineage_items": items_of(audit),
    }


def _has_result(audit: Audit | None, kind: str) -> bool:
    return bool(audit and audit.result.get("schema") == f"sekisho.{kind}/1")


def _fairness(audit: Audit | None) -> dict[str, Any]:
    """The pictures of the measure that decides: feature by feature, and crossed where they were crossed."""
    if not _has_result(audit, "fairness"):
        return {"fairness_audit": audit, "fairness_parts": [], "fairness": None}
    result = printed(audit.result)
    crossed = any(len(group["features"]) > 1 for group in result["groups"])
    views = [(fairness_view(result, groups=groups), groups) for groups in (EACH, TOGETHER)[: 1 + crossed]]
    parts = [FairnessPart(view, groups == TOGETHER, _left_out(view)) for view, groups in views]
    return {
        "fairness_audit": audit,
        "fairness_parts": parts,
        "fairness": result,
        "fairness_message": outgoing_message(audit.message, audit.result),
        "plain": plain_words(audit.result, parts[0].view.decisive),
        "most_groups": f":{MOST_GROUPS}",
    }


def _left_out(view: FairnessView) -> int:
    return sum(max(0, len(grouping.rows) - MOST_GROUPS) for grouping in view.groupings)


def _explanation(audit: Audit | None) -> dict[str, Any]:
    known = _has_result(audit, "explanation") and audit.outcome != "not_evaluated"
    view: ExplanationView | None = explanation_view(audit.result) if known else None
    return {"explanation_audit": audit, "explanation": audit.result if known else None, "explanation_view": view}


def _performance(audit: Audit | None) -> dict[str, Any]:
    result = printed(audit.result) if _has_result(audit, "performance") else None
    return {
        "performance_audit": audit,
        "performance": result,
        "performance_message": audit and outgoing_message(audit.message, audit.result),
        "performance_view": performance_view(result) if result else None,
        "most_slices": f":{MOST_SLICES}",
    }


def _drift(audit: Audit | None, explained: Audit | None) -> dict[str, Any]:
    result = printed(audit.result) if _has_result(audit, "drift") else None
    importance = explained.result.get("importance", ()) if explained and explained.outcome == "pass" else ()
    return {
        "drift_audit": audit,
        "drift": result,
        "drift_message": audit and outgoing_message(audit.message, audit.result),
        "drift_view": drift_view(result, importance) if result else None,
    }


def _safety(audit: Audit | None) -> dict[str, Any]:
    known = _has_result(audit, "safety")
    return {
        "safety_audit": audit,
        "safety": audit.result if known else None,
        "safety_view": safety_view(audit.result) if known else None,
    }


def _subjects(version: ModelVersion, promotions: list[Promotion]) -> list[tuple[str, Any]]:
    return [
        ("model", version.model_id),
        ("version", version.pk),
        *(("promotion", promotion.pk) for promotion in promotions),
        *(("policy", promotion.policy_id) for promotion in promotions),
    ]
