"""Check what the sandboxed process answered, and compute every figure from base values, contributions and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.engine.explanation.association import associations
from governance.engine.explanation.importance import Importance, importances, reached_precision, resampled, shares_of
from governance.engine.explanation.results import (
    FAIL,
    INCONCLUSIVE,
    PASS,
    Attributed,
    Authority,
    ExplanationAudit,
    Local,
    Reliance,
    Sampling,
)
from governance.engine.explanation.rows import Rows
from governance.engine.explanation.stability import Stability, halves, stability
from governance.sandbox import Outcome, SandboxFailure
from governance.sandbox.replay import required
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

METHODS = ("tree", "linear", "permutation")
KERNELS = {"tree": ("treeshap", "shap"), "linear": ("closed form",), "permutation": ("shap",)}
OUTPUTS = ("probability", "margin", "indicator", "prediction")
TOLERANCE = 1e-6
# Ours against shap: both compute the same number in double precision.
AUTHORITY_TOLERANCE = 1e-8
REPEATS = 3
REPEAT_ROWS = 30
LOCAL_ROWS = 5
CLASS_CHARACTERS = 200
VERSION_NAMES = ("shap", "scikit-learn", "mlflow", "numpy", "pandas", "numba")


@dataclass(frozen=True)
class Asked:
    """What was asked for, as far as it is judged."""

    seed: int
    rows: int
    background: int
    precision: float | None
    sensitive: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An answer whose shapes and numbers are as they have to be.

    Attributes
    ----------
    method, kernel : str
    names : list of str
    base, output : ndarray of float, shape (rows,)
    values : ndarray of float, shape (rows, features)
    authority : Authority or None
    repeats : ndarray of float, shape (repeats, some rows of the sample, features), or None
    """

    method: str
    kernel: str
    names: list[str]
    base: np.ndarray
    values: np.ndarray
    output: np.ndarray
    authority: Authority | None
    repeats: np.ndarray | None


def judge(outcome: Outcome, sample: Rows, asked: Asked) -> ExplanationAudit:
    """The audit that an answer gives.

    Raises
    ------
    SandboxFailure
        For an answer that cannot be one.
    """
    import numpy as np

    answer = _checked(outcome, sample)
    used, drawn = len(answer.base), answer.values[sample.chosen :]
    table = sample.table.slice(sample.chosen, len(drawn))
    max_error = float(np.abs(answer.base + answer.values.sum(axis=1) - answer.output).max())
    tolerance = TOLERANCE * max(1.0, float(np.abs(answer.output).max()), float(np.abs(answer.values).max()))
    ranked = importances(drawn, answer.names, _numbers(table, answer.names), seed=asked.seed)
    steady = _stability(answer, sample)
    verdict, message = _verdict(answer, steady, {"rows": used, "error": max_error, "tolerance": tolerance}, ranked)
    said = outcome.payload
    background = {"tree": 0, "linear": sample.behind}.get(answer.method, min(asked.background, sample.behind))
    shares = {item.feature: item.share for item in ranked}
    reliances, interval = _reliances(drawn, answer.names, asked)
    return ExplanationAudit(
        verdict=verdict,
        message=message,
        rows_used=len(drawn),
        rows_of=sample.total,
        seed=asked.seed,
        background=background,
        background_digest=sample.background_digest(background),
        method=answer.method,
        kernel=answer.kernel,
        output=said["kind"],
        output_class=said.get("class"),
        base_value=float(answer.base[sample.chosen :].mean()),
        max_error=max_error,
        tolerance=tolerance,
        importance=tuple(ranked),
        sensitive=tuple(reliances[name] for name in asked.sensitive),
        proxies=tuple(reliances[name] for name in asked.proxies),
        reliance_interval=interval,
        associations=associations(sample.seen, shares, asked.sensitive, asked.proxies),
        local=_locals(answer, sample),
        sampling=_sampling(drawn, said.get("cost"), sample, asked),
        authority=answer.authority,
        stability=steady,
        halves=halves(drawn, answer.names),
        versions=_versions(said.get("versions")),
        sandbox=outcome.backend,
        attributed=Attributed(answer.names, drawn, said["kind"], steady.share_errors if steady else None),
    )


