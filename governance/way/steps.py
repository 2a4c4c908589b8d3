"""From a verdict and the results that it stands on to the steps that would let it pass.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from governance.gates import AuditEvidence, GateResult, Verdict
from governance.policy import (
    DriftNeeds,
    ExplanationNeeds,
    FactNeeds,
    FairnessNeeds,
    Gate,
    LineageNeeds,
    Needs,
    PerformanceNeeds,
    Rules,
    SafetyNeeds,
)
from governance.readings import FAIL, INCONCLUSIVE, PASS
from governance.way.gaps import gap_steps, unjudged_steps
from governance.way.limits import compared_steps, drift_steps, floor_steps, reliance_steps
from governance.way.parts import Step
from portal.message import Message

MOST_OF_A_GATE = 3
TRAINED = frozenset({"lineage", "fairness", "performance", "drift", "explanation", "safety", "replay"})
ON_MORE_DATA = frozenset(
    {"way.group.more", "way.group.more-words", "way.group.few", "way.group.cases", "way.group.too-few"}
    | {"way.rows", "way.drift.rows", "way.rows.too-close", "way.value.too-few"}
)


def steps(verdict: Verdict, rules: Rules, evidence: Mapping[str, AuditEvidence], *, least: int = 0) -> tuple[Step, ...]:
    """What would let a version pass, the gravest gate first.

    Figures are worked out from the results that the gates have read; where none can be, the step says who supplies
    what. Of groups with fewer than `least` cases no figure is said.

    Parameters
    ----------
    verdict : Verdict
    rules : Rules
        Those that the verdict was made under.
    evidence : mapping
        A gate's source → what it has read.
    """
    gates = {gate.id: gate for gate in rules.gates}
    found: list[Step] = []
    for result in verdict.gravest_first:
        if result.passes:
            continue
        if gate := gates.get(result.id):
            found += _of_gate(result, gate, evidence.get(gate.source), least)
        else:  # where it must stand or have stood, which no gate of the file asks
            found.append(Step(result.id, result.audit, result.title, result.fix or result.message))
    return tuple(found)


def _of_gate(result: GateResult, gate: Gate, evidence: AuditEvidence | None, least: int) -> list[Step]:
    said = _computed(result, gate, evidence, least) if evidence else []
    known = {"gate": result.id, "audit": result.audit, "title": result.title}
    if said:
        shown = said[:MOST_OF_A_GATE]
        if len(said) > MOST_OF_A_GATE:
            shown = [*said[: MOST_OF_A_GATE - 1], Message("way.more", {"count": len(said) - MOST_OF_A_GATE + 1})]
        return [Step(**known, message=one, computed=True, new_version=_trains(result, one)) for one in shown]
    denied = result.waived is not None and result.waived.outcome == FAIL
    message = Message("way.denied", {"who": result.waived.by}) if denied else result.fix or result.message
    new = result.outcome == FAIL and result.audit in TRAINED
    return [Step(**known, message=message, new_version=new)]


def _trains(result: GateResult, message: Message) -> bool:
    plain = message.params["step"] if message.code == "way.challenger" else message
    return result.audit in TRAINED and plain.code not in ON_MORE_DATA


def _computed(result: GateResult, gate: Gate, evidence: AuditEvidence, least: int) -> list[Message]:
    """From the figures, where the gate has read any: on the gold set and on each challenger set."""
    if result.outcome not in (FAIL, INCONCLUSIVE):
        return []
    if isinstance(gate.needs, FactNeeds):
        return [Message("way.fact", {"key": gate.needs.key, "limits": result.required})]
    said = _of_result(gate.needs, evidence.result, least)
    for challenger in evidence.result.get("challengers") or ():
        if challenger.get("outcome") in (PASS, FAIL, INCONCLUSIVE):
            name = str(challenger.get("set", ""))
            more = _of_result(gate.needs, challenger.get("result") or {}, least)
            said += [Message("way.challenger", {"name": name, "step": one}) for one in more]
    return said


def _of_result(needs: Needs, result: Mapping[str, Any], least: int) -> list[Message]:
    """What one result lets be worked out; nothing where it cannot be read."""
    try:
        match needs:
            case FairnessNeeds():
                small = unjudged_steps(needs, result, least) if needs.unjudged_groups == "block" else []
                return gap_steps(needs, result, least) + small
            case PerformanceNeeds():
                return floor_steps(needs, result, least) + (compared_steps(needs, result) if needs.not_worse else [])
            case DriftNeeds():
                return drift_steps(needs, result)
            case ExplanationNeeds():
                return reliance_steps(needs, result)
            case LineageNeeds(items=items) | SafetyNeeds(items=items):
                return _remedies(items, result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, StopIteration):
        return []
    return []


def _remedies(asked: Iterable[str], result: Mapping[str, Any]) -> list[Message]:
    """What mends each required item that does not pass, in the audit's own words."""
    items = [item for item in result["items"] if item["key"] in set(asked) and item["outcome"] != PASS]
    return [Message.from_json(item["remedy"]) for item in items if item.get("remedy")]
