"""Challenger sets: a version is judged on them too, and the worst finding is the audit's.

One audit holds the findings on the gold set and on every challenger, so that an approval binds all of them. A
challenger never makes a verdict better; where it is worse than on the gold set, it decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.auditing.sources import NotEvaluated, load_version, uses_of, workplace
from governance.models import AuditKind, ModelVersion, Outcome, SetRole
from portal.message import Message

if TYPE_CHECKING:
    from governance.auditing.run import Finding

KINDS = (AuditKind.PERFORMANCE, AuditKind.FAIRNESS)
GRAVITY = {Outcome.PASS: 0, Outcome.INCONCLUSIVE: 1, Outcome.NOT_EVALUATED: 2, Outcome.FAIL: 3}


def judged_on_challengers(
    version: ModelVersion, gold: Finding, examine: Callable[[ModelVersion, Path, Any], Finding], progress
) -> Finding:
    """The finding on the gold set, with those on the challenger sets of the model in its result.

    Parameters
    ----------
    version : ModelVersion
        As it was judged on the gold set.
    gold : Finding
        A gold set that could not be evaluated leaves nothing to challenge.
    examine : callable
        As for the gold set.
    """
    challengers = [use.set for use in uses_of(version) if use.role == SetRole.CHALLENGER]
    if not challengers or gold.outcome not in (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE):
        return gold
    found = [(one, _examined(version, one, examine, progress)) for one in challengers]
    entries = [
        {
            "set": one.name,
            "digest": one.digest,
            "outcome": str(finding.outcome),
            "message": finding.message.to_json(),
            "label": str(finding.label),
            "result": finding.result,
        }
        for one, finding in found
    ]
    inputs = gold.inputs | {"challenger": ", ".join(entry["digest"] for entry in entries)}
    result = gold.result | {"challengers": entries}
    worst, finding = max(found, key=lambda pair: GRAVITY.get(pair[1].outcome, 2))
    if GRAVITY.get(finding.outcome, 2) <= GRAVITY[gold.outcome]:
        return dataclasses.replace(gold, result=result, inputs=inputs)
    message = Message("audit.challenger_decides", {"name": worst.name, "finding": finding.message})
    return dataclasses.replace(gold, outcome=finding.outcome, message=message, result=result, inputs=inputs)


def _examined(version: ModelVersion, one, examine, progress) -> Finding:
    from governance.auditing.run import Finding

    again = load_version(version.pk)
    again.challenger = one
    with workplace() as folder:
        try:
            return examine(again, folder, progress)
        except NotEvaluated as error:
            return Finding(Outcome.NOT_EVALUATED, error.message, {}, {})
