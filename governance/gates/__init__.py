"""One verdict: the rules for an environment, weighed against the evidence at hand.

Pure: no Django. Page, API, command and report all show what `evaluate` returns.
"""

from governance.gates.evaluating import ON_PROFILE, evaluate
from governance.gates.parts import (
    RUN_AGAIN,
    AuditEvidence,
    Exempt,
    GateResult,
    StageNeed,
    Subject,
    Verdict,
    Waived,
)

__all__ = [
    "ON_PROFILE",
    "RUN_AGAIN",
    "AuditEvidence",
    "Exempt",
    "GateResult",
    "StageNeed",
    "Subject",
    "Verdict",
    "Waived",
    "evaluate",
]
