"""Registering interpreters: an administrator's changes, and what a check found."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.models import Interpreter
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Invalid


def add_interpreter(*, name: str, executable: str, by) -> Interpreter:
    """Register a Python, and have a worker ask it in the sandbox what it is."""
    require(by, "connection.manage")
    path = executable.strip()
    if not posixpath.isabs(path) or posixpath.normpath(path) != path or not path.isprintable():
        message = Message("interpreter.path")
        raise Invalid(message, {"executable": message})
    try:
        with transaction.atomic():
            interpreter = Interpreter.objects.create(name=name.strip(), executable=path)
            record(
                action="interpreter.add",
                by=by,
                subject=("interpreter", interpreter.pk, interpreter.name),
                after={"executable": path},
            )
            _ask(interpreter, by)
    except IntegrityError:
        message = Message("interpreter.name_taken", {"name": name})
        raise Invalid(message, {"name": message}) from None
    return interpreter


def check_interpreter(*, interpreter: Interpreter, by) -> Job:
    """Ask again: its packages may have changed."""
    require(by, "connection.manage")
    with transaction.atomic():
        return _ask(interpreter, by)


def remove_interpreter(*, interpreter: Interpreter, by) -> None:
    """Run no model with it any more; audits that were made with it keep its name."""
    require(by, "connection.manage")
    with transaction.atomic():
        record(
            action="interpreter.remove",
            by=by,
            subject=("interpreter", interpreter.pk, interpreter.name),
            before={"executable": interpreter.executable, "python": interpreter.python},
        )
        interpreter.delete()


def keep_check(
    *,
    interpreter: Interpreter,
    python: str = "",
    packages: Mapping[str, str] | None = None,
    error: Message | None = None,
    by,
) -> Interpreter:
    """Keep what a check found; an interpreter that did not answer is not used until one does."""
    interpreter.checked_at, interpreter.error = timezone.now(), error and error.to_json()
    if error is None:
        interpreter.python, interpreter.packages = python, dict(packages or {})
    with transaction.atomic():
        interpreter.save(update_fields=["checked_at", "error", "python", "packages"])
        record(
            action="interpreter.check",
            by=by,
            subject=("interpreter", interpreter.pk, interpreter.name),
            after={"python": interpreter.python, "answers": error is None},
        )
    return interpreter


def _ask(interpreter: Interpreter, by) -> Job:
    return enqueue(
        kind="interpreter.check",
        params={"interpreter": interpreter.pk},
        by=by,
        subject=("interpreter", interpreter.pk, interpreter.name),
        key=f"interpreter:{interpreter.pk}",
    )
