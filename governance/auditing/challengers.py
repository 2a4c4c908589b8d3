"""Challenger sets: a version is judged on them too, and the worst finding is the audit's.

One audit holds the findings on the gold set and on every challenger, so that an approval binds all of them. A
challenger never makes a verdict better; where it is worse than on the gold set, it decides. The audit's label is
the weakest of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from governance.auditing.examination import Examination, Finding
from governance.auditing.sources import NotEvaluated, load_version, uses_of
from governance.models import AuditKind, EvidenceLabel, ModelVersion, Outcome, SetRole
from governance.scratch import workplace
from portal.message import Message

KINDS = (AuditKind.PERFORMANCE, AuditKind.FAIRNESS)
JUDGED = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)
STRONGEST_FIRST = list(EvidenceLabel)
GRAVITY = {Outcome.PASS: 0, Outcome.INCONCLUSIVE: 1, Outcome.NOT_EVALUATED: 2, Outcome.FAIL: 3}


def judged_on_challengers(
    version: ModelVersion, gold: Finding, examine: Callable[[Examination, Path, Any], Finding], progress
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
    if not challengers or gold.outcome not in JUDGED:
        return gold
    found = [(one, _of_same_files(gold, _examined(version, one, examine, progress))) for one in challengers]
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
    labels = [gold.label, *(finding.label for _, finding in found if finding.outcome in JUDGED)]
    gold = dataclasses.replace(gold, label=max(labels, key=STRONGEST_FIRST.index), result=result, inputs=inputs)
    worst, finding = max(found, key=lambda pair: GRAVITY.get(pair[1].outcome, 2))
    if GRAVITY.get(finding.outcome, 2) <= GRAVITY[gold.outcome]:
        return gold
    message = Message("audit.challenger_decides", {"name": worst.name, "finding": finding.message})
    return dataclasses.replace(gold, outcome=finding.outcome, message=message)


def _examined(version: ModelVersion, one, examine, progress) -> Finding:
    with workplace("audit") as folder:
        try:
            return examine(Examination(load_version(version.pk), challenger=one), folder, progress)
        except NotEvaluated as error:
            return Finding(Outcome.NOT_EVALUATED, error.message, {}, {})


def _of_same_files(gold: Finding, finding: Finding) -> Finding:
    """The audit names one digest of the version's files: what was found on others says nothing of those."""
    if finding.outcome not in JUDGED or finding.inputs.get("artifact") == gold.inputs.get("artifact"):
        return finding
    return dataclasses.replace(finding, outcome=Outcome.NOT_EVALUATED, message=Message("audit.files_changed"))
