"""What every fairness audit reports, whatever is predicted: the verdict of its gaps, and notes on its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from governance.engine.cube import Cube
from governance.engine.errors import ErrorCube
from governance.engine.fairness.gaps import FAIL, INCONCLUSIVE, NOT_EVALUATED, PASS, Gap, group_message, metric_message
from governance.engine.fairness.results import Estimate, GroupResult
from governance.engine.pooling import pool_notes
from portal.message import Message

MISSING_ALLOWED = 0.05  # share of rows without label or prediction, above which nothing passes
LIBRARIES = ("fairlearn", "scikit-learn", "duckdb", "ibis-framework", "numpy", "scipy")
Group = dict[str, str | None]


class Report:
    """The parts of one audit, from its cube; a task adds its metrics, groups and gaps.

    Attributes
    ----------
    cube : Cube or ErrorCube
        With its levels pooled, as declared.
    unpooled : Cube or ErrorCube
    settings : dict
    """

    def __init__(self, cube: Cube | ErrorCube, unpooled: Cube | ErrorCube, settings: Mapping[str, Any]) -> None:
        self.cube = cube
        self.unpooled = unpooled
        self.settings = settings
        self.spans = [(feature,) for feature in cube.features]
        if settings["intersections"] and len(cube.features) > 1:
            self.spans.append(cube.features)

    gaps: list[Gap]
    groups: list[GroupResult]

    @property
    def verdict(self) -> tuple[str, Message, Message | None]:
        """The worst verdict of the judged gaps, with the gap that decides it."""
        judged = [gap for gap in self.gaps if gap.judged]
        for verdict in (FAIL, INCONCLUSIVE, NOT_EVALUATED, PASS):
            found = [gap for gap in judged if gap.verdict == verdict]
            if not found:
                continue
            decisive = max(found, key=_badness)
            share = self.cube.missing["left_out"] / self.cube.rows
            if verdict == PASS and share > MISSING_ALLOWED:
                params = {"share": f"{share:.1%}", "allowed": f"{MISSING_ALLOWED:.0%}", "decisive": decisive.message}
                return INCONCLUSIVE, Message("fairness.too_many_missing", params), None
            params = {"decisive": decisive.message, "count": len(found), "of": len(judged)}
            return verdict, Message(f"fairness.{verdict}", params), decisive.advice
        raise AssertionError("settings were checked: at least one gap is judged")

    def notes(self) -> list[Message]:
        """What a reader must know beside the verdict: what was left out, what is too small."""
        missing, rows = self.cube.missing, self.cube.rows
        notes = pool_notes(self.unpooled, self.settings["pool"])
        notes += [
            Message(f"fairness.note.missing_{which}", {"count": missing[which], "rows": rows})
            for which in ("label", "prediction", "score")
            if missing.get(which)
        ]
        notes += [
            Message("fairness.note.missing_sensitive", {"feature": feature, "count": count, "rows": rows})
            for feature, count in missing["sensitive"].items()
            if count
        ]
        least = {"min_group": self.settings["min_group"]}
        small = [group for group in self.groups if not group.judged]
        if small:
            notes.append(Message("fairness.note.small", {**named([g.group for g in small]), **least}))
        for rate, few in self.too_few().items():
            if few:
                params = {"rate": metric_message(rate), **named(few), **least}
                notes.append(Message("fairness.note.small_for_rate", params))
        return notes

    def too_few(self) -> Mapping[str, Sequence[Group]]:
        """Groups large enough as such, but with too few cases for a quantity that is judged."""
        return {}

    @cached_property
    def versions(self) -> dict[str, str]:
        return {name: version(name) for name in LIBRARIES}


def group_results(
    features: Sequence[str],
    groups: Sequence[tuple[str | None, ...]],
    n: np.ndarray,
    left_out: np.ndarray,
    metrics: Mapping[str, Sequence[Estimate]],
    least: int,
    scores: Sequence[Mapping[str, Any] | None] | None = None,
) -> list[GroupResult]:
    """The groups of one grouping."""
    return [
        GroupResult(
            group=dict(zip(features, levels, strict=True)),
            n=int(n[i]),
            left_out=int(left_out[i]),
            judged=bool(n[i] >= least),
            reason=None if n[i] >= least else Message("fairness.too_small", {"n": int(n[i]), "min_group": least}),
            metrics={name: values[i] for name, values in metrics.items()},
            scores=dict(scores[i]) if scores else None,
        )
        for i, levels in enumerate(groups)
    ]


def named(groups: Sequence[Group]) -> dict[str, Any]:
    """The first ten groups by name, and how many there are."""
    shown: list[Any] = [group_message(group) for group in groups[:10]]
    return {"groups": [*shown, "…"] if len(groups) > 10 else shown, "count": len(groups)}


def _badness(gap: Gap) -> float:
    """How far a gap reaches beyond its tolerance, to name the worst first."""
    if gap.value is None:
        return 0.0
    return (1 - gap.value if gap.kind == "ratio" else gap.value) - gap.tolerance
