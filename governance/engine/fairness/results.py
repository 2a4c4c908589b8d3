"""What a fairness audit found, as frozen data and as the JSON that is stored, shown and printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from governance.engine.cube import Cube
from governance.engine.errors import ErrorCube
from governance.engine.fairness.gaps import Gap
from portal.message import Message

SCHEMA = "sekisho.fairness/1"


@dataclass(frozen=True)
class Estimate:
    """A metric of one group.

    Attributes
    ----------
    value, low, high : float or None
        None where undefined: the group has no case to count.
    n : int
        Cases the metric rests on.
    judged : bool
        Whether those are enough.
    interval : str or None
        How the limits were found: "bootstrap", "wilson", "exact", "linearised", "delong", "t" or "log".
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    judged: bool
    interval: str | None


@dataclass(frozen=True)
class GroupResult:
    """One group: its level of each feature (None is missing), its size, its metrics.

    `scores` is None without scores, else ``n``, ``auc_bound`` (largest error of the area that bins can make) and
    ``calibration``, by tenths.
    """

    group: dict[str, str | None]
    n: int
    left_out: int
    judged: bool
    reason: Message | None
    metrics: dict[str, Estimate]
    scores: dict[str, Any] | None = None


@dataclass(frozen=True)
class FairnessAudit:
    """The result of a fairness audit; `to_json` is what is stored, shown and printed.

    `cube` holds all counts (`cube.to_json()`, before any pooling), so that other metrics never read the rows again.
    """

    task: str

    verdict: str
    message: Message
    advice: Message | None
    notes: tuple[Message, ...]
    rows: int
    n: int
    missing: dict[str, Any]
    columns: dict[str, Any]
    settings: dict[str, Any]
    overall: dict[str, Estimate]
    groups: tuple[GroupResult, ...]
    gaps: tuple[Gap, ...]
    method: dict[str, Any]
    data: dict[str, Any] | None
    cube: Cube | ErrorCube
    scores: dict[str, Any] | None = None
    classes: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "task": self.task,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "advice": self.advice and self.advice.to_json(),
            "notes": [note.to_json() for note in self.notes],
            "rows": self.rows,
            "n": self.n,
            "missing": self.missing,
            **self.columns,
            "settings": self.settings,
            "overall": {name: asdict(estimate) for name, estimate in self.overall.items()},
            "groups": [_group_json(group) for group in self.groups],
            "gaps": [_gap_json(gap) for gap in self.gaps],
            "method": self.method,
            "data": self.data,
            "scores": self.scores,
            "classes": self.classes,
            "cube": self.cube.to_json(),
        }


def _group_json(group: GroupResult) -> dict[str, Any]:
    return {
        "features": list(group.group),
        **asdict(group),
        "reason": group.reason and group.reason.to_json(),
    }


def _gap_json(gap: Gap) -> dict[str, Any]:
    return {
        "feature": " × ".join(gap.features),
        **asdict(gap),
        "features": list(gap.features),
        "comparisons": [asdict(comparison) for comparison in gap.comparisons],
        "message": gap.message.to_json(),
        "advice": gap.advice and gap.advice.to_json(),
    }
