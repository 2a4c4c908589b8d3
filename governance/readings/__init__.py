"""What the result of an audit says to the needs of a gate: one reading a kind of evidence.

Pure: no Django. A result that cannot be read is "not evaluated".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from governance.policy import (
    ChecklistNeeds,
    DriftNeeds,
    ExplanationNeeds,
    FactNeeds,
    FairnessNeeds,
    LineageNeeds,
    MaturityNeeds,
    Needs,
    PerformanceNeeds,
    ReplayNeeds,
    SafetyNeeds,
    percent,
)
from governance.policy.words import limits_of
from governance.readings.checklist import checklist
from governance.readings.drift import drift
from governance.readings.explanation import explanation
from governance.readings.fact import fact
from governance.readings.fairness import fairness
from governance.readings.lineage import lineage
from governance.readings.maturity import level_of, maturity
from governance.readings.performance import performance
from governance.readings.reading import (
    FAIL,
    GRAVITY,
    INCONCLUSIVE,
    NOT_APPLICABLE,
    NOT_EVALUATED,
    PASS,
    Reading,
    Standpoint,
    audit_named,
    figure,
    of,
    run_again,
    unreadable,
    worst,
)
from governance.readings.safety import replay, safety
from portal.message import Message

__all__ = [
    "FAIL",
    "GRAVITY",
    "INCONCLUSIVE",
    "NOT_APPLICABLE",
    "NOT_EVALUATED",
    "PASS",
    "Reading",
    "Standpoint",
    "audit_named",
    "level_of",
    "of",
    "read",
    "read_one",
    "required",
]
NOWHERE = Standpoint()
KINDS = {
    LineageNeeds: "lineage",
    FairnessNeeds: "fairness",
    ExplanationNeeds: "explanation",
    PerformanceNeeds: "performance",
    DriftNeeds: "drift",
    SafetyNeeds: "safety",
    ReplayNeeds: "safety",
    ChecklistNeeds: "checklist",
    FactNeeds: "fact",
    MaturityNeeds: "maturity",
}


def read(
    needs: Needs, outcome: str, message: Message, result: Mapping[str, Any], about: Standpoint = NOWHERE
) -> Reading:
    """Weigh an audit's result against what a gate needs: on the gold set and on every challenger set, the worst counts.

    Parameters as for `read_one`. An audit's challengers stand in its result, each with outcome, message and result.
    """
    readings = [read_one(needs, outcome, message, result, about)]
    try:
        readings += [_challenged(needs, challenger, about) for challenger in result.get("challengers") or ()]
    except (LookupError, TypeError, ValueError, AttributeError):
        readings.append(unreadable(KINDS[type(needs)]))
    return worst(readings)


def _challenged(needs: Needs, challenger: Mapping[str, Any], about: Standpoint) -> Reading:
    outcome, message = challenger["outcome"], Message.from_json(challenger["message"])
    if outcome in (PASS, FAIL, INCONCLUSIVE):
        found = read_one(needs, outcome, message, challenger["result"], about)
    else:
        found = Reading(NOT_EVALUATED, message, fix=run_again(KINDS[type(needs)]))
    told = Message("gates.challenger", {"name": str(challenger["set"]), "finding": found.message})
    return dataclasses.replace(found, message=told)


def read_one(
    needs: Needs, outcome: str, message: Message, result: Mapping[str, Any], about: Standpoint = NOWHERE
) -> Reading:
    """Weigh what was found on one set against what a gate needs.

    Parameters
    ----------
    needs : Needs
    outcome, message
        The audit's own verdict: pass, fail or inconclusive.
    result : mapping
        The audit's result.
    about : Standpoint
        What it is held against beside the policy.
    """
    try:
        match needs:
            case LineageNeeds():
                return lineage(needs, result)
            case FairnessNeeds():
                return fairness(needs, result)
            case ExplanationNeeds():
                return explanation(needs, outcome, message, result)
            case PerformanceNeeds():
                return performance(needs, result, about)
            case DriftNeeds():
                return drift(needs, result)
            case SafetyNeeds():
                return safety(needs, result)
            case ReplayNeeds():
                return replay(needs, result)
            case ChecklistNeeds():
                return checklist(needs, result, about)
            case FactNeeds():
                return fact(needs, result)
            case MaturityNeeds():
                return maturity(needs, result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return unreadable(KINDS[type(needs)])
    raise TypeError(needs)


def required(needs: Needs) -> Message:
    """What stands in the column "required"."""
    match needs:
        case LineageNeeds(items=items) | SafetyNeeds(items=items) | ChecklistNeeds(items=items):
            return of(len(items), len(items))
        case FairnessNeeds(tolerance=limit) | DriftNeeds(tolerance=limit):
            return Message("gates.at-most", {"limit": figure(limit)})
        case ExplanationNeeds(max_reliance=limit):
            return Message("gates.at-most", {"limit": percent(limit)})
        case PerformanceNeeds(at_least=None, at_most=None):
            return Message("gates.not-worse")
        case PerformanceNeeds() | FactNeeds():
            return limits_of(needs)
        case ReplayNeeds(min_rows=rows):
            return Message("gates.at-least", {"limit": Message("gates.rows", {"rows": rows})})
        case MaturityNeeds(level=level):
            return Message("gates.maturity.required", {"level": level})
    raise TypeError(needs)
