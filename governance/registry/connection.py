"""Where a registry is, and which addresses may be spoken to at all."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.message import Message

from .errors import AddressNotAllowed, TimedOut, Unreachable

# Cloud metadata services hand out credentials to whoever asks; these are not link-local, so name them.
_METADATA = {ipaddress.ip_address(a) for a in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")}


@dataclass(frozen=True)
class Server:
    """How to reach one registry.

    Parameters
    ----------
    address : str
        ``http(s)://host[:port][/prefix]``.
    username, password : str, optional
        For MLflow's basic authentication.
    timeout : float
        Seconds that the server may be silent.
    deadline : float
        Seconds that one call of a `Connection` may take in all, downloads excepted.
    ca_file : str, optional
        Certificates to trust instead of the system's.
    allowed_hosts : tuple of str
        Host names, ``.suffix`` or networks (``10.0.0.0/8``); empty allows any but the forbidden ones.
    """

    address: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    deadline: float = 60.0
    ca_file: str | None = None
    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """A registry's address, taken apart."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return name if self.port == default else f"{name}:{self.port}"


class Deadline:
    """A moment after which a call has failed, however many requests it makes."""

    def __init__(self, seconds: float, address: str):
        self.seconds = seconds
        self.address = address
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, above zero; `TimedOut` if none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def passed(self) -> bool:
        return time.monotonic() >= self._end

    def error(self) -> TimedOut:
        return TimedOut(Message("registry.timeout", {"address": self.address, "seconds": float(self.seconds)}))


def parse_address(address: str) -> Endpoint:
    """Take an address apart; `AddressNotAllowed` if it is none."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        raise _malformed(address) from None
    odd = parts.username is not None or parts.query or parts.fragment or ".." in parts.path
    if parts.scheme not in ("http", "https") or not parts.hostname or odd or not address.isprintable():
        raise _malformed(address)
    return Endpoint(
        parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
    )


def _malformed(address: str) -> AddressNotAllowed:
    shown = address.rsplit("@", 1)[-1]  # never repeat a password
    return AddressNotAllowed(Message("registry.address.form", {"address": shown[:200]}))


def resolve(server: Server, endpoint: Endpoint, deadline: Deadline) -> list[str]:
    """Find the addresses behind the host, and refuse those that must not be reached.

    The caller connects to these very addresses, so that a name cannot be pointed elsewhere in between.
    """
    found = _lookup(endpoint, deadline)
    for ip in found:
        _check_network(endpoint.host, ip)
        if server.allowed_hosts and not _is_listed(endpoint.host, ip, server.allowed_hosts):
            raise AddressNotAllowed(Message("registry.address.host", {"host": endpoint.host}))
    return found


def _lookup(endpoint: Endpoint, deadline: Deadline) -> list[str]:
    """Resolve in a thread: the system's resolver knows no timeout."""
    answer: list = []

    def look() -> None:
        try:
            answer.append(socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not answer:
        raise deadline.error()
    if isinstance(answer[0], Exception):
        reason = Message("registry.unreachable.name")
        raise Unreachable(Message("registry.unreachable", {"address": deadline.address, "reason": reason}))
    return list(dict.fromkeys(item[4][0] for item in answer[0]))


def _check_network(host: str, ip: str) -> None:
    address = ipaddress.ip_address(ip.split("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    forbidden = (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
        or (address.is_reserved and not address.is_private)
    )
    if forbidden:
        raise AddressNotAllowed(Message("registry.address.network", {"host": host, "ip": str(address)}))


def _is_listed(host: str, ip: str, allowed: tuple[str, ...]) -> bool:
    address = ipaddress.ip_address(ip.split("%")[0])
    for entry in allowed:
        if host.lower() == entry.lower() or (entry.startswith(".") and host.lower().endswith(entry.lower())):
            return True
        try:
            if address in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:  # a name, which did not match above
            continue
    return False
