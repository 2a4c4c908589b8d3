"""The fairness audit: from an evaluation table to a verdict with its reason.

Read once into a cube, computed in closed form, verified against fairlearn, bounded by intervals. A group too
small to judge is named and left out before the extremes are chosen; what cannot be judged is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.authority import verify
from governance.engine.bootstrap import percentile_limits
from governance.engine.cube import Cube, GroupCounts, audit_cube
from governance.engine.gaps import (
    FAIL,
    GAPS,
    INCONCLUSIVE,
    NOT_EVALUATED,
    PASS,
    Gap,
    Settings,
    evaluate_gap,
    group_message,
    metric_message,
)
from governance.engine.intervals import normal_quantile, wilson
from governance.engine.metrics import METRICS, RATES, cases, fraction, metric
from governance.engine.results import Estimate, FairnessAudit, GroupResult
from governance.engine.tables import EvaluationDataError, file_digest
from portal.message import Message

if TYPE_CHECKING:
    import ibis

JUDGED = ("demographic_parity_difference", "equalized_odds_difference")
FEW = 10  # cases on the rarer side of a rate, under which Wilson's interval replaces the bootstrap's
MISSING_ALLOWED = 0.05  # share of rows without label or prediction, above which nothing passes
LIBRARIES = ("fairlearn", "scikit-learn", "duckdb", "ibis-framework", "numpy", "scipy")


def audit_fairness(
    source: str | Path | ibis.Table,
    *,
    label: str,
    prediction: str,
    sensitive: Sequence[str],
    positive: str | int | float | bool | None = None,
    tolerance: float = 0.1,
    min_group: int = 30,
    metrics: Sequence[str] = METRICS,
    judge: Sequence[str] = JUDGED,
    intersections: bool = True,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    bins: Mapping[str, Sequence[float]] | None = None,
) -> FairnessAudit:
    """Audit decisions for fairness between groups.

    Parameters
    ----------
    source : path or ibis.Table
        Parquet, CSV, or a table of any Ibis backend.
    label, prediction : str
        Columns of the true and of the decided class.
    sensitive : sequence of str
        One to four columns. Their missing values are a group of their own.
    positive : optional
        The favourable class; 1 (or true) where the labels are 0 and 1.
    tolerance : float
        Largest difference allowed; ratios must be at least ``1 - tolerance``.
    min_group : int
        Cases a group needs, also among its positives or negatives for the rates of those.
    metrics : sequence of str
        Which of `METRICS` to report by group.
    judge : sequence of str
        Which of `GAPS` decide the verdict.
    intersections : bool
        Judge the groups of all features together as well.
    confidence : float
    replicates, seed : int
        Of the bootstrap behind the intervals of single groups. Gaps have closed forms: no verdict depends on
        the seed.
    bins : mapping of str to sequence of float
        Edges that cut numeric features.

    Raises
    ------
    EvaluationDataError
        Where the data or the settings allow no audit.
    InvalidEvidence
        Where fairlearn disagrees.
    """
    settings = {
        "tolerance": float(tolerance),
        "min_group": int(min_group),
        "judge": list(judge),
        "metrics": list(metrics),
        "intersections": bool(intersections),
        "confidence": float(confidence),
        "replicates": int(replicates),
        "seed": int(seed),
        "bins": {name: [float(edge) for edge in edges] for name, edges in (bins or {}).items()},
    }
    _check_settings(settings)
    cube = audit_cube(source, label=label, prediction=prediction, sensitive=sensitive, bins=bins)
    target = positive_class(cube, positive, label=label, prediction=prediction)
    _check_groups(cube)
    report = _Report(cube, target, settings)
    verdict, message, advice = report.verdict
    return FairnessAudit(
        verdict=verdict,
        message=message,
        advice=advice,
        notes=tuple(report.notes()),
        rows=cube.rows,
        n=int(report.whole.n[0]),
        missing=cube.missing,
        columns={"label": label, "prediction": prediction, "sensitive": list(sensitive), "positive": target},
        settings=settings,
        overall=report.overall(),
        groups=tuple(report.groups),
        gaps=tuple(report.gaps),
        method=report.method(),
        data=file_digest(source) if isinstance(source, str | Path) else None,
        cube=cube,
    )


def positive_class(cube: Cube, positive: Any, *, label: str, prediction: str) -> str:
    """The favourable class as the cube spells it, or a sentence that says why there is none.

    Raises
    ------
    EvaluationDataError
    """
    labels, decided = cube.label_classes(), cube.prediction_classes()
    if not labels:
        raise EvaluationDataError("data.no_complete_rows", label=label, prediction=prediction)
    if len(labels) == 1:
        raise EvaluationDataError("data.one_class", column=label, value=labels[0])
    strange = [value for value in decided if value not in labels]
    if strange:
        raise EvaluationDataError(
            "data.strange_prediction", prediction=prediction, label=label, value=strange[0], values=list(labels)
        )
    if positive is None:
        if set(labels) == {"0", "1"}:
            return "1"
        raise EvaluationDataError("data.no_positive", column=label, values=list(labels))
    wanted = str(int(positive)) if isinstance(positive, bool) else str(positive)
    spellings = {wanted}
    if set(labels) <= {"0", "1"}:
        spellings |= {{"true": "1", "false": "0", "1.0": "1", "0.0": "0"}.get(wanted.casefold(), wanted)}
    found = next((value for value in labels if value in spellings), None)
    if found is None:
        raise EvaluationDataError("data.strange_positive", column=label, value=wanted, values=list(labels))
    return found


class _Report:
    """The parts of one audit, from its cube."""

    def __init__(self, cube: Cube, positive: str, settings: Mapping[str, Any]) -> None:
        self.cube = cube
        self.positive = positive
        self.settings = settings
        self.whole = cube.counts((), positive)
        spans = [(feature,) for feature in cube.features]
        if settings["intersections"] and len(cube.features) > 1:
            spans.append(cube.features)
        self.groupings = [cube.counts(span, positive) for span in spans]
        self.agreement = verify(cube, [self.whole, *self.groupings], positive, METRICS)

    @cached_property
    def groups(self) -> list[GroupResult]:
        return [
            group
            for stream, counts in enumerate(self.groupings, start=1)
            for group in self._group_results(counts, stream)
        ]

    def overall(self) -> dict[str, Estimate]:
        return self._estimates(self.whole, 0)[0]

    @cached_property
    def gaps(self) -> list[Gap]:
        settings = Settings(*(self.settings[name] for name in ("tolerance", "min_group", "confidence")))
        return [
            evaluate_gap(counts, name, settings, judged=name in self.settings["judge"])
            for counts in self.groupings
            for name in GAPS
        ]

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
        missing = self.cube.missing
        rows = self.cube.rows
        notes = [
            Message(f"fairness.note.missing_{which}", {"count": missing[which], "rows": rows})
            for which in ("label", "prediction")
            if missing[which]
        ]
        notes += [
            Message("fairness.note.missing_sensitive", {"feature": feature, "count": count, "rows": rows})
            for feature, count in missing["sensitive"].items()
            if count
        ]
        least = {"min_group": self.settings["min_group"]}
        small = [group for group in self.groups if not group.judged]
        if small:
            notes.append(Message("fairness.note.small", {**_named([g.group for g in small]), **least}))
        for rate in dict.fromkeys(rate for name in self.settings["judge"] for rate in GAPS[name].rates):
            few = self._too_few_for(rate)
            if few:
                params = {"rate": metric_message(rate), **_named(few), **least}
                notes.append(Message("fairness.note.small_for_rate", params))
        if len(self.cube.label_classes()) > 2:
            notes.append(Message("fairness.note.one_versus_rest", {"positive": self.positive}))
        return notes

    def _too_few_for(self, rate: str) -> list[dict[str, str | None]]:
        """Groups large enough as such, but with too few cases for one rate."""
        least = self.settings["min_group"]
        return [
            dict(zip(counts.features, counts.groups[at], strict=True))
            for counts in self.groupings
            for at in np.flatnonzero((counts.n >= least) & (cases(counts.confusion, rate) < least))
        ]

    def method(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "authority": {"name": "fairlearn", **self.agreement},
            "intervals": {"groups": "bootstrap, wilson", "gaps": "newcombe, donner-zou, tukey-kramer"},
            "confidence": settings["confidence"],
            "replicates": settings["replicates"],
            "seed": settings["seed"],
            "versions": {name: version(name) for name in LIBRARIES},
        }

    def _group_results(self, counts: GroupCounts, stream: int) -> list[GroupResult]:
        least = self.settings["min_group"]
        return [
            GroupResult(
                group=dict(zip(counts.features, levels, strict=True)),
                n=int(n),
                left_out=int(left_out),
                judged=bool(n >= least),
                reason=None if n >= least else Message("fairness.too_small", {"n": int(n), "min_group": least}),
                metrics=estimates,
            )
            for levels, n, left_out, estimates in zip(
                counts.groups, counts.n, counts.left_out, self._estimates(counts, stream), strict=True
            )
        ]

    def _estimates(self, counts: GroupCounts, stream: int) -> list[dict[str, Estimate]]:
        """Metrics of each group: bootstrap intervals, and Wilson's where a rate has few cases on one side."""
        names = self.settings["metrics"]
        confidence = self.settings["confidence"]
        limits = percentile_limits(
            counts.confusion,
            names,
            confidence=confidence,
            size=self.settings["replicates"],
            seed=(self.settings["seed"], stream),
        )
        columns = {name: self._column(counts, name, limits[name], normal_quantile(confidence)) for name in names}
        return [{name: columns[name][i] for name in names} for i in range(len(counts.groups))]

    def _column(
        self, counts: GroupCounts, name: str, bootstrap: tuple[np.ndarray, np.ndarray], z: float
    ) -> list[Estimate]:
        low, high = bootstrap
        methods = np.where(np.isnan(low), None, "bootstrap")
        if name in RATES:
            above, below = fraction(counts.confusion, name)
            few = (np.minimum(above, below - above) < FEW) | np.isnan(low)
            wilson_low, wilson_high = wilson(above, below, z)
            low, high = np.where(few, wilson_low, low), np.where(few, wilson_high, high)
            methods = np.where(few, "wilson", methods)
        n = cases(counts.confusion, name)
        value = metric(counts.confusion, name)
        methods = np.where(np.isnan(low), None, methods)
        judged = (n >= self.settings["min_group"]) & (counts.n >= self.settings["min_group"])
        return [
            Estimate(_number(v), _number(lo), _number(hi), int(k), bool(j), m)
            for v, lo, hi, k, j, m in zip(value, low, high, n, judged, methods, strict=True)
        ]


