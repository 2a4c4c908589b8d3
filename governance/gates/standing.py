"""Where a version must stand already before it may go further, or must have stood to go back.

Pure: no Django. It is weighed as a gate is, and nobody can sign an exception to it.
"""

from __future__ import annotations

from governance import texts_environments as _texts  # noqa: F401  (registers the sentences)
from governance.gates.parts import GateResult, Subject
from governance.readings import FAIL, NOT_EVALUATED, PASS
from portal.message import Message

AFTER, AGAIN = "after", "again"
TITLES = {
    AFTER: {"en": "Stands in {}", "ja": "{}にあること"},
    AGAIN: {"en": "Stood in {} with these files", "ja": "{}に同じファイルで置かれていたこと"},
}


def stands_before(environment: str, subject: Subject) -> GateResult:
    """Whether the version stands in an environment now, with the very files that it has."""
    outcome, code = _standing(environment, subject)
    fix = None if outcome == PASS else Message("gates.fix.after", {"environment": environment})
    return _result(AFTER, environment, subject, outcome, code, fix)


def stood_there(environment: str, subject: Subject) -> GateResult:
    """Whether the version stood in the environment by a regular approval, with the very files that it has."""
    if not subject.stood:
        return _result(AGAIN, environment, subject, FAIL, "never")
    if not subject.artifact_digest or not any(subject.stood):
        return _result(AGAIN, environment, subject, NOT_EVALUATED, "unknown")
    same = subject.artifact_digest in subject.stood
    return _result(AGAIN, environment, subject, PASS if same else FAIL, "stood" if same else "other")


def _result(
    kind: str, environment: str, subject: Subject, outcome: str, code: str, fix: Message | None = None
) -> GateResult:
    named, place = {"environment": environment}, subject.places.get(environment, {})
    return GateResult(
        id=f"{kind}:{environment}",  # no file can hold such an id
        audit=kind,
        title={language: text.format(place.get(language, environment)) for language, text in TITLES[kind].items()},
        outcome=outcome,
        measured=None,
        required=Message(f"gates.env.{kind}", named),
        message=Message(f"gates.{kind}.{code}", named),
        fix=fix,
    )


def _standing(environment: str, subject: Subject) -> tuple[str, str]:
    if environment not in subject.stands:
        return FAIL, "absent"
    placed = subject.stands[environment]
    if not placed or not subject.artifact_digest:
        return NOT_EVALUATED, "unknown"
    return (PASS, "stands") if placed == subject.artifact_digest else (FAIL, "other")
