"""How evaluation data are refused: with one sentence."""

from __future__ import annotations

from typing import Any

from governance.engine.texts import fairness as _texts  # noqa: F401  (registers the sentences)
from portal.message import Message


class EvaluationDataError(ValueError):
    """The evaluation data or the settings cannot be audited; `message` says why in one sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        self.message = Message(code, params)
        super().__init__(str(self.message))
