"""scipy as the authority: distances are evidence only while scipy gives the same on a part of the rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from governance.engine.authority import InvalidEvidence
from governance.engine.drift.measures import aligned, compare_levels, distances
from governance.engine.drift.samples import LevelSample, NumericSample, Sample

TOLERANCE = 1e-9  # of Wasserstein and chi²; Kolmogorov-Smirnov must be the same double
MAX_COLUMNS = 8
MAX_VALUES = 5_000


def chosen(names: Sequence[str]) -> set[str]:
    """Evenly spread columns: those that are verified."""
    if not names:
        return set()
    return {names[at] for at in np.unique(np.linspace(0, len(names) - 1, MAX_COLUMNS).astype(int))}


def verify_column(name: str, reference: Sample, current: Sample) -> float:
    """Compare a column's distances with scipy's, in evenly spread values of it.

    Parameters
    ----------
    name : str
    reference, current : Sample
        Neither empty.

    Returns
    -------
    float
        The largest difference found.

    Raises
    ------
    InvalidEvidence
        Where they differ.
    """
    largest = 0.0
    compare = _numbers if isinstance(reference, NumericSample) else _levels
    for measure, (ours, theirs, allowed) in compare(reference, current).items():
        difference = abs(ours - theirs)
        if not difference <= allowed:
            raise InvalidEvidence("drift.disagreement", measure=measure, column=name, difference=difference)
        largest = max(largest, difference)
    return largest


def _numbers(reference: NumericSample, current: NumericSample) -> dict[str, tuple[float, float, float]]:
    from scipy.stats import ks_2samp, wasserstein_distance

    first, second = _part(reference), _part(current)
    if not (len(first.values) and len(second.values)):
        return {}
    ks, area = distances(first, second)
    if first.shares is not None:
        weights = [np.diff(part.shares, prepend=0.0) for part in (first, second)]
        theirs = wasserstein_distance(first.values, second.values, *weights)
        return {"Wasserstein": (area, float(theirs), TOLERANCE * max(1.0, abs(theirs)))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the p-value of two single values, which is not compared
        expected = ks_2samp(first.values, second.values, method="asymp").statistic
    theirs = wasserstein_distance(first.values, second.values)
    return {
        "Kolmogorov-Smirnov": (ks, float(expected), 0.0),
        "Wasserstein": (area, float(theirs), TOLERANCE * max(1.0, abs(theirs))),
    }


def _part(sample: NumericSample) -> NumericSample:
    """Evenly spread finite values, with their weights."""
    first, end = np.searchsorted(sample.values, -np.inf, "right"), np.searchsorted(sample.values, np.inf, "left")
    at = np.unique(np.linspace(first, end - 1, MAX_VALUES).astype(np.int64)) if end > first else np.arange(0)
    shares = None
    if sample.shares is not None and len(at):
        shares = np.cumsum(np.diff(sample.shares, prepend=0.0)[at])
        if not shares[-1] > 0:
            return NumericSample(sample.values[:0], None, 0.0, 0.0)
        shares /= shares[-1]
    return NumericSample(sample.values[at], shares, float(len(at)), 0.0)


def _levels(reference: LevelSample, current: LevelSample) -> dict[str, tuple[float, float, float]]:
    from scipy.stats import chi2_contingency

    levels = list(dict.fromkeys([*reference.levels, *current.levels]))
    if len(levels) < 2:
        return {}
    counts = [aligned(s, levels) / s.counts.sum() * s.size for s in (reference, current)]
    theirs = chi2_contingency(np.array(counts), correction=False).statistic
    ours = compare_levels(reference, current)["chi2"]["statistic"]
    return {"chi²": (ours, float(theirs), TOLERANCE * max(1.0, theirs))}
