"""An explanation audit as its page shows it: ten features, the rest, and single rows step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from portal.charts import Scale

SHOWN = 10
STEPS = 8


@dataclass(frozen=True)
class FeatureRow:
    """One feature, with its sign where the rows show one."""

    name: str
    rank: str
    place: str  # in a group of tied ones: a first, m middle, z last
    value: float
    low: float
    high: float
    item: Mapping[str, Any]
    sensitive: bool


@dataclass(frozen=True)
class Rest:
    """The features beyond those shown, together."""

    count: int
    total: float
    largest: float


@dataclass(frozen=True)
class Step:
    """One step of a row's explanation: from the average to the output."""

    kind: str
    name: str
    value: Any
    start: float
    stop: float
    count: int = 0

    @property
    def adds(self) -> str:
        change = self.stop - self.start
        return f"{change:+.3f}".replace("-", "−")


@dataclass(frozen=True)
class LocalView:
    """One explained row."""

    row: int
    steps: list[Step]
    scale: Scale
    ticks: list[float]


@dataclass(frozen=True)
class ExplanationView:
    """What the page shows."""

    rows: list[FeatureRow]
    rest: Rest | None
    reach: float
    local: LocalView | None
    explained: list[int]
    unknown_row: str


def explanation_view(result: Mapping[str, Any], row: str = "") -> ExplanationView:
    """Arrange a result (``sekisho.explanation/1``); `row` is the number of an explained row."""
    items = result.get("importance") or []
    sensitive = {item["feature"] for item in result.get("sensitive") or ()}
    rows = _rows(items[:SHOWN], sensitive)
    others = items[SHOWN:]
    rest = None
    if others:
        rest = Rest(len(others), sum(i["mean_abs"] for i in others), max(i["mean_abs"] for i in others))
    reach = max([item["high"] for item in items[:SHOWN]] + [rest.total if rest else 0.0], default=0.0)
    locals_ = {str(local["row"]): local for local in result.get("local") or ()}
    chosen = locals_.get(row) or next(iter(locals_.values()), None)
    return ExplanationView(
        rows=rows,
        rest=rest,
        reach=reach * 1.05 or 1.0,
        local=_local(chosen) if chosen else None,
        explained=[local["row"] for local in locals_.values()],
        unknown_row=row if row and row not in locals_ else "",
    )


def _rows(items: list[Mapping[str, Any]], sensitive: set[str]) -> list[FeatureRow]:
    rows = []
    for rank, tied in groupby(items, key=lambda item: tuple(item["rank"])):
        together = list(tied)
        for at, item in enumerate(together):
            place = "" if len(together) == 1 else "a" if at == 0 else "z" if at == len(together) - 1 else "m"
            sign = -1 if item["direction"] == "down" else 1
            first, last = rank
            rows.append(
                FeatureRow(
                    name=item["feature"],
                    rank=str(first) if first == last else f"{first}–{last}",
                    place=place,
                    value=sign * item["mean_abs"],
                    low=sign * item["low"],
                    high=sign * item["high"],
                    item=item,
                    sensitive=item["feature"] in sensitive,
                )
            )
    return rows


def _local(local: Mapping[str, Any]) -> LocalView:
    """From the base, step by step in the order of size, to the output."""
    steps = [Step("base", "", None, local["base"], local["base"])]
    at = local["base"]
    for part in local["contributions"][:STEPS]:
        steps.append(Step("step", part["feature"], part["value"], at, at + part["contribution"]))
        at += part["contribution"]
    others = local["contributions"][STEPS:]
    if others:
        change = sum(part["contribution"] for part in others)
        steps.append(Step("step", "", None, at, at + change, len(others)))
    steps.append(Step("end", "", None, local["prediction"], local["prediction"]))
    ends = [end for step in steps for end in (step.start, step.stop)]
    room = 0.06 * (max(ends) - min(ends)) or 0.5
    scale = Scale(min(ends) - room, max(ends) + room)
    return LocalView(local["row"], steps, scale, scale.ticks(5))
