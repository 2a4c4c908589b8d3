"""What a model relies on now that another did not: two explanations of the same rows, side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from governance.engine.explanation.importance import Z95, resampled, shares_of
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np

# A change of share smaller than this is none worth telling, however certain.
LEAST_CHANGE = 0.01
REPLICATES = 400
MOST_TOLD = 4
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Attributed:
    """The contributions themselves, which the JSON leaves out.

    Attributes
    ----------
    names : list of str
    values : ndarray of float, shape (rows, features)
        Of the sample.
    output : str
        Kind of number that is explained.
    share_errors : dict of str to float or None
        Error of the shares, where values are estimates.
    """

    names: list[str]
    values: np.ndarray
    output: str
    share_errors: dict[str, float] | None = None


@dataclass(frozen=True)
class Change:
    """A feature's share in both explanations.

    Attributes
    ----------
    feature : str
    before, after : float or None
        Share of all importance; None where the model does not take the feature.
    change, low, high : float
        Difference of the shares, with its 95% interval.
    kind : str
        ``"more"``, ``"less"``, ``"new"``, ``"gone"``, or ``"same"`` where chance is not ruled out.
    """

    feature: str
    before: float | None
    after: float | None
    change: float
    low: float
    high: float
    kind: str


@dataclass(frozen=True)
class Comparison:
    """An explanation beside that of another model, the live version as a rule.

    Attributes
    ----------
    other : Message
        Name of the other model.
    rows : int
        Rows of both.
    changes : tuple of Change
        Changed features first, the largest change first.
    message : Message
    same_output : bool
        Whether both explain the same kind of number, such as a probability; if not, only shares compare.
    """

    other: Message
    rows: int
    changes: tuple[Change, ...]
    message: Message
    same_output: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "other": self.other.to_json(),
            "rows": self.rows,
            "message": self.message.to_json(),
            "same_output": self.same_output,
            "least_change": LEAST_CHANGE,
            "changes": [asdict(change) for change in self.changes],
        }


def compare(now: Attributed, before: Attributed, *, other: Message, seed: int) -> Comparison:
    """Compare importance shares, row by row the same rows.

    Parameters
    ----------
    now, before : Attributed
        Contributions of both models, whose samples begin with the same rows.
    other : Message
        Name of the model that `before` belongs to.
    seed : int
        Of the bootstrap.

    Notes
    -----
    The rows are drawn again together, so that a difference is that of the models and not of the rows. A
    feature has changed if the interval of the difference, corrected for the number of features (Bonferroni),
    leaves out zero and the change is at least `LEAST_CHANGE`. Where values are estimates, their error among
    repeats is added to that of the rows.
    """
    import numpy as np

    rows = min(len(now.values), len(before.values))
    names = list(dict.fromkeys([*now.names, *before.names]))
    both = [_spread(part, names, rows) for part in (now, before)]
    after, earlier = (shares_of(size.mean(axis=0)) for size in both)
    drawn = shares_of(resampled(both[0], seed, REPLICATES)) - shares_of(resampled(both[1], seed, REPLICATES))
    errors = [part.share_errors or {} for part in (now, before)]
    estimate = np.array([sum(known.get(name, 0.0) ** 2 for known in errors) for name in names])
    error = np.sqrt(drawn.var(axis=0, ddof=1) + estimate)
    certain = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / len(names))
    changes = []
    for j, name in enumerate(names):
        change = float(after[j] - earlier[j])
        beyond = abs(change) >= LEAST_CHANGE and abs(change) > certain * error[j]
        taken = name in now.names, name in before.names
        changes.append(
            Change(
                feature=name,
                before=float(earlier[j]) if taken[1] else None,
                after=float(after[j]) if taken[0] else None,
                change=change,
                low=change - Z95 * float(error[j]),
                high=change + Z95 * float(error[j]),
                kind=_kind(change, beyond, taken),
            )
        )
    changes.sort(key=lambda item: (item.kind == "same", -abs(item.change)))
    return Comparison(other, rows, tuple(changes), _sentence(changes, other), now.output == before.output)


def _spread(part: Attributed, names: list[str], rows: int) -> np.ndarray:
    """Sizes of contributions in the columns of both models; zero where a model does not take one."""
    import numpy as np

    size = np.zeros((rows, len(names)))
    size[:, [names.index(name) for name in part.names]] = np.abs(part.values[:rows])
    return size


def _kind(change: float, beyond: bool, taken: tuple[bool, bool]) -> str:
    now, before = taken
    if not beyond:
        return "same"
    if not before:
        return "new"
    if not now:
        return "gone"
    return "more" if change > 0 else "less"


def _sentence(changes: list[Change], other: Message) -> Message:
    changed = [change for change in changes if change.kind != "same"]
    if not changed:
        return Message("explanation.compared.same", {"other": other})
    told = [
        Message(
            f"explanation.change.{change.kind}",
            {"feature": change.feature, "before": _share(change.before), "after": _share(change.after)},
        )
        for change in changed[:MOST_TOLD]
    ]
    more = len(changed) - len(told)
    code = "explanation.compared.more" if more else "explanation.compared.changed"
    return Message(code, {"other": other, "changes": told, "more": more})


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
