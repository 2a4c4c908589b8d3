"""Evaluation files before they are queried: their encoding, their columns' names, how many rows they unfold to."""

from __future__ import annotations

import codecs
import csv
import gzip
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from governance.engine.refusal import EvaluationDataError

MAX_ROWS = 2_000_000_000  # a Parquet file of a few kilobytes may claim any number
CHUNK = 1 << 20
LEGACY = ("cp932", "euc_jp")  # cp932 is Shift_JIS as Windows writes it
MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SEPARATORS = ",\t;|"


@contextmanager
def as_utf8(path: Path) -> Iterator[Path]:
    """The CSV file itself, or a copy in UTF-8 that lives as long as it is used.

    Raises
    ------
    EvaluationDataError
        Where the bytes are in no one encoding.
    """
    encoding = encoding_of(path)
    if encoding == "utf-8":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="sekisho-csv-") as folder:
        copy = Path(folder, "table.csv")
        with _opened(path) as source, copy.open("w", encoding="utf-8", newline="") as target:
            for text in _decoded(source, encoding):
                target.write(text)
        yield copy


def encoding_of(path: Path) -> str:
    """The one encoding that all of a text file is in."""
    with _opened(path) as file:
        head = file.read(4)
    try:
        for mark, encoding in MARKS:
            if head.startswith(mark) and _fits(path, encoding):
                return encoding
        if _fits(path, "utf-8"):
            return "utf-8"
        # Bytes of UTF-8 often pass for Shift_JIS: where some lines are the one and some the other, none is it.
        if not _has_utf8_line(path):
            for encoding in LEGACY:
                if _fits(path, encoding):
                    return encoding
    except (OSError, EOFError) as error:
        raise EvaluationDataError("data.unreadable", file=path.name, detail=str(error)[:200]) from error
    raise EvaluationDataError("data.encoding", file=path.name)


def check_parquet(path: Path) -> None:
    """Refuse equal column names, of which one would be read in silence, and rows beyond all measure."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, names = file.metadata.num_rows, file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        detail = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise EvaluationDataError("data.unreadable", file=path.name, detail=detail) from error
    if rows > MAX_ROWS:
        raise EvaluationDataError("data.too_many_rows", file=path.name, rows=rows, limit=MAX_ROWS)
    _check_names(path.name, names)


def check_csv(path: Path, name: str) -> None:
    """Refuse equal column names in the first line."""
    with _opened(path) as file:
        line = file.readline(CHUNK).decode("utf-8-sig", errors="replace").strip("\r\n")
    rows = (next(csv.reader([line], delimiter=separator), []) for separator in SEPARATORS)
    _check_names(name, max(rows, key=len))


def _check_names(file: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.strip().casefold() in seen and name.strip():
            raise EvaluationDataError("data.duplicate_column", file=file, column=name.strip())
        seen.add(name.strip().casefold())


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := file.read(CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _fits(path: Path, encoding: str) -> bool:
    with _opened(path) as file:
        try:
            for _ in _decoded(file, encoding):
                pass
        except UnicodeDecodeError:
            return False
    return True


def _has_utf8_line(path: Path) -> bool:
    """Whether a line that is not plain ASCII is UTF-8."""
    with _opened(path) as file:
        while line := file.readline(CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            return True
    return False
