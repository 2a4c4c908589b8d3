"""Does an explanation come out the same when it is made again: with other seeds and another background?

Exact methods do not depend on a seed. What an estimate depends on is found by doing it again on some of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.engine.explanation.importance import shares_of
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np

LARGEST_CHANGE = 0.10
LEAST_CORRELATION = 0.8
# Features that change places while no share moves by more than this were as good as tied.
SMALL_CHANGE = 0.02
# The order of fewer features says nothing that their shares do not.
FEATURES_TO_RANK = 4
# Shares are ranked in hundredths, so that features that hardly differ are tied.
GRAIN = 0.01


@dataclass(frozen=True)
class Stability:
    """What repeats of an explanation show.

    Attributes
    ----------
    repeats, rows : int
        How often, on how many rows.
    rank_correlation : float or None
        Smallest Spearman correlation of the shares with those of a repeat; None of fewer than four features.
    largest_change : float
        Largest difference of a feature's share, and the feature in question.
    feature : str
    errors, share_errors : dict of str to float
        Standard deviation of a feature's mean absolute contribution, and of its share, among the repeats.
    """

    repeats: int
    rows: int
    rank_correlation: float | None
    largest_change: float
    feature: str
    errors: dict[str, float]
    share_errors: dict[str, float]

    @property
    def stable(self) -> bool:
        """Whether shares hold within `LARGEST_CHANGE`, and the order by `LEAST_CORRELATION` where shares moved."""
        if self.rank_correlation is None or self.largest_change <= SMALL_CHANGE:
            return self.largest_change <= LARGEST_CHANGE
        return self.largest_change <= LARGEST_CHANGE and self.rank_correlation >= LEAST_CORRELATION

    @property
    def message(self) -> Message:
        """The finding in one sentence."""
        correlation = "–" if self.rank_correlation is None else f"{self.rank_correlation:.2f}"
        params = {
            "repeats": self.repeats,
            "rows": self.rows,
            "feature": self.feature,
            "change": points(self.largest_change),
            "limit": points(LARGEST_CHANGE),
            "correlation": correlation,
            "least": f"{LEAST_CORRELATION:.2f}",
        }
        return Message("explanation.stable" if self.stable else "explanation.unstable", params)

    def to_json(self) -> dict[str, Any]:
        return {
            "stable": self.stable,
            "repeats": self.repeats,
            "rows": self.rows,
            "rank_correlation": self.rank_correlation,
            "largest_change": self.largest_change,
            "feature": self.feature,
            "allowed": {"rank_correlation": LEAST_CORRELATION, "largest_change": LARGEST_CHANGE},
            "message": self.message.to_json(),
        }


def points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * share:.1f}"


def stability(values: np.ndarray, repeats: np.ndarray, names: list[str]) -> Stability:
    """Compare an explanation with repeats of it.

    Parameters
    ----------
    values : ndarray of float, shape (rows, features)
    repeats : ndarray of float, shape (repeats, rows, features)
        Of the same rows.
    names : list of str
    """
    import numpy as np

    runs = np.abs(np.concatenate([values[None], repeats]))
    means = runs.mean(axis=1)
    shares = shares_of(means)
    change = np.abs(shares[1:] - shares[0])
    worst = int(change.max(axis=0).argmax())
    errors, share_errors = means.std(axis=0, ddof=1), shares.std(axis=0, ddof=1)
    return Stability(
        repeats=len(repeats),
        rows=len(values),
        rank_correlation=_least_correlation(shares) if len(names) >= FEATURES_TO_RANK else None,
        largest_change=float(change.max()),
        feature=names[worst],
        errors=dict(zip(names, errors.tolist(), strict=True)),
        share_errors=dict(zip(names, share_errors.tolist(), strict=True)),
    )


def halves(values: np.ndarray, names: list[str]) -> dict[str, Any] | None:
    """How far two halves of the sample differ, which is what another sample would show; None of few rows."""
    import numpy as np

    if len(values) < 4:
        return None
    shares = shares_of(np.stack([np.abs(values[0::2]).mean(axis=0), np.abs(values[1::2]).mean(axis=0)]))
    change = np.abs(shares[1] - shares[0])
    return {
        "rank_correlation": _least_correlation(shares) if len(names) >= FEATURES_TO_RANK else None,
        "largest_change": float(change.max()),
        "feature": names[int(change.argmax())],
    }


def _least_correlation(shares: np.ndarray) -> float:
    """Spearman's correlation of the first row of shares with each other, the smallest."""
    import numpy as np
    from scipy.stats import rankdata

    ranks = rankdata(np.round(shares / GRAIN), axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((centred**2).sum(axis=1))
    found = []
    for other, norm in zip(centred[1:], norms[1:], strict=True):
        if np.array_equal(centred[0], other):  # all tied in both, too
            found.append(1.0)
        else:
            found.append(float(centred[0] @ other / (norms[0] * norm)) if norms[0] * norm else 0.0)
    return min(found)
