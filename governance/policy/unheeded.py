"""What the format knows and promotions do not heed yet.

A text that asks for it is not published: a rule that is written down and not kept is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator

from governance.policy.model import Approvals, Environment, FactGate, Policy


def unheeded(policy: Policy) -> list[str]:
    """The fields that would have no effect, as a path in the file."""
    return [
        f"environments.{name}.{field}"
        for name, environment in policy.environments.items()
        for field in (*_of_environment(environment), *_of_approvals(environment.approvals), *_of_gates(environment))
    ]


def _of_environment(environment: Environment) -> Iterator[str]:
    if environment.break_glass:
        yield "break_glass"


def _of_approvals(approvals: Approvals) -> Iterator[str]:
    if approvals.maturity and approvals.maturity.automatic_from is not None:
        yield "approvals.maturity.automatic_from"


def _of_gates(environment: Environment) -> Iterator[str]:
    for gate in environment.gates:
        if isinstance(gate, FactGate):  # nobody can supply what it asks for
            yield f"gates.{gate.id}"
        if gate.ruling:
            yield f"gates.{gate.id}.ruling"
