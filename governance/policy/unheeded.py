"""What the format knows and promotions do not heed yet.

A text that asks for it is not published: a rule that is written down and not kept is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator

from governance.policy.model import Environment, Policy


def unheeded(policy: Policy) -> list[str]:
    """The fields that would have no effect, as a path in the file."""
    return [
        f"environments.{name}.{field}"
        for name, environment in policy.environments.items()
        for field in _of_environment(environment)
    ]


def _of_environment(environment: Environment) -> Iterator[str]:
    for field in ("after", "windows", "freezes", "rollback", "roles"):
        if getattr(environment, field):
            yield field
    if environment.restore != "off":
        yield "restore"
