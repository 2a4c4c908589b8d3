"""How many rows of an evaluation set the model was trained on: rows are compared by a hash of their features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from governance.auditing.measuring import Relation, database, quoted, relation
from governance.auditing.places import SetError

NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
NUMERIC += ("FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN")


def overlap(cases: Path, training: Path, not_features: set[str], folder: Path) -> dict[str, Any]:
    """Count the cases whose features all stand in one row of the training data.

    Parameters
    ----------
    not_features : set of str
        Columns left out of the comparison: label, prediction, keys.

    Returns
    -------
    dict
        ``rows`` found in both, ``of`` all cases, and how many ``columns`` were compared.
    """
    with database(folder) as found:
        left, right = relation(found, cases), relation(found, training)
        columns = [name for name in left.columns if name in right.columns and name not in not_features]
        if not columns:
            raise SetError("set.nothing_in_common")
        query = f"""
            SELECT count(*) FILTER (h IN (SELECT {_hash(right, columns)} FROM {right.sql})), count(*)
            FROM (SELECT {_hash(left, columns)} AS h FROM {left.sql})"""
        rows, of = found.execute(query).fetchone()
    return {"rows": rows, "of": of, "columns": len(columns)}


def _hash(table: Relation, columns: list[str]) -> str:
    """One number a row; 1 and 1.0 are the same value in two files."""
    kinds = dict(zip(table.columns, table.types, strict=True))
    parts = [
        f"{quoted(name)}::DOUBLE::VARCHAR" if kinds[name].startswith(NUMERIC) else f"{quoted(name)}::VARCHAR"
        for name in columns
    ]
    return f"hash({', '.join(parts)})"
