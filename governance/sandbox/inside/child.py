"""The program behind the walls: load a model, and predict or explain. ``python -I start.py child.py``.

Everything here runs beside hostile code in one process: it is convenient, not trusted. The parent checks
all that comes out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import answer

TEXT_CHARACTERS = 500


def main() -> None:
    answer.claim_output()
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sys.path.extend(path for path in task["packages"] if path not in sys.path)
    try:
        payload, arrays = _do(task)
    except BaseException as error:  # SystemExit too: the model may raise anything
        payload, arrays = {"error": _described(error)}, {}
    answer.answer(payload, arrays)


def _do(task: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    answer.phase("load")
    from loading import load, read_features

    model = load(Path(task["model"]))
    features = model.select(read_features(task["features"]))
    if task["task"] == "predict":
        answer.phase("predict")
        from predicting import predict

        return predict(model, features)
    answer.phase("explain")
    from explaining import explain

    return explain(model, features, task)


def _described(error: BaseException) -> dict[str, Any]:
    described = {"kind": type(error).__name__, "text": str(error)[:TEXT_CHARACTERS]}
    if isinstance(getattr(error, "columns", None), list):
        described |= {"kind": "missing_columns", "columns": [str(c) for c in error.columns]}
    import traceback

    traceback.print_exception(error, limit=-6)
    return described


main()
