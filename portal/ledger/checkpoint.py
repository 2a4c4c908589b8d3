"""Signed checkpoints of the ledger: C2SP's tlog-checkpoint in a signed note, by Ed25519.

Pure: no Django. A checkpoint is three lines, the log's name, its size and the root of its tree in base64, with
signatures below. Domain separation: what is signed begins with the log's name, so no other signature of a key can
be taken for one of a checkpoint.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.ledger.offline.sekisho_verify import ALGORITHM, SIGNATURE, Note, Wrong, key_id, parse_note, signed_by

__all__ = ["Note", "Signer", "Wrong", "key_id", "log_name", "origin", "parse_note", "sign", "signed_by"]

PRIVATE = "PRIVATE+KEY"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def log_name(instance: str) -> str:
    """The name of an installation's log, which its keys carry too."""
    if not NAME.fullmatch(instance):
        raise ValueError(f"{instance!r} cannot name a ledger: use letters, digits, dots, hyphens and underscores")
    return f"sekisho/{instance}"


def origin(instance: str, epoch: int) -> str:
    """The first line of a checkpoint; a restored ledger goes on in an epoch of its own."""
    return f"{log_name(instance)}/{epoch}"


@dataclass(frozen=True)
class Signer:
    """A private key with its name."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read a key as its file holds it, in the form of C2SP's notes; raises ValueError for what is none."""
        parts = text.strip().split("+", 4)
        if len(parts) != 5 or "+".join(parts[:2]) != PRIVATE:
            raise ValueError("this is no private key of a ledger")
        raw = base64.b64decode(parts[4], validate=True)
        if len(raw) != 33 or raw[:1] != ALGORITHM:
            raise ValueError("this is no Ed25519 key")
        signer = cls(parts[2], raw[1:])
        if signer.id != parts[3]:
            raise ValueError("the key and its id do not belong together")
        return signer

    def to_text(self) -> str:
        return f"{PRIVATE}+{self.name}+{self.id}+{base64.b64encode(ALGORITHM + self.seed).decode()}\n"

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> str:
        """Eight hexadecimal digits."""
        return key_id(self.name, self.public).hex()


def sign(origin: str, size: int, root: bytes, signers: Sequence[Signer]) -> str:
    """A checkpoint, signed by each of the signers."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    lines = []
    for signer in signers:
        raw = bytes.fromhex(signer.id) + signer.private.sign(text.encode())
        lines.append(f"{SIGNATURE}{signer.name} {base64.b64encode(raw).decode()}\n")
    return f"{text}\n{''.join(lines)}"
