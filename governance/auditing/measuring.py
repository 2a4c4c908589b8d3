"""Measures a table before anybody relies on it: rows, columns, first rows, and how often each value occurs.

A file from outside may be a bomb: two megabytes of Parquet can declare twenty gigabytes. What it declares is looked
at first, then it is read by a database that may use little memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.auditing.places import MEGABYTE, SetError

MOST_UNFOLDED = 64 * 2**30  # bytes; audits read columns one by one, and never all of them at once
MOST_COLUMNS = 2000
FIRST_ROWS = 10
SHOWN_TEXT = 80
LONGEST_NAME = 200
SEPARATORS = ",;\t|"
COUNTED_COLUMNS = 200
MOST_VALUES, MOST_NUMBERS = 50, 200
CELL = 8
WRONG = ("BLOB", "BIT", "LIST", "STRUCT", "MAP", "UNION", "ARRAY")
CSV_TYPES = ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"]
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Measured:
    """What a table holds. ``values`` maps a column to its counts, the most frequent first."""

    rows: int
    columns: list[dict[str, str]]
    first: list[list[Any]] = field(default_factory=list)
    values: dict[str, list[list[Any]]] = field(default_factory=dict)


@contextmanager
def database(folder: Path) -> Iterator[Any]:
    """A database of its own for files from outside: little memory, no network, spills into the given folder."""
    import duckdb

    config = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": "1GB",
        "threads": 2,
        "temp_directory": str(folder / "spill"),
        "max_temp_directory_size": "8GB",
    }
    found = duckdb.connect(config=config)
    try:
        yield found
    except duckdb.Error as error:
        detail = str(error).strip().splitlines()[0].replace(f"{folder}/", "")
        raise SetError("set.unreadable", detail=detail[:200]) from error
    finally:
        found.close()


@dataclass(frozen=True)
class Relation:
    """A file as a table that a query can name."""

    sql: str
    columns: list[str]
    types: list[str]


def relation(found, path: Path) -> Relation:
    """The table of a file, not read yet but for its head."""
    place = "'" + str(path).replace("'", "''") + "'"
    if is_parquet(path):
        _check_footer(path)
        named, sql = None, f"read_parquet({place})"
    else:
        named = _check_header(path)
        sql = f"read_csv({place}, auto_type_candidates={CSV_TYPES})"
    described = found.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    if named and named != len(described):  # the reader took the lines for something else than fields
        raise SetError("set.ragged", named=named, read=len(described))
    return Relation(sql, [row[0] for row in described], [row[1] for row in described])


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(len(PARQUET_MAGIC))
    if not head:
        raise SetError("set.empty")
    if head == PARQUET_MAGIC:
        return True
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return False
    raise SetError("set.format")


def require(table: Relation, columns: Sequence[str], name: str) -> None:
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        raise SetError("set.lacks", columns=lacking[:10], file=name)


def measure(path: Path, folder: Path) -> Measured:
    """Read what the table holds.

    Raises
    ------
    SetError
        It cannot be read, unfolds beyond all measure, or holds what is no table of single values.
    """
    with database(folder) as found:
        table = relation(found, path)
        columns = [{"name": name, "type": kind} for name, kind in zip(table.columns, table.types, strict=True)]
        for column in columns:
            if column["type"].endswith("[]") or column["type"].startswith(WRONG):
                raise SetError("set.nested", column=column["name"])
        rows = _measured_rows(found, table, columns)
        if rows == 0:
            raise SetError("set.no_rows")
        asked = ", ".join(map(_asked, columns))
        head = found.execute(f"SELECT {asked} FROM {table.sql} LIMIT {FIRST_ROWS}").fetchall()
        first = [[_shown(value) for value in row] for row in head]
        return Measured(rows, columns, first, _values(found, table, columns))


def _measured_rows(found, table: Relation, columns: list[dict[str, str]]) -> int:
    texts = [column["name"] for column in columns if column["type"] == "VARCHAR"]
    sums = [f"coalesce(sum(strlen({quoted(name)})), 0)" for name in texts]
    asked = ", ".join(["count(*)", *sums])
    rows, *lengths = found.execute(f"SELECT {asked} FROM {table.sql}").fetchone()
    if rows * len(columns) * CELL + sum(lengths) > MOST_UNFOLDED:
        raise SetError("set.unfolds", limit=MOST_UNFOLDED // MEGABYTE)
    return rows


def _values(found, table: Relation, columns: list[dict[str, str]]) -> dict[str, list[list[Any]]]:
    """How often each value occurs, in columns that have few of them."""
    looked_at = columns[:COUNTED_COLUMNS]
    asked = ", ".join(f"approx_count_distinct({quoted(column['name'])})" for column in looked_at)
    about = found.execute(f"SELECT {asked} FROM {table.sql}").fetchone()
    counted = {}
    for column, distinct in zip(looked_at, about, strict=True):
        most = MOST_VALUES if column["type"] in ("VARCHAR", "BOOLEAN", "DATE") else MOST_NUMBERS
        if distinct > most * 1.2:
            continue
        name = _asked(column)
        query = f"SELECT {name}, count(*) AS n FROM {table.sql} GROUP BY 1 ORDER BY n DESC, 1 LIMIT {most + 1}"
        values = [[_shown(value), n] for value, n in found.execute(query).fetchall()]
        if len(values) <= most:
            counted[column["name"]] = values
    return counted


def quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _asked(column: dict[str, str]) -> str:
    """A column as it is shown: times as text, since Python has fewer years and zones than a file may name."""
    name = quoted(column["name"])
    return f"{name}::VARCHAR" if column["type"].startswith(("DATE", "TIME")) else name


def _shown(value: Any) -> Any:
    """A value as JSON holds it, and as a page shows it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return str(value)[:SHOWN_TEXT].replace("\0", "\ufffd")  # PostgreSQL keeps no NUL


def _check_footer(path: Path) -> None:
    """What a Parquet file declares, before any of it is unfolded."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            about = file.metadata
            names = [about.schema.column(i).path for i in range(min(about.num_columns, MOST_COLUMNS + 1))]
            declared = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            cells = about.num_rows * about.num_columns
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SetError("set.unreadable", detail=str(error).strip().splitlines()[0][:200]) from error
    if max(declared, cells * CELL) > MOST_UNFOLDED:
        raise SetError("set.unfolds", limit=MOST_UNFOLDED // MEGABYTE)
    _check_names(names)


def _check_header(path: Path) -> int | None:
    """The names in the first line of a text table: twice the same would be renamed in silence.

    How many there are; None where the line breaks within a name, so that this cannot be told from it.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline(MEGABYTE)
    separator = max(SEPARATORS, key=line.count)
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:  # a name longer than the reader bears
        raise SetError("set.names", limit=LONGEST_NAME) from error
    _check_names(names)
    return None if line.count('"') % 2 else len(names)


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise SetError("set.wide", limit=MOST_COLUMNS)
    if any(len(name) > LONGEST_NAME or "\0" in name for name in names):
        raise SetError("set.names", limit=LONGEST_NAME)
    folded = [name.strip().casefold() for name in names]
    twice = sorted({name for name, fold in zip(names, folded, strict=True) if folded.count(fold) > 1})
    if twice:
        raise SetError("set.column_twice", columns=twice[:10])
