"""The explanation audit: what a model's output rests on, and whether that explanation adds up.

The model runs in the sandbox and shap computes there. This module trusts none of it: it checks shapes,
finiteness and additivity, and computes every figure itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine import explanation_texts as _texts  # noqa: F401 - registers the sentences
from governance.engine.explanation_importance import Importance, importances
from governance.engine.explanation_rows import Rows, choose_rows
from governance.engine.tables import EvaluationDataError
from governance.sandbox import Limits, Outcome, Sandbox, SandboxFailure, find_sandbox, read_model_file, run
from governance.sandbox.replay import required
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SCHEMA = "sekisho.explanation/1"
PASS, FAIL, NOT_EVALUATED = "pass", "fail", "not_evaluated"
METHODS = ("tree", "linear", "permutation")
OUTPUTS = ("probability", "margin", "indicator", "prediction")
TOLERANCE = 1e-6
# A linear model takes its whole background, which for its averages need not be larger than this.
POOL_ROWS = 10_000
MOST_ROWS = 20_000
LOCAL_ROWS = 5
VERSION_NAMES = ("shap", "scikit-learn", "mlflow", "numpy", "pandas")


@dataclass(frozen=True)
class Local:
    """The explanation of one row: base + contributions = prediction.

    Attributes
    ----------
    row : int
        Its number in the data, from 0.
    base, prediction : float
    contributions : tuple of (feature, value, contribution)
        Largest first.
    """

    row: int
    base: float
    prediction: float
    contributions: tuple[tuple[str, Any, float], ...]


@dataclass(frozen=True)
class Reliance:
    """How much of the explanation rests on one sensitive column; 0 if the model does not take it."""

    feature: str
    share: float
    used: bool


@dataclass(frozen=True)
class ExplanationAudit:
    """Result of an explanation audit; all but the verdict is None or empty if it was not evaluated.

    Attributes
    ----------
    verdict : str
        ``"pass"``: valid; ``"fail"``: does not add up; ``"not_evaluated"``: the model gave no usable answer.
    message : Message
    method : str or None
        ``"tree"``, ``"linear"`` or ``"permutation"``.
    output : str or None
        What is explained: ``"probability"``, ``"margin"``, ``"indicator"`` or ``"prediction"``.
    output_class : str, int, float or None
        Of which class.
    base_value : float or None
    max_error, tolerance : float or None
        Largest difference of base + contributions from the output, and what is allowed.
    importance : tuple of Importance
    sensitive : tuple of Reliance
    local : tuple of Local
    rows_used, rows_of : int
    seed, background : int
        Background rows that were used; 0 where the trees carry their own.
    versions : dict
        As the sandboxed process states them.
    sandbox : str or None
        The backend.
    detail : str
        End of what the model's process wrote, if it failed. Untrusted.
    """

    verdict: str
    message: Message
    rows_used: int
    rows_of: int
    seed: int
    background: int = 0
    method: str | None = None
    output: str | None = None
    output_class: Any = None
    base_value: float | None = None
    max_error: float | None = None
    tolerance: float | None = None
    importance: tuple[Importance, ...] = ()
    sensitive: tuple[Reliance, ...] = ()
    local: tuple[Local, ...] = ()
    versions: dict[str, str] | None = None
    sandbox: str | None = None
    detail: str = ""

    @property
    def sensitive_reliance(self) -> float | None:
        """Share of all importance that rests on sensitive columns; None if it is not known."""
        return sum(item.share for item in self.sensitive) if self.method else None

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON, schema ``sekisho.explanation/1``."""
        named = {"class": None if self.output_class is None else str(self.output_class)}
        method = self.method and {"name": self.method, "text": _message("method", self.method)}
        output = self.output and {"kind": self.output, **named, "text": _message("output", self.output, named)}
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "method": method,
            "output": output,
            "base_value": self.base_value,
            "additivity": {"max_error": self.max_error, "tolerance": self.tolerance},
            "importance": [asdict(i) | {"rank": list(i.rank), "tied_with": list(i.tied_with)} for i in self.importance],
            "sensitive_reliance": self.sensitive_reliance,
            "sensitive": [asdict(item) for item in self.sensitive],
            "local": [_local_json(item) for item in self.local],
            "rows": {"used": self.rows_used, "of": self.rows_of},
            "seed": self.seed,
            "background": self.background,
            "confidence": 0.95,
            "versions": self.versions or {},
            "sandbox": self.sandbox,
            "detail": self.detail,
        }