def _verdict(
    answer: Answer, steady: Stability | None, figures: dict[str, Any], ranked: list[Importance]
) -> tuple[str, Message]:
    """Invalid if it does not add up or differs from shap, undecided if it does not hold when made again."""
    if figures["error"] > figures["tolerance"]:
        return FAIL, Message("explanation.fail", figures)
    second = answer.authority
    if second and second.max_error > second.tolerance:
        params = {"rows": second.rows, "error": second.max_error, "tolerance": second.tolerance}
        return FAIL, Message("explanation.disagrees", params)
    if steady and not steady.stable:
        return INCONCLUSIVE, steady.message
    return PASS, Message("explanation.pass", figures | {"leading": leading(ranked)})


def _checked(outcome: Outcome, sample: Rows) -> Answer:
    said = outcome.payload
    names, used = _columns(outcome, sample), said["rows"]
    method, kernel = said["method"], said["kernel"]
    values = required(outcome, "values", (used, len(names)))
    base = required(outcome, "base", (used,))
    repeats = None
    if method != "tree":
        repeats = required(outcome, "repeats", (REPEATS, _repeated(outcome, used - sample.chosen), len(names)))
    return Answer(
        method=method,
        kernel=kernel,
        names=names,
        base=base,
        values=values,
        output=required(outcome, "output", (used,)),
        authority=None if kernel == "shap" else _authority(outcome, base, values),
        repeats=repeats,
    )


def _repeated(outcome: Outcome, drawn: int) -> int:
    """On how many rows of the sample the answer repeats itself; few where the model is dear, but not none."""
    shape = getattr(outcome.arrays.get("repeats"), "shape", ())
    rows = shape[1] if len(shape) == 3 else 0
    if not min(2, drawn) <= rows <= min(REPEAT_ROWS, drawn):
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    return rows


def _columns(outcome: Outcome, sample: Rows) -> list[str]:
    """The columns that were explained, if what the process says of itself can be so."""
    said = outcome.payload
    names, label, used = said.get("columns"), said.get("class"), said.get("rows")
    given = set(sample.table.column_names)
    sound = (
        isinstance(names, list)
        and bool(names)
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
        and given.issuperset(names)
        and said.get("method") in METHODS
        and said.get("kernel") in KERNELS[said["method"]]
        and said.get("kind") in OUTPUTS
        and (label is None or (isinstance(label, str | int | float) and len(str(label)) <= CLASS_CHARACTERS))
        and type(used) is int
        and sample.chosen + min(2, sample.sample) <= used <= len(sample.numbers)
    )
    if not sound:
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    return names


def _authority(outcome: Outcome, base: np.ndarray, values: np.ndarray) -> Authority:
    """shap's own values of the first rows beside ours; without them there is no evidence."""
    import numpy as np

    rows = len(outcome.arrays.get("authority_base", ()))
    if not 1 <= rows <= len(base):
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    theirs = required(outcome, "authority_values", (rows, values.shape[1]))
    apart = (
        np.abs(theirs - values[:rows]).max(),
        np.abs(required(outcome, "authority_base", (rows,)) - base[:rows]).max(),
    )
    tolerance = AUTHORITY_TOLERANCE * max(1.0, float(np.abs(values[:rows]).max()), float(np.abs(base[:rows]).max()))
    return Authority(rows, float(max(apart)), tolerance)


def _stability(answer: Answer, sample: Rows) -> Stability | None:
    if answer.repeats is None:
        return None
    first = answer.values[sample.chosen : sample.chosen + answer.repeats.shape[1]]
    return stability(first, answer.repeats, answer.names)


