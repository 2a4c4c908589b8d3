"""Fixtures whose rows are made once a process, and written again for each test that asks for them.

Put ``@remembered`` below ``@pytest.fixture``. When the fixture is first made, the statements that it writes are noted,
with the files below the home; where a later test asks for the same on the same ground, they are written again, in a
tenth of the time. The same ground is: the same counters of ids, and arguments that say the same of themselves. What is
given back is a copy for each test, with the test's own objects in it where an argument had them.

For fixtures that change the database, the home, and arguments of classes of the tests' own: what they do to anything
else is not done again. They are made anew each time under another clock than the real one, and on a database whose
counters do not go back with a transaction.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Model
from time_machine import escape_hatch

MOST = 40  # grounds of one fixture; tests that commit never come back to the same
WRITES_NOTHING = ("SELECT", "SAVEPOINT", "RELEASE", "PRAGMA", "BEGIN", "COMMIT", "EXPLAIN")


@dataclass(frozen=True)
class Made:
    """What a fixture did, and copies of what it was given and gave back."""

    statements: list[tuple[str, Any, bool]]
    files: dict[Path, tuple[int, bytes]]
    given: dict[str, Any]
    value: Any


def remembered(make: Callable) -> Callable:
    """Do again what a fixture did, instead of making it anew."""
    known: dict[tuple, Made] = {}

    @wraps(make)
    def fixture(**given):
        if connection.vendor != "sqlite" or escape_hatch.is_travelling():
            return make(**given)
        ground = _ground(given)
        if ground in known:
            return _again(known[ground], given)
        value, made = _noted(make, given)
        if made and len(known) < MOST:
            known[ground] = made
        return value

    return fixture


def _ground(given: dict[str, Any]) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
        return tuple(cursor.fetchall()), tuple((name, _says(value)) for name, value in sorted(given.items()))


def _says(value: Any) -> tuple[str, str]:
    """What distinguishes an argument from another of its name."""
    kind = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    mark = value.pk if isinstance(value, Model) else getattr(value, "digest", "")
    return f"{kind.__module__}.{kind.__qualname__}", str(mark)


def _noted(make: Callable, given: dict[str, Any]) -> tuple[Any, Made | None]:
    """Make it, and note what it does; None where something of it was taken back."""
    statements: list[tuple[str, Any, bool]] = []
    taken_back = []

    def note(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        word = sql.lstrip().upper()
        if word.startswith("ROLLBACK"):
            taken_back.append(sql)
        elif not word.startswith(WRITES_NOTHING):
            statements.append((sql, copy.copy(params), many))
        return done

    before = _files()
    with connection.execute_wrapper(note):
        value = make(**given)
    if taken_back:
        return value, None
    files = {path: content for path, content in _files().items() if before.get(path) != content}
    shared = {id(one): one for one in given.values() if not (isinstance(one, Model) or _is_of_tests(one))}
    kept, back = copy.deepcopy((given, value), shared)
    return value, Made(statements, files, kept, back)


def _files() -> dict[Path, tuple[int, bytes]]:
    """Below the home: mode and content."""
    home = Path(settings.SEKISHO_HOME)
    found = (path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home): (path.stat().st_mode, path.read_bytes()) for path in found}


def _again(made: Made, given: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        for sql, params, many in made.statements:
            (cursor.executemany if many else cursor.execute)(sql, params)
    for path, (mode, content) in made.files.items():
        place = Path(settings.SEKISHO_HOME) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(mode)
    own: dict[int, Any] = {}  # as `copy.deepcopy` knows what it has copied already
    for name, value in made.given.items():
        own[id(value)] = given[name]
        if _is_of_tests(value):
            rows = {part: row for part, row in vars(value).items() if isinstance(row, Model)}
            own |= {id(row): getattr(given[name], part) for part, row in rows.items()}
    for name, value in made.given.items():
        if _is_of_tests(value):
            vars(given[name]).update(copy.deepcopy(vars(value), own))
    return copy.deepcopy(made.value, own)


def _is_of_tests(value: Any) -> bool:
    return type(value).__module__.startswith("tests.") and hasattr(value, "__dict__")
