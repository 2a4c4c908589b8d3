"""What the result of an audit says to the needs of a gate: one reading a kind of audit.

Pure: no Django. A result that cannot be read is "not evaluated".
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.policy import ExplanationNeeds, FairnessNeeds, LineageNeeds, MaturityNeeds, in_turn, percent
from portal.message import Message

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
NOT_EVALUATED, NOT_APPLICABLE = "not_evaluated", "not_applicable"
GRAVITY = {PASS: 0, INCONCLUSIVE: 1, NOT_EVALUATED: 2, FAIL: 3}
MOST_NAMED = 5
LEAST_EXPLAINED = 20  # rows under which the interval of a share says too little
ROUNDING = 1e-9  # a sum of shares may pass 1 by so much
Needs = LineageNeeds | FairnessNeeds | ExplanationNeeds | MaturityNeeds


@dataclass(frozen=True)
class Reading:
    """The outcome of one gate, and why."""

    outcome: str
    message: Message
    measured: Message | None = None
    fix: Message | None = None


def read(needs: Needs, outcome: str, message: Message, result: Mapping[str, Any]) -> Reading:
    """Weigh an audit's result against what a gate needs: on the gold set and on every challenger set, the worst counts.

    Parameters as for `read_one`. An audit's challengers stand in its result, each with outcome, message and result.
    """
    readings = [read_one(needs, outcome, message, result)]
    try:
        readings += [_challenged(needs, challenger) for challenger in result.get("challengers") or ()]
    except (LookupError, TypeError, ValueError, AttributeError):
        readings.append(_unreadable(needs))
    return max(readings, key=lambda reading: GRAVITY[reading.outcome])


def _challenged(needs: Needs, challenger: Mapping[str, Any]) -> Reading:
    outcome, message = challenger["outcome"], Message.from_json(challenger["message"])
    if outcome in (PASS, FAIL, INCONCLUSIVE):
        found = read_one(needs, outcome, message, challenger["result"])
    else:
        found = Reading(NOT_EVALUATED, message, fix=Message("gates.fix.run", {"audit": _audit_of(needs)}))
    told = Message("gates.challenger", {"name": str(challenger["set"]), "finding": found.message})
    return dataclasses.replace(found, message=told)


def read_one(needs: Needs, outcome: str, message: Message, result: Mapping[str, Any]) -> Reading:
    """Weigh what was found on one set against what a gate needs.

    Parameters
    ----------
    needs : LineageNeeds, FairnessNeeds or ExplanationNeeds
    outcome, message
        The audit's own verdict: pass, fail or inconclusive.
    result : mapping
        The audit's result.
    """
    try:
        match needs:
            case LineageNeeds():
                return _lineage(needs, result)
            case FairnessNeeds():
                return _fairness(needs, result)
            case ExplanationNeeds():
                return _explanation(needs, outcome, message, result)
            case MaturityNeeds():
                return _maturity(needs, result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return _unreadable(needs)


def _unreadable(needs: Needs) -> Reading:
    named = {"audit": _audit_of(needs)}
    return Reading(NOT_EVALUATED, Message("gates.unreadable", named), fix=Message("gates.fix.run", named))


def _audit_of(needs: Needs) -> Message:
    kinds = {
        LineageNeeds: "lineage",
        FairnessNeeds: "fairness",
        ExplanationNeeds: "explanation",
        MaturityNeeds: "maturity",
    }
    audit = kinds[type(needs)]
    return Message(f"gates.audit.{audit}")


def required(needs: Needs) -> Message:
    """What stands in the column "required"."""
    match needs:
        case LineageNeeds(items=items):
            return _of(len(items), len(items))
        case FairnessNeeds(tolerance=limit):
            return Message("gates.at-most", {"limit": figure(limit)})
        case ExplanationNeeds(max_reliance=limit):
            return Message("gates.at-most", {"limit": percent(limit)})
        case MaturityNeeds(level=level):
            return Message("gates.maturity.required", {"level": level})
    raise TypeError(needs)


def figure(value: float, beside: float | None = None) -> str:
    """A gap as it stands in a sentence: two decimals, and more where it would else look like the limit."""
    for digits in (2, 3, 4, 5):
        shown = f"{value:.{digits}f}"
        if beside is None or value == beside or shown != f"{beside:.{digits}f}":
            break
    return shown


def _of(met: int, asked: int) -> Message:
    return Message("gates.of", {"met": met, "all": asked})


# Lineage


def _lineage(needs: LineageNeeds, result: Mapping[str, Any]) -> Reading:
    """Each required item is on record, is missing, or could not be read."""
    items = {item["key"]: item for item in result["items"]}
    asked = [items.get(key, {"key": key, "outcome": NOT_EVALUATED}) for key in needs.items]
    missing = [item for item in asked if item["outcome"] == FAIL]
    unread = [item for item in asked if item["outcome"] not in (PASS, FAIL)]
    measured = _of(len(asked) - len(missing) - len(unread), len(asked))
    if not missing and not unread:
        return Reading(PASS, Message("gates.lineage.pass", {"all": len(asked)}), measured)
    outcome, lacking = (FAIL, missing) if missing else (NOT_EVALUATED, unread)
    named = {"items": [Message(f"lineage.item.{item['key']}") for item in lacking]}
    remedies = [Message.from_json(item["remedy"]) for item in lacking if item.get("remedy")]
    fix = in_turn(remedies) if remedies else Message("gates.fix.run", {"audit": Message("gates.audit.lineage")})
    return Reading(outcome, Message(f"gates.lineage.{outcome}", named), measured, fix)


# Fairness


def _fairness(needs: FairnessNeeds, result: Mapping[str, Any]) -> Reading:
    """Every gap of the policy's measures against the policy's own tolerance; the worst decides."""
    share = result["missing"]["left_out"] / result["rows"]
    gaps = [gap for gap in result["gaps"] if gap["metric"] in needs.measures]
    absent = [measure for measure in needs.measures if measure not in {gap["metric"] for gap in gaps}]
    if absent:
        named = {"measures": [Message(f"gates.measure.{measure}") for measure in absent]}
        return Reading(NOT_EVALUATED, Message("gates.fairness.absent", named), fix=_run_again())
    if between := _judged_too_small(needs, result):
        return between
    readings = [_gap(needs, gap, result) for gap in gaps]
    worst = max(readings, key=lambda reading: (GRAVITY[reading[0].outcome], reading[1]))[0]
    if worst.outcome != PASS:
        return worst
    if share > needs.max_missing:
        named = {"share": percent(share), "allowed": percent(needs.max_missing)}
        return Reading(INCONCLUSIVE, Message("gates.fairness.missing", named), worst.measured, _label_more())
    if needs.unjudged_groups == "block" and any(gap["unjudged"] for gap in gaps):
        return _unjudged(needs, result, worst)
    return worst


def _gap(needs: FairnessNeeds, gap: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[Reading, float]:
    """One gap, and how large it is."""
    limit = needs.tolerance
    if gap["value"] is None:
        return Reading(NOT_EVALUATED, Message.from_json(gap["message"]), fix=_label_more()), 0.0
    value, low, high = (float(gap[name]) for name in ("value", "low", "high"))
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError("not an interval")
    outcome = PASS if high <= limit else FAIL if low > limit else INCONCLUSIVE
    named = {
        "rate": Message(f"fairness.metric.{gap['rate']}"),
        "feature": gap["feature"],
        "value": figure(value, limit),
        "limit": figure(limit),
        "low": figure(low, limit),
        "high": figure(high, limit),
        "confidence": percent(result["settings"]["confidence"]),
        **{f"{end}{part}": text for end in ("highest", "lowest") for part, text in _extreme(gap[end]).items()},
    }
    measured = Message("gates.figure", {"value": figure(value, limit)})
    fix = _gap_fix(outcome, gap, limit)
    return Reading(outcome, Message(f"gates.fairness.{outcome}", named), measured, fix), value


def _extreme(extreme: Mapping[str, Any]) -> dict[str, Any]:
    levels = [
        Message("fairness.missing_level", {"feature": feature})
        if level is None
        else Message("fairness.level", {"feature": feature, "level": str(level)})
        for feature, level in extreme["group"].items()
    ]
    return {"": levels, "_value": figure(extreme["value"]), "_n": extreme["n"]}


def _gap_fix(outcome: str, gap: Mapping[str, Any], limit: float) -> Message | None:
    """The audit's own advice holds where it judged by the same tolerance."""
    if outcome == PASS:
        return None
    if gap.get("advice") and gap["tolerance"] == limit:
        return Message.from_json(gap["advice"])
    return Message("gates.fix.gap") if outcome == FAIL else _label_more()


