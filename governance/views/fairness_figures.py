"""A fairness audit as its page shows it: one measure, group by group, beside what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.charts import Scale
from portal.message import Message

EACH, TOGETHER = "each", "together"
# The difference that compares the groups by one rate.
COMPARED = {
    "selection_rate": "demographic_parity_difference",
    "true_positive_rate": "equal_opportunity_difference",
    "false_positive_rate": "false_positive_rate_difference",
    "precision": "precision_difference",
    "accuracy": "accuracy_difference",
    "auc": "auc_difference",
    "mean_error": "mean_error_difference",
    "mae": "mae_difference",
}
UNBOUNDED = ("mean_error", "mae")
GRAVITY = ("fail", "inconclusive", "not_evaluated", "pass")


@dataclass(frozen=True)
class GroupRow:
    """One group: its rate with interval, and how far it is below the highest."""

    name: list[Any]
    n: int
    rows: int
    value: float | None
    low: float | None
    high: float | None
    outcome: str
    comparison: Mapping[str, Any] | None
    is_highest: bool
    judged: bool


@dataclass(frozen=True)
class Grouping:
    """The groups of one feature, or of all together."""

    title: str
    rows: list[GroupRow]
    gap: Mapping[str, Any] | None
    band: tuple[float, float] | None
    reference: float | None


@dataclass(frozen=True)
class Choice:
    """One value of a facet."""

    key: str
    words: Any
    count: int | None
    current: bool


@dataclass(frozen=True)
class FairnessView:
    """What the page shows for one measure."""

    measure: str
    rate: dict[str, Any]
    measures: list[Choice]
    groups: list[Choice]
    scale: Scale
    ticks: list[float]
    groupings: list[Grouping]
    judged_gaps: list[Mapping[str, Any]]
    other_gaps: list[Mapping[str, Any]]
    undefined: bool
    decisive: Mapping[str, Any] | None


def fairness_view(result: Mapping[str, Any], measure: str = "", groups: str = "") -> FairnessView:
    """Arrange a result (``sekisho.fairness/1``) for one measure.

    Parameters
    ----------
    measure : str
        A rate of `COMPARED`; anything else is the one that decides the verdict.
    groups : str
        ``"each"``: the features one by one; ``"together"``: their intersections.
    """
    gaps = sorted(result["gaps"], key=lambda gap: GRAVITY.index(gap["verdict"]))
    decisive = decisive_gap(result, gaps)
    known = [rate for rate in COMPARED if rate in result["overall"]]
    if measure not in known:
        measure = decisive["rate"] if decisive and decisive["rate"] in known else known[0]
    spans = _spans(result)
    together = [span for span in spans if len(span) > 1]
    default = TOGETHER if decisive and len(decisive["features"]) > 1 and together else EACH
    groups = groups if groups in (EACH, TOGETHER) and (groups == EACH or together) else default
    chosen = [span for span in spans if (len(span) > 1) == (groups == TOGETHER)]
    groupings = [_grouping(result, span, measure) for span in chosen]
    scale = _scale(groupings, bounded=measure not in UNBOUNDED)
    return FairnessView(
        measure=measure,
        rate=Message(f"fairness.metric.{measure}").to_json(),
        measures=[Choice(r, Message(f"fairness.metric.{r}").to_json(), None, r == measure) for r in known],
        groups=_group_choices(result, spans, groups),
        scale=scale,
        ticks=scale.ticks(),
        groupings=groupings,
        judged_gaps=[_named(gap) for gap in gaps if gap["judged"]],
        other_gaps=[_named(gap) for gap in gaps if not gap["judged"]],
        decisive=decisive,
        undefined=any(row.value is None for grouping in groupings for row in grouping.rows),
    )


def decisive_gap(result: Mapping[str, Any], gaps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The judged gap that the verdict speaks of: the largest of those with the gravest verdict."""
    judged = [gap for gap in gaps if gap["judged"] and gap["rate"]]
    gravest = [gap for gap in judged if gap["verdict"] == result["verdict"]] or judged

    def beyond(gap: Mapping[str, Any]) -> float:
        size = 1 - gap["value"] if _is_ratio(gap) else gap["value"]
        return size - gap["tolerance"]

    return max(gravest, key=beyond, default=None)


