"""An explanation audit as its page shows it: ten features, the rest, and single rows step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from portal.charts import Scale

SHOWN = 10
STEPS = 8
CHANGES = 12
NEAREST = 3


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
    stands_in: bool = False  # goes closely with a sensitive column
    live: float | None = None  # size at the live version's share


@dataclass(frozen=True)
class Rest:
    """The features beyond those shown, together."""

    count: int
    total: float
    largest: float


@dataclass(frozen=True)
class RelianceRow:
    """A sensitive column or a named proxy, and the features that go with it most."""

    item: Mapping[str, Any]
    proxy: bool
    nearest: list[Mapping[str, Any]]

    @property
    def told(self) -> bool:
        """Whether a feature that the model relies on may stand in for the column."""
        return any(one["likely"] for one in self.nearest)


@dataclass(frozen=True)
class Step:
    """One step of a row's explanation: from the average to the output."""

    kind: str
    name: str
    value: Any
    start: float
    stop: float
    count: int = 0
    error: float | None = None

    @property
    def adds(self) -> str:
        change = self.stop - self.start
        return f"{change:+.3f}".replace("-", "−")


@dataclass(frozen=True)
class LocalView:
    """One explained row."""

    row: int
    why: str
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
    explained: list[Mapping[str, Any]]
    unknown_row: str
    reliances: list[RelianceRow] = field(default_factory=list)
    changes: list[Mapping[str, Any]] = field(default_factory=list)
    unchanged: int = 0


def explanation_view(result: Mapping[str, Any], row: str = "") -> ExplanationView:
    """Arrange a result (``sekisho.explanation/1``); `row` is the number of an explained row.

    Results of earlier versions lack the later keys.
    """
    items = result.get("importance") or []
    changes = (result.get("comparison") or {}).get("changes") or []
    rows = _rows(items[:SHOWN], result, {change["feature"]: change["before"] for change in changes})
    others = items[SHOWN:]
    rest = None
    if others:
        rest = Rest(len(others), sum(i["mean_abs"] for i in others), max(i["mean_abs"] for i in others))
    ends = [item["high"] for item in items[:SHOWN]] + [abs(row.live or 0.0) for row in rows]
    reach = max([*ends, rest.total if rest else 0.0])
    locals_ = {str(local["row"]): local for local in result.get("local") or ()}
    chosen = locals_.get(row) or next(iter(locals_.values()), None)
    changed = [change for change in changes if change["kind"] != "same"]
    return ExplanationView(
        rows=rows,
        rest=rest,
        reach=reach * 1.05 or 1.0,
        local=_local(chosen) if chosen else None,
        explained=[{"row": local["row"], "why": local.get("why", "sample")} for local in locals_.values()],
        unknown_row=row if row and row not in locals_ else "",
        reliances=_reliances(result),
        changes=changed[:CHANGES],
        unchanged=len(changes) - len(changed),
    )


def _rows(
    items: list[Mapping[str, Any]], result: Mapping[str, Any], live: Mapping[str, float | None]
) -> list[FeatureRow]:
    sensitive = {item["feature"] for item in result.get("sensitive") or ()}
    standing_in = {item["feature"] for item in result.get("associations") or () if item["likely"]}
    standing_in |= {item["feature"] for item in result.get("proxies") or ()}
    total = sum(item["mean_abs"] for item in result.get("importance") or ())
    rows = []
    for rank, tied in groupby(items, key=lambda item: tuple(item["rank"])):
        together = list(tied)
        for at, item in enumerate(together):
            place = "" if len(together) == 1 else "a" if at == 0 else "z" if at == len(together) - 1 else "m"
            sign = -1 if item["direction"] == "down" else 1
            before, half = live.get(item["feature"]), 1 if item["direction"] else 2  # a bar both ways has two halves
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
                    stands_in=item["feature"] in standing_in - sensitive,
                    live=None if before is None else sign * before * total / half,
                )
            )
    return rows


def _reliances(result: Mapping[str, Any]) -> list[RelianceRow]:
    """Sensitive columns, then named proxies; beside each of the first, what goes with it most."""
    found = []
    for proxy, group in ((False, "sensitive"), (True, "proxies")):
        for item in result.get(group) or ():
            near = [one for one in result.get("associations") or () if one["sensitive"] == item["feature"]]
            likely = [one for one in near if one["likely"]]
            found.append(RelianceRow(item, proxy, [] if proxy else (likely or near[:1])[:NEAREST]))
    return found


def _local(local: Mapping[str, Any]) -> LocalView:
    """From the base, step by step in the order of size, to the output."""
    steps = [Step("base", "", None, local["base"], local["base"])]
    at = local["base"]
    for part in local["contributions"][:STEPS]:
        ends = at, at + part["contribution"]
        steps.append(Step("step", part["feature"], part["value"], *ends, error=part.get("error")))
        at += part["contribution"]
    others = local["contributions"][STEPS:]
    if others:
        change = sum(part["contribution"] for part in others)
        steps.append(Step("step", "", None, at, at + change, len(others)))
    steps.append(Step("end", "", None, local["prediction"], local["prediction"]))
    ends = [end for step in steps for end in (step.start, step.stop)]
    room = 0.06 * (max(ends) - min(ends)) or 0.5
    scale = Scale(min(ends) - room, max(ends) + room)
    return LocalView(local["row"], local.get("why", "sample"), steps, scale, scale.ticks(5))
