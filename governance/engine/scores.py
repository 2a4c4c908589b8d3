"""Scores in the audit cube: a histogram by cell, fine enough for the area under the curve with a certified bound.

The bins are fixed, so that cubes of other days and shards can be added: they are fine in the middle, finer
towards 0 and 1, and never cross a twentieth, so that calibration by tenths is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import ibis

RESOLUTIONS = (512, 64, 8)  # the finest that keeps the cube small is used
PARTS = 20
STRIDE = 4096  # codes of a part
TOP = PARTS * STRIDE  # codes from here on are of scores above 1
LOGIT = 12.0
STORED = 5_000  # entries at most when stored; coarser bins beyond


def score_bin(score: ibis.Value, resolution: int) -> ibis.Value:
    """The code of a score's bin, null where the score is missing or not finite; higher scores, higher codes."""
    import ibis

    one = ibis.literal(1.0)
    inside = ibis.least(ibis.greatest(score, ibis.literal(0.0)), one)
    tiny = ibis.literal(1e-9)
    logit = (ibis.greatest(inside, tiny) / ibis.greatest(one - inside, tiny)).ln()
    logit = ibis.least(ibis.greatest(logit, ibis.literal(-LOGIT)), ibis.literal(LOGIT))
    fine = ((inside + (logit + LOGIT) / (2 * LOGIT)) * resolution).floor()
    part = ibis.least((inside * PARTS).floor(), ibis.literal(float(PARTS - 1)))
    outside = ((score.abs() + 1.0).ln() * (resolution / 4)).floor()
    code = ibis.ifelse(
        score < 0.0, -1.0 - outside, ibis.ifelse(score > 1.0, TOP + outside, part * float(STRIDE) + fine)
    )
    # `least` and `greatest` pass over nulls, and would give a missing score a bin
    return ibis.ifelse(score.isnull(), ibis.null("int64"), code.cast("int64"))


@dataclass(frozen=True, eq=False)
class ScoreCells:
    """Scores by cell of a cube and bin.

    Attributes
    ----------
    resolution : int
        Bins of the finest part; codes of different resolutions are nested.
    cell, bin, n : ndarray of int, shape (entries,)
        Index of the cube's cell, code of the bin, rows.
    w, w2, s1 : ndarray of float, shape (entries,)
        Σw, Σw² and Σws; without weights w is 1.
    s2 : ndarray of float, shape (cells,)
        Σws² of each cell of the cube.
    tied : mapping of int to float
        Bins in which every score is the same, and that score: between them no order is lost.
    """

    resolution: int
    cell: np.ndarray
    bin: np.ndarray
    n: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    s1: np.ndarray
    s2: np.ndarray
    tied: Mapping[int, float]

    @property
    def probabilities(self) -> bool:
        """Whether all scores lie between 0 and 1."""
        return bool(len(self.bin)) and int(self.bin.min()) >= 0 and int(self.bin.max()) < TOP

    def coarser(self, factor: int) -> ScoreCells:
        """The same scores in bins that are `factor` times as wide."""
        codes = coarse(self.bin, factor)
        tied: dict[int, float] = {}
        inner, first = np.unique(self.bin, return_index=True)
        outer, count = np.unique(codes[first], return_counts=True)
        alone = set(outer[count == 1].tolist())
        for code, whole in zip(inner.tolist(), codes[first].tolist(), strict=True):
            if whole in alone and code in self.tied:
                tied[whole] = self.tied[code]
        return added(self.resolution // factor, self.cell, codes, self, self.s2, tied)

    def to_json(self) -> dict[str, Any]:
        scores = self
        while len(scores.cell) > STORED and scores.resolution > RESOLUTIONS[-1]:
            scores = scores.coarser(2)
        columns = {name: getattr(scores, name).tolist() for name in ("cell", "bin", "n", "s1", "s2")}
        if not (np.array_equal(scores.w, scores.n) and np.array_equal(scores.w2, scores.n)):
            columns |= {"w": scores.w.tolist(), "w2": scores.w2.tolist()}
        tied = [[code, value] for code, value in scores.tied.items()]
        return {"resolution": scores.resolution, "tied": tied, **columns}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ScoreCells:
        cell, code, n = (np.array(data[name], dtype=np.int64) for name in ("cell", "bin", "n"))
        w, w2, s1, s2 = (np.array(data.get(name, data["n"]), dtype=np.float64) for name in ("w", "w2", "s1", "s2"))
        return cls(int(data["resolution"]), cell, code, n, w, w2, s1, s2, {int(k): v for k, v in data["tied"]})


def added(
    resolution: int, cell: np.ndarray, code: np.ndarray, parts: Any, s2: np.ndarray, tied: Mapping[int, float]
) -> ScoreCells:
    """Entries of the same cell and bin added up; `parts` has the arrays n, w, w2 and s1."""
    bins, place = np.unique(code, return_inverse=True)
    keys, index = np.unique(cell * max(len(bins), 1) + place, return_inverse=True)
    size = len(keys)
    n, w, w2, s1 = (np.bincount(index, weights=getattr(parts, name), minlength=size) for name in ("n", "w", "w2", "s1"))
    whole = max(len(bins), 1)
    return ScoreCells(resolution, keys // whole, bins[keys % whole], n.astype(np.int64), w, w2, s1, s2, dict(tied))


def coarse(code: np.ndarray, factor: int) -> np.ndarray:
    """Codes at a resolution `factor` times as low."""
    inside = (code // STRIDE) * STRIDE + (code % STRIDE) // factor
    above = TOP + (code - TOP) // factor
    below = -1 - ((-1 - code) // factor)
    return np.where(code < 0, below, np.where(code >= TOP, above, inside))


@dataclass(frozen=True, eq=False)
class Histogram:
    """Scores of the groups by label: row 0 of each array is the positive class, row 1 the rest.

    Attributes
    ----------
    bins : ndarray of int, shape (bins,)
    n, w, w2, s1 : ndarray, shape (2, groups, bins)
    s2 : ndarray of float, shape (2, groups)
    tied : ndarray of bool, shape (bins,)
    """

    bins: np.ndarray
    n: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    s1: np.ndarray
    s2: np.ndarray
    tied: np.ndarray

    @property
    def cases(self) -> np.ndarray:
        """Rows of each group with label and score, by label, shape (2, groups)."""
        return self.n.sum(axis=2)
