"""A policy in words: what each gate asks, and who must agree.

Pure: no Django.
"""

from __future__ import annotations

from typing import Any

from governance.policy.model import BUILT_IN_GROUPS, Approvals, Environment, Gate, MaturityRule, Policy, Stage, Window
from governance.policy.needs import (
    ChecklistNeeds,
    DriftNeeds,
    ExplanationNeeds,
    FactNeeds,
    FairnessNeeds,
    LineageNeeds,
    MaturityNeeds,
    PerformanceNeeds,
    ReplayNeeds,
    SafetyNeeds,
)
from governance.policy.reading import in_turn
from portal.message import Message


def describe_gate(gate: Gate) -> Message:
    """What a gate requires, in one sentence."""
    if isinstance(gate.needs, MaturityNeeds):
        said = Message(f"gates.needs.maturity.{'part' if gate.needs.dimension else 'whole'}", dict(vars(gate.needs)))
    else:
        labels = [Message(f"gates.label.{label}") for label in gate.labels]
        code = {"checklist": "gates.needs.marks", "fact": "gates.needs.told"}.get(gate.audit, "gates.needs")
        said = Message(code, {"what": _needs(gate.needs), "days": gate.max_age_days, "labels": labels})
    exceptions = [
        Message(f"gates.needs.{name}", {"group": group_name(one.group), "days": one.max_days})
        for name, one in (("waivable", gate.waivable), ("ruling", gate.ruling))
        if one
    ]
    return in_turn([said, *exceptions])


def _needs(needs: Any) -> Message:
    match needs:
        case LineageNeeds(items=items):
            return Message("gates.needs.lineage", {"items": [Message(f"lineage.item.{item}") for item in items]})
        case FairnessNeeds():
            return _fairness(needs)
        case ExplanationNeeds(max_reliance=limit):
            return Message("gates.needs.explanation", {"limit": percent(limit)})
        case PerformanceNeeds():
            return _performance(needs)
        case DriftNeeds():
            return _drift(needs)
        case SafetyNeeds(items=items):
            return Message("gates.needs.safety", {"items": [Message(f"safety.item.{item}") for item in items]})
        case ReplayNeeds(min_rows=rows):
            return Message("gates.needs.replay", {"rows": rows})
        case ChecklistNeeds(items=items):
            each = [
                Message("gates.needs.item", {"item": both(item.title), "groups": [group_name(g) for g in item.signers]})
                for item in items
            ]
            return Message("gates.needs.checklist", {"items": each})
        case FactNeeds(key=key):
            return Message("gates.needs.fact", {"key": key, "limits": limits_of(needs)})
    raise TypeError(needs)


def _fairness(needs: FairnessNeeds) -> Message:
    params = {
        "measures": [Message(f"gates.measure.{measure}") for measure in needs.measures],
        "tolerance": f"{needs.tolerance:g}",
        "n": needs.min_group,
    }
    said = Message(f"gates.needs.fairness.{needs.unjudged_groups}", params)
    if needs.confidence is None:
        return said
    return in_turn([said, Message("gates.needs.confidence", {"confidence": percent(needs.confidence)})])


def _performance(needs: PerformanceNeeds) -> Message:
    sentences = []
    if needs.at_least is not None or needs.at_most is not None:
        params = {"metric": metric_name(needs.metric), "limits": limits_of(needs)}
        sentences.append(Message("gates.needs.performance.floor", params))
    if needs.not_worse:
        asked = "if_live" if needs.not_worse == "if_live" else "always"
        sentences.append(Message(f"gates.needs.performance.{asked}", {"metric": metric_name(needs.metric)}))
    if needs.slices:
        sentences.append(Message("gates.needs.performance.slices"))
    return in_turn(sentences)


def _drift(needs: DriftNeeds) -> Message:
    params = {"tolerance": f"{needs.tolerance:g}", "columns": list(needs.columns or ())}
    said = Message(f"gates.needs.drift.{'named' if needs.columns else 'all'}", params)
    return in_turn([said, Message(f"gates.needs.drift.{needs.unjudged}")])


def metric_name(metric: str | None) -> Message:
    """A metric in words; none is the one that the profile names."""
    return Message(f"performance.metric.{metric}" if metric else "gates.metric.profile")


def limits_of(needs: PerformanceNeeds | FactNeeds) -> Message:
    """The limits of a value, as they stand beside it."""
    if getattr(needs, "equals", None) is not None:
        return Message("gates.equals", {"value": plain(needs.equals)})
    if needs.at_least is not None and needs.at_most is not None:
        return Message("gates.between", {"low": plain(needs.at_least), "high": plain(needs.at_most)})
    if needs.at_least is not None:
        return Message("gates.at-least", {"limit": plain(needs.at_least)})
    return Message("gates.at-most", {"limit": plain(needs.at_most)})


