"""Tables from outside, read behind the walls: a file of two megabytes may unfold to twenty gigabytes.

The reader of such a file is fed by its author, so it runs in the sandbox. What comes out are plain buffers of
known types; they are checked here and written as a Parquet file of our own making.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.sandbox.backends import Sandbox
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.limits import MEBIBYTE, Limits, configured
from governance.sandbox.run import Outcome, run
from portal.message import Message

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "/sekisho/table"
NAME_CHARACTERS = 1000
TYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double",
    "large_string", "date32[day]", "timestamp[us]", "timestamp[us, tz=UTC]",
)  # fmt: skip
# What the reader may say against a table, with the figures that belong to it.
REFUSALS = {
    "format": (), "empty": (), "encoding": ("line",), "ragged": ("line",), "rows": ("limit",), "columns": ("limit",),
    "cells": ("limit",), "bytes": (), "types": ("columns",), "duplicate": ("columns",), "unreadable": ("error",),
}  # fmt: skip


@dataclass(frozen=True)
class TableLimits:
    """Bounds of a table from outside; ``bytes`` is its size once it is unfolded."""

    rows: int = 5_000_000
    columns: int = 2_000
    cells: int = 200_000_000
    bytes: int = 512 * MEBIBYTE


@dataclass(frozen=True)
class Column:
    """A column and its type as Arrow names it."""

    name: str
    type: str


@dataclass(frozen=True)
class TableSize:
    """What a table is, found by reading it to its end.

    Attributes
    ----------
    kind : str
        ``"parquet"`` or ``"csv"``.
    rows : int
    bytes : int
        Unfolded.
    columns : tuple of Column
    """

    kind: str
    rows: int
    bytes: int
    columns: tuple[Column, ...]


def measure_table(
    path: str | Path,
    *,
    bounds: TableLimits | None = None,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
) -> TableSize:
    """Count a Parquet or CSV file from outside; the format is known by its content.

    Raises
    ------
    SandboxFailure
        With the sentence to show, if the table cannot be read or exceeds its bounds.
    """
    outcome = _read(path, bounds or TableLimits(), limits, sandbox, convert=False)
    return _size(outcome)


def convert_table(
    path: str | Path,
    target: str | Path,
    *,
    bounds: TableLimits | None = None,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
) -> TableSize:
    """Read a Parquet or CSV file from outside, and write it anew as Parquet with plain types.

    Dictionaries, times and binary texts become text; decimals double; moments are kept in microseconds, in UTC if
    they had a zone. Of a CSV, types are found over all rows, and words such as ``yes`` or ``true`` stay text.

    Raises
    ------
    SandboxFailure
        As `measure_table`, and for columns of types that no audit reads.
    """
    import pyarrow.parquet as pq

    bounds = bounds or TableLimits()
    outcome = _read(path, bounds, limits, sandbox, convert=True)
    size = _size(outcome)
    # No Arrow schema of its own: readers shall see text, whatever width its offsets had.
    pq.write_table(_table(outcome, size), target, store_schema=False)
    return size


def _read(
    path: str | Path, bounds: TableLimits, limits: Limits | None, sandbox: Sandbox | None, *, convert: bool
) -> Outcome:
    limits = limits or configured()
    task = {"table": TABLE, "bounds": asdict(bounds), "convert": convert}
    try:
        outcome = run(task, limits=limits, sandbox=sandbox, program="tabular.py", binds={TABLE: path})
    except SandboxFailure as failure:
        raise _explained(failure, bounds) from failure
    refused = outcome.payload.get("refused")
    if refused is not None:
        raise SandboxFailure(_refusal(refused, outcome.payload.get("params"), bounds), outcome.detail)
    return outcome


def _explained(failure: SandboxFailure, bounds: TableLimits) -> SandboxFailure:
    """What ended the reader, said of the table; that there is no sandbox stays as it is."""
    code, params = failure.message.code, failure.message.params
    if code in ("sandbox.none", "sandbox.start_failed"):
        return failure
    if code in ("sandbox.out_of_memory", "sandbox.output_too_large"):
        message = _refusal("bytes", {}, bounds)
    elif code == "sandbox.timed_out":
        message = Message("sandbox.table_time", {"seconds": params["seconds"]})
    else:
        message = Message("sandbox.table_broken")
    return SandboxFailure(message, failure.detail)


def _refusal(code: Any, params: Any, bounds: TableLimits) -> Message:
    """The reader's objection as one of our sentences; its figures are untrusted."""
    if not isinstance(code, str) or code not in REFUSALS or not isinstance(params, dict):
        return Message("sandbox.bad_answer")
    said: dict[str, Any] = {}
    for name in REFUSALS[code]:
        value = params.get(name)
        if name == "columns":
            said[name] = [str(v)[:NAME_CHARACTERS] for v in value[:10]] if isinstance(value, list) else []
        elif name == "limit":
            said[name] = getattr(bounds, code)
        else:
            said[name] = value if type(value) is int else str(value)[:300].rstrip(" .:")
    if code == "bytes":
        said["mebibytes"] = bounds.bytes // MEBIBYTE
    return Message(f"sandbox.table_{code}", said)


def _size(outcome: Outcome) -> TableSize:
    said = outcome.payload
    listed, rows, size = said.get("columns"), said.get("rows"), said.get("bytes")
    sound = (
        isinstance(listed, list)
        and all(
            isinstance(c, dict) and isinstance(c.get("name"), str) and isinstance(c.get("type"), str) for c in listed
        )
        and len({column["name"] for column in listed}) == len(listed)
        and said.get("kind") in ("parquet", "csv")
        and all(type(n) is int and 0 <= n < 2**50 for n in (rows, size))
    )
    if not sound:
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail)
    # How wide the offsets of a text are is no matter of its reader's.
    columns = tuple(Column(c["name"], c["type"][:60].replace("large_string", "string")) for c in listed)
    return TableSize(said["kind"], rows, size, columns)


def _table(outcome: Outcome, size: TableSize) -> pa.Table:
    """The columns, made of their buffers and checked throughout."""
    import pyarrow as pa

    blocks = list(reversed(outcome.blocks))
    try:
        columns = [_column(entry, size.rows, blocks) for entry in outcome.payload["columns"]]
        if blocks:
            raise ValueError("blocks left over")
        return pa.table(columns, names=[column.name for column in size.columns])
    except (pa.ArrowException, ValueError, TypeError, IndexError) as error:
        raise SandboxFailure(Message("sandbox.bad_answer"), outcome.detail) from error


def _column(entry: dict[str, Any], rows: int, blocks: list[memoryview]) -> pa.Array:
    import pyarrow as pa

    if entry["type"] not in TYPES:
        raise ValueError("type")
    kind = {
        "large_string": pa.large_string(), "float": pa.float32(), "double": pa.float64(),
        "date32[day]": pa.date32(), "bool": pa.bool_(),
        "timestamp[us]": pa.timestamp("us"), "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
    }.get(entry["type"])  # fmt: skip
    kind = kind or pa.type_for_alias(entry["type"])
    there = entry.get("buffers")
    if not isinstance(there, list) or len(there) != (3 if kind == pa.large_string() else 2):
        raise ValueError("buffers")
    buffers = [pa.py_buffer(blocks.pop()) if one else None for one in there]
    if any(buffer is None for buffer in buffers[1:]):
        raise ValueError("a buffer is missing")
    column = pa.Array.from_buffers(kind, rows, buffers)
    column.validate(full=True)
    return column
