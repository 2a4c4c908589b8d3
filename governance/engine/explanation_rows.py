"""Choose the rows of an explanation: a seeded sample to explain, and the background beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from governance.engine.tables import PARQUET_MAGIC, EvaluationDataError, open_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BATCH_ROWS = 65_536
INDEX_COLUMN = re.compile(r"__index_level_\d+__")
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Rows:
    """Rows for the model, features only.

    Attributes
    ----------
    table : pyarrow.Table
        Rows to explain, then the background.
    explained : ndarray of int
        Their numbers in the data, ascending.
    total : int
        Rows of the data.
    """

    table: pa.Table
    explained: np.ndarray
    total: int


def choose_rows(
    features: pa.Table | str | Path,
    *,
    columns: Sequence[str] | None,
    required: Iterable[str] = (),
    drop: Iterable[str] = (),
    rows: int,
    background: int,
    seed: int,
) -> Rows:
    """Draw rows without replacement; explained rows and background do not overlap where there are enough.

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
    rows, background : int
        How many rows of each.
    seed : int

    Raises
    ------
    EvaluationDataError
        If the data cannot be read, lacks columns, or has fewer than two rows.
    """
    import numpy as np
    import pyarrow as pa

    with _opened(features) as (names, total, read):
        chosen = _columns(names, columns, set(required), set(drop))
        if total < 2:
            raise EvaluationDataError("explanation.too_few_rows", rows=total)
        order = np.random.default_rng(seed).permutation(total)[: rows + background]
        explained = np.sort(order[: min(rows, total)])
        behind = order[rows:] if len(order) > rows else explained[:background]
        wanted = np.unique(np.concatenate([explained, behind]))
        taken = _take(read(chosen), wanted)
    places = np.searchsorted(wanted, np.concatenate([explained, behind]))
    return Rows(taken.take(pa.array(places)), explained, total)


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
