"""How closely a feature goes with a sensitive column, from 0 (not at all) to 1 (either tells the other).

High association makes a feature a possible stand-in; it is no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# A feature is named as a likely proxy from here on: it goes with the column, and the model relies on it.
PROXY_ASSOCIATION = 0.5
PROXY_SHARE = 0.05
# Only features that matter are measured; of each column's levels the most frequent, the rest together.
MOST_FEATURES = 50
MOST_LEVELS = 50


@dataclass(frozen=True)
class Association:
    """A feature beside a sensitive column.

    Attributes
    ----------
    feature, sensitive : str
    value : float
        From 0 to 1.
    measure : str
        ``"spearman"`` of two numbers (its size), ``"correlation_ratio"`` of a number and groups,
        ``"cramers_v"`` of groups and groups; the last two corrected for bias.
    share : float
        Of the explanation that rests on the feature.
    """

    feature: str
    sensitive: str
    value: float
    measure: str
    share: float

    @property
    def likely(self) -> bool:
        """Whether the feature may stand in for the column and the model relies on it."""
        return self.value >= PROXY_ASSOCIATION and self.share >= PROXY_SHARE


def associations(
    table: pa.Table, shares: Mapping[str, float], sensitive: Iterable[str], named: Iterable[str] = ()
) -> tuple[Association, ...]:
    """Each feature that matters, or is named, beside each sensitive column; most closely associated first.

    Parameters
    ----------
    table : pyarrow.Table
        Features and sensitive columns, row by row.
    shares : mapping of str to float
        Of the features.
    sensitive, named : iterable of str
    """
    leading = sorted(shares, key=lambda name: -shares[name])[:MOST_FEATURES]
    measured = dict.fromkeys([*leading, *named])
    columns = {name: _column(table, name) for name in {*measured, *sensitive} if name in table.column_names}
    found = []
    for column in sensitive:
        for feature in measured:
            if feature == column or feature not in columns or column not in columns:
                continue
            value, measure = association(columns[feature], columns[column])
            found.append(Association(feature, column, value, measure, shares.get(feature, 0.0)))
    return tuple(sorted(found, key=lambda item: (item.sensitive, -item.value)))


def association(one: np.ndarray, other: np.ndarray) -> tuple[float, str]:
    """Association of two columns and the name of its measure.

    Parameters
    ----------
    one, other : ndarray, shape (rows,)
        Floats (NaN where missing) or integer codes of groups.

    Notes
    -----
    The correlation ratio is that of ranks, corrected as Kelley's epsilon squared [1]_; Cramér's V is
    corrected as Bergsma proposes [2]_.

    .. [1] Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935).
    .. [2] Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", J. Korean Statistical Society 42 (2013).
    """
    import numpy as np

    numeric = [values.dtype.kind == "f" for values in (one, other)]
    known = np.ones(len(one), dtype=bool)
    for values, is_number in zip((one, other), numeric, strict=True):
        if is_number:
            known &= np.isfinite(values)
    one, other = one[known], other[known]
    if all(numeric):
        return _spearman(one, other), "spearman"
    if any(numeric):
        number, groups = (one, other) if numeric[0] else (other, one)
        return _correlation_ratio(number, groups), "correlation_ratio"
    return _cramers_v(one, other), "cramers_v"


def _column(table: pa.Table, name: str) -> np.ndarray:
    """Numbers as floats; anything else, missing included, as codes of its most frequent levels."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table[name].combine_chunks()
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)
        # Few numbers are names: 0 and 1, or the codes of groups.
        if len(np.unique(numbers[np.isfinite(numbers)])) > 2:
            return numbers
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    texts = np.array([str(cell) for cell in pc.fill_null(column.cast(pa.string(), safe=False), "").to_pylist()])
    _, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    if len(counts) > MOST_LEVELS:
        order = np.argsort(-counts, kind="stable")
        place = np.empty(len(counts), dtype=int)
        place[order] = np.minimum(np.arange(len(counts)), MOST_LEVELS - 1)
        codes = place[codes]
    return codes.astype(int)


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    import numpy as np
    from scipy.stats import rankdata

    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(min(1.0, abs(np.corrcoef(rankdata(one), rankdata(other))[0, 1])))


def _correlation_ratio(number: np.ndarray, groups: np.ndarray) -> float:
    import numpy as np
    from scipy.stats import rankdata

    _, codes = np.unique(groups, return_inverse=True)
    counts = np.bincount(codes)
    if len(number) <= len(counts) or len(counts) < 2 or np.ptp(number) == 0:
        return 0.0
    ranks = rankdata(number)
    means = np.bincount(codes, weights=ranks) / counts
    within = ((ranks - means[codes]) ** 2).sum() / (len(ranks) - len(counts))
    return float(np.sqrt(max(0.0, 1 - within / ranks.var(ddof=1))))


def _cramers_v(one: np.ndarray, other: np.ndarray) -> float:
    import numpy as np

    (_, a), (_, b) = np.unique(one, return_inverse=True), np.unique(other, return_inverse=True)
    rows, columns, n = int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1, len(a)
    if min(rows, columns) < 2 or n < 2:
        return 0.0
    cells = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = cells.sum(axis=1, keepdims=True) * cells.sum(axis=0, keepdims=True) / n
    phi = ((cells - expected) ** 2 / expected).sum() / n
    corrected = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    rows, columns = (k - (k - 1) ** 2 / (n - 1) for k in (rows, columns))
    return float(min(1.0, np.sqrt(corrected / max(min(rows, columns) - 1, 1e-12))))
