"""Evaluation tables: a Parquet or CSV file, or a warehouse's table, opened lazily and with clear errors.

Nothing here reads rows: the engines hand one Ibis expression to the database that holds them.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.files import as_utf8, check_csv, check_parquet
from governance.engine.refusal import EvaluationDataError

if TYPE_CHECKING:
    import ibis

# No booleans: a column of yes and no, or of f alone, is text that people wrote, and groups keep their names.
CSV_TYPES = {"auto_type_candidates": ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"]}
PARQUET_MAGIC = b"PAR1"
TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
_limits = {"memory": "1GB", "folder": ""}


@contextmanager
def open_table(source: str | Path | ibis.Table) -> Iterator[ibis.Table]:
    """Open an evaluation table; whatever fails while it is read raises `EvaluationDataError`.

    Parameters
    ----------
    source : path or ibis.Table
        A Parquet or CSV file on this machine, or a table expression of any Ibis backend, which is then
        aggregated where it lies. CSV is UTF-8; UTF-16, Shift_JIS and EUC-JP are recognised.
    """
    import duckdb
    import ibis

    if isinstance(source, ibis.Table):
        try:
            yield source
        except duckdb.Error as error:
            raise EvaluationDataError("data.query_failed", detail=_first_line(error)) from error
        return
    path = Path(source)
    reader = _reader(path)
    with _checked(path, reader) as file:
        backend = ibis.duckdb.from_connection(_database().cursor())
        try:
            yield getattr(backend, reader)(file, **(CSV_TYPES if reader == "read_csv" else {}))
        except duckdb.OutOfMemoryException as error:
            params = {"limit": _limits["memory"], "detail": _first_line(error)}
            raise EvaluationDataError("data.too_large", file=path.name, **params) from error
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


def limit_memory(memory: str, folder: str | Path | None = None) -> None:
    """Set what queries of this process may hold in memory, and where they put what is more.

    Parameters
    ----------
    memory : str
        Such as ``"512MB"``; what the process holds besides is not counted.
    folder : path, optional
        The system's temporary folder where None.
    """
    _limits["memory"] = memory
    _limits["folder"] = str(folder or Path(tempfile.gettempdir()) / f"sekisho-query-{os.getpid()}")
    if _database.cache_info().currsize:
        _database().execute(f"SET memory_limit='{memory}'")


@functools.cache
def _database():
    """One in-memory database a process: to start one costs as much as to count 500,000 rows."""
    import duckdb

    if not _limits["folder"]:
        limit_memory(_limits["memory"])
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": False,  # whatever a file's name suggests, nothing is fetched
            "memory_limit": _limits["memory"],
            "temp_directory": _limits["folder"],
        }
    )


@contextmanager
def _checked(path: Path, reader: str) -> Iterator[Path]:
    if reader == "read_parquet":
        check_parquet(path)
        yield path
        return
    if path.suffix.lower() == ".zst":  # only the database unpacks it, and says what is wrong
        yield path
        return
    with as_utf8(path) as file:
        check_csv(file, path.name)
        yield file


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
