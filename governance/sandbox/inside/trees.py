"""Exact path-dependent SHAP values of tree ensembles: by the bound kernel, the first rows by shap as well.

Where the kernel refuses a model, or is not there, shap computes all rows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from attributing import import_shap
from kernel import load_kernel

# What shap takes for a row, in seconds per leaf and squared depth, and what the comparison may take in all.
SHAP_SECONDS, COMPARISON_SECONDS = 1.5e-9, 1.0


@dataclass(frozen=True)
class TreeValues:
    """Values in shap's shapes, and the same of the first rows by shap where it was not shap that computed them."""

    values: np.ndarray
    base_values: np.ndarray
    kernel: str
    authority: Any = None


_prepared: dict[int, tuple[Any, Any]] = {}


def tree_values(model: Any, matrix: Any, *, authority_rows: int = 20) -> TreeValues:
    """SHAP values of a table's rows.

    Parameters
    ----------
    model : object
        The last step of a pipeline.
    matrix : ndarray or DataFrame
        What it is given.
    authority_rows : int
        Of so many rows at most shap's values are given as well; of fewer where the model is large.

    Raises
    ------
    Exception
        For a model whose output is no sum of its leaves, and for one that shap cannot check.
    """
    explainer = _explainer(model)
    if explainer is None:
        found = _by_shap(model, matrix)
        return TreeValues(np.asarray(found.values), np.asarray(found.base_values), "shap")
    if getattr(model, "loss", None) == "exponential":
        # shap takes the log-odds for its base value, and the model starts from half of them.
        raise ValueError("shap's base value is not the model's with the exponential loss: nothing to compare with")
    found = explainer.explain(matrix)
    rows = min(authority_rows, len(matrix), _affordable(explainer))
    authority = _by_shap(model, matrix[:rows]) if rows else None
    return TreeValues(found.values, np.asarray(found.base), "treeshap", authority)


def _explainer(model: Any) -> Any:
    """The kernel, ready for the model; None where shap has to serve."""
    if id(model) not in _prepared:
        explainer = None
        kernel = load_kernel()
        if kernel is not None:
            try:
                explainer = kernel.Explainer(model)
            except kernel.NotAdditive:
                raise
            except kernel.Refused as why:
                print(f"the tree kernel does not take the model: {why}", file=sys.stderr)
        _prepared[id(model)] = model, explainer
    return _prepared[id(model)][1]


def _affordable(explainer: Any) -> int:
    """Rows that shap can be asked for within the time of the comparison, at least one."""
    nodes = explainer.ensemble
    leaves = int((nodes.left < 0).sum())
    return max(1, int(COMPARISON_SECONDS / (SHAP_SECONDS * leaves * max(1, explainer.program.depth) ** 2)))


def _by_shap(model: Any, matrix: Any) -> Any:
    explainer = import_shap().TreeExplainer(model, feature_perturbation="tree_path_dependent")
    return explainer(matrix, check_additivity=False)
