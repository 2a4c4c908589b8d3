"""The rules of a rollback: an earlier version goes back to where it stood, under fewer conditions.

Pure: no Django. What is always asked is that it stood there by a regular approval, with the files that it has now.
"""

from __future__ import annotations

from dataclasses import replace

from governance.policy.model import REVIEWER, Stage
from governance.policy.rules import Rules

RECENT_DAYS = 90
ASKED_ANYWAY = ("lineage", "safety")  # of the environment's gates, where the policies say nothing


def way_back(rules: Rules, *, recent: bool) -> Rules:
    """The rules for going back, made of those for going there.

    A rollback waits for no window and no freeze: it mends what a move has broken.

    Parameters
    ----------
    rules : Rules
        Of a promotion into the environment.
    recent : bool
        Whether the version stood there within the last ninety days; where the policies say nothing of rollbacks,
        nobody need agree then, and one reviewer otherwise.
    """
    if rules.rollback:
        gates = tuple(gate for gate in rules.gates if gate.id in rules.rollback.gates)
        stages = rules.rollback.approvals.stages
    else:
        gates = tuple(gate for gate in rules.gates if gate.audit in ASKED_ANYWAY)
        stages = () if recent else (Stage(REVIEWER, 1),)
    fewer = {"gates": gates, "stages": stages, "after": (), "windows": (), "freezes": (), "automatic": (), "extra": ()}
    return replace(rules, **fewer, again=True)
