"""What a performance audit says: its verdict, its sentences, and what to know beside them.

Performance alone has no floor: that is what gates are for. The audit passes when the metric that decides was
measured soundly, and was not worse than the live version beyond doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from governance.engine.performance.metrics import METRICS, PROBABILITIES, metrics_for
from governance.engine.performance.pairs import BETTER, IDENTICAL, NOT_EVALUATED, SAME, WORSE
from governance.engine.performance.results import CalibrationBin, Comparison, Measured
from governance.engine.performance.rows import BINARY, MULTICLASS, Answers, Rows
from governance.engine.performance.slices import Found, Slice
from portal.message import Message
from portal.message import number as in_words

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
MISSING_ALLOWED = 0.05  # share of rows without label, prediction or score, above which nothing passes


def metric_message(name: str) -> Message:
    return Message(f"performance.metric.{name}")


def judge(
    rows: Rows, primary: Measured | None, comparison: Comparison, problem: Message | None, settings: dict[str, Any]
) -> tuple[str, Message]:
    """The verdict and its sentence, by the rule above; a certain worsening comes before any doubt.

    That it was not compared is no verdict on the version, but every sentence says it.
    """
    if primary is None:
        return NOT_EVALUATED, problem or Message("performance.live.not_asked")
    outcome, message = _judged(rows, primary, comparison, settings)
    if outcome == INCONCLUSIVE and comparison.outcome == NOT_EVALUATED:
        message = Message("performance.also", {"first": message, "rest": comparison.message})
    return outcome, message


def _judged(rows: Rows, primary: Measured, comparison: Comparison, settings: dict[str, Any]) -> tuple[str, Message]:
    named = {"metric": metric_message(primary.name), "n": primary.n, "value": primary.value}
    if primary.value is None:
        return INCONCLUSIVE, Message("performance.undefined", named)
    if primary.low is None:
        return INCONCLUSIVE, Message("performance.no_interval", named)
    limits = {"low": primary.low, "high": primary.high, "confidence": f"{settings['confidence']:.0%}"}
    measured = Message("performance.measured", named | limits)
    if comparison.outcome == WORSE:
        return FAIL, Message("performance.fail", {"comparison": comparison.message, "measured": measured})
    lost = rows.missing["left_out"] + (rows.missing["score"] if METRICS[primary.name].scored else 0)
    if lost / rows.total > MISSING_ALLOWED:
        share = {"share": f"{lost / rows.total:.1%}", "allowed": f"{MISSING_ALLOWED:.0%}", "measured": measured}
        return INCONCLUSIVE, Message("performance.too_many_missing", share)
    if primary.cases < settings["min_cases"]:
        few = {"cases": primary.cases, "least": settings["min_cases"], "measured": measured}
        return INCONCLUSIVE, Message("performance.few", named | few)
    return PASS, Message("performance.pass", {"measured": measured, "comparison": comparison.message})


def compared(name: Message, primary: str | None, differences: dict[str, Any], n: int) -> tuple[str, Message]:
    """The outcome of a comparison by the metric that decides, and its sentence."""
    found = differences.get(primary or "")
    if primary and found is None:
        return NOT_EVALUATED, Message("performance.live.no_scores", {"name": name})
    if found is None or found.verdict == NOT_EVALUATED:
        return NOT_EVALUATED, Message("performance.live.undefined", {"name": name})
    params = {"name": name, "n": n, "metric": metric_message(primary or "")}
    if found.verdict != IDENTICAL:
        params |= {"change": signed(found.value), "low": signed(found.low), "high": signed(found.high)}
    assert found.verdict in (BETTER, WORSE, SAME, IDENTICAL)
    return found.verdict, Message(f"performance.live.{found.verdict}", params)


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"+{in_words(value)}" if value > 0 else in_words(value)


def worst_message(found: Found, metric: str | None, overall: float | None, least: int) -> Message | None:
    """Where it is worst, or that no slice stands out; None where nothing was cut."""
    if metric is None or overall is None:
        return None
    judged = [item for item in found.slices if item.judged]
    if not judged:
        return Message("performance.worst.none", {"least": least})
    first = judged[0]
    params = {
        "where": where(first),
        "metric": metric_message(metric),
        "value": first.value,
        "low": first.low,
        "high": first.high,
        "all": overall,
        "n": first.n,
        "tested": found.tested,
    }
    return Message("performance.worst.certain" if first.worse else "performance.worst.uncertain", params)


def worse_message(found: Found, metric: str | None, name: Message | None) -> Message | None:
    """Where it is worse than the live version beyond chance; None where nowhere."""
    worse = [item for item in found.slices if item.worse_than_live and item.live]
    if not worse or metric is None or name is None:
        return None
    first = max(worse, key=lambda item: abs(item.live.value or 0.0))
    params = {
        "name": name,
        "where": where(first),
        "metric": metric_message(metric),
        "value": first.live.own,
        "live": first.live.live,
        "n": first.n,
        "count": len(worse),
    }
    return Message("performance.worse_than_live", params)


def where(item: Slice) -> Message:
    """A slice in words."""
    first, *second = [level.message() for level in item.where]
    return Message("performance.where.both", {"first": first, "second": second[0]}) if second else first


def notes(
    rows: Rows, measured: Sequence[Measured], calibration: Sequence[CalibrationBin], score_given: bool
) -> list[Message]:
    """What a reader must know beside the verdict."""
    own, missing = rows.own, rows.missing
    found = [
        Message(f"performance.note.missing_{which}", {"count": missing[which], "rows": rows.total})
        for which in ("label", "prediction", "score", "live")
        if missing.get(which)
    ]
    if own.task == MULTICLASS and len(_present(own)) == 2:
        found.append(Message("performance.note.no_positive"))
    if score_given and own.score is None and own.classes:
        found.append(Message("performance.note.scores_unused"))
    if own.score is not None and not set(PROBABILITIES) & set(metrics_for(own)):
        found.append(Message("performance.note.not_probabilities"))
    if (own.label == own.prediction).all():
        found.append(Message("performance.note.all_right"))
    found += _no_skill(own, {item.name: item for item in measured})
    never = [own.classes[k] for k in _present(own) if not (own.prediction == k).any()]
    if never:
        found.append(Message("performance.note.never_predicted", {"classes": never}))
    off = sum(item.off for item in calibration)
    if off:
        found.append(Message("performance.note.calibration", {"count": off, "of": len(calibration)}))
    return found


def _present(own: Answers) -> list[int]:
    return [int(k) for k in np.unique(own.label)] if own.classes else []


def _no_skill(own: Answers, measured: dict[str, Measured]) -> list[Message]:
    """What answering without looking at the case would do."""
    if own.task not in (BINARY, MULTICLASS):
        low = measured["r2"].low if "r2" in measured else None
        return [Message("performance.note.no_skill_mean")] if low is not None and low <= 0 else []
    mass = np.bincount(own.label, weights=own.weight, minlength=len(own.classes))
    share, low = float(mass.max() / mass.sum()), measured["accuracy"].low
    if low is None or low > share:
        return []
    return [Message("performance.note.no_skill", {"answer": own.classes[int(mass.argmax())], "share": f"{share:.1%}"})]
