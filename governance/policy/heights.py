"""Whether a policy asks for levels that a framework does not have.

Pure: no Django. How high a framework goes is known of those that come with the product, and where a database is at hand
of all in use; what was published once is read however high it asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assessments import document
from governance.policy.model import MaturityRule, Policy
from governance.policy.needs import MaturityNeeds
from portal.message import Message

Place = tuple[str | int, ...]


def too_high(policy: Policy, tops: Mapping[str, int]) -> list[Message]:
    """One sentence for each level above the framework's highest, with its line and field.

    Parameters
    ----------
    policy : Policy
    tops : mapping
        Framework → its highest level; of one that is not named nothing is said.
    """
    found = [
        (place, rule.framework) for place, rule, level in _asked(policy) if level > tops.get(rule.framework, level)
    ]
    if not found:
        return []
    read = document.read(policy.text)
    reasons = {key: Message("policy.level", {"framework": key, "top": tops[key]}) for _place, key in found}
    return [read.error(place, reasons[key]) for place, key in found]


def _asked(policy: Policy) -> Iterator[tuple[Place, MaturityNeeds | MaturityRule, int]]:
    for name, environment in policy.environments.items():
        for i, gate in enumerate(environment.gates):
            if isinstance(gate.needs, MaturityNeeds):
                yield ("environments", name, "gates", i, "needs", "level"), gate.needs, gate.needs.level
        if rule := environment.approvals.maturity:
            for field in ("automatic_from", "extra_below"):
                if level := getattr(rule, field):
                    yield ("environments", name, "approvals", "maturity", field), rule, level
