"""Evaluation data meant to do harm, or made by mishap: each is refused with a sentence, and reads nothing else."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.actions.data_connections import save_connection
from governance.auditing import drawing, leftovers, measuring, places
from governance.auditing.encodings import readable
from governance.auditing.places import SetError
from governance.models import DataConnection
from governance.views.audit_export import _cell
from portal.web.errors import Invalid
from tests.governance.evaluation_made import uploaded


def measured(path, folder):
    place = folder / "place"
    place.mkdir()
    return measuring.measure(readable(path, place), folder)


@pytest.fixture
def warehouse(tmp_path):
    (tmp_path / "secret.csv").write_text("name,score\nTaro,1\n")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as found:
        found.execute("CREATE TABLE t AS SELECT 1 AS y")
        found.execute(f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path}/secret.csv')")
    return DataConnection(name="W", kind="duckdb", address=str(tmp_path / "w.duckdb"))


@pytest.mark.parametrize(
    "table", ["{folder}/secret.csv", "v", "read_csv('{folder}/secret.csv')", "t; DROP TABLE t", "."]
)
def test_the_name_of_a_table_opens_no_file(warehouse, tmp_path, table):
    with pytest.raises(SetError, match="cannot be read"):
        drawing.draw(warehouse, table.format(folder=tmp_path), tmp_path / "drawn.parquet")
    assert not (tmp_path / "drawn.parquet").exists()
    drawing.draw(warehouse, "main.t", tmp_path / "drawn.parquet")
    assert pq.read_table(tmp_path / "drawn.parquet").to_pylist() == [{"y": 1}]


def test_a_closed_connection_draws_nothing(warehouse, tmp_path):
    warehouse.enabled = False
    with pytest.raises(SetError, match="closed"):
        drawing.draw(warehouse, "t", tmp_path / "drawn.parquet")


def test_why_a_table_cannot_be_drawn_names_no_value(tmp_path):
    with sqlite3.connect(tmp_path / "lite.db") as found:
        found.execute("CREATE TABLE people (x)")
        found.executemany("INSERT INTO people VALUES (?)", [(1,), ("Taro Yamada",)])
    lite = DataConnection(name="L", kind="sqlite", address=str(tmp_path / "lite.db"))
    with pytest.raises(SetError, match="several types") as refused:
        drawing.draw(lite, "people", tmp_path / "drawn.parquet")
    assert "Taro" not in str(refused.value.message.to_json())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["postgres://u@h:99999/db", "postgres://[u@h/db", "postgres://u@h/db?password=hunter2", "postgres://h/d#p"],
)
def test_an_address_that_cannot_be_read_or_hides_a_secret_is_refused(cast, address):
    with pytest.raises(Invalid) as refused:
        save_connection(name="P", kind="postgres", address=address, by=cast.admin)
    assert "address" in refused.value.fields
    assert not DataConnection.objects.exists()


@pytest.mark.parametrize("place", ["file:///data/%00", "file://[x/y", "file:///" + "a" * 900])
def test_what_no_file_can_be_named_is_missing(place):
    with pytest.raises(SetError, match=r"no (file|place)"):
        places.allowed_file(place, None)
    with pytest.raises(SetError):
        places.s3_bucket(place.replace("file:", "s3:"), None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a" * 200_000 + b",b\n1,2\n", "longer than 200"),
        (b',"' * 400_000 + b"\n1\n", "more than 2,?000 columns"),
        (b"a'b\"c " * 150_000 + b"\n1\n", "longer than 200"),
        (b"a,b\n1,2\n1,2,3,4\n5\n", "not divided alike"),
        ("a,b\n1,2\n".encode("utf-16-le"), "neither UTF-8 nor Shift_JIS"),
        (b"PK\x03\x04" + b"\0" * 50, "neither UTF-8 nor Shift_JIS"),
    ],
    ids=["long name", "quotes", "no separator", "ragged", "utf-16 without mark", "zip"],
)
def test_a_text_that_is_no_table_is_refused_at_once(tmp_path, content, says):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SetError, match=says):
        measured(path, tmp_path)


def test_times_beyond_what_python_holds_are_shown_as_text(tmp_path):
    last = 9223372036854775806
    times = {"moment": pa.array([last], pa.timestamp("us")), "zoned": pa.array([1], pa.timestamp("us", "Asia/Tokyo"))}
    pq.write_table(pa.table(times), tmp_path / "t.parquet")
    [[moment, zoned]] = measured(tmp_path / "t.parquet", tmp_path).first
    assert moment.startswith("294247-01-10")
    assert zoned.startswith("1970-01-01")


def test_a_sentence_names_no_folder_of_the_house(tmp_path):
    pq.write_table(pa.table({}), tmp_path / "t.parquet")
    with pytest.raises(SetError, match="cannot be read") as refused:
        measured(tmp_path / "t.parquet", tmp_path)
    assert str(tmp_path) not in str(refused.value.message.to_json())


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_became_no_set_leaves_no_rows_behind(cast, settings):
    first = uploaded(cast.team, cast.member)
    with pytest.raises(Invalid, match="named Held out already"):
        uploaded(cast.team, cast.member, text="a,b\n9,9\n")
    with pytest.raises(Invalid, match="named Held out already"):
        uploaded(cast.team, cast.member)  # the same rows belong to the first
    assert [path.name for path in (settings.SEKISHO_HOME / "evaluation").iterdir()] == [first.kept_file.name]


@pytest.mark.django_db
def test_what_a_killed_sandbox_was_given_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long_ago = time.time() - 2 * leftovers.LONGEST_AUDIT
    for name, given, when in (
        ("sekisho-a1b2c3d4", "input/task.json", long_ago),
        ("sekisho-running_", "input/task.json", time.time()),
        ("sekisho-mainhome", "sekisho.sqlite3", long_ago),
    ):
        (tmp_path / name / given).parent.mkdir(parents=True)
        (tmp_path / name / given).touch()
        os.utime(tmp_path / name, (when, when))
    leftovers.clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sekisho-mainhome", "sekisho-running_"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x"]
)
def test_no_cell_of_a_file_is_run_by_a_spreadsheet(text):
    assert _cell(text) == "'" + text
    assert (_cell(-1.5), _cell(None), _cell("a=1")) == (-1.5, "", "a=1")
