"""Choose the rows of an explanation: those that were asked for, a seeded sample, and the background."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from governance.engine.tables import PARQUET_MAGIC, EvaluationDataError, open_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BATCH_ROWS = 65_536
INDEX_COLUMN = re.compile(r"__index_level_\d+__")
MOST_COLUMNS = 2_000
MOST_CHOSEN = 50


class UnknownRow(EvaluationDataError):
    """A row that was asked for by name is not in the data."""


@dataclass(frozen=True)
class Rows:
    """Rows for the model, and what is known of them beside.

    Attributes
    ----------
    table : pyarrow.Table
        Features only: rows asked for, then the sample in random order, then the background.
    numbers : ndarray of int
        Numbers in the data, from 0, of the rows asked for and of the sample.
    chosen : int
        How many of them were asked for.
    behind : int
        Rows of background.
    total : int
        Rows of the data.
    seen : pyarrow.Table
        Each of those rows once, with the columns that the model is not given, such as sensitive ones.
    """

    table: pa.Table
    numbers: np.ndarray
    chosen: int
    behind: int
    total: int
    seen: pa.Table

    @property
    def sample(self) -> int:
        """How many rows there are to sample from."""
        return len(self.numbers) - self.chosen

    def background_digest(self, rows: int) -> str | None:
        """The digest of the first rows of the background, by their values; None of no rows."""
        if not rows:
            return None
        cells = self.table.slice(len(self.numbers), rows).to_pydict()
        text = json.dumps(cells, default=str, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def choose_rows(
    features: pa.Table | str | Path,
    *,
    columns: Sequence[str] | None,
    required: Iterable[str] = (),
    drop: Iterable[str] = (),
    beside: Iterable[str] = (),
    chosen: Sequence[str | int] = (),
    rows: int,
    background: int,
    seed: int,
) -> Rows:
    """Draw sample and background, each without replacement and by itself, so that either stands for the data.

    Parameters
    ----------
    features : pyarrow.Table or path
        A path is read in pieces, and only the drawn rows are kept.
    columns : sequence of str, optional
        Columns of the model's signature; by default all but ``drop``.
    required : iterable of str
        Those of them that the data may not lack.
    drop : iterable of str
        Columns that the model never sees.
    beside : iterable of str
        Columns to keep beside the features, given to the model or not.
    chosen : sequence of str or int
        Rows to explain whatever the sample: a number from 0, or ``column=value`` that holds in one row.
    rows, background : int
        How many rows of each.
    seed : int

    Raises
    ------
    EvaluationDataError
        If the data cannot be read, lacks columns or rows, or has fewer than two rows.
    """
    import numpy as np
    import pyarrow as pa

    drop, beside = list(drop), list(beside)
    if len(chosen) > MOST_CHOSEN:
        raise UnknownRow("explanation.too_many_chosen", count=len(chosen), limit=MOST_CHOSEN)
    with _opened(features) as (names, total, read):
        _require([*drop, *beside], names)
        given = _columns(names, columns, set(required), set(drop))
        if total < 2:
            raise EvaluationDataError("explanation.too_few_rows", rows=total)
        asked = np.array([_numbered(row, names, total, read) for row in dict.fromkeys(map(str, chosen))], dtype=int)
        asked = asked[np.sort(np.unique(asked, return_index=True)[1])]
        generator = np.random.default_rng(seed)
        order = generator.permutation(total)
        numbers = np.concatenate([asked, order[~np.isin(order, asked)][:rows]])
        behind = generator.permutation(total)[:background]
        wanted = np.unique(np.concatenate([numbers, behind]))
        taken = _take(read(list(dict.fromkeys([*given, *beside]))), wanted)
    places = np.searchsorted(wanted, np.concatenate([numbers, behind]))
    table = taken.select(given).take(pa.array(places))
    return Rows(table, numbers, len(asked), len(behind), total, taken)


def _require(wanted: Iterable[str], names: list[str]) -> None:
    for column in wanted:
        if column not in names:
            near = get_close_matches(column, names, n=3, cutoff=0.6) or names[:12]
            raise EvaluationDataError("data.no_column", column=column, near=near)


def _columns(names: list[str], columns: Sequence[str] | None, required: set[str], drop: set[str]) -> list[str]:
    if columns is None:
        chosen = [name for name in names if name not in drop and not INDEX_COLUMN.fullmatch(name)]
    else:
        missing = [name for name in columns if name not in names and name in required]
        if missing:
            raise EvaluationDataError("explanation.missing_columns", columns=missing[:20])
        chosen = [name for name in columns if name in names]
    if not chosen:
        raise EvaluationDataError("explanation.no_columns")
    if len(chosen) > MOST_COLUMNS:
        raise EvaluationDataError("explanation.too_many_columns", count=len(chosen), limit=MOST_COLUMNS)
    return chosen


def _numbered(row: str, names: list[str], total: int, read) -> int:
    """The number of a row that is named by its number or by a value."""
    column, equals, value = row.partition("=")
    if not equals:
        if not (row.isascii() and row.isdigit() and int(row[:18]) < total):
            raise UnknownRow("explanation.no_such_row", row=row[:80], last=total - 1)
        return int(row)
    if column not in names:
        raise UnknownRow("explanation.not_one_row", row=row[:80], count=0)
    found, first = [], 0
    for batch in read([column]):
        found += [first + i for i, cell in enumerate(batch.column(0).to_pylist()) if str(cell) == value]
        first += batch.num_rows
    if len(found) != 1:
        raise UnknownRow("explanation.not_one_row", row=row[:80], count=len(found))
    return found[0]


@contextmanager
def _opened(features: pa.Table | str | Path) -> Iterator[tuple]:
    """Names, number of rows, and a function from columns to batches."""
    import pyarrow as pa

    if isinstance(features, pa.Table):
        yield features.column_names, features.num_rows, lambda names: features.select(names).to_batches(BATCH_ROWS)
        return
    with open_table(features) as table:  # says what is wrong with the file
        if _is_parquet(Path(features)):
            yield _parquet(Path(features))
        else:
            total = int(table.count().execute())
            read = lambda names: table.select(names).to_pyarrow().to_batches(BATCH_ROWS)  # noqa: E731
            yield list(table.columns), total, read


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def _parquet(path: Path) -> tuple:
    """By pyarrow itself, which keeps the types the model was trained on (categories)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise EvaluationDataError("data.unreadable", file=path.name, detail=_first_line(error)) from error

    def read(names: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            yield from file.iter_batches(BATCH_ROWS, columns=names)
        except (pa.ArrowException, OSError) as error:
            raise EvaluationDataError("data.unreadable", file=path.name, detail=_first_line(error)) from error

    return file.schema_arrow.names, file.metadata.num_rows, read


def _take(batches: Iterable[pa.RecordBatch], wanted: np.ndarray) -> pa.Table:
    """The wanted rows (ascending numbers) of a stream of batches."""
    import numpy as np
    import pyarrow as pa

    parts, first = [], 0
    for batch in batches:
        low, high = np.searchsorted(wanted, [first, first + batch.num_rows])
        if high > low:
            parts.append(batch.take(pa.array(wanted[low:high] - first)))
        first += batch.num_rows
        if high == len(wanted):
            break
    return pa.Table.from_batches(parts).unify_dictionaries().combine_chunks()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
