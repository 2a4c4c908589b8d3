"""Copying the database out and in, with each kind's own means: SQLite's backup interface, pg_dump and psql.

Both put data and hold in place in one step: a restore that is broken off leaves nothing, or a site that moves nothing.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from portal.operations.archive import BackupError

HOLD = "INSERT INTO {}ledger_hold (id, held) VALUES (1, true) ON CONFLICT (id) DO UPDATE SET held = true"
ADMINISTRATOR = "SELECT 1 FROM {}accounts_user WHERE lower(email) = {} AND is_administrator AND is_active"


@dataclass(frozen=True)
class Copied:
    """A copy of the database, and what stands in just that copy."""

    file: str
    engine: str
    migrations: dict[str, list[str]]
    size: int
    epoch: int
    checkpoint: str


def engine() -> str:
    return connection.vendor


def copy_out(folder: Path) -> Copied:
    """Copy the database into a folder while others go on writing."""
    return _copy_sqlite(folder) if engine() == "sqlite" else _copy_postgresql(folder)


def check_empty() -> None:
    """Refuse a database that holds anything."""
    if engine() == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        tables = _tables(path) if path.exists() else 0
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            tables = cursor.fetchone()[0]
        connection.close()
    if tables:
        raise BackupError(
            f"The database {connection.settings_dict['NAME']} holds tables already. A backup is restored into an "
            "empty database only: set DATABASE_URL or SEKISHO_HOME to a new one."
        )


def copy_in(source: Path, by: str) -> None:
    """Put a copy in place, with all moves held, if the person is an administrator in it; all or nothing."""
    connection.close()
    _restore_sqlite(source, by) if engine() == "sqlite" else _restore_postgresql(source, by)


# -- SQLite ------------------------------------------------------------------------------------------------


def _copy_sqlite(folder: Path) -> Copied:
    path = folder / "database.sqlite3"
    source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=rw", uri=True, timeout=60)
    target = sqlite3.connect(path)
    try:
        source.backup(target, pages=4096, sleep=0.01)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whole without a log beside it
        facts = _facts(lambda query: target.execute(query).fetchall())
        if (said := target.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise BackupError(f"The database is damaged: {said}")
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be copied: {error}.") from error
    finally:
        source.close()
        target.close()
    path.chmod(0o600)
    return Copied(path.name, "sqlite", *facts)


def _restore_sqlite(source: Path, by: str) -> None:
    path = Path(connection.settings_dict["NAME"])
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".restoring")
    partial.unlink(missing_ok=True)
    there, here = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(partial)
    try:
        there.backup(here)
        if here.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise BackupError("The database of the backup is damaged.")
        if not here.execute(ADMINISTRATOR.format("", "?"), [by]).fetchone():
            raise _nobody(by)
        here.execute(HOLD.format(""))
        here.commit()
        here.close()
        partial.chmod(0o600)
        for rest in ("-wal", "-shm", "-journal"):
            Path(f"{path}{rest}").unlink(missing_ok=True)
        partial.replace(path)
    except sqlite3.Error as error:
        raise BackupError(f"The database of the backup cannot be read: {error}.") from error
    finally:
        there.close()
        here.close()
        partial.unlink(missing_ok=True)


def _tables(path: Path) -> int:
    found = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return found.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"{path} is there already, and is no empty database: {error}.") from error
    finally:
        found.close()


# -- PostgreSQL --------------------------------------------------------------------------------------------


def _copy_postgresql(folder: Path) -> Copied:
    path = folder / "database.dump"
    with transaction.atomic(), connection.cursor() as cursor:
        # What the manifest says of the database is of the very state that is dumped.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()

        def rows(query: str) -> list:
            cursor.execute(query)
            return cursor.fetchall()

        facts = _facts(rows)
        _run(["pg_dump", "-Fc", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", "-f", str(path)])
    path.chmod(0o600)
    return Copied(path.name, "postgresql", *facts)


def _restore_postgresql(source: Path, by: str) -> None:
    quoted = "'" + by.replace("'", "''") + "'"
    check = (
        f"DO $check$ BEGIN IF NOT EXISTS ({ADMINISTRATOR.format('public.', quoted)}) "
        "THEN RAISE EXCEPTION 'no such administrator'; END IF; END $check$;"
    )
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "restore.sql"
        _run(["pg_restore", "--no-owner", "--no-privileges", "-f", str(script), str(source)], database=False)
        with script.open("a", encoding="utf-8") as file:
            file.write(f"\n{HOLD.format('public.')};\n{check}\n")
        try:
            _run(["psql", "-X", "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-f", str(script)])
        except BackupError as error:
            raise _nobody(by) if "no such administrator" in str(error) else error from None


def _run(command: Sequence[str], *, database: bool = True) -> None:
    environ = dict(os.environ)
    if database:
        settings = connection.settings_dict
        named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
        environ |= {name: str(settings[key]) for name, key in named.items() if settings.get(key)}
        sslmode = (settings.get("OPTIONS") or {}).get("sslmode")
        environ |= {"PGSSLMODE": sslmode} if sslmode else {}
    try:
        done = subprocess.run(command, capture_output=True, env=environ, check=False)
    except FileNotFoundError:
        raise BackupError(f"{command[0]} is not on this machine: install PostgreSQL's client programs.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise BackupError(f"{command[0]} failed: {said[-600:]}")


# -- both --------------------------------------------------------------------------------------------------


def _facts(rows: Any) -> tuple[dict[str, list[str]], int, int, str]:
    """The migrations of a database, the ledger's size and epoch, and its newest checkpoint of that epoch."""
    migrations = defaultdict(list)
    for app, name in rows("SELECT app, name FROM django_migrations ORDER BY app, name"):
        migrations[app].append(name)
    size, epoch = (rows("SELECT size, epoch FROM ledger_head") or [(0, 1)])[0]
    notes = rows(f"SELECT note FROM ledger_checkpoint WHERE epoch = {int(epoch)} ORDER BY size DESC LIMIT 1")
    return dict(migrations), size, epoch, notes[0][0] if notes else ""


def _nobody(by: str) -> BackupError:
    return BackupError(f"{by} is no administrator in this backup: name one who was with --by.")
