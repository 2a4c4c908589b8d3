"""Draws a table from a database that an administrator opened: only to read, bounded, and kept as Parquet."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from governance.auditing.features import MOST_BYTES, unfolded_size
from governance.auditing.places import MEGABYTE, SetError
from governance.models import DataConnection
from governance.secrets import unseal
from portal.web.errors import Unavailable

MOST_ROWS = 50_000_000
STATEMENT_SECONDS = 600


def draw(connection: DataConnection, table: str, target: Path) -> Path:
    """Write the rows of a table, such as ``scoring.held_out``, to a Parquet file.

    Raises
    ------
    SetError
        There is no such table, it has too many rows or bytes, or the connection was closed meanwhile.
    Unavailable
        The database does not answer.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not connection.enabled:
        raise SetError("set.connection_closed", name=connection.name)
    schema, _, name = table.rpartition(".")
    try:
        backend = _connect(connection)
    except Exception as error:  # each driver has errors of its own
        raise Unavailable("set.database_silent", name=connection.name, detail=_line(error)) from error
    try:
        found = backend.table(name, **({"database": schema} if schema else {}))
        if unfolded_size(found) > MOST_BYTES:
            raise SetError("set.too_large", limit=MOST_BYTES // MEGABYTE)
        pq.write_table(found.limit(MOST_ROWS).to_pyarrow(), target)
    except SetError:
        raise
    except pa.ArrowException as error:  # its words hold a value, which not everybody may read who reads why
        raise SetError("set.mixed", table=table) from error
    except Exception as error:
        raise SetError("set.no_table", table=table, detail=_line(error)) from error
    finally:
        backend.disconnect()
    return target


def _connect(connection: DataConnection):
    """An Ibis backend that cannot write."""
    import ibis

    match connection.kind:
        case DataConnection.Kind.DUCKDB:
            # Otherwise a table's name may be the path of any file, or an address, and DuckDB would read it.
            return ibis.duckdb.connect(connection.address, read_only=True, enable_external_access=False)
        case DataConnection.Kind.SQLITE:
            if not Path(connection.address).is_file():
                raise FileNotFoundError(connection.address)
            backend = ibis.sqlite.connect(connection.address)
            backend.raw_sql("PRAGMA query_only = ON").close()
            return backend
    parts = urlsplit(connection.address)
    return ibis.postgres.connect(
        host=parts.hostname,
        port=parts.port or 5432,
        user=parts.username,
        password=unseal(connection.password_encrypted) or None,
        database=parts.path.lstrip("/"),
        options=f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS * 1000}",
        connect_timeout=settings.REGISTRY_TIMEOUT,
    )


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
