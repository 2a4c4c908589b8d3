"""Tokens work once, whatever worker they come to: a table in SQLite that all workers of a server share.

The row is written, and on disk, before the change is made: whoever fails between has spent the token, and the
portal signs another. While one token's change of a model's alias is under way, no other's begins, so that the
"from" that was read is still there when the change is made.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .tokens import Change, Grant, Refused

UNDER_WAY = 60  # seconds after which a change whose worker died no longer holds up the next
_PATIENCE = 10  # seconds to wait for another worker's write

_TABLE = """
CREATE TABLE IF NOT EXISTS uses (
    jti TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    model TEXT NOT NULL,
    alias TEXT,
    old TEXT,
    new TEXT,
    emergency INTEGER NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER
)
"""
_NAMES = ("jti", "action", "model", "alias", "old", "new", "emergency", "at", "status")


class Spent:
    """The tokens that a server's workers have taken; rows are never removed."""

    def __init__(self, folder: Path):
        self.path = folder / "tokens.sqlite3"

    def prepare(self) -> None:
        """Make folder and table; `OSError` or `sqlite3.Error` if they cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as database:
            database.execute(_TABLE)

    def spend(self, grant: Grant, change: Change) -> None:
        """Take a token for a change, or `Refused`: it was used, or another is under way."""
        now = int(time.time())
        with self._writing() as database:
            database.execute(_TABLE)
            if database.execute("SELECT 1 FROM uses WHERE jti = ?", (grant.jti,)).fetchone():
                raise Refused("used")
            busy = "SELECT 1 FROM uses WHERE model = ? AND alias IS ? AND status IS NULL AND abs(? - at) < ?"
            if database.execute(busy, (change.model, change.alias, now, UNDER_WAY)).fetchone():
                raise Refused("under-way")
            row = (grant.jti, change.action, change.model, change.alias, change.old, change.new)
            database.execute("INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", (*row, grant.emergency, now))

    def finish(self, jti: str, status: int) -> None:
        """Note how the change of a token ended, as the HTTP status that was answered."""
        with self._writing() as database:
            database.execute("UPDATE uses SET status = ? WHERE jti = ? AND status IS NULL", (status, jti))

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The last uses, newest first."""
        with self._writing() as database:
            database.execute(_TABLE)
            order = f"SELECT {', '.join(_NAMES)} FROM uses ORDER BY rowid DESC LIMIT ?"
            rows = database.execute(order, (count,)).fetchall()
        return [dict(zip(_NAMES, row, strict=True)) | {"emergency": bool(row[6])} for row in rows]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other worker's overlaps, on disk when it ends."""
        database = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        finally:
            database.close()