def _message(group: str, name: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return Message(f"explanation.{group}.{name}", params or {}).to_json()


def _local_json(local: Local) -> dict[str, Any]:
    listed = [{"feature": f, "value": v, "contribution": c} for f, v, c in local.contributions]
    return {"row": local.row, "base": local.base, "prediction": local.prediction, "contributions": listed}


def audit_explanation(
    *,
    model_dir: str | Path,
    features: pa.Table | str | Path,
    rows: int = 200,
    background: int = 100,
    seed: int = 0,
    sandbox: Sandbox | None = None,
    sensitive: Iterable[str] = (),
    drop: Iterable[str] = (),
    positive: str | None = None,
    limits: Limits | None = None,
) -> ExplanationAudit:
    """Audit the explanation of a model on a sample of rows.

    Parameters
    ----------
    model_dir : path
        Local folder of a logged MLflow model. It is read as text here and loaded only in the sandbox.
    features : pyarrow.Table or path
        Parquet or CSV. The model is given the columns of its signature; without one, all but ``drop``.
    rows : int
        Rows to explain.
    background : int
        Rows that stand for "feature unknown" in a permutation. Linear models take up to 10,000.
    seed : int
        Of the sample, the permutation and the bootstrap.
    sandbox : Sandbox, optional
        By default the one that works on this host.
    sensitive : iterable of str
        Columns whose share of reliance is reported.
    drop : iterable of str
        Columns that the model never sees, such as the label.
    positive : str, optional
        The class to explain; by default the second of two, or the most frequent answer among more.
    limits : Limits, optional

    Raises
    ------
    EvaluationDataError
        For data or settings that cannot be used.
    """
    _check("explanation.rows", rows, 2, MOST_ROWS)
    _check("explanation.background", background, 1, POOL_ROWS)
    try:
        declared = read_model_file(model_dir)
    except SandboxFailure as failure:
        return ExplanationAudit(NOT_EVALUATED, _not_evaluated(failure), 0, 0, seed)
    sample = choose_rows(
        features,
        columns=declared.inputs,
        required=declared.required,
        drop=drop,
        rows=rows,
        background=POOL_ROWS,
        seed=seed,
    )
    used = len(sample.explained)
    task = {"task": "explain", "rows": used, "background": background, "seed": seed, "positive": positive}
    try:
        sandbox = sandbox or find_sandbox()
        if sandbox is None:
            raise SandboxFailure(Message("sandbox.none"))
        outcome = run(task, model_dir=model_dir, features=sample.table, limits=limits, sandbox=sandbox)
        return _judge(outcome, sample, tuple(sensitive), seed)
    except SandboxFailure as failure:
        backend = sandbox.backend if sandbox else None
        message = _not_evaluated(failure)
        return ExplanationAudit(NOT_EVALUATED, message, 0, sample.total, seed, sandbox=backend, detail=failure.detail)


def _check(code: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise EvaluationDataError(code, value=value, limit=most)


def _not_evaluated(failure: SandboxFailure) -> Message:
    return Message("explanation.not_evaluated", {"why": failure.message})


def _judge(outcome: Outcome, sample: Rows, sensitive: tuple[str, ...], seed: int) -> ExplanationAudit:
    """Check the answer, and compute all figures from base values, contributions and outputs."""
    import numpy as np

    said, used = outcome.payload, len(sample.explained)
    names = _columns(outcome, sample)
    base = required(outcome, "base", (used,))
    values = required(outcome, "values", (used, len(names)))
    output = required(outcome, "output", (used,))
    max_error = float(np.abs(base + values.sum(axis=1) - output).max())
    tolerance = TOLERANCE * max(1.0, float(np.abs(output).max()), float(np.abs(values).max()))
    table = sample.table.slice(0, used)
    ranked = importances(values, names, _numbers(table, names), seed=seed)
    shares = {item.feature: item.share for item in ranked}
    figures = {"rows": used, "error": max_error, "tolerance": tolerance}
    valid = max_error <= tolerance
    message = Message("explanation.pass", figures | {"leading": _leading(ranked)})
    return ExplanationAudit(
        verdict=PASS if valid else FAIL,
        message=message if valid else Message("explanation.fail", figures),
        rows_used=used,
        rows_of=sample.total,
        seed=seed,
        background=_whole(said.get("background")),
        method=said["method"],
        output=said["kind"],
        output_class=said.get("class"),
        base_value=float(base.mean()),
        max_error=max_error,
        tolerance=tolerance,
        importance=tuple(ranked),
        sensitive=tuple(Reliance(name, shares.get(name, 0.0), name in shares) for name in sensitive),
        local=_locals(table, sample, names, base, values, output),
        versions=_versions(said.get("versions")),
        sandbox=outcome.backend,
    )


def _columns(outcome: Outcome, sample: Rows) -> list[str]:
    """The columns that were explained, if what the process says of itself can be so."""
    said = outcome.payload
    names, label = said.get("columns"), said.get("class")
    given = set(sample.table.column_names)
    sound = (
        isinstance(names, list)
        and bool(names)
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
        and given.issuperset(names)
        and said.get("method") in METHODS
        and said.get("kind") in OUTPUTS
        and (label is None or isinstance(label, str | int | float))
    )
    if not sound:
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    return names


def _whole(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= POOL_ROWS + MOST_ROWS else 0


def _versions(said: Any) -> dict[str, str]:
    said = said if isinstance(said, dict) else {}
    return {name: str(said[name])[:40] for name in VERSION_NAMES if name in said}


def _leading(ranked: list[Importance]) -> Message:
    if ranked[0].mean_abs == 0:
        return Message("explanation.leading_none")
    if ranked[0].tied_with:
        first = [ranked[0].feature, *ranked[0].tied_with]
        return Message("explanation.leading_tie", {"features": first[:5]})
    return Message("explanation.leading", {"feature": ranked[0].feature})


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


def _locals(
    table: pa.Table, sample: Rows, names: list[str], base: np.ndarray, values: np.ndarray, output: np.ndarray
) -> tuple[Local, ...]:
    import numpy as np

    rows = table.slice(0, LOCAL_ROWS).to_pylist()
    return tuple(
        Local(
            row=int(sample.explained[i]),
            base=float(base[i]),
            prediction=float(output[i]),
            contributions=tuple(
                (names[j], _shown(row[names[j]]), float(values[i, j]))
                for j in np.argsort(-np.abs(values[i]), kind="stable")
            ),
        )
        for i, row in enumerate(rows)
    )


def _shown(value: Any) -> Any:
    """A cell as JSON."""
    if isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        return None if value != value else str(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:200]
