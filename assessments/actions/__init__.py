"""Every change of the maturity half: one module a subject, keyword-only, `by=`, recorded."""

from assessments.actions.filling import (
    NOTE_LIMIT,
    AnswerConflict,
    discard_draft,
    framework_of,
    save_answer,
    start_assessment,
    submit,
    unfit,
)

__all__ = [
    "NOTE_LIMIT",
    "AnswerConflict",
    "discard_draft",
    "framework_of",
    "save_answer",
    "start_assessment",
    "submit",
    "unfit",
]
