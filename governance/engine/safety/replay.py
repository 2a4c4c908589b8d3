"""Are the supplied predictions those that the model gives, and does it give the same twice?

The model runs in the sandbox, on all rows or on a random sample of stated size and seed, in two processes of
its own. Labels have to be equal; numbers have to agree within a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.sandbox import Predictions, Sandbox, predict

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_ROWS = 100_000
TOLERANCE = 1e-6
SHOWN = 10
_TEXT = 100


@dataclass(frozen=True)
class ReplayRequest:
    """What to repeat.

    Attributes
    ----------
    features : pyarrow.Table
        Only columns that the model takes.
    supplied : pyarrow.Array, ChunkedArray or None
        The predictions that were supplied, one a row; None where there are none.
    rows : int
        Most rows that are run; of more, a random sample.
    seed : int
        Of the sample.
    tolerance : float
        Largest difference of numbers, relative to the supplied one or absolute below 1.
    sandbox : Sandbox, optional
        By default the one that works on this host.
    """

    features: pa.Table
    supplied: pa.Array | pa.ChunkedArray | None = None
    rows: int = MOST_ROWS
    seed: int = 0
    tolerance: float = TOLERANCE
    sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Difference:
    """A row, counted from 1, where two predictions are not the same."""

    row: int
    supplied: str
    made: str


@dataclass(frozen=True)
class Replay:
    """What the replay found.

    Attributes
    ----------
    rows, of : int
        Rows that were run, of how many.
    seed : int
    compared : int
        Rows with a supplied prediction; 0 where none were supplied.
    equal : int
        Of those, rows where it is what the model gives.
    kind : {"label", "number", "score", "none"}
        How they were compared; a score is the model's probability of its last class.
    tolerance : float
    differing : tuple of Difference
        The first ones.
    repeated : int
        Rows where the second run gave what the first gave.
    unstable : tuple of Difference
        The first rows where it did not: first run, second run.
    seconds : float
        Of both runs.
    backend : str
    """

    rows: int
    of: int
    seed: int
    compared: int
    equal: int
    kind: str
    tolerance: float
    differing: tuple[Difference, ...]
    repeated: int
    unstable: tuple[Difference, ...]
    seconds: float
    backend: str

    @property
    def share(self) -> float | None:
        return self.equal / self.compared if self.compared else None

    def to_json(self) -> dict[str, Any]:
        rows = {name: [asdict(one) for one in getattr(self, name)] for name in ("differing", "unstable")}
        return asdict(self) | rows | {"share": self.share}


def replay(model_dir: Path, request: ReplayRequest, interpreter: str | None = None) -> Replay:
    """Run the model twice and compare.

    Raises
    ------
    SandboxFailure
        If no sandbox works here, or the model gives no usable answer.
    """
    import numpy as np

    total = request.features.num_rows
    rows = np.arange(total)
    if total > request.rows:
        rows = np.sort(np.random.default_rng(request.seed).choice(total, request.rows, replace=False))
    features = request.features.take(rows)
    first = predict(model_dir, features, sandbox=request.sandbox, interpreter=interpreter)
    second = predict(model_dir, features, sandbox=request.sandbox, interpreter=interpreter)
    kind, compared, differing = _against_supplied(request, rows, first)
    stable = _same_answers(first, second)
    return Replay(
        rows=len(rows),
        of=total,
        seed=request.seed,
        compared=int(compared.sum()),
        equal=int((compared & ~differing.mask).sum()),
        kind=kind,
        tolerance=request.tolerance,
        differing=differing.first(rows, compared),
        repeated=int(stable.sum()),
        unstable=_Pairs(first.labels, second.labels, ~stable).first(rows, ~stable),
        seconds=first.seconds + second.seconds,
        backend=first.backend,
    )


@dataclass(frozen=True)
class _Pairs:
    """Two columns side by side, and where they differ."""

    left: Any
    right: Any
    mask: np.ndarray

    def first(self, rows: np.ndarray, among: np.ndarray) -> tuple[Difference, ...]:
        places = (self.mask & among).nonzero()[0][:SHOWN]
        return tuple(Difference(int(rows[i]) + 1, _shown(self.left[i]), _shown(self.right[i])) for i in places)


def _against_supplied(request: ReplayRequest, rows: np.ndarray, made: Predictions) -> tuple[str, np.ndarray, _Pairs]:
    import numpy as np
    import pyarrow as pa

    if request.supplied is None:
        nothing = np.zeros(len(rows), bool)
        return "none", nothing, _Pairs((), (), nothing)
    supplied = request.supplied.take(pa.array(rows))
    supplied = supplied.combine_chunks() if isinstance(supplied, pa.ChunkedArray) else supplied
    compared = np.asarray(supplied.is_valid())
    kind, answers = _comparable(supplied, made)
    if kind == "label":
        left, right = _labels(supplied), _labels(answers)
        mask = np.array([a != b for a, b in zip(left, right, strict=True)], dtype=bool)
        return kind, compared, _Pairs(left, right, mask)
    left, right = _numbers(supplied), _numbers(answers)
    with np.errstate(invalid="ignore"):
        close = np.abs(left - right) <= request.tolerance * np.maximum(1.0, np.abs(left))
    return kind, compared, _Pairs(left, right, ~close)


def _comparable(supplied: pa.Array, made: Predictions) -> tuple[str, pa.Array]:
    """How to compare, and with what: a fraction beside a class is the probability of the last class."""
    import pyarrow as pa

    fractional = pa.types.is_floating(supplied.type) and not _whole(supplied)
    if pa.types.is_floating(made.labels.type):
        return ("number" if _is_number(supplied.type) else "label"), made.labels
    if fractional and made.scores is not None and made.scores.shape[1] == 2:
        return "score", pa.array(made.scores[:, 1])
    return "label", made.labels


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _whole(values: pa.Array) -> bool:
    numbers = _numbers(values.drop_null())
    return bool((numbers == numbers.round()).all())


def _numbers(values: pa.Array) -> np.ndarray:
    return values.cast("float64").to_numpy(zero_copy_only=False)


def _labels(values: pa.Array) -> list[str | None]:
    """Labels by one spelling: 1, 1.0 and true are the same, as are 0, 0.0 and false."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return [_label(value) for value in values.to_pylist()]


def _label(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return str(int(value))
    text = str(value)
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def _same_answers(first: Predictions, second: Predictions) -> np.ndarray:
    """Rows where two runs agree to the last bit, scores included."""
    import numpy as np

    same = np.asarray([a == b for a, b in zip(first.labels.to_pylist(), second.labels.to_pylist(), strict=True)], bool)
    if first.scores is None or second.scores is None or first.scores.shape != second.scores.shape:
        return same if (first.scores is None) == (second.scores is None) else np.zeros(len(same), bool)
    return same & (first.scores == second.scores).all(axis=1)


def _shown(value: Any) -> str:
    value = value.as_py() if hasattr(value, "as_py") else value
    return (f"{value:.9g}" if isinstance(value, float) else str(value))[:_TEXT]


def differing_rows(differences: Sequence[Difference]) -> list[int]:
    """The rows that a sentence names."""
    return [one.row for one in differences[:3]]
