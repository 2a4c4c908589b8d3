"""What a token says, how it is signed, and when it is good.

Pure: the standard library and cryptography. The portal signs here, the plugin checks here.

A token is ``base64url(payload) "." base64url(signature)``. The payload is canonical JSON (keys sorted, no white
space, UTF-8) of exactly the fields of `FIELDS`; the signature is Ed25519 over `DOMAIN` and the payload's bytes as
they were sent, so that no other signature of the same key is ever a token.

| action | model | alias | from | to |
|---|---|---|---|---|
| ``alias.set`` | its name | the alias | the version it stands at, null if it does not exist | the version |
| ``alias.delete`` | its name | the alias | the version it stands at | null |
| ``version.create`` | its name | null | null | the source, as in the request |
| ``version.delete`` | its name | null | the version | null |
| ``model.delete`` | its name | null | null | null |
| ``model.rename`` | its name | null | null | the new name |
| ``stage.set`` | its name | the stage | the stage the version is in | the version |
| ``tag.set`` | its name | the tag's key | the version, null for a tag of the model | the value |
| ``tag.delete`` | its name | the tag's key | the version, null for a tag of the model | null |

An emergency token is an ``alias.set`` with `ANY` as ``from`` and ``to``: to any version of one model, once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORM = "sekisho.grant/1"
DOMAIN = b"sekisho.grant/1\n"
HEADER = "X-Sekisho-Token"
ACTIONS = (
    "alias.set",
    "alias.delete",
    "version.create",
    "version.delete",
    "model.delete",
    "model.rename",
    "stage.set",
    "tag.set",
    "tag.delete",
)
FIELDS = ("action", "alias", "exp", "form", "from", "iat", "jti", "key", "model", "server", "to")
_NUMBERS = {
    "alias.set": ("old", "new"),
    "alias.delete": ("old",),
    "version.delete": ("old",),
    "stage.set": ("new",),
    "tag.set": ("old",),
    "tag.delete": ("old",),
}
ANY = "*"  # no version of MLflow is called so
LONGEST = 4096  # characters of a header
LIFE = 600  # seconds between issue and end
EMERGENCY_LIFE = 30 * 24 * 3600
SKEW = 60  # seconds that two clocks may differ

# The points of small order: whoever signs against one of them needs no private key. 32 zero bytes, the
# placeholder that nobody replaced, is one of them.
_SMALL_ORDER = {
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}


class Refused(Exception):
    """A token that is not good; `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Change:
    """One change of the registry, as a request asks for it; `old` is what stands there now."""

    action: str
    model: str
    alias: str | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class Grant:
    """What a token allows: one change, once, until `expires` (seconds since 1970, as `issued`)."""

    action: str
    model: str
    alias: str | None
    old: str | None
    new: str | None
    expires: int
    jti: str
    server: str
    issued: int = 0

    @property
    def emergency(self) -> bool:
        return self.action == "alias.set" and (self.old, self.new) == (ANY, ANY)


def key_id(public: bytes) -> str:
    """How a token names the key that signed it: eight hexadecimal digits of the raw key's SHA-256."""
    return hashlib.sha256(public).hexdigest()[:8]


def read_public_key(text: str) -> bytes:
    """The 32 raw bytes of a public key from base64; `ValueError` says what is wrong with it."""
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise ValueError("is not base64") from error
    if len(raw) != 32:
        raise ValueError(f"has {len(raw)} bytes where an Ed25519 key has 32")
    if bytes([*raw[:31], raw[31] & 0x7F]) in _SMALL_ORDER:
        raise ValueError("is a key that anybody can sign for")
    return raw


def new_jti() -> str:
    return str(uuid.uuid4())


def sign(grant: Grant, private: bytes) -> str:
    """The token of a grant, signed with the 32 raw bytes of a private key.

    Raises
    ------
    ValueError
        Where the gate would refuse the token: an unknown action, too long a life, too long a name.
    """
    key = Ed25519PrivateKey.from_private_bytes(private)
    payload = _payload(grant, key_id(key.public_key().public_bytes_raw()))
    try:
        _read(payload)
    except Refused as refusal:
        raise ValueError(f"no token can say this: {refusal.code}") from refusal
    text = f"{_encode(payload)}.{_encode(key.sign(DOMAIN + payload))}"
    if len(text) > LONGEST:
        raise ValueError(f"a token has at most {LONGEST} characters")
    return text


def verify(text: str, keys: Iterable[bytes], *, now: float, server: str = "") -> Grant:
    """The grant of a token, or `Refused`.

    Parameters
    ----------
    text : str
        The header, as it came.
    keys : iterable of bytes
        Raw public keys that may sign.
    now : float
        Seconds since 1970.
    server : str
        This server's name; empty if it has none, and then a token's is not looked at.
    """
    if len(text) > LONGEST:
        raise Refused("malformed")
    head, dot, tail = text.partition(".")
    payload, signature = _decode(head), _decode(tail)
    if not dot or len(signature) != 64:
        raise Refused("malformed")
    grant, key = _read(payload)
    candidates = [public for public in keys if key_id(public) == key]
    if not candidates:
        raise Refused("unknown-key")
    if not any(_signed(public, signature, payload) for public in candidates):
        raise Refused("bad-signature")
    if grant.issued > now + SKEW:
        raise Refused("not-yet")
    if grant.expires <= now:
        raise Refused("expired")
    if server and grant.server != server:
        raise Refused("other-server")
    return grant


def covers(grant: Grant, change: Change) -> bool:
    """Whether a grant allows just this change. Names are compared to the letter, versions as the numbers they are."""
    if grant.emergency:
        same = (change.action, change.model, change.alias) == (grant.action, grant.model, grant.alias)
        return same and _number(change.new) is not None
    return _plain(change) == _plain(Change(grant.action, grant.model, grant.alias, grant.old, grant.new))


def _plain(change: Change) -> Change:
    """A change with its version numbers as MLflow reads them: " 014" is version 14."""
    numbers = {name: _number(getattr(change, name)) for name in _NUMBERS.get(change.action, ())}
    return replace(change, **{name: str(number) for name, number in numbers.items() if number is not None})


def _number(value: str | None) -> int | None:
    try:
        return int(value) if value is not None else None
    except ValueError:
        return None


def _signed(public: bytes, signature: bytes, payload: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, DOMAIN + payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def _payload(grant: Grant, key: str) -> bytes:
    return _canonical(
        {
            "action": grant.action,
            "alias": grant.alias,
            "exp": grant.expires,
            "form": FORM,
            "from": grant.old,
            "iat": grant.issued,
            "jti": grant.jti,
            "key": key,
            "model": grant.model,
            "server": grant.server,
            "to": grant.new,
        }
    )


def _canonical(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _read(payload: bytes) -> tuple[Grant, str]:
    """A payload's grant and key, if it is of the one form that a payload can have."""
    try:
        value = json.loads(payload)
        exact = isinstance(value, dict) and tuple(sorted(value)) == FIELDS and _canonical(value) == payload
    except (ValueError, RecursionError):  # also bytes that are not UTF-8, and lone surrogates
        raise Refused("malformed")
    if not exact or value["form"] != FORM or value["action"] not in ACTIONS:
        raise Refused("malformed")
    words = [value[name] for name in ("model", "server", "key")]
    maybe = [value[name] for name in ("alias", "from", "to")]
    times = [value[name] for name in ("iat", "exp")]
    if (
        not all(isinstance(word, str) for word in words)
        or not all(word is None or isinstance(word, str) for word in maybe)
        or not all(type(time) is int and 0 <= time < 2**53 for time in times)
        or not isinstance(value["jti"], str)
        or not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value["jti"])
        or not value["model"]
    ):
        raise Refused("malformed")
    grant = Grant(
        action=value["action"],
        model=value["model"],
        alias=value["alias"],
        old=value["from"],
        new=value["to"],
        expires=value["exp"],
        jti=value["jti"],
        server=value["server"],
        issued=value["iat"],
    )
    if ANY in (grant.old, grant.new) and not grant.emergency and grant.action.startswith("alias."):
        raise Refused("malformed")
    if not 0 < grant.expires - grant.issued <= (EMERGENCY_LIFE if grant.emergency else LIFE):
        raise Refused("too-long")
    return grant, value["key"]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Bytes of base64url without padding, in its one spelling."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Refused("malformed")
    if not text or _encode(data) != text:
        raise Refused("malformed")
    return data
