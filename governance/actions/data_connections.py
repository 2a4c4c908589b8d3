"""Databases that evaluation tables are drawn from: an administrator's changes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from governance.models import DataConnection
from governance.secrets import seal
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Invalid


def save_connection(
    *,
    connection: DataConnection | None = None,
    name: str,
    kind: str,
    address: str,
    password: str | None = None,
    team: Team | None = None,
    enabled: bool = True,
    by,
) -> DataConnection:
    """Open a database to a team, or to all; a password of None keeps the one there is.

    Parameters
    ----------
    address : str
        ``postgres://user@host:5432/database``, or the path of a DuckDB or SQLite file.
    """
    if by is not None:
        require(by, "connection.manage")
    address = _checked(kind, address.strip())
    is_new = connection is None
    before = {} if is_new else _facts(connection)
    connection = connection or DataConnection()
    if not is_new and password is None and connection.password_encrypted and _moved(connection.address, address):
        message = Message("registry.password_again")
        raise Invalid(message, {"password": message})
    connection.name, connection.kind, connection.address = name.strip(), kind, address
    connection.team, connection.enabled = team, enabled
    if password is not None:
        connection.password_encrypted = seal(password)
    try:
        with transaction.atomic():
            connection.save()
            record(
                action="data_connection.open" if is_new else "data_connection.change",
                by=by,
                subject=("data-connection", connection.pk, connection.name),
                before=before,
                after=_facts(connection),
                params={"password_changed": password is not None},
            )
    except IntegrityError:
        message = Message("registry.name_taken", {"name": name})
        raise Invalid(message, {"name": message}) from None
    return connection


def _checked(kind: str, address: str) -> str:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - it is read only when asked for, and may be none
    except ValueError:
        raise Invalid("data_connection.address", {"address": Message("data_connection.address")}) from None
    if kind == DataConnection.Kind.POSTGRES:
        fitting = parts.scheme in ("postgres", "postgresql") and parts.hostname and parts.path.strip("/")
        fitting = fitting and not (parts.query or parts.fragment)  # a password could stand there, and would be shown
    else:
        fitting = address.startswith("/")
    if not fitting:
        raise Invalid("data_connection.address", {"address": Message("data_connection.address")})
    if parts.password:
        raise Invalid("registry.address_secret", {"address": Message("registry.address_secret")})
    return address


def _moved(old: str, new: str) -> bool:
    """Whether the address leads to another host: a stored password goes to the old one only."""
    return (urlsplit(old).hostname, urlsplit(old).port) != (urlsplit(new).hostname, urlsplit(new).port)


def _facts(connection: DataConnection) -> dict[str, object]:
    return {
        "kind": connection.kind,
        "address": connection.address,
        "team": connection.team.slug if connection.team else "",
        "enabled": connection.enabled,
    }
