"""Folders of logged models, written by hand: what MLflow would write, without its import."""

from __future__ import annotations

import json
import pickle
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version

PINNED = [f"{name}=={version(name)}" for name in ("scikit-learn", "numpy", "cloudpickle", "pandas", "mlflow")]
INPUTS = json.dumps([{"name": "income", "type": "double", "required": True}])


@lru_cache
def tree() -> bytes:
    """A model that says yes to an income above 50."""
    import pandas as pd
    from sklearn.tree import DecisionTreeClassifier

    income = pd.DataFrame({"income": [float(i) for i in range(100)]})
    return pickle.dumps(DecisionTreeClassifier(max_depth=1).fit(income, (income["income"] > 50).astype(int)))


def write_model(
    folder: Path,
    *,
    stored: bytes | None = None,
    name: str = "model.pkl",
    requirements: list[str] | None = PINNED,
    python: str | None = python_version(),
    inputs: str | None = INPUTS,
    code: str = "",
    **flavour,
) -> Path:
    """A scikit-learn model as MLflow logs it; `code` is a module that comes with it."""
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    (folder / name).write_bytes(tree() if stored is None else stored)
    sklearn = {"pickled_model": name, "serialization_format": "pickle", "sklearn_version": version("scikit-learn")}
    generic = {"loader_module": "mlflow.sklearn", "model_path": name, "python_version": python}
    document = {
        "flavors": {"sklearn": sklearn | flavour, "python_function": generic},
        "mlflow_version": version("mlflow"),
    }
    if inputs:
        document["signature"] = {"inputs": inputs}
    if code:
        (folder / "code").mkdir()
        (folder / "code" / "theirs.py").write_text(code, "utf-8")
        document["flavors"]["sklearn"]["code"] = "code"
    (folder / "MLmodel").write_text(yaml.safe_dump(document), "utf-8")
    if requirements is not None:
        (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", "utf-8")
    if python:
        (folder / "python_env.yaml").write_text(f"python: {python}\n", "utf-8")
    return folder