def _sampling(drawn: np.ndarray, cost: Any, sample: Rows, asked: Asked) -> Sampling:
    """What the rows give; the process's own account of it is not asked."""
    reached = reached_precision(drawn)
    cost = cost if type(cost) is int and 0 <= cost < 2**40 else 0
    if asked.precision is not None and (reached is None or reached <= asked.precision):
        return Sampling(asked.precision, reached, "precision", cost)
    if len(drawn) == sample.total - sample.chosen:
        return Sampling(asked.precision, reached, "all", cost)
    return Sampling(asked.precision, reached, "rows" if len(drawn) == asked.rows else "budget", cost)


def leading(ranked: list[Importance]) -> Message:
    """The sentence that names what matters most."""
    if ranked[0].mean_abs == 0:
        return Message("explanation.leading_none")
    if ranked[0].tied_with:
        first = [ranked[0].feature, *ranked[0].tied_with]
        return Message("explanation.leading_tie", {"features": first[:5]})
    return Message("explanation.leading", {"feature": ranked[0].feature})


def _reliances(
    drawn: np.ndarray, names: list[str], asked: Asked
) -> tuple[dict[str, Reliance], tuple[float, float] | None]:
    """Share and interval of each named column, and the interval of the sensitive ones together."""
    import numpy as np

    size = np.abs(drawn)
    shares, again = shares_of(size.mean(axis=0)), shares_of(resampled(size, asked.seed))
    found = {}
    for name in dict.fromkeys([*asked.sensitive, *asked.proxies]):
        if name not in names:
            found[name] = Reliance(name, 0.0, False)
            continue
        at = names.index(name)
        low, high = np.quantile(again[:, at], [0.025, 0.975])
        share = float(shares[at])
        found[name] = Reliance(name, share, True, float(min(low, share)), float(max(high, share)))
    at = [names.index(name) for name in asked.sensitive if name in names]
    if not at:
        return found, None
    low, high = np.quantile(again[:, at].sum(axis=1), [0.025, 0.975])
    return found, (float(low), float(high))


def _numbers(table: pa.Table, names: list[str]) -> dict[str, np.ndarray]:
    """Values of the numeric columns as floats, NaN where missing."""
    import numpy as np
    import pyarrow as pa

    found = {}
    for name in names:
        column = table[name]
        kind = column.type
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            continue
        found[name] = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=float)
    return found


def _locals(answer: Answer, sample: Rows) -> tuple[Local, ...]:
    """The rows asked for, some of the sample, and those with the lowest and the highest output."""
    import numpy as np

    chosen, drawn = sample.chosen, answer.output[sample.chosen :]
    shown = dict.fromkeys(range(chosen), "chosen")
    shown |= dict.fromkeys(range(chosen, min(chosen + LOCAL_ROWS, len(answer.output))), "sample")
    if np.ptp(drawn) > 0:
        shown |= {chosen + int(drawn.argmin()): "lowest", chosen + int(drawn.argmax()): "highest"}
    spread = None
    if answer.repeats is not None:
        first = answer.values[chosen : chosen + answer.repeats.shape[1]]
        spread = np.concatenate([first[None], answer.repeats]).std(axis=0, ddof=1)
    found = []
    for i, why in shown.items():
        cells = sample.table.slice(i, 1).to_pylist()[0]
        repeated = spread is not None and 0 <= i - chosen < len(spread)
        found.append(
            Local(
                row=int(sample.numbers[i]),
                base=float(answer.base[i]),
                prediction=float(answer.output[i]),
                contributions=tuple(
                    (answer.names[j], _shown(cells[answer.names[j]]), float(answer.values[i, j]))
                    for j in np.argsort(-np.abs(answer.values[i]), kind="stable")
                ),
                why=why,
                errors=dict(zip(answer.names, spread[i - chosen].tolist(), strict=True)) if repeated else None,
            )
        )
    return tuple(found)


def _shown(value: Any) -> Any:
    """A cell as JSON."""
    if isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        return None if value != value else str(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:200]


def _versions(said: Any) -> dict[str, str]:
    said = said if isinstance(said, dict) else {}
    return {name: str(said[name])[:40] for name in VERSION_NAMES if name in said}
