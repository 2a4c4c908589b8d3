"""Tables from outside: read behind the walls, bounded, and written anew; what cannot be used is told in a sentence."""

from __future__ import annotations

import datetime as dt
import decimal
import textwrap

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.sandbox import Outcome, SandboxFailure, TableLimits, convert_table, measure_table, tables
from governance.sandbox.limits import MEBIBYTE

SMALL = TableLimits(rows=1000, columns=10, cells=5000, bytes=MEBIBYTE)


@pytest.fixture
def refused(tmp_path):
    """Give a file to the reader, and return its objection."""

    def give(content: bytes | pa.Table, bounds: TableLimits = SMALL):
        path = tmp_path / "given"
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content)
        with pytest.raises(SandboxFailure) as failure:
            convert_table(path, tmp_path / "target", bounds=bounds)
        assert not (tmp_path / "target").exists()
        assert "%(" not in str(failure.value)
        return failure.value.message

    return give


def test_a_table_of_many_types_comes_out_plain(tmp_path):
    moment = dt.datetime(2026, 1, 1, 9)
    rows = pa.table(
        {
            "whole": pa.array([1, None, 3], pa.int32()),
            "word": pa.array(["x", "y", "x"]).dictionary_encode(),
            "bytes": pa.array([b"a", None, "é".encode()]),
            "flag": [True, None, False],
            "price": pa.array([decimal.Decimal("1.5")] * 3),
            "at": pa.array([moment] * 3, pa.timestamp("ns", tz="Asia/Tokyo")),
            "nothing": pa.nulls(3),
        }
    )
    given, target = tmp_path / "given", tmp_path / "target.parquet"
    pq.write_table(rows, given)
    given.chmod(0o600)
    size = convert_table(given, target)
    assert (size.kind, size.rows) == ("parquet", 3)
    assert {c.name: c.type for c in size.columns} == {
        "whole": "int32", "word": "string", "bytes": "string", "flag": "bool", "price": "double",
        "at": "timestamp[us, tz=UTC]", "nothing": "string",
    }  # fmt: skip
    made = pq.read_table(target).to_pylist()
    assert made[0] == {
        "whole": 1, "word": "x", "bytes": "a", "flag": True, "price": 1.5, "at": moment.replace(tzinfo=dt.UTC),
        "nothing": None,
    }  # fmt: skip
    assert [row["bytes"] for row in made] == ["a", None, "é"]
    assert measure_table(given).rows == 3


def test_words_of_a_text_table_stay_words_and_its_types_hold_for_all_rows(tmp_path):
    given, target = tmp_path / "given.csv", tmp_path / "target"
    late = "".join(f"{i};true;2026-01-0{i % 9 + 1};{i}.5\n" for i in range(60_000))
    given.write_text("code;agreed;day;amount\n" + late + "A7;no;2026-02-01;\n")
    size = convert_table(given, target)
    assert [(c.name, c.type) for c in size.columns] == [
        ("code", "string"), ("agreed", "string"), ("day", "date32[day]"), ("amount", "double"),
    ]  # fmt: skip
    last = pq.read_table(target).slice(size.rows - 1).to_pylist()
    assert last == [{"code": "A7", "agreed": "no", "day": dt.date(2026, 2, 1), "amount": None}]


def test_what_a_spreadsheet_saves_as_unicode_is_read(tmp_path):
    (tmp_path / "given").write_bytes("name,n\n東京,1\n".encode("utf-16"))
    convert_table(tmp_path / "given", tmp_path / "target")
    assert pq.read_table(tmp_path / "target").to_pylist() == [{"name": "東京", "n": 1}]


def test_a_bomb_is_refused_by_what_it_unfolds_to(refused, tmp_path):
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 900, pa.int32()), pa.array(["x" * MEBIBYTE]))
    message = refused(pa.table({"x": words}))
    assert message.code == "sandbox.table_bytes"
    assert (tmp_path / "given").stat().st_size < 100_000
    with pytest.raises(SandboxFailure) as failure:
        measure_table(tmp_path / "given", bounds=SMALL)
    assert failure.value.message.code == "sandbox.table_bytes"


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (b"", "table_empty", {}),
        (b"PK\x03\x04\x14\x00", "table_format", {}),
        (b"\x1f\x8b\x08\x00", "table_format", {}),
        (b"PAR1" + b"x" * 100 + b"PAR1", "table_unreadable", None),
        ("a,b\n1,東京\n".encode("cp932"), "table_encoding", {"line": 2}),
        (b"a,b\n1,2\n3\n", "table_ragged", {"line": 3}),
        (b"a,a\n1,2\n", "table_duplicate", {"columns": ["a"]}),
        (b"a\n" + b"1\n" * 1001, "table_rows", {"limit": 1000}),
        (b",".join(b"c%d" % i for i in range(11)) + b"\n", "table_columns", {"limit": 10}),
        (b"a,b,c,d,e,f\n" + b"1,2,3,4,5,6\n" * 900, "table_cells", {"limit": 5000}),
        (pa.table({"x": [[1], [2]]}), "table_types", {"columns": ["x (list<element: int64>)"]}),
        (pa.table({"x": [b"\xff\xfe"]}), "table_unreadable", None),
    ],
)
def test_what_cannot_be_used_is_told(refused, content, code, params):
    message = refused(content)
    assert message.code == f"sandbox.{code}"
    assert params is None or message.params == params


LIAR = """
    import json, os, sys
    out = os.fdopen(os.dup(1), "wb")
    column = {"name": "a", "type": "large_string", "buffers": [False, True, True]}
    column |= json.loads(%r)
    offsets, text = (0).to_bytes(8, "little") + (%d).to_bytes(8, "little"), b"%s"
    said = {"kind": "csv", "rows": 1, "bytes": 3, "columns": [column], "blocks": [len(offsets), len(text)]}
    body = json.dumps(said).encode()
    out.write(b"result %%d\\n" %% len(body) + body + offsets + text); out.close()
"""


@pytest.mark.parametrize(
    ("column", "end", "text"),
    [
        ("{}", 2**40, "abc"),  # offsets that lead out of the text
        ("{}", 3, "\\xff\\xff\\xff"),  # no text
        ('{"type": "list<item: int64>"}', 3, "abc"),
        ('{"type": "int64", "buffers": [true, true]}', 3, "abc"),  # a buffer that is too short
        ('{"buffers": [false, true, false]}', 3, "abc"),
        ('{"buffers": 7}', 3, "abc"),
    ],
)
def test_a_reader_that_was_taken_over_gives_no_table(monkeypatch, tmp_path, column, end, text):
    (tmp_path / "tabular.py").write_text(textwrap.dedent(LIAR % (column, end, text)))
    monkeypatch.setattr(tables, "run", lambda task, **given: _run(task, code=tmp_path, **given))
    with pytest.raises(SandboxFailure) as failure:
        convert_table(tmp_path / "tabular.py", tmp_path / "target")
    assert failure.value.message.code == "sandbox.bad_answer"
    assert not (tmp_path / "target").exists()


_run = tables.run


@pytest.mark.parametrize("code", [["format"], {"format": 1}, 7, True, "unheard of"])
def test_an_objection_that_is_none_of_ours_is_a_bad_answer(tmp_path, monkeypatch, code):
    """The reader may be its author's by now."""
    answer = Outcome({"refused": code, "params": {}}, {}, "", "bubblewrap", 0.1)
    monkeypatch.setattr(tables, "run", lambda *args, **given: answer)
    with pytest.raises(SandboxFailure) as failure:
        tables.measure_table(tmp_path / "table.csv")
    assert failure.value.message.code == "sandbox.bad_answer"
