"""The explanation audit: what a model's output rests on, and whether that explanation can be trusted.

The model runs in the sandbox, and its contributions are computed there. This side trusts none of it: it checks
shapes, finiteness, additivity and agreement with shap, and computes every figure itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.explanation.comparison import compare
from governance.engine.explanation.importance import TOP, TOP_SHARE
from governance.engine.explanation.judging import REPEAT_ROWS, REPEATS, Asked, judge
from governance.engine.explanation.results import NOT_EVALUATED, SCHEMA, ExplanationAudit, Local, Reliance
from governance.engine.explanation.rows import Rows, choose_rows
from governance.engine.tables import EvaluationDataError
from governance.engine.texts import explanation as _texts  # noqa: F401 - registers the sentences
from governance.sandbox import Limits, Sandbox, SandboxFailure, find_sandbox, read_model_file, run
from governance.sandbox.kernels import tree_kernel
from governance.sandbox.limits import configured
from portal.message import Message

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SCHEMA", "ExplanationAudit", "Local", "Reliance", "audit_explanation", "compare_explanations",
]  # fmt: skip

# A linear model takes its whole background, which for its averages need not be larger than this.
POOL_ROWS = 10_000
MOST_ROWS = 100_000
ROWS = 10_000
PRECISION = 0.05
LEAST_ROWS = 200
EVALUATIONS = 1_000_000
AUTHORITY_ROWS = 20
# Numbers of the answer: a quarter of what it may weigh.
CELLS = 8_000_000
SHARE_OF_TIME = 0.4


def audit_explanation(
    *,
    model_dir: str | Path,
    features: pa.Table | str | Path,
    rows: int = ROWS,
    precision: float | None = PRECISION,
    background: int = 100,
    evaluations: int = EVALUATIONS,
    seed: int = 0,
    chosen: Sequence[str | int] = (),
    sensitive: Iterable[str] = (),
    proxies: Iterable[str] = (),
    drop: Iterable[str] = (),
    positive: str | None = None,
    sandbox: Sandbox | None = None,
    limits: Limits | None = None,
    interpreter: str | None = None,
) -> ExplanationAudit:
    """Audit the explanation of a model on a sample of rows.

    Parameters
    ----------
    model_dir : path
        Local folder of a logged MLflow model. It is read as text here and loaded only in the sandbox.
    features : pyarrow.Table or path
        Parquet or CSV. The model is given the columns of its signature; without one, all but ``drop``.
    rows : int
        Rows of the sample at most.
    precision : float, optional
        Relative half-width of the 95% interval of the leading features' importance at which the sample ends;
        None explains all ``rows``.
    background : int
        Rows that stand for "feature unknown" in a permutation. Linear models take up to 10,000.
    evaluations : int
        Rows that a permutation may ask the model for; it ends the sample early.
    seed : int
        Of the sample, the permutation and the bootstrap.
    chosen : sequence of str or int
        Rows to explain besides: a number from 0, or ``column=value`` that holds in one row.
    sensitive, proxies : iterable of str
        Columns whose share of reliance is reported: what people are, and what is known to stand in for it.
    drop : iterable of str
        Columns that the model never sees, such as the label.
    positive : str, optional
        The class to explain; by default the second of two, or the most frequent answer among more.
    sandbox : Sandbox, optional
        By default the one that works on this host.
    limits : Limits, optional
    interpreter : str, optional
        Path of another Python that the model is run with.

    Raises
    ------
    EvaluationDataError
        For data or settings that cannot be used.
    """
    _check_settings(rows, precision, background, evaluations)
    limits, seen = limits or configured(), 0
    asked = Asked(seed, rows, background, precision, tuple(sensitive), tuple(proxies))
    try:
        declared = read_model_file(model_dir)
        sample = choose_rows(
            features,
            columns=declared.inputs,
            required=declared.required,
            drop=drop,
            beside=dict.fromkeys([*asked.sensitive, *asked.proxies]),
            chosen=chosen,
            rows=rows,
            background=POOL_ROWS,
            seed=seed,
        )
        seen = sample.total
        sandbox = sandbox or find_sandbox()
        if sandbox is None:
            raise SandboxFailure(Message("sandbox.none"))
        task = _task(sample, asked, evaluations, positive, limits)
        kernel = tree_kernel(sandbox, interpreter=interpreter)
        outcome = run(
            task | kernel.task,
            model_dir=model_dir,
            features=sample.table,
            limits=limits,
            sandbox=sandbox,
            interpreter=interpreter,
            binds=kernel.binds,
        )
        return judge(outcome, sample, asked)
    except SandboxFailure as failure:
        message = Message("explanation.not_evaluated", {"why": failure.message})
        backend = sandbox.backend if sandbox else None
        return ExplanationAudit(NOT_EVALUATED, message, 0, seen, seed, sandbox=backend, detail=failure.detail)


def compare_explanations(now: ExplanationAudit, before: ExplanationAudit, *, other: Message) -> ExplanationAudit:
    """The first audit with what it relies on beyond the second, which was made on the same data with the same seed."""
    if now.attributed is None:
        return now
    if before.attributed is None:
        return now.uncompared(other, before.message)
    return now.beside(compare(now.attributed, before.attributed, other=other, seed=now.seed))


def _check_settings(rows: int, precision: float | None, background: int, evaluations: int) -> None:
    for code, value, least, most in (
        ("explanation.rows", rows, 2, MOST_ROWS),
        ("explanation.background", background, 1, POOL_ROWS),
        ("explanation.evaluations", evaluations, 1_000, 10**12),
    ):
        if not least <= value <= most:
            raise EvaluationDataError(code, value=value, limit=most)
    if precision is not None and not 0.001 <= precision <= 1:
        raise EvaluationDataError("explanation.precision", value=precision)


def _task(sample: Rows, asked: Asked, evaluations: int, positive: str | None, limits: Limits) -> dict[str, Any]:
    return {
        "task": "explain",
        "chosen": sample.chosen,
        "rows": sample.sample,
        "batch": LEAST_ROWS,
        "precision": asked.precision,
        "top": TOP,
        "share": TOP_SHARE,
        "background": asked.background,
        "evaluations": evaluations,
        "cells": CELLS,
        "seconds": SHARE_OF_TIME * limits.wall_seconds,
        "seed": asked.seed,
        "positive": positive,
        "authority": AUTHORITY_ROWS,
        "repeats": REPEATS,
        "repeat_rows": REPEAT_ROWS,
    }