def _check_settings(settings: Mapping[str, Any]) -> None:
    if not 0 <= settings["tolerance"] < 1:
        raise EvaluationDataError("data.tolerance", value=settings["tolerance"])
    if not 0 < settings["confidence"] < 1:
        raise EvaluationDataError("data.confidence", value=settings["confidence"])
    if settings["min_group"] < 1:
        raise EvaluationDataError("data.min_group", value=settings["min_group"])
    if settings["replicates"] < 0:
        raise EvaluationDataError("data.replicates", value=settings["replicates"])
    for name in settings["metrics"]:
        if name not in METRICS:
            raise EvaluationDataError("data.metric", name=name, names=list(METRICS))
    for name in settings["judge"]:
        if name not in GAPS:
            raise EvaluationDataError("data.gap", name=name, names=list(GAPS))
    if not settings["judge"]:
        raise EvaluationDataError("data.no_gap", names=list(GAPS))


def _check_groups(cube: Cube) -> None:
    for feature, levels in zip(cube.features, cube.levels, strict=True):
        named = [level for level in levels if level is not None]
        if not named:
            raise EvaluationDataError("data.no_group", column=feature)
        if len(named) == 1:
            raise EvaluationDataError("data.one_group", column=feature, value=named[0])


def _badness(gap: Gap) -> float:
    """How far a gap reaches beyond its tolerance, to name the worst first."""
    if gap.value is None:
        return 0.0
    if GAPS[gap.metric].kind == "ratio":
        return 1 - gap.value - gap.tolerance
    return gap.value - gap.tolerance


def _named(groups: Sequence[dict[str, str | None]]) -> dict[str, Any]:
    """The first ten groups by name, and how many there are."""
    shown: list[Any] = [group_message(group) for group in groups[:10]]
    return {"groups": [*shown, "…"] if len(groups) > 10 else shown, "count": len(groups)}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
