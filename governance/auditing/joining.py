"""Restricted attributes, joined to the cases by key: in the worker only, and only the columns that are needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from governance.auditing.measuring import database, quoted, relation, require
from governance.auditing.places import SetError


def join_by_key(cases: Path, restricted: Path, key: Sequence[str], columns: Sequence[str], target: Path) -> dict:
    """Write the cases with the restricted columns beside them, in their order.

    A key that stands twice among the restricted rows is ambiguous: its cases get no attributes, like those whose
    key is not there at all. Audits count them as missing.

    Parameters
    ----------
    cases, restricted : Path
        Parquet or CSV.
    key, columns : sequence of str
        Columns that both tables have, and those that only the restricted one has.
    target : Path
        The Parquet file to write.

    Returns
    -------
    dict
        ``rows`` of the cases, how many of them are ``unmatched``, and how many keys are ``duplicates``.
    """
    with database(target.parent) as found:
        left, right = relation(found, cases), relation(found, restricted)
        require(left, key, cases.name)
        require(right, [*key, *columns], restricted.name)
        both = sorted(set(columns) & set(left.columns))
        if both:
            raise SetError("set.column_in_both", columns=both)
        on = ", ".join(f"{quoted(k)}::VARCHAR AS k{i}" for i, k in enumerate(key))
        keys = ", ".join(f"k{i}" for i in range(len(key)))
        wanted = ", ".join(quoted(column) for column in columns)
        found.execute(f"CREATE TEMP TABLE attributes AS SELECT {on}, {wanted} FROM {right.sql}")
        first = ", ".join(f"any_value({quoted(column)}) AS {quoted(column)}" for column in columns)
        found.execute(
            f"CREATE TEMP TABLE single AS SELECT {keys}, 1 AS known, {first} FROM attributes "
            f"GROUP BY {keys} HAVING count(*) = 1"
        )
        duplicates = f"SELECT count(*) FROM (SELECT {keys} FROM attributes GROUP BY {keys} HAVING count(*) > 1)"
        equal = " AND ".join(f"c.k{i} = s.k{i}" for i in range(len(key)))
        names = ", ".join(f"c.{quoted(column)}" for column in left.columns)
        found.execute(
            f"CREATE TEMP TABLE joined AS SELECT {names}, {', '.join(f's.{quoted(c)}' for c in columns)}, "
            f"s.known AS __known, c.__row FROM (SELECT *, {on}, row_number() OVER () AS __row "
            f"FROM {left.sql}) c LEFT JOIN single s ON {equal}"
        )
        rows, known = found.execute("SELECT count(*), count(__known) FROM joined").fetchone()
        [repeated] = found.execute(duplicates).fetchone()
        found.execute(
            f"COPY (SELECT * EXCLUDE (__known, __row) FROM joined ORDER BY __row) "
            f"TO {_text(str(target))} (FORMAT parquet)"
        )
    return {"rows": rows, "unmatched": rows - known, "duplicates": repeated}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