def _judged_too_small(needs: FairnessNeeds, result: Mapping[str, Any]) -> Reading | None:
    """Groups that the audit judged, though they are smaller than the policy wants."""
    least = result["settings"]["min_group"]
    if not any(least <= group["n"] < needs.min_group for group in result["groups"]):
        return None
    named = {"least": least, "wanted": needs.min_group}
    return Reading(NOT_EVALUATED, Message("gates.fairness.min-group", named), fix=_label_more())


def _unjudged(needs: FairnessNeeds, result: Mapping[str, Any], worst: Reading) -> Reading:
    small = [_extreme({"value": 0.0, **group})[""] for group in result["groups"] if not group["judged"]]
    named: dict[str, Any] = {"n": needs.min_group}
    if small:
        named["groups"] = [Message("fairness.group", {"levels": levels}) for levels in small[:MOST_NAMED]]
    code = "gates.fairness.unjudged" if small else "gates.fairness.unjudged-rate"
    return Reading(INCONCLUSIVE, Message(code, named), worst.measured, _label_more())


def _label_more() -> Message:
    return Message("gates.fix.cases")


def _run_again() -> Message:
    return Message("gates.fix.run", {"audit": Message("gates.audit.fairness")})


# Explanation


def _explanation(needs: ExplanationNeeds, outcome: str, message: Message, result: Mapping[str, Any]) -> Reading:
    """The explanation must hold by its own audit; then what rests on sensitive columns, its whole interval
    considered, is within the limit."""
    if outcome != PASS:
        return Reading(outcome, message, fix=Message("gates.fix.explanation"))
    limit, reliance = needs.max_reliance, float(result["sensitive_reliance"])
    low, high = _reliance_limits(result, reliance)
    if not 0 <= low <= reliance <= high <= 1 + ROUNDING:
        raise ValueError("not a share with its interval")
    measured = Message("gates.figure", {"value": percent(reliance)})
    named = {"share": percent(reliance), "limit": percent(limit)}
    if result.get("sampling") and (rows := int(result["rows"]["used"])) < LEAST_EXPLAINED:
        few = Message("gates.explanation.few", {"rows": rows, "least": LEAST_EXPLAINED})
        return Reading(INCONCLUSIVE, few, measured, Message("gates.fix.rows"))
    if high <= limit:
        return Reading(PASS, Message("gates.explanation.pass", named), measured)
    if low > limit:
        return Reading(FAIL, Message("gates.explanation.fail", named), measured, Message("gates.fix.reliance"))
    doubt = {"low": percent(low), "high": percent(high), "confidence": percent(float(result["confidence"]))}
    told = Message("gates.explanation.inconclusive", named | doubt)
    return Reading(INCONCLUSIVE, told, measured, Message("gates.fix.reliance"))


def _reliance_limits(result: Mapping[str, Any], reliance: float) -> tuple[float, float]:
    """The interval over rows; a share of nothing has none, nor has what was kept before intervals were."""
    if not result.get("sensitive_interval"):
        return reliance, reliance
    low, high = (float(end) for end in result["sensitive_interval"])
    if not low <= high:
        raise ValueError("not an interval")
    return min(low, reliance), max(high, reliance)


# Maturity


def _maturity(needs: MaturityNeeds, result: Mapping[str, Any]) -> Reading:
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
