"""Evaluation files: what opens, and what is refused with a sentence."""

import hashlib
import os

import pandas as pd
import pytest

from governance.engine.tables import EvaluationDataError, file_digest, open_table

ROWS = pd.DataFrame({"sex": ["F", "M", None], "y": [1, 0, 1]})


def values(path) -> list[tuple]:
    with open_table(path) as table:
        return [tuple(row.values()) for row in table.to_pyarrow().to_pylist()]


def test_parquet_and_csv_hold_the_same_rows(tmp_path):
    ROWS.to_parquet(tmp_path / "a.parquet")
    ROWS.to_csv(tmp_path / "a.csv", index=False)
    ROWS.to_csv(tmp_path / "a.csv.gz", index=False)
    expected = [("F", 1), ("M", 0), (None, 1)]
    assert [values(tmp_path / name) for name in ("a.parquet", "a.csv", "a.csv.gz")] == [expected] * 3


def test_a_name_with_a_pattern_in_it_opens_that_file(tmp_path):
    ROWS.to_parquet(tmp_path / "a[1]*.parquet")
    assert len(values(tmp_path / "a[1]*.parquet")) == 3


def test_two_tables_may_be_open_at_once(tmp_path):
    ROWS.to_parquet(tmp_path / "a.parquet")
    ROWS[:1].to_parquet(tmp_path / "b.parquet")
    with open_table(tmp_path / "a.parquet") as one, open_table(tmp_path / "b.parquet") as two:
        assert (one.count().to_pyarrow().as_py(), two.count().to_pyarrow().as_py()) == (3, 1)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.parquet", None, "There is no file"),
        ("empty.csv", b"", "The file empty.csv is empty."),
        ("torn.parquet", b"PAR1 and then nothing of the kind", "The file torn.parquet cannot be read"),
        ("table.xlsx", b"PK\x03\x04", "is neither Parquet nor CSV"),
        ("not.parquet", b"a,b\n1,2\n", "is neither Parquet nor CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvaluationDataError, match=sentence):
        values(path)


def test_a_folder_and_an_address_are_no_files(tmp_path):
    with pytest.raises(EvaluationDataError, match="is not a file"):
        values(tmp_path)
    with pytest.raises(EvaluationDataError, match="There is no file"):
        values("https://example.org/data.parquet")


def test_a_csv_that_breaks_late_is_a_sentence(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("a,b\n" + "1,2\n" * 50_000 + "x,y\n" + "1,2,3\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=r"late\.csv cannot be read"):
        values(path)


def test_the_digest_is_of_the_bytes(tmp_path):
    path = tmp_path / "a.parquet"
    ROWS.to_parquet(path)
    assert file_digest(path) == {
        "name": "a.parquet",
        "bytes": os.path.getsize(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
