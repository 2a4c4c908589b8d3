"""Reads a table that nobody has looked at yet: counts it, and gives its columns as plain buffers.

``python -I start.py tabular.py``. Formats are known by their first bytes, bounds hold while it is read, and what
is wrong is said as a code with its figures.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import answer

TABLE = "/sekisho/table"
PARQUET_MAGIC = b"PAR1"
# What people upload by mistake, and would otherwise be read as one long word.
OTHER_MAGIC = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"Obj\x01", b"\x89HDF", b"%PDF",
               b"\xd0\xcf\x11\xe0", b"\x80\x04", b"\x80\x05", b"SQLite format 3")  # fmt: skip
BATCH_ROWS = 8192
DELIMITERS = b",;\t|"


class Refused(Exception):
    """The table is none that can be used."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def main() -> None:
    answer.claim_output()
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sys.path.extend(path for path in task["packages"] if path not in sys.path)
    answer.phase("load")
    try:
        payload, blocks = read(Path(task["table"]), task)
    except Refused as refused:
        payload, blocks = {"refused": refused.code, "params": refused.params}, []
    except MemoryError:
        payload, blocks = {"refused": "bytes", "params": {}}, []
    except Exception as error:  # a reader's own words on a broken file
        payload, blocks = {"refused": "unreadable", "params": {"error": " ".join(str(error).split())[:300]}}, []
    answer.answer(payload, blocks=blocks)


def read(path: Path, task: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Sizes and columns of a table, and the buffers of its columns if they are asked for."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head.strip():
        raise Refused("empty")
    bounds = task["bounds"]
    if head.startswith(PARQUET_MAGIC):
        kind, batches = "parquet", _parquet(path, bounds)
    elif head.startswith(OTHER_MAGIC) or (b"\0" in head and not head.startswith(_wide_marks())):
        raise Refused("format")
    else:
        kind, batches = "csv", _csv(path, bounds)
    columns, rows, size = _gathered(batches, bounds, plain=task["convert"])
    payload = {"kind": kind, "rows": rows, "bytes": size, "columns": columns["listed"]}
    if not task["convert"]:
        return payload, []
    return _buffers(payload, columns)


def _parquet(path: Path, bounds: dict[str, int]):
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, memory_map=True)
    _require("rows", file.metadata.num_rows, bounds)
    schema = file.schema_arrow
    _check_shape(schema, file.metadata.num_rows, bounds)
    yield schema
    yield from file.iter_batches(batch_size=BATCH_ROWS, use_threads=False)


def _csv(path: Path, bounds: dict[str, int]):
    """A text table; types are found over all its rows, an empty cell is a missing one, and words stay words."""
    import pyarrow.csv as csv

    text = _as_utf8(path)
    first = text[: text.find(b"\n") if b"\n" in text else len(text)]
    delimiter = max(DELIMITERS, key=lambda byte: first.count(bytes([byte])))
    _require("columns", first.count(bytes([delimiter])) + 1, bounds)
    _require("rows", text.count(b"\n") - 1, bounds)
    ragged = []

    def note(row) -> str:
        ragged.append(row.number or 0)
        return "error"

    try:
        table = csv.read_csv(
            io.BytesIO(text),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=chr(delimiter), newlines_in_values=True, invalid_row_handler=note),
            convert_options=csv.ConvertOptions(
                null_values=[""], true_values=[], false_values=[], strings_can_be_null=True, check_utf8=True
            ),
        )
    except Exception:
        if ragged:
            raise Refused("ragged", line=ragged[0]) from None
        raise
    _check_shape(table.schema, table.num_rows, bounds)
    yield table.schema
    yield from table.to_batches(max_chunksize=BATCH_ROWS)


def _wide_marks() -> tuple[bytes, ...]:
    return codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def _as_utf8(path: Path) -> bytes:
    """The file as UTF-8; a text that is none is refused by its line."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith(_wide_marks()) else "utf-8-sig"
    try:
        return raw.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        line = raw.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise Refused("encoding", line=line) from None


def _check_shape(schema, rows: int, bounds: dict[str, int]) -> None:
    names = schema.names
    _require("columns", len(names), bounds)
    _require("rows", rows, bounds)
    _require("cells", rows * len(names), bounds)
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise Refused("duplicate", columns=[name[:100] for name in twice[:10]])
    if not names:
        raise Refused("empty")


def _require(name: str, found: int, bounds: dict[str, int]) -> None:
    if found > bounds[name]:
        raise Refused(name, found=found, limit=bounds[name])


def _gathered(batches, bounds: dict[str, int], *, plain: bool) -> tuple[dict[str, Any], int, int]:
    """Count a table batch by batch; with `plain` its columns are kept, in types that any reader knows."""
    schema = next(batches)
    kinds = [_plain_type(field.type) for field in schema]
    unknown = [
        f"{field.name[:100]} ({str(field.type)[:60]})" for field, kind in zip(schema, kinds, strict=True) if not kind
    ]
    if plain and unknown:
        raise Refused("types", columns=unknown[:10])
    chunks, rows, size = [[] for _ in kinds], 0, 0
    for batch in batches:
        rows += batch.num_rows
        size += sum(map(_unfolded_bytes, batch.columns))
        _require("rows", rows, bounds)
        _require("bytes", size, bounds)
        if plain:
            for chunk, column, kind in zip(chunks, batch.columns, kinds, strict=True):
                chunk.append(_as_plain(column, kind))
    listed = [{"name": name, "type": str(field.type)[:60]} for name, field in zip(schema.names, schema, strict=True)]
    return {"listed": listed, "kinds": kinds, "chunks": chunks}, rows, size


def _unfolded_bytes(column) -> int:
    """Size of a column; one that repeats the words of a dictionary counts each time it does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    words = column.dictionary
    if not hasattr(words, "buffers") or words.type.num_fields or len(words.buffers()) < 3:
        return len(column) * 8
    return 8 * len(column) + (pc.sum(pc.binary_length(words).take(column.indices)).as_py() or 0)


def _plain_type(kind) -> Any:
    """The plain type that holds another's values; None if there is none."""
    import pyarrow as pa

    t = pa.types
    if t.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if t.is_boolean(kind) or t.is_integer(kind) or t.is_float32(kind) or t.is_float64(kind):
        return kind
    if t.is_float16(kind):
        return pa.float32()
    if t.is_decimal(kind):
        return pa.float64()
    if t.is_date(kind):
        return pa.date32()
    if t.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz else None)
    text = (t.is_string, t.is_large_string, t.is_string_view, t.is_binary, t.is_large_binary, t.is_time, t.is_null)
    return pa.large_string() if any(test(kind) for test in text) else None


def _as_plain(column, kind) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    column = column.cast(kind, safe=False)
    column.validate(full=True)
    return column


def _buffers(payload: dict[str, Any], columns: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Each column as its buffers: validity if something is missing, offsets of texts, values."""
    import pyarrow as pa

    blocks = []
    for entry, kind, chunks in zip(payload["columns"], columns["kinds"], columns["chunks"], strict=True):
        # Concatenated to one array that begins at the beginning of its buffers; the parts are then let go.
        whole = pa.concat_arrays([*chunks, pa.array([], kind)])
        chunks.clear()
        buffers = whole.buffers()
        if not whole.null_count:
            buffers[0] = None
        entry |= {"type": str(kind), "buffers": [buffer is not None for buffer in buffers]}
        blocks += [buffer for buffer in buffers if buffer is not None]
    return payload, blocks


main()