def plain(value: Any) -> str:
    """A value as the file would say it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def percent(share: float) -> str:
    """A share as it stands in a sentence."""
    return f"{100 * share:.3g}%"


def both(text: Any) -> dict[str, str]:
    """A bilingual text as a parameter of a message."""
    return {"en": text.en, "ja": text.ja}


def group_name(group: str) -> Message:
    """A group in words: where it is built in by ours, else by the name that an administrator gave it."""
    if group in BUILT_IN_GROUPS:
        return Message(f"gates.group.{group}")
    return Message("gates.group.kept", {"approver_group": group})


def describe_stage(stage: Stage) -> Message:
    """Who must agree, how many, and by when."""
    params = {"group": group_name(stage.group), "n": stage.quorum, "days": stage.due_days}
    return Message("gates.stage.due" if stage.due_days else "gates.stage", params)


def describe_approvals(approvals: Approvals) -> list[Message]:
    """Who must agree, a sentence a stage, and what else the file says of it."""
    said = [describe_stage(stage) for stage in approvals.as_stages]
    if len(said) > 1:
        said.append(Message("gates.stages.in-order" if approvals.in_order is not False else "gates.stages.any-order"))
    said.append(Message("gates.stages.never"))
    if approvals.expires_days:
        said.append(Message("gates.stages.expire", {"days": approvals.expires_days}))
    return said + (describe_maturity(approvals.maturity) if approvals.maturity else [])


def describe_maturity(rule: MaturityRule) -> list[Message]:
    """What the owner team's official level changes."""
    where = Message("gates.rule.part" if rule.dimension else "gates.rule.whole", dict(vars(rule)))
    found = []
    if rule.automatic_from is not None:
        found.append(Message("gates.rule.automatic", {"where": where, "level": rule.automatic_from}))
    if rule.extra_below is not None:
        found.append(Message("gates.rule.extra", {"where": where, "level": rule.extra_below}))
    return found


def describe_more(environment: Environment, policy: Policy | None = None) -> list[Message]:
    """What else holds in an environment: when, after what, the emergency passage, the way back."""
    found = []
    if environment.after:
        found.append(Message("gates.env.after", {"environment": _place(environment.after, policy)}))
    found.extend(describe_window(window) for window in environment.windows or ())
    for freeze in environment.freezes:
        params = {"from": freeze.from_.isoformat(), "to": freeze.to.isoformat(), "why": both(freeze.why)}
        found.append(Message("gates.env.freeze", params | {"zone": freeze.timezone}))
    if glass := environment.break_glass:
        params = {"group": group_name(glass.group), "hours": glass.hours, "days": glass.review_days}
        found.append(Message("gates.env.break-glass", params))
    if back := environment.rollback:
        stages = [describe_stage(stage) for stage in back.approvals.stages] or [Message("gates.env.nobody")]
        gates = list(back.gates) or [Message("gates.env.no-gate")]
        found.append(Message("gates.env.rollback", {"gates": gates, "stages": in_turn(stages)}))
    if environment.restore == "auto":
        found.append(Message("gates.env.restore"))
    for name in ("request", "approve"):
        if environment.roles and (groups := getattr(environment.roles, name)):
            found.append(Message(f"gates.env.{name}", {"groups": [group_name(group) for group in groups]}))
    return found


def describe_window(window: Window) -> Message:
    """When moves are made."""
    days = [Message(f"gates.day.{day}") for day in window.days]
    params = {"days": days, "from": window.from_, "to": window.to, "zone": window.timezone}
    return Message("gates.env.window", params)


def describe_scope(policy: Policy) -> Message | None:
    """For which models a policy is, where it is not for all."""
    asked = policy.applies
    words = [
        *(Message(f"gates.kind.{kind}") for kind in asked.kinds),
        *(Message("gates.scope.risk", {"risk": Message(f"gates.risk.{risk}")}) for risk in asked.risks),
        *(_place(name, policy) for name in asked.environments),
    ]
    return Message("gates.scope", {"words": words}) if words else None


def _place(name: str, policy: Policy | None) -> dict[str, str] | str:
    """An environment by the policy's own title, else by its key: whoever says it knows the titles in force."""
    known = policy.environments.get(name) if policy else None
    return both(known.title) if known else name
