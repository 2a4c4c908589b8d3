"""Where the ledger's private keys lie: files that the worker alone needs, one for each key it may sign with."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from django.conf import settings

from portal.ledger.checkpoint import Signer, log_name
from portal.ledger.models import Head, KeyState, SigningKey
from portal.ledger.sequencer import locked_head
from portal.web.errors import Unavailable


def folder() -> Path | None:
    """Where private keys lie on this host, or None where it is not to sign (``SEKISHO_KEYS=none``)."""
    return settings.KEYS_ROOT


def active_key() -> SigningKey | None:
    return SigningKey.objects.filter(state=KeyState.ACTIVE).first()


def current_signer() -> Signer | None:
    """The active key with its private half, if that lies on this host and is what it should be."""
    key, place = active_key(), folder()
    if key is None or place is None:
        return None
    try:
        signer = Signer.parse(_file(place, key.key_id).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return signer if (signer.name, public_text(signer)) == (key.name, key.public) else None


def public_text(signer: Signer) -> str:
    """A public key as programs are given it: base64 of its 32 bytes."""
    return base64.b64encode(signer.public).decode()


def new_signer() -> Signer:
    """Make a key and write it to its file, which nobody but this user reads; within a transaction."""
    place = folder()
    if place is None:
        raise Unavailable("ledger.keys_nowhere")
    head = locked_head()
    if not head.instance:
        # The log's name is chosen once: all its checkpoints and keys carry it.
        head.instance = settings.INSTANCE
        Head.objects.filter(id=1).update(instance=head.instance)
    signer = Signer(log_name(head.instance), secrets.token_bytes(32))
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(_file(place, signer.id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(signer.to_text())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable("ledger.key_unwritable", folder=str(place), reason=error.strerror or "") from error
    return signer


def remove_key(key_id: str) -> None:
    """Remove a private key that is not to sign any more, if it lies on this host."""
    if place := folder():
        _file(place, key_id).unlink(missing_ok=True)


def _file(place: Path, key_id: str) -> Path:
    return place / f"ledger-{key_id}.key"
