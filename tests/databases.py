"""The test database; on SQLite one worker process migrates it, and the others copy what it made.

The fixture takes the place of pytest-django's, and stands in `tests/conftest.py`.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of the run at a time."""
    with (folder / "database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    request, django_test_environment, django_db_blocker, django_db_modify_db_settings, tmp_path_factory
):
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    def made(**how):
        return setup_databases(verbosity=0, interactive=False, serialized_aliases=set(), **how)

    with django_db_blocker.unblock():
        if connection.vendor != "sqlite" or not hasattr(request.config, "workerinput"):
            databases = made()
        else:
            run = tmp_path_factory.getbasetemp().parent
            migrated = run / "migrated.sqlite3"
            with _alone(run):
                if migrated.exists():
                    shutil.copyfile(migrated, connection.settings_dict["TEST"]["NAME"])
                    databases = made(keepdb=True)
                else:
                    databases = made()
                    with closing(sqlite3.connect(migrated)) as copy:
                        connection.ensure_connection()
                        connection.connection.backup(copy)
    yield
    with django_db_blocker.unblock():
        teardown_databases(databases, verbosity=0)
