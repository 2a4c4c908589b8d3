"""What a performance audit found, as frozen data and as the JSON that is stored, shown and printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from governance.engine.performance.pairs import Difference
from governance.engine.performance.slices import Slice
from portal.message import Message

SCHEMA = "sekisho.performance/1"


@dataclass(frozen=True)
class Measured:
    """One metric on all rows.

    Attributes
    ----------
    name : str
    value, low, high : float or None
        None where undefined, or where no interval is sound.
    n : int
        Rows that the metric is a share or a mean of.
    cases : int
        The scarcest of what it rests on: of the rarest class, where all classes count.
    interval : str or None
        "wilson", "zou-donner", "delong" or "bootstrap".
    direction : str
        "higher", "lower" or "zero" is better.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    cases: int
    interval: str | None
    direction: str


@dataclass(frozen=True)
class Comparison:
    """This model beside another on the same rows.

    Attributes
    ----------
    outcome : str
        Of the deciding metric: "better", "worse", "not_distinguishable", "identical" or "not_evaluated".
    name : Message or None
        What it is compared with.
    n : int
        Rows that both have answered.
    differences : dict of str to Difference
        By metric.
    both_right, only_own, only_live, both_wrong : int or None
        Rows by who was right, for classes.
    """

    outcome: str
    message: Message
    name: Message | None = None
    n: int = 0
    differences: dict[str, Difference] | None = None
    both_right: int | None = None
    only_own: int | None = None
    only_live: int | None = None
    both_wrong: int | None = None


@dataclass(frozen=True)
class CalibrationBin:
    """Rows with neighbouring scores: what was promised on average, and what came true.

    `off` where the promise lies outside the interval, corrected for the number of bins.
    """

    n: int
    score: float
    rate: float
    low: float
    high: float
    off: bool


@dataclass(frozen=True)
class PerformanceAudit:
    """The result of a performance audit; `to_json` is what is stored, shown and printed.

    Attributes
    ----------
    verdict : str
    message : Message
        The verdict in a sentence or two, with the deciding metric and the comparison.
    worst, worse_than_live : Message or None
        Where it is worst; where it is worse than the other model.
    metric : str or None
        The metric that decides; None if the one that was asked for cannot be measured.
    """

    verdict: str
    message: Message
    worst: Message | None
    worse_than_live: Message | None
    notes: tuple[Message, ...]
    task: str
    metric: str | None
    rows: int
    n: int
    missing: dict[str, int]
    columns: dict[str, Any]
    settings: dict[str, Any]
    metrics: tuple[Measured, ...]
    comparison: Comparison
    confusion: dict[str, Any] | None
    calibration: tuple[CalibrationBin, ...]
    slices: tuple[Slice, ...]
    sliced: dict[str, Any]
    method: dict[str, Any]
    data: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "worst": self.worst and self.worst.to_json(),
            "worse_than_live": self.worse_than_live and self.worse_than_live.to_json(),
            "notes": [note.to_json() for note in self.notes],
            "task": self.task,
            "metric": self.metric,
            "rows": self.rows,
            "n": self.n,
            "missing": self.missing,
            **self.columns,
            "settings": self.settings,
            "metrics": [asdict(measured) for measured in self.metrics],
            "comparison": _comparison_json(self.comparison),
            "confusion": self.confusion,
            "calibration": [asdict(item) for item in self.calibration],
            "slices": [_slice_json(item) for item in self.slices],
            "sliced": self.sliced,
            "method": self.method,
            "data": self.data,
        }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    differences = comparison.differences or {}
    return {
        **asdict(comparison),
        "message": comparison.message.to_json(),
        "name": comparison.name and comparison.name.to_json(),
        "differences": {name: asdict(difference) for name, difference in differences.items()},
    }


def _slice_json(item: Slice) -> dict[str, Any]:
    return {
        **asdict(item),
        "where": [level.to_json() for level in item.where],
        "name": [level.message().to_json() for level in item.where],
    }
