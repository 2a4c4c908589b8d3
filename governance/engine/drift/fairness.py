"""Drift of the fairness cube: how the rates of each group have changed between two tables.

It describes; the fairness audit judges. A change that all groups share is drift of the predictions, and one that
a single group has is the beginning of a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from governance.engine.cube import Cube
from governance.engine.fairness.gaps import FAIL, INCONCLUSIVE, NOT_EVALUATED, PASS, group_message, metric_message
from governance.engine.intervals import difference_limits, normal_quantile, wilson
from governance.engine.metrics import fraction
from portal.message import Message

COMPARED = ("selection_rate", "true_positive_rate", "false_positive_rate")
MIN_GROUP = 30


def cube_drift(
    reference: Cube,
    current: Cube,
    *,
    positive: str,
    tolerance: float = 0.1,
    confidence: float = 0.95,
    min_group: int = MIN_GROUP,
) -> dict[str, Any] | None:
    """Compare the rates of each group of each feature between two cubes of the same features.

    Parameters
    ----------
    reference, current : Cube
    positive : str
        The favourable class.
    tolerance : float
        Largest change allowed, up or down.

    Returns
    -------
    dict or None
        None where the cubes have other features, or where one lacks the positive class. Otherwise ``verdict``,
        ``message``, ``rates`` (one for each group and rate), ``appeared`` and ``vanished`` groups.
    """
    if reference.features != current.features or not all(positive in cube.classes for cube in (reference, current)):
        return None
    before, after = _cases(reference, positive), _cases(current, positive)
    both = [key for key in before if key in after]
    judged = [key for key in both if min(before[key][1], after[key][1]) >= min_group]
    rates = [
        _change(key, before[key], after[key], key in judged, max(len(judged), 1), tolerance, confidence) for key in both
    ]
    verdict, message = _verdict(rates, tolerance, min_group)
    return {
        "verdict": verdict,
        "message": message.to_json(),
        "positive": positive,
        "tolerance": tolerance,
        "confidence": confidence,
        "min_group": min_group,
        "rates": rates,
        "appeared": _groups_of(after, before),
        "vanished": _groups_of(before, after),
    }


Key = tuple[str, str | None, str]  # feature, level, rate


def _cases(cube: Cube, positive: str) -> dict[Key, tuple[int, int]]:
    """Counted cases and cases at stake, by feature, level and rate; groups without a case are left out."""
    found = {}
    for feature in cube.features:
        counts = cube.counts([feature], positive)
        for rate in COMPARED:
            above, below = fraction(counts.confusion, rate)
            for (level,), part, whole in zip(counts.groups, above, below, strict=True):
                if whole > 0:
                    found[feature, level, rate] = (int(part), int(whole))
    return found


def _change(
    key: Key,
    before: tuple[int, int],
    after: tuple[int, int],
    judged: bool,
    families: int,
    tolerance: float,
    confidence: float,
) -> dict[str, Any]:
    feature, level, rate = key
    count, total = np.array([after[0], before[0]]), np.array([after[1], before[1]])
    value = count / total
    at = np.array([0]), np.array([1])

    def limits(level: float) -> tuple[float, float]:
        low, high = difference_limits(value, wilson(count, total, normal_quantile(level)), *at)
        return float(low[0]), float(high[0])

    low, high = limits(confidence)
    sure = limits(1 - (1 - confidence) / families)
    within = max(high, -low) <= tolerance
    beyond = max(sure[0], -sure[1]) > tolerance
    return {
        "feature": feature,
        "group": {feature: level},
        "rate": rate,
        "n": min(before[1], after[1]),
        "reference": {"value": float(value[1]), "n": before[1]},
        "current": {"value": float(value[0]), "n": after[1]},
        "change": float(value[0] - value[1]),
        "low": low,
        "high": high,
        "verdict": NOT_EVALUATED if not judged else PASS if within else FAIL if beyond else INCONCLUSIVE,
    }


def _verdict(rates: list[Mapping[str, Any]], tolerance: float, min_group: int) -> tuple[str, Message]:
    for verdict in (FAIL, INCONCLUSIVE, PASS):
        found = [rate for rate in rates if rate["verdict"] == verdict]
        if found:
            worst = max(found, key=lambda rate: abs(rate["change"]))
            numbers = {key: worst[key] for key in ("change", "low", "high")}
            words = {"rate": metric_message(worst["rate"]), "group": group_message(worst["group"])}
            return verdict, Message(f"drift.groups.{verdict}", {**words, **numbers, "tolerance": tolerance})
    return NOT_EVALUATED, Message("drift.groups.not_evaluated", {"min_group": min_group})


def _groups_of(here: Mapping[Key, Any], there: Mapping[Key, Any]) -> list[dict[str, str | None]]:
    """Groups that have cases here and none there."""
    known = {(feature, level) for feature, level, _ in there}
    return [{f: level} for f, level in dict.fromkeys((f, level) for f, level, _ in here) if (f, level) not in known]
