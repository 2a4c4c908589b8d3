"""One HTTP exchange with a registry: bounded in time and size, never redirected.

The standard library's client is used on purpose. It takes nothing from the environment (proxies, ``.netrc``,
certificates), follows no redirect, retries nothing by itself, and lets us connect to the address that was
checked. MLflow's own client has a process-wide registry address and waits 120 seconds seven times over.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO
from urllib.parse import urlencode, urljoin

from portal.message import Message

from .connection import Deadline, Endpoint, Server, resolve
from .errors import (
    AddressNotAllowed,
    CredentialsRefused,
    Denied,
    NotFound,
    NotMlflow,
    RegistryError,
    Rejected,
    TooLarge,
    Unreachable,
)

JSON_LIMIT = 256 * 2**20
_ERROR_LIMIT = 64 * 2**10
_BRIEFLY_AWAY = (429, 502, 503, 504)
_PAUSE = 0.4
_PIECE = 2**18


def call_json(
    server: Server,
    endpoint: Endpoint,
    method: str,
    path: str,
    *,
    deadline: Deadline,
    query: dict | None = None,
    body: dict | None = None,
    headers: dict[str, str] | None = None,
    again: bool = True,
) -> dict[str, Any]:
    """Exchange JSON with the registry; a read that fails on the way is tried once more."""
    for attempt in (1, 2):
        try:
            chunks: list[bytes] = []
            sent = {"query": query, "body": body, "headers": headers}
            exchange(server, endpoint, method, path, chunks.append, deadline=deadline, **sent)
            break
        except RegistryError as error:
            passing = isinstance(error, Unreachable) or getattr(error, "status", None) in _BRIEFLY_AWAY
            if not again or attempt == 2 or not passing or deadline.left() < _PAUSE * 2:
                raise
            time.sleep(_PAUSE)
    try:
        data = json.loads(b"".join(chunks) or b"{}")
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise NotMlflow(Message("registry.not_mlflow", {"address": server.address}))
    return data


def exchange(
    server: Server,
    endpoint: Endpoint,
    method: str,
    path: str,
    sink: Callable[[bytes], Any],
    *,
    deadline: Deadline,
    query: dict | None = None,
    body: dict | None = None,
    headers: dict[str, str] | None = None,
    limit: int = JSON_LIMIT,
    file: BinaryIO | None = None,
) -> int:
    """Send one request and give the answer's bytes to `sink`; return how many there were.

    A `file` is sent as it lies on the disk, a piece at a time; the server may be silent while it puts it away.
    """
    target = endpoint.prefix + path + (f"?{urlencode(query, doseq=True)}" if query else "")
    payload = json.dumps(body).encode() if body is not None else file
    with _connected(server, endpoint, deadline) as link:
        link.request(method, target, payload, _headers(server, endpoint, payload) | (headers or {}))
        if file is not None:
            link.sock.settimeout(deadline.left())
        with link.getresponse() as response:
            if response.status != 200:
                raise _error(server, response, response.read(_ERROR_LIMIT))
            size = _drain(response, sink, deadline, limit)
            deadline.left()  # a connection cut at the deadline looks like an end
            if response.length:  # closed before the announced length
                raise http.client.IncompleteRead(b"")
        return size


@contextmanager
def _connected(server: Server, endpoint: Endpoint, deadline: Deadline) -> Iterator[http.client.HTTPConnection]:
    """An open connection that is cut at the deadline, even while the server dribbles."""
    sock = watchdog = None
    try:
        sock = _socket(server, endpoint, deadline)
        watchdog = threading.Timer(deadline.left(), _cut, (sock,))
        watchdog.daemon = True
        watchdog.start()
        link = http.client.HTTPConnection(endpoint.host, endpoint.port, blocksize=_PIECE)
        link.sock = sock
        yield link
    except (OSError, http.client.HTTPException) as error:
        raise _network_error(server, error, deadline) from error
    finally:
        if watchdog:
            watchdog.cancel()
        if sock:
            sock.close()


def _socket(server: Server, endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    error: OSError = OSError("no address")
    for ip in resolve(server, endpoint, deadline):
        try:
            sock = socket.create_connection((ip, endpoint.port), min(server.timeout, deadline.left()))
            break
        except OSError as failed:
            error = failed
    else:
        raise error
    if endpoint.scheme == "https":
        context = ssl.create_default_context(cafile=server.ca_file)
        sock = context.wrap_socket(sock, server_hostname=endpoint.host)
    return sock


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _headers(server: Server, endpoint: Endpoint, payload: bytes | BinaryIO | None) -> dict[str, str]:
    headers = {"Host": endpoint.host_header, "Connection": "close", "User-Agent": "sekisho"}
    if isinstance(payload, bytes):
        headers["Content-Type"] = "application/json"
    elif payload is not None:
        headers["Content-Type"] = "application/octet-stream"
        headers["Content-Length"] = str(os.fstat(payload.fileno()).st_size)
    if server.username:
        pair = f"{server.username}:{server.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    return headers


def _drain(response: http.client.HTTPResponse, sink: Callable[[bytes], Any], deadline: Deadline, limit: int) -> int:
    size = 0
    while chunk := response.read1(_PIECE):
        deadline.left()
        size += len(chunk)
        if size > limit:
            raise TooLarge(Message("registry.too_large", {"limit": limit}))
        sink(chunk)
    return size


def _network_error(server: Server, error: Exception, deadline: Deadline) -> RegistryError:
    if deadline.passed():
        return deadline.error()
    if isinstance(error, TimeoutError):
        return Deadline(server.timeout, server.address).error()
    if isinstance(error, ssl.SSLError):
        reason = Message("registry.unreachable.certificate", {"detail": error.reason or str(error)})
    elif isinstance(error, ConnectionRefusedError):
        reason = Message("registry.unreachable.refused")
    elif isinstance(error, ConnectionError | http.client.IncompleteRead):
        reason = Message("registry.unreachable.closed")
    elif isinstance(error, http.client.HTTPException):
        return NotMlflow(Message("registry.not_mlflow", {"address": server.address}))
    else:
        reason = Message("registry.unreachable.network", {"detail": error.strerror or str(error)})
    return Unreachable(Message("registry.unreachable", {"address": server.address, "reason": reason}))


def _error(server: Server, response: http.client.HTTPResponse, content: bytes) -> RegistryError:
    """Turn an answer other than 200 into the error that it means."""
    status, address = response.status, server.address
    try:
        data = json.loads(content)
        code, detail = str(data["error_code"]), str(data.get("message", ""))[:400]
    except (ValueError, KeyError, TypeError, RecursionError):
        code, detail = None, content[:400].decode("utf-8", "replace").strip()
    if 300 <= status < 400:
        target = urljoin(address, response.headers.get("Location", ""))[:200]
        return AddressNotAllowed(Message("registry.address.redirect", {"address": address, "target": target}))
    if status == 401:
        return CredentialsRefused(Message("registry.credentials", {"address": address}))
    if status == 403 and "host header" in detail.lower():
        return Denied(Message("registry.denied.host", {"address": address}))
    if status == 403:
        return Denied(Message("registry.denied", {"address": address, "detail": detail}))
    if code in ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"):
        return NotFound(Message("registry.not_found", {"detail": detail}))
    if status < 500 and code:
        return Rejected(Message("registry.rejected", {"detail": detail}))
    if status < 500:
        return NotMlflow(Message("registry.not_mlflow", {"address": address}))
    error = RegistryError(Message("registry.failed", {"status": status, "detail": detail}))
    error.status = status
    return error
