"""Every change of the maturity half: one module a subject, keyword-only, `by=`, recorded."""

from assessments.actions.apart import answered_apart, finish_own, save_own_answer
from assessments.actions.attaching import attach, detach, path_of
from assessments.actions.checks import NOTE_LIMIT, AnswerConflict, framework_of, unfit
from assessments.actions.confirming import confirm_answers
from assessments.actions.delegating import delegate, take_back
from assessments.actions.filling import discard_draft, save_answer, start_assessment, submit
from assessments.actions.importing import Given, import_answers

__all__ = [
    "NOTE_LIMIT",
    "AnswerConflict",
    "Given",
    "answered_apart",
    "attach",
    "confirm_answers",
    "delegate",
    "detach",
    "discard_draft",
    "finish_own",
    "framework_of",
    "import_answers",
    "path_of",
    "save_answer",
    "save_own_answer",
    "start_assessment",
    "submit",
    "take_back",
    "unfit",
]
