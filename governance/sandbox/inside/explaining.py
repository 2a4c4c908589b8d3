"""Contributions of the original columns, by the soundest method that fits the model, for as many rows as it takes.

- Tree ensembles whose columns are the original ones, one by one: exact (`forests`).
- Linear models whose columns each come from one original column: closed form (`linear`).
- All else, a tree behind a one-hot encoding included (there the sum of parts is not the value of the whole):
  one antithetic permutation over the original columns on the model's own predictions (`permuting`).

The table holds the rows that were asked for, then rows in random order to sample from, then the background.
Rows are explained in batches until the importance of the leading features is known well enough, or a budget
is spent. Nothing that is said here is believed: the parent computes the reached precision anew.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import forests
import linear
import numpy as np
from attributing import Attributor, MissingClass
from permuting import permutation
from pipeline import look_through
from predicting import plain

if TYPE_CHECKING:
    import pandas as pd
    from loading import Model

# A model that is asked many times a row is looked at more often.
SMALL_BATCH = 25
LARGE_BATCH = 5_000
MARGIN = 1.1


def explain(model: Model, features: pd.DataFrame, task: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Explain the rows asked for and a sample of the others.

    Parameters
    ----------
    model : Model
    features : DataFrame
        Rows asked for, rows to sample from, background.
    task : dict
        ``chosen`` and ``rows``: how many of the first two there are; ``batch``: rows explained at least;
        ``precision``: relative half-width to reach, or null for all rows; ``top``, ``share``: of which features;
        ``seconds``, ``evaluations``, ``cells``: budget; ``background``, ``seed``, ``positive``;
        ``authority``: rows that shap explains too; ``repeats``, ``repeat_rows``: by other seeds.
    """
    started = time.monotonic()
    attributor, first = _method(model, features, task)
    base, values = _sampled(attributor, first, task, features.shape[1], started)
    rows = len(base)
    arrays = {"base": base, "values": values, "output": attributor.outputs(0, rows)}
    authority = None
    if attributor.authority is not None:
        found = attributor.authority()
        arrays["authority_base"], arrays["authority_values"] = (part[:rows] for part in found)
        authority = {"name": "shap", "rows": len(arrays["authority_base"])}
    if attributor.again is not None:
        start, stop = task["chosen"], min(task["chosen"] + _repeat_rows(attributor, task), rows)
        arrays["repeats"] = np.stack(
            [attributor.again(task["seed"] + 1 + i).attribute(start, stop)[1] for i in range(task["repeats"])]
        )
    output = attributor.output
    payload = {
        "method": attributor.method,
        "columns": [str(name) for name in features.columns],
        "kind": output.kind,
        "class": None if output.label is None else plain(output.label),
        "rows": rows,
        "background": attributor.background,
        "cost": attributor.cost,
        "kernel": attributor.kernel,
        "authority": authority,
        "versions": _versions(),
    }
    return payload, arrays


def _method(model: Model, features: pd.DataFrame, task: dict[str, Any]) -> tuple[Attributor, tuple]:
    """The method that fits the model, and what it gives for the first rows."""
    first = min(task["chosen"] + min(task["batch"], task["rows"]), len(features))
    if model.native:
        try:
            view = look_through(model.estimator, features)
            for fits, prepare in ((forests.fits, forests.forest), (linear.fits, linear.linear)):
                if fits(view):
                    attributor = prepare(view, model.estimator, features, task)
                    return attributor, attributor.attribute(0, first)
        except MissingClass:
            raise
        except Exception as error:  # a shape of model that is not known: explained as a whole
            print(f"structured explanation not possible: {error!r}", file=sys.stderr)
    attributor = permutation(model, features, task)
    return attributor, attributor.attribute(
        0, task["chosen"] + min(SMALL_BATCH, task["rows"], _affordable(attributor, task))
    )


def _sampled(
    attributor: Attributor, first: tuple, task: dict[str, Any], width: int, started: float
) -> tuple[np.ndarray, np.ndarray]:
    """Batch after batch until the sample is large enough or the budget is spent."""
    chosen, most = task["chosen"], task["rows"]
    most = min(most, task["cells"] // (width + 2) - chosen)
    most = min(most, _affordable(attributor, task))
    bases, parts = [first[0]], [first[1]]
    size = SMALL_BATCH if attributor.cost else LARGE_BATCH
    while True:
        values = np.concatenate(parts)
        rows = len(values) - chosen
        wanted = _rows_wanted(values[chosen:], task) if task["precision"] else most
        if rows >= min(wanted, most) and (rows >= task["batch"] or rows >= most):
            break
        if time.monotonic() - started > task["seconds"]:
            break
        more = min(max(wanted, task["batch"]), most, rows + size) - rows
        base, part = attributor.attribute(chosen + rows, chosen + rows + more)
        bases.append(base)
        parts.append(part)
    return np.concatenate(bases), values


def _affordable(attributor: Attributor, task: dict[str, Any], times: int = 1) -> int:
    """Rows that the evaluations allow, each explained so many times; two at least."""
    return max(2, task["evaluations"] // (attributor.cost * times)) if attributor.cost else task["rows"]


def _repeat_rows(attributor: Attributor, task: dict[str, Any]) -> int:
    return min(task["repeat_rows"], _affordable(attributor, task, task["repeats"]))


def _rows_wanted(values: np.ndarray, task: dict[str, Any]) -> int:
    """How many rows would give the precision, by what those so far say."""
    size = np.abs(values)
    mean, total = size.mean(axis=0), size.mean(axis=0).sum()
    top = np.argsort(-mean)[: task["top"]]
    top = top[mean[top] > task["share"] * total]
    if not len(top) or len(values) < 2:
        return len(values)
    spread = 1.96 * size[:, top].std(axis=0, ddof=1) / mean[top]
    reached = spread.max() / np.sqrt(len(values))
    if reached <= task["precision"]:
        return len(values)
    return int(MARGIN * (spread.max() / task["precision"]) ** 2) + 1


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("shap", "scikit-learn", "mlflow", "numpy", "pandas", "numba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
