"""Evaluation tables that are given to a model: read whole, and never more than the worker can hold."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.auditing import features
from governance.auditing.sources import NotEvaluated


def test_a_table_is_read_as_it_is(tmp_path):
    table = pa.table({"age": [30, None, 50], "name": ["a", "b", None], "rate": [0.5, 1.5, 2.5]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert features.read_table(tmp_path / "t.parquet").to_pydict() == table.to_pydict()


def test_an_empty_table_keeps_its_columns(tmp_path):
    pq.write_table(
        pa.table({"age": pa.array([], pa.int64()), "name": pa.array([], pa.string())}), tmp_path / "t.parquet"
    )
    read = features.read_table(tmp_path / "t.parquet")
    assert (read.num_rows, read.column_names) == (0, ["age", "name"])


def test_a_file_that_unfolds_beyond_all_measure_is_not_read(tmp_path, monkeypatch):
    """One long word a million times is a few kilobytes of Parquet."""
    monkeypatch.setattr(features, "MOST_BYTES", 50 * 2**20)
    words = pa.array(["x" * 2000]).dictionary_encode().take(pa.array([0] * 100_000))
    pq.write_table(pa.table({"word": words}), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    with pytest.raises(NotEvaluated, match="more than 50 MB"):
        features.read_table(tmp_path / "t.parquet")
