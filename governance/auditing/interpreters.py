"""Which Python a model is run with: the registered one whose packages fit what the model asks for best."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from governance.actions.interpreters import keep_check
from governance.auditing.sources import NotEvaluated
from governance.models import Interpreter
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError

if TYPE_CHECKING:
    from governance.engine.safety.environment import Environment

WORD_CHARACTERS = 200
ANSWER_SECONDS = 60.0  # well below the deadline of the check, which would end it without a reason


@job_kind("interpreter.check", title=_("Check of an interpreter"), lease=30, deadline=120, max_attempts=1)
def run_check(job, progress) -> dict:
    """Job: ask an interpreter in the sandbox which Python it is and which packages it has."""
    interpreter = Interpreter.objects.filter(pk=job.params["interpreter"]).first()
    if interpreter is None:
        raise DomainError("interpreter.gone")
    progress(1, 1, Message("interpreter.asking"))
    try:
        python, packages = survey(interpreter.executable)
    except DomainError as error:
        keep_check(interpreter=interpreter, error=error.message, by=job.created_by)
        raise
    keep_check(interpreter=interpreter, python=python, packages=packages, by=job.created_by)
    return {"python": python, "packages": len(packages)}


def survey(executable: str) -> tuple[str, dict[str, str]]:
    """The version of a Python and its packages, as it says in the sandbox.

    Raises
    ------
    DomainError
        If it is not there, or gives no usable answer.
    """
    from governance.engine.safety.environment import normalised
    from governance.sandbox import SandboxFailure, run
    from governance.sandbox.limits import configured

    limits = replace(configured(), wall_seconds=min(ANSWER_SECONDS, configured().wall_seconds))
    if not Path(executable).is_file():
        raise DomainError("interpreter.missing", path=executable)
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        try:
            said = run(
                {"task": "survey"}, model_dir=folder, program="survey.py", interpreter=executable, limits=limits
            ).payload
        except SandboxFailure as failure:
            raise DomainError("interpreter.silent", path=executable, reason=failure.message) from failure
    python, packages = said.get("python"), said.get("packages")
    if not _is_word(python) or not isinstance(packages, dict):
        raise DomainError("interpreter.silent", path=executable, reason=Message("sandbox.bad_answer"))
    named = {name: version for name, version in packages.items() if _is_word(name) and _is_word(version)}
    return python, normalised(named)


def known_environments() -> list[Any]:
    """Our own interpreter, and the registered ones that answered."""
    from governance.engine.safety.environment import Environment, own_environment

    registered = Interpreter.objects.usable()
    return [own_environment(), *(Environment(i.name, i.python, i.packages, i.executable) for i in registered)]


def environment_for(model_dir: Path, *, needs: Sequence[str] = ()) -> Environment:
    """The interpreter that fits a model best, of those that have the packages that an audit needs itself.

    Raises
    ------
    NotEvaluated
        If none has what loads the model and what the audit needs, or the folder holds no model.
    """
    from governance.engine.safety.checks import mismatch_of
    from governance.engine.safety.contents import read_contents
    from governance.engine.safety.environment import best, compare, read_environment
    from governance.sandbox import SandboxFailure

    try:
        contents = read_contents(model_dir)
    except SandboxFailure as failure:
        raise NotEvaluated(failure.message) from failure
    declared = read_environment(model_dir, contents)
    compared = [compare(declared, contents, one) for one in known_environments()]
    fitting = best(compared)
    if mismatch := mismatch_of(fitting):
        raise NotEvaluated(mismatch)
    able = [one for one in compared if one.environment.packages.keys() >= set(needs)]
    if not able or mismatch_of(best(able)):
        lacking = [name for name in needs if name not in fitting.environment.packages]
        raise NotEvaluated("interpreter.lacks", name=fitting.environment.name, packages=lacking)
    return best(able).environment


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= WORD_CHARACTERS and value.isprintable()
