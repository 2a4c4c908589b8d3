"""What the owner team's official level says to a gate, and to the rules of approval.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.policy import MaturityNeeds, MaturityRule
from governance.readings.reading import FAIL, NOT_EVALUATED, PASS, Reading
from portal.message import Message


def maturity(needs: MaturityNeeds, result: Mapping[str, Any]) -> Reading:
    """The team's official level now; one that nobody assessed is not evaluated, and unknown is never enough."""
    if not result["team"]:
        return Reading(NOT_EVALUATED, Message("gates.maturity.no-team"), fix=Message("gates.fix.team"))
    known = result["frameworks"].get(needs.framework)
    if known is None or (needs.dimension and needs.dimension not in known["dimensions"]):
        named = {"framework": needs.framework, "dimension": needs.dimension or ""}
        code = "gates.maturity.no-framework" if known is None else "gates.maturity.no-dimension"
        return Reading(NOT_EVALUATED, Message(code, named), fix=Message("gates.fix.policy"))
    level = known["dimensions"][needs.dimension] if needs.dimension else known["official"]
    said = {"team": result["team"], "framework": known["title"], "level": level, "needed": needs.level}
    fix = Message("gates.fix.maturity", {"team": result["team"]})
    if not known["assessed"]:
        return Reading(NOT_EVALUATED, Message("gates.maturity.not-assessed", said), fix=fix)
    measured = Message("gates.maturity.measured", {"level": level})
    if level < needs.level:
        return Reading(FAIL, Message("gates.maturity.fail", said), measured, fix)
    return Reading(PASS, Message("gates.maturity.pass", said), measured)


def level_of(rule: MaturityRule, result: Mapping[str, Any]) -> int | None:
    """The official level that a rule of approval looks at; None for a team that is not assessed there."""
    known = (result.get("frameworks") or {}).get(rule.framework) if result.get("team") else None
    if not known or not known["assessed"]:
        return None
    level = known["dimensions"].get(rule.dimension) if rule.dimension else known["official"]
    return level if isinstance(level, int) and not isinstance(level, bool) else None
