"""A drift audit as its page shows it: the farthest columns first, and whether the model leans on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.charts import Scale
from portal.message import Message

SHOWN = 20
PICTURED = 6
MUCH = 0.1  # share of the explanation from which a feature counts much
GRAVITY = ("fail", "inconclusive", "not_evaluated", "pass")
MOVED = ("fail", "inconclusive")


@dataclass(frozen=True)
class Weight:
    """What a feature counts for in the newest explanation."""

    share: float
    rank: int
    of: int

    @property
    def much(self) -> bool:
        return self.share >= MUCH


@dataclass(frozen=True)
class ColumnRow:
    """One column with its distance, and its weight if it was explained."""

    item: Mapping[str, Any]
    weight: Weight | None
    psi_band: str  # "stable", "moderate", "large" by custom; empty where there is none

    @property
    def key(self) -> tuple[float, float]:
        """Drift × importance; without an explanation, drift alone."""
        size = max(self.item["distance"] or 0.0, abs(self.item["missing"]["change"]))
        return size * (self.weight.share if self.weight else 0.0), size


@dataclass(frozen=True)
class DriftView:
    """What the page shows."""

    rows: list[ColumnRow]
    hidden: int
    scale: Scale
    ticks: list[float]
    band: tuple[float, float]
    pictured: list[ColumnRow]
    top: float
    leaning: float | None  # share of the explanation that rests on drifted columns
    drifted: int
    group_rows: list[dict[str, Any]]
    group_scale: Scale | None


def drift_view(
    result: Mapping[str, Any], importance: Sequence[Mapping[str, Any]] = (), *, whole: bool = False
) -> DriftView:
    """Arrange a result (``sekisho.drift/1``).

    Parameters
    ----------
    importance : sequence of mapping
        The features of an explanation audit, the most important first.
    whole : bool
        Show every column, not the first twenty.
    """
    weights = {
        feature["feature"]: Weight(feature["share"], rank, len(importance))
        for rank, feature in enumerate(importance, start=1)
    }
    bands = result["settings"].get("psi_bands") or (0.1, 0.25)
    rows = [ColumnRow(item, weights.get(item["column"]), _psi_band(item["psi"], bands)) for item in result["columns"]]
    shown = rows if whole else rows[:SHOWN]
    pictured = _pictured(rows)
    tolerance = result["settings"]["tolerance"]
    ends = [row.item["high"] for row in shown if row.item["high"] is not None]
    scale = Scale(0.0, min(1.0, max([*ends, tolerance * 1.5, 0.05]) * 1.04))
    drifted = [row for row in rows if row.item["verdict"] == "fail"]
    return DriftView(
        rows=shown,
        hidden=len(rows) - len(shown),
        scale=scale,
        ticks=scale.ticks(),
        band=(0.0, tolerance),
        pictured=pictured,
        top=max([share for row in pictured for share in _shares(row)], default=1.0),
        leaning=sum(row.weight.share for row in drifted if row.weight) if weights else None,
        drifted=len(drifted),
        group_rows=_group_rows(result.get("fairness")),
        group_scale=_group_scale(result.get("fairness")),
    )


def _pictured(rows: Sequence[ColumnRow]) -> list[ColumnRow]:
    """What moved or may have, by drift × importance; then what follows, so that same columns are seen beside it."""
    known = [row for row in rows if row.item.get("picture")]
    moved = sorted((row for row in known if row.item["verdict"] in MOVED), key=lambda row: row.key, reverse=True)
    rest = sorted((row for row in known if row.item["verdict"] not in MOVED), key=lambda row: row.key, reverse=True)
    return [*moved, *rest][:PICTURED]


def _shares(row: ColumnRow) -> list[float]:
    return [*row.item["picture"]["reference"], *row.item["picture"]["current"]]


def _psi_band(psi: float | None, bands: Sequence[float]) -> str:
    if psi is None:
        return ""
    return "stable" if psi < bands[0] else "moderate" if psi < bands[1] else "large"


def _group_rows(groups: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The rates of groups, the gravest first, with their names in words."""
    rows = sorted(
        (groups or {}).get("rates", ()), key=lambda rate: (GRAVITY.index(rate["verdict"]), -abs(rate["change"]))
    )
    return [
        {
            **rate,
            "name": _level(rate),
            "title": Message(f"fairness.metric.{rate['rate']}").to_json(),
            "band": (-groups["tolerance"], groups["tolerance"]),
        }
        for rate in rows
    ]


def _level(rate: Mapping[str, Any]) -> dict[str, Any]:
    level = rate["group"][rate["feature"]]
    code = "fairness.level" if level is not None else "fairness.missing_level"
    return Message(code, {"feature": rate["feature"], "level": level}).to_json()


def _group_scale(groups: Mapping[str, Any] | None) -> Scale | None:
    if not groups or not groups["rates"]:
        return None
    judged = [rate for rate in groups["rates"] if rate["verdict"] != "not_evaluated"]
    ends = [abs(rate[end]) for rate in judged for end in ("low", "high")]
    reach = min(1.0, max([*ends, groups["tolerance"] * 1.5, 0.05]) * 1.04)
    return Scale(-reach, reach)
