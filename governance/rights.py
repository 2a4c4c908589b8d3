"""Tier 1 of enforcement: who may change the models that are environments, by MLflow's own permissions.

Works against a server with basic-auth, as its administrator, as the portal's account, and as any other account
that is to be tried. Nothing but permissions is changed, and models made that lack; trying changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from governance.registry import Connection
from governance.registry.connection import Deadline
from governance.registry.errors import Denied, NotFound, NotMlflow, Rejected
from governance.registry.http import call_json
from portal.message import Message

NOBODY = 999_999_999  # a version that no model has
_USERS = "/api/3.0/mlflow/users"
_MODELS = "/api/2.0/mlflow"


@dataclass(frozen=True)
class Trial:
    """One thing that an account tried on a model; `wanted` is whether it should have been let."""

    account: str
    model: str
    what: str
    allowed: bool
    wanted: bool

    @property
    def right(self) -> bool:
        return self.allowed == self.wanted


@dataclass(frozen=True)
class Grant:
    """What an account may do on a model, and what it might before."""

    account: str
    model: str
    before: str
    after: str
    wanted: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.after in self.wanted


def environment_models(connection: Connection, patterns: Sequence[str]) -> list[str]:
    """The models on the server that match a pattern such as ``prod.*``; prompts are none."""
    names = (model.name for model in connection.models())
    return sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


def set_up(admin: Connection, portal: Connection, patterns: Sequence[str], make: Iterable[str] = ()) -> list[Grant]:
    """Give the portal's account alone the right to change the models that match.

    Parameters
    ----------
    admin, portal : Connection
        The same server, as an administrator of it and as the portal.
    patterns : sequence of str
        Which models are environments.
    make : iterable of str
        Models to make if they are not there: whoever makes a model may change it, so that the portal does.

    Returns
    -------
    list of Grant
        What each account may do now. A grant that is not `right` comes from a role or from the server's
        ``default_permission``, which are not changed here.
    """
    try:
        users = _call(admin, "GET", "/api/2.0/mlflow/users/list").get("users", [])
    except (NotMlflow, NotFound) as error:
        raise Rejected(Message("gate.no-sign-in", {"address": admin.address})) from error
    accounts = {str(user["username"]): bool(user.get("is_admin")) for user in users}
    if not accounts.get(str(admin.username)):  # who is none may take rights away and not give them
        detail = f"{admin.username} is no administrator of the server."
        raise Denied(Message("registry.denied", {"address": admin.address, "detail": detail}))
    there = {model.name for model in portal.models()}
    for name in make:
        if name not in there:
            _call(portal, "POST", f"{_MODELS}/registered-models/create", body={"name": name})
    return [
        _arrange(admin, account, name, mine=account == portal.username)
        for name in environment_models(admin, patterns)
        for account, is_admin in sorted(accounts.items())
        if not is_admin
    ]


def try_out(portal: Connection, other: Connection, patterns: Sequence[str]) -> list[Trial]:
    """Try, on each model that matches, what another account must not be able to do and the portal's must.

    Each trial asks for something that cannot be done, such as moving an alias to a version that does not exist:
    the server's sign-in refuses it before the registry finds that out, or does not.
    """
    return [
        Trial(str(connection.username or ""), name, what, _may(connection, method, path, {"name": name} | body), mine)
        for name in environment_models(portal, patterns)
        for connection, mine in ((portal, True), (other, False))
        for what, method, path, body in _trials()
    ]


def _trials() -> list[tuple[str, str, str, dict[str, Any]]]:
    none = f"sekisho-check-{secrets.token_hex(4)}"
    version = {"version": str(NOBODY)}
    return [
        ("move an alias", "POST", "registered-models/alias", version | {"alias": none}),
        ("remove an alias", "DELETE", "registered-models/alias", {"alias": none}),
        ("register a version", "POST", "model-versions/create", {"source": ""}),
        ("set a tag of a version", "POST", "model-versions/set-tag", version | {"key": none, "value": ""}),
        ("delete a version", "DELETE", "model-versions/delete", version),
        ("rename the model", "POST", "registered-models/rename", {"new_name": ""}),
    ]


def _may(connection: Connection, method: str, path: str, body: dict[str, Any]) -> bool:
    try:
        _call(connection, method, f"{_MODELS}/{path}", body=body)
    except Denied as refusal:
        # The plugin looks after the server's sign-in: what it refuses, the account would have been let.
        return "Sekisho's gate" in str(refusal.message.params.get("detail", ""))
    except (NotFound, Rejected):
        return True
    return True


def _arrange(admin: Connection, account: str, model: str, *, mine: bool) -> Grant:
    before = _standing(admin, account, model)
    wanted = ("MANAGE",) if mine else ("READ", "USE", "NO_PERMISSIONS", "DENY")
    if before in wanted:
        return Grant(account, model, before, before, wanted)
    resource = {"username": account, "resource_type": "registered_model", "resource_id": model}
    with suppress(NotFound, Rejected):  # it comes from elsewhere, or there is none
        _call(admin, "POST", f"{_USERS}/permissions/revoke", body=resource)
    _call(admin, "POST", f"{_USERS}/permissions/grant", body=resource | {"permission": "MANAGE" if mine else "READ"})
    return Grant(account, model, before, _standing(admin, account, model), wanted)


def _standing(admin: Connection, account: str, model: str) -> str:
    query = {"username": account, "resource_type": "registered_model", "resource_id": model}
    return str(_call(admin, "GET", f"{_USERS}/permissions/get", query=query).get("permission", ""))


def _call(connection: Connection, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
    deadline = Deadline(connection.deadline, connection.address)
    return call_json(connection, connection.endpoint, method, path, deadline=deadline, again=method == "GET", **kwargs)
