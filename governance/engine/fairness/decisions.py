"""The report on decisions: rates by group, with scores and further classes where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from governance.engine.authority import verify, verify_classes
from governance.engine.cube import Cube, GroupCounts
from governance.engine.fairness.authority_rows import verify_areas
from governance.engine.fairness.bootstrap import Resampled, resampled
from governance.engine.fairness.estimates import (
    Estimates,
    count_estimates,
    estimates,
    macro_estimates,
    quantity_estimates,
    share_estimates,
)
from governance.engine.fairness.gaps import CLASS_GAPS, GAPS, SCORE_GAPS, Gap, Settings, evaluate_gap
from governance.engine.fairness.multiclass import macro_values, right_decisions
from governance.engine.fairness.report import Group, Report, group_results
from governance.engine.fairness.results import Estimate, GroupResult
from governance.engine.intervals import normal_quantile
from governance.engine.metrics import METRICS, cases
from governance.engine.quantities import proportions
from governance.engine.score_metrics import Areas, Calibration, areas, brier, calibration
from governance.engine.weights import effective_cases
from portal.message import Message

MAX_CLASS_GROUPS = 200  # beyond, the other classes' gaps are left to the stored cube


class DecisionReport(Report):
    """An audit of decisions between classes, one of which is the positive one."""

    cube: Cube

    def __init__(self, cube: Cube, unpooled: Cube, settings: Mapping[str, Any], positive: str) -> None:
        super().__init__(cube, unpooled, settings)
        self.positive = positive
        self.whole = cube.counts((), positive)
        self.groupings = [cube.counts(span, positive) for span in self.spans]
        self.many_classes = len(cube.label_classes()) > 2
        self.agreement = verify(cube, [self.whole, *self.groupings], positive, METRICS)

    @cached_property
    def resamplings(self) -> list[Resampled]:
        """The whole's replicates, and those of each grouping."""
        names = list(dict.fromkeys([*self.settings["metrics"], *(rate for gap in GAPS.values() for rate in gap.rates)]))
        options = {"confidence": self.settings["confidence"], "size": self.settings["replicates"]}
        return [
            resampled(counts, names, **options, seed=(self.settings["seed"], stream))
            for stream, counts in enumerate([self.whole, *self.groupings])
        ]

    @cached_property
    def scored(self) -> list[Scored] | None:
        """Score metrics of the whole and of each grouping."""
        if self.cube.scores is None:
            return None
        return [Scored(self.cube, counts, self.positive, self.settings) for counts in [self.whole, *self.groupings]]

    def overall(self) -> dict[str, Estimate]:
        return {name: values[0] for name, values in self._metrics(0).items()}

    @cached_property
    def groups(self) -> list[GroupResult]:
        return [
            group
            for at, counts in enumerate(self.groupings, start=1)
            for group in group_results(
                counts.features,
                counts.groups,
                counts.n,
                counts.left_out,
                self._metrics(at),
                self.settings["min_group"],
                self.scored and self.scored[at].details(),
            )
        ]

    @cached_property
    def gaps(self) -> list[Gap]:
        return [
            gap for at, counts in enumerate(self.groupings, start=1) for gap in self._gaps(counts, self.positive, at)
        ]

    def _gaps(self, counts: GroupCounts, positive: str, at: int | None) -> list[Gap]:
        """The gaps of one grouping; of another class than the positive one without what is of all classes."""
        settings = Settings(*(self.settings[name] for name in ("tolerance", "min_group", "confidence")))
        rates = dict.fromkeys(rate for gap in GAPS.values() for rate in gap.rates)
        quantities: dict[str, Any] = {rate: proportions(counts, rate, settings.min_group) for rate in rates}
        names = dict(GAPS)
        if at is not None and self.many_classes:
            quantities["multiclass_accuracy"] = right_decisions(self.cube, counts.features, settings.min_group)
            names |= CLASS_GAPS
        if at is not None and self.scored:
            quantities |= self.scored[at].quantities()
            names |= {name: gap for name, gap in SCORE_GAPS.items() if gap.rates[0] in quantities}
        if at is None:
            names = {name: gap for name, gap in names.items() if name in self.settings["judge"]}
        return [
            evaluate_gap(
                name,
                counts.features,
                counts.groups,
                quantities,
                settings,
                judged=at is not None and name in self.settings["judge"],
                bootstrap=self._resampled_gap(name, quantities, at),
            )
            for name in names
        ]

    def _resampled_gap(self, name: str, quantities: Mapping[str, Any], at: int | None) -> tuple:
        if name not in GAPS or at is None or not self.settings["replicates"]:
            return None, None
        kept = {rate: quantities[rate].kept for rate in GAPS[name].rates}
        if any(len(groups) < 2 for groups in kept.values()):
            return None, None
        return self.resamplings[at].gap(kept, GAPS[name].kind)

    def classes(self) -> dict[str, Any] | None:
        """The other classes, each against the rest: their rates, and the gaps that are judged for the positive one."""
        if not self.many_classes:
            return None
        found = {}
        small = all(len(counts.groups) <= MAX_CLASS_GROUPS for counts in self.groupings)
        for name in self.cube.label_classes():
            whole = self.cube.counts((), name)
            spans = self.spans if small and name != self.positive else []
            gaps = [gap for span in spans for gap in self._gaps(self.cube.counts(span, name), name, None)]
            none = Resampled({metric: np.empty((0, 1)) for metric in self.settings["metrics"]}, 0.95)
            rates = count_estimates(whole, none, self.settings)
            found[name] = {
                "metrics": {metric: values[0].value for metric, values in rates.items()},
                "gaps": [
                    {key: getattr(gap, key) for key in ("features", "metric", "value", "low", "high", "verdict")}
                    for gap in gaps
                ],
            }
        return found

    def scores(self) -> dict[str, Any] | None:
        return self.scored and self.scored[0].details()[0]

    def notes(self) -> list[Message]:
        notes = super().notes()
        if self.cube.w is not None:
            n = int(self.whole.n[0])
            effective = float(effective_cases(self.whole.w.sum(), self.whole.w2.sum()))
            notes.append(Message("fairness.note.weighted", {"n": n, "effective": int(effective)}))
        if self.scored and not self.cube.scores.probabilities:
            notes.append(Message("fairness.note.no_probabilities"))
        if self.many_classes:
            notes.append(Message("fairness.note.one_versus_rest", {"positive": self.positive}))
        return notes

    def too_few(self) -> dict[str, list[Group]]:
        least = self.settings["min_group"]
        judged = [GAPS[name] for name in self.settings["judge"] if name in GAPS]
        return {
            rate: [
                dict(zip(counts.features, counts.groups[at], strict=True))
                for counts in self.groupings
                for at in np.flatnonzero((counts.n >= least) & (cases(counts.confusion, rate) < least))
            ]
            for rate in dict.fromkeys(rate for gap in judged for rate in gap.rates)
        }

    def method(self) -> dict[str, Any]:
        settings = self.settings
        groups = "exact, wilson, linearised" if self.cube.w is not None else "bootstrap, wilson, exact"
        found = {
            "authority": {"name": "fairlearn", **self.agreement},
            "intervals": {
                "groups": groups,
                "gaps": "newcombe, donner-zou, tukey-kramer",
                "bootstrap": "gamma" if self.cube.w is not None else "multinomial",
            },
            "confidence": settings["confidence"],
            "replicates": settings["replicates"],
            "seed": settings["seed"],
            "versions": self.versions,
        }
        if self.scored:
            difference = max(part.agreement for part in self.scored)
            found["scores"] = {
                "authority": "scikit-learn",
                "largest_difference": difference,
                "resolution": self.cube.scores.resolution,
                "intervals": {"auc": "delong, newcombe", "brier": "t"},
            }
        return found

    def _metrics(self, at: int) -> Estimates:
        counts = [self.whole, *self.groupings][at]
        least = self.settings["min_group"]
        found = count_estimates(counts, self.resamplings[at], self.settings)
        if self.many_classes:
            share = right_decisions(self.cube, counts.features, 0)
            found["multiclass_accuracy"] = share_estimates(share, len(counts.groups), self.settings)
            macro = macro_values(self.cube, counts.features)
            verify_classes(self.cube, counts.features, {**macro, "multiclass_accuracy": _values(found)})
            found |= macro_estimates(macro, counts.n, least)
        if self.scored:
            found |= self.scored[at].estimates()
        return found


