"""The report on predicted numbers: errors by group, in the label's unit.

Two gaps are judged: of the mean error (who is over- or underestimated) and of the mean absolute error (for whom
the model is less exact). No one tolerance fits euros and degrees, so the tolerance is a share of a scale: of the
label's standard deviation, which no model can change, unless another scale is given; a scale of 1 makes it the
label's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from governance.engine.errors import ERROR_METRICS, ErrorCube
from governance.engine.fairness.estimates import Estimates, estimates, quantity_estimates
from governance.engine.fairness.gaps import ERROR_GAPS, Gap, Settings, evaluate_gap
from governance.engine.fairness.report import Report, group_results
from governance.engine.fairness.results import Estimate, GroupResult
from governance.engine.intervals import normal_quantile
from governance.engine.quantities import Means, student
from governance.engine.weights import effective_cases
from portal.message import Message

JUDGED_ERRORS = ("mean_error_difference", "mae_difference")


class ErrorReport(Report):
    """An audit of predicted numbers."""

    cube: ErrorCube

    def __init__(self, cube: ErrorCube, unpooled: ErrorCube, settings: Mapping[str, Any]) -> None:
        super().__init__(cube, unpooled, settings)
        self.whole = cube.grouped(())
        self.groupings = [cube.grouped(span) for span in self.spans]

    def overall(self) -> dict[str, Estimate]:
        return {name: values[0] for name, values in self._metrics(self.whole).items()}

    @cached_property
    def groups(self) -> list[GroupResult]:
        least = self.settings["min_group"]
        return [
            group
            for span, moments in zip(self.spans, self.groupings, strict=True)
            for group in group_results(
                span, moments.group_index(span)[0], moments.n, moments.left_out, self._metrics(moments), least
            )
        ]

    @cached_property
    def gaps(self) -> list[Gap]:
        allowed = self.settings["tolerance"] * self.settings["scale"]
        settings = Settings(allowed, self.settings["min_group"], self.settings["confidence"])
        found = []
        for span, moments in zip(self.spans, self.groupings, strict=True):
            groups = moments.group_index(span)[0]
            quantities = {means.name: means for means in (self._enough(moments, m) for m in ("error", "absolute"))}
            found += [
                evaluate_gap(name, span, groups, quantities, settings, judged=name in self.settings["judge"])
                for name in ERROR_GAPS
            ]
        return found

    def notes(self) -> list[Message]:
        scale, tolerance = self.settings["scale"], self.settings["tolerance"]
        notes = [Message("fairness.note.scale", {"tolerance": tolerance * scale, "share": tolerance, "scale": scale})]
        if self.cube.weighted:
            effective = float(effective_cases(self.whole.w, self.whole.w2)[0])
            notes.append(Message("fairness.note.weighted", {"n": int(self.whole.n[0]), "effective": int(effective)}))
        return [*notes, *super().notes()]

    def method(self) -> dict[str, Any]:
        return {
            "intervals": {"groups": "t, log", "gaps": "mover, tukey-kramer"},
            "confidence": self.settings["confidence"],
            "versions": self.versions,
        }

    def _enough(self, moments: ErrorCube, moment: str) -> Means:
        means = moments.means(moment)
        least = max(self.settings["min_group"], 2)
        return means.only(np.flatnonzero((means.cases >= least) & (means.n >= least)))

    def _metrics(self, moments: ErrorCube) -> Estimates:
        least, confidence = self.settings["min_group"], self.settings["confidence"]
        error, absolute, squared = (moments.means(moment) for moment in ("error", "absolute", "squared"))
        enough = (error.cases >= least) & (error.n >= least)
        found = {means.name: quantity_estimates(means, enough, "t", confidence) for means in (error, absolute)}
        found["rmse"] = _root(squared, enough, confidence)
        return {name: found[name] for name in ERROR_METRICS}


def _root(squared: Means, enough: np.ndarray, confidence: float) -> list[Estimate]:
    """The root of the mean squared error; its interval is formed on the scale of the logarithm."""
    z = student(normal_quantile(confidence), squared.cases - 1)
    known = (squared.cases > 1) & (squared.value > 0)
    value = np.where(known, squared.value, 1.0)
    half = np.where(known, z * np.sqrt(squared.variance) / value / 2, np.nan)
    root = np.sqrt(np.where(np.isnan(squared.value), np.nan, np.maximum(squared.value, 0)))
    low, high = root * np.exp(-half), root * np.exp(half)
    methods = np.where(np.isnan(low), None, "log")
    return estimates(root, (low, high), squared.n, enough, methods)


def with_scale(settings: Mapping[str, Any], cube: ErrorCube) -> dict[str, Any]:
    """The settings with the scale that the tolerance is a share of."""
    scale = settings["scale"] if settings["scale"] is not None else cube.label_deviation
    return {**settings, "scale": float(scale)}
