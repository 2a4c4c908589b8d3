"""Evaluation tables: a Parquet or CSV file, or a warehouse's table, opened lazily and with clear errors.

Nothing here reads rows: the engines hand one Ibis expression to the database that holds them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine import texts as _texts  # noqa: F401  (registers the sentences)
from portal.message import Message

if TYPE_CHECKING:
    import ibis

# No booleans: a column of yes and no, or of f alone, is text that people wrote, and groups keep their names.
CSV_TYPES = {"auto_type_candidates": ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"]}
PARQUET_MAGIC = b"PAR1"
TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}


class EvaluationDataError(ValueError):
    """The evaluation data or the settings cannot be audited; `message` says why in one sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        self.message = Message(code, params)
        super().__init__(str(self.message))


@contextmanager
def open_table(source: str | Path | ibis.Table) -> Iterator[ibis.Table]:
    """Open an evaluation table; whatever fails while it is read raises `EvaluationDataError`.

    Parameters
    ----------
    source : path or ibis.Table
        A Parquet or CSV file on this machine, or a table expression of any Ibis backend, which is then
        aggregated where it lies.
    """
    import duckdb
    import ibis

    if isinstance(source, ibis.Table):
        yield source
        return
    path = Path(source)
    reader = _reader(path)
    backend = ibis.duckdb.from_connection(_database().cursor())
    try:
        yield getattr(backend, reader)(path, **(CSV_TYPES if reader == "read_csv" else {}))
    except duckdb.Error as error:
        raise EvaluationDataError("data.unreadable", file=path.name, detail=_first_line(error)) from error
    finally:
        backend.disconnect()


def require_columns(table: ibis.Table, columns: Iterable[str]) -> None:
    """Raise a sentence that names the first column the table lacks, and its nearest names."""
    for column in columns:
        if column not in table.columns:
            raise EvaluationDataError("data.no_column", column=column, near=_near(column, table.columns))


def file_digest(path: str | Path) -> dict[str, Any]:
    """Name, size in bytes and SHA-256 of a file: what an approval binds."""
    path = Path(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


@functools.cache
def _database():
    """One in-memory database a process: to start one costs as much as to count 500,000 rows."""
    import duckdb

    # No extension is ever fetched from the network, whatever a file's name suggests.
    return duckdb.connect(config={"autoinstall_known_extensions": False})


def _reader(path: Path) -> str:
    if not path.exists():
        raise EvaluationDataError("data.no_file", file=str(path))
    if not path.is_file():
        raise EvaluationDataError("data.not_a_file", file=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(len(PARQUET_MAGIC))
    except OSError as error:
        detail = error.strerror or str(error)
        raise EvaluationDataError("data.unreadable", file=path.name, detail=detail) from error
    if not head:
        raise EvaluationDataError("data.empty_file", file=path.name)
    if head == PARQUET_MAGIC:
        return "read_parquet"
    if TEXT_SUFFIXES & {suffix.lower() for suffix in path.suffixes}:
        return "read_csv"
    raise EvaluationDataError("data.format", file=path.name)


def _near(column: str, columns: Iterable[str]) -> list[str]:
    """The nearest names whatever their case; every name of a narrow table if none is near."""
    names = list(columns)
    folded = {name.casefold(): name for name in names}
    near = [folded[match] for match in get_close_matches(column.casefold(), folded, n=3, cutoff=0.6)]
    return near or names[:12]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