class Scored:
    """Score metrics of one grouping."""

    def __init__(self, cube: Cube, counts: GroupCounts, positive: str, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        histogram = cube.histogram(counts.features, positive)
        with np.errstate(invalid="ignore"):
            self.areas: Areas = areas(histogram)
        self.agreement = verify_areas(histogram, self.areas)
        self.brier = brier(histogram) if cube.scores.probabilities else None
        self.calibration: Calibration | None = calibration(histogram, normal_quantile(settings["confidence"]))

    def estimates(self) -> Estimates:
        least, confidence = self.settings["min_group"], self.settings["confidence"]
        found = {"auc": quantity_estimates(self.areas, self._enough_for_area(), "delong", confidence)}
        if self.brier is not None:
            found["brier"] = quantity_estimates(self.brier, self.brier.cases >= least, "t", confidence)
        if self.calibration is not None:
            error, n = self.calibration.error, self.areas.n
            none = (np.full(len(n), np.nan),) * 2
            found["calibration_error"] = estimates(error, none, n, n >= least, [None] * len(n))
        return found

    def quantities(self) -> dict[str, Any]:
        """What is compared, of the groups that have enough cases."""
        found: dict[str, Any] = {"auc": self.areas.only(np.flatnonzero(self._enough_for_area()))}
        if self.brier is not None:
            enough = self.brier.cases >= max(self.settings["min_group"], 2)
            found["brier"] = self.brier.only(np.flatnonzero(enough))
        return found

    def details(self) -> list[dict[str, Any]]:
        """Beside the metrics: cases, bound of the area, calibration by tenths."""
        return [
            {
                "n": int(n),
                "auc_bound": None if np.isnan(bound) else float(bound),
                "calibration": self.calibration.bins(i) if self.calibration is not None else None,
            }
            for i, (n, bound) in enumerate(zip(self.areas.n, self.areas.bound, strict=True))
        ]

    def _enough_for_area(self) -> np.ndarray:
        """An area needs the least number of cases on both sides: it compares the one with the other."""
        least = self.settings["min_group"]
        return (np.minimum(self.areas.positives, self.areas.negatives) >= least) & ~np.isnan(self.areas.value)


def _values(found: Estimates) -> np.ndarray:
    return np.array([np.nan if e.value is None else e.value for e in found["multiclass_accuracy"]])