def _spans(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(group["features"]) for group in result["groups"]))


def _group_choices(result: Mapping[str, Any], spans: Sequence[tuple[str, ...]], groups: str) -> list[Choice]:
    def count(together: bool) -> int:
        return sum((len(group["features"]) > 1) == together for group in result["groups"])

    choices = [Choice(EACH, None, count(False), groups == EACH)]
    for span in spans:
        if len(span) > 1:
            choices.append(Choice(TOGETHER, " × ".join(span), count(True), groups == TOGETHER))
    return choices


def _gap_of(result: Mapping[str, Any], span: Sequence[str], measure: str) -> Mapping[str, Any] | None:
    """The difference of this rate over these groups: the one that is judged, if one of these is."""
    fitting = [
        gap
        for gap in result["gaps"]
        if tuple(gap["features"]) == tuple(span)
        and gap["metric"].endswith("_difference")
        and (gap["metric"] == COMPARED[measure] or (gap["judged"] and gap["rate"] == measure))
    ]
    return next((gap for gap in fitting if gap["judged"]), fitting[0] if fitting else None)


def _grouping(result: Mapping[str, Any], span: tuple[str, ...], measure: str) -> Grouping:
    gap = _gap_of(result, span, measure)
    highest = gap["highest"] if gap else None
    rows = [
        _row(group, measure, gap, highest)
        for group in result["groups"]
        if tuple(group["features"]) == span and measure in group["metrics"]
    ]
    if len(span) > 1:  # many: the farthest from the highest first, what is not judged last
        rows.sort(key=lambda row: (not row.judged, -(row.comparison or {}).get("difference", 0.0)))
    least = -math.inf if measure in UNBOUNDED else 0.0
    band = (max(least, highest["value"] - gap["tolerance"]), highest["value"]) if highest else None
    return Grouping(" × ".join(span), rows, gap, band, highest["value"] if highest else None)


def _row(
    group: Mapping[str, Any], measure: str, gap: Mapping[str, Any] | None, highest: Mapping[str, Any] | None
) -> GroupRow:
    estimate = group["metrics"][measure]
    is_highest = bool(highest) and highest["group"] == group["group"]
    compared = (gap or {}).get("comparisons", ())
    comparison = next((c for c in compared if c["group"] == group["group"]), None)
    judged = bool(estimate["judged"] and estimate["value"] is not None)
    outcome = comparison["verdict"] if comparison else "pass" if is_highest else "not_evaluated"
    return GroupRow(
        name=[_level(feature, level, alone=len(group["group"]) == 1) for feature, level in group["group"].items()],
        n=estimate["n"],
        rows=group["n"],
        value=estimate["value"],
        low=estimate["low"],
        high=estimate["high"],
        outcome=outcome if judged else "not_evaluated",
        comparison=comparison if judged else None,
        is_highest=is_highest and judged,
        judged=judged,
    )


def _level(feature: str, level: str | None, *, alone: bool) -> Any:
    """A level in words; its feature is named where several are crossed, or where the value is missing."""
    if level is None:
        return Message("fairness.missing_level", {"feature": feature}).to_json()
    return level if alone else Message("fairness.level", {"level": level, "feature": feature}).to_json()


def _is_ratio(gap: Mapping[str, Any]) -> bool:
    return gap.get("kind") == "ratio" or gap["metric"].endswith("_ratio")


def _named(gap: Mapping[str, Any]) -> dict[str, Any]:
    """A gap with its name in words, and what it has to be."""
    ratio = _is_ratio(gap)
    bound = 1 - gap["tolerance"] if ratio else gap["tolerance"]
    return {**gap, "title": Message(f"fairness.metric.{gap['metric']}").to_json(), "ratio": ratio, "bound": bound}


def _scale(groupings: Sequence[Grouping], *, bounded: bool = True) -> Scale:
    """From the lowest to the highest of what is judged, with the bands; what is not judged may run out of it."""
    ends = [end for grouping in groupings for end in (grouping.band or ())]
    for row in (row for grouping in groupings for row in grouping.rows):
        ends += [end for end in ((row.low, row.high) if row.judged else (row.value,)) if end is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = max(0.04 * (high - low), 0.01)
    return Scale(max(0.0, low - room), min(1.0, high + room)) if bounded else Scale(low - room, high + room)
