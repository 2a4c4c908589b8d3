"""A performance audit as its page shows it: metrics, slices and calibration as points with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.charts import Scale
from portal.message import Message

FIRST = 15  # slices shown at first
RATES = {"accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1"}
SHARES = RATES | {"macro_precision", "macro_recall", "macro_f1", "auc"}
IN_UNITS = {"mae", "rmse", "mean_error"}


@dataclass(frozen=True)
class MetricRow:
    """One metric of all rows, and of the other model."""

    name: dict[str, Any]
    item: Mapping[str, Any]
    difference: Mapping[str, Any] | None
    live: float | None
    method: dict[str, Any] | None
    decides: bool
    outcome: str


@dataclass(frozen=True)
class MetricGroup:
    """Metrics on one scale: "share", "unit", or one with a scale of its own."""

    key: str
    rows: list[MetricRow]
    scale: Scale
    ticks: list[float]


@dataclass(frozen=True)
class SliceRow:
    """One slice; `outcome` is how its mark is drawn."""

    name: list[dict[str, Any]]
    item: Mapping[str, Any]
    outcome: str


@dataclass(frozen=True)
class Facet:
    """One way to look at the slices."""

    key: str
    count: int
    current: bool


@dataclass(frozen=True)
class Confusion:
    """Rows by true class and predicted class."""

    classes: list[str]
    rows: list[tuple[str, list[tuple[int, bool]], int]]


@dataclass(frozen=True)
class PerformanceView:
    """What the page shows."""

    groups: list[MetricGroup]
    slices: list[SliceRow]
    found: int
    facets: list[Facet]
    column: str
    every: bool
    slice_metric: dict[str, Any] | None
    slice_scale: Scale | None
    slice_ticks: list[float]
    slices_beside: bool
    calibration: list[Mapping[str, Any]]
    unit: Scale
    confusion: Confusion | None


def performance_view(result: Mapping[str, Any], column: str = "", every: bool = False) -> PerformanceView:
    """Arrange a result (``sekisho.performance/1``).

    Parameters
    ----------
    column : str
        Only the slices that this column cuts; anything else is all of them.
    every : bool
        All slices, and not the first 15.
    """
    slices = result["slices"]
    columns = list(dict.fromkeys(level["column"] for item in slices for level in item["where"]))
    column = column if column in columns else ""
    fitting = [item for item in slices if not column or column in (level["column"] for level in item["where"])]
    shown = fitting if every or column else fitting[:FIRST]
    scale = _slice_scale(result, shown)
    metric = result["sliced"]["metric"]
    return PerformanceView(
        groups=_groups(result),
        slices=[SliceRow(item["name"], item, _mark(item)) for item in shown],
        found=len(fitting),
        facets=_facets(slices, columns, column),
        column=column,
        every=every,
        slice_metric=metric_words(metric) if metric else None,
        slice_scale=scale,
        slice_ticks=scale.ticks() if scale else [],
        slices_beside=any((item.get("live") or {}).get("live") is not None for item in slices),
        calibration=result["calibration"],
        unit=Scale(0.0, 1.0),
        confusion=_confusion(result["confusion"]),
    )


def metric_words(name: str) -> dict[str, Any]:
    return Message(f"performance.metric.{name}").to_json()


def _groups(result: Mapping[str, Any]) -> list[MetricGroup]:
    """Metrics that share a scale together; the others each by itself."""
    kinds: dict[str, list[MetricRow]] = {}
    for item in result["metrics"]:
        kind = "share" if item["name"] in SHARES else "unit" if item["name"] in IN_UNITS else item["name"]
        kinds.setdefault(kind, []).append(_row(result, item))
    return [_group(kind, rows) for kind, rows in kinds.items()]


def _row(result: Mapping[str, Any], item: Mapping[str, Any]) -> MetricRow:
    difference = result["comparison"]["differences"].get(item["name"])
    verdict = difference["verdict"] if difference else ""
    method = item["interval"] and Message(f"performance.interval.{item['interval']}").to_json()
    unknown = item["value"] is None or item["low"] is None
    outcome = "not_evaluated" if unknown else "fail" if verdict == "worse" else "pass"
    return MetricRow(
        name=metric_words(item["name"]),
        item=item,
        difference=difference,
        live=difference["live"] if difference else None,
        method=method,
        decides=item["name"] == result["metric"],
        outcome=outcome,
    )


def _group(kind: str, rows: list[MetricRow]) -> MetricGroup:
    ends = [row.item[key] for row in rows for key in ("value", "low", "high")]
    ends += [row.difference["live"] for row in rows if row.difference]
    limits = (0.0, 1.0) if kind == "share" else (None, None)
    scale = _scale(ends, *limits)
    return MetricGroup(kind, rows, scale, scale.ticks())


def _slice_scale(result: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> Scale | None:
    """From the lowest to the highest of what is judged; what is not may run out of it."""
    ends = [result["sliced"]["value"]]
    for item in shown:
        ends += [item["value"], *((item["low"], item["high"]) if item["judged"] else ())]
    if not any(end is not None for end in ends):
        return None
    return _scale(ends, *((0.0, 1.0) if result["sliced"]["metric"] in SHARES else (None, None)))


def _scale(values: Sequence[float | None], least: float | None, most: float | None) -> Scale:
    ends = [value for value in values if value is not None] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    low, high = low - room, high + room
    return Scale(low if least is None else max(low, least - 0.01), high if most is None else min(high, most + 0.01))


def _mark(item: Mapping[str, Any]) -> str:
    if not item["judged"]:
        return "not_evaluated"
    return "fail" if item["worse"] or item["worse_than_live"] else "pass"


def _facets(slices: Sequence[Mapping[str, Any]], columns: Sequence[str], column: str) -> list[Facet]:
    def count(name: str) -> int:
        return sum(name in (level["column"] for level in item["where"]) for item in slices)

    return [Facet("", len(slices), not column), *(Facet(name, count(name), name == column) for name in columns)]


def _confusion(confusion: Mapping[str, Any] | None) -> Confusion | None:
    if not confusion:
        return None
    rows = [
        (name, [(n, i == j) for j, n in enumerate(counts)], sum(counts))
        for i, (name, counts) in enumerate(zip(confusion["classes"], confusion["counts"], strict=True))
    ]
    return Confusion(confusion["classes"], rows)
