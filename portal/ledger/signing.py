"""Signed checkpoints over the tree. They are made where the private key lies: in the worker, never in a web process."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from django.db import transaction

from portal.ledger import tree
from portal.ledger.checkpoint import Signer, Wrong, origin, parse_note, sign, signed_by
from portal.ledger.keyring import current_signer
from portal.ledger.models import Checkpoint, Head, SigningKey
from portal.ledger.sequencer import grow, locked_head, number_events


def checkpoint_now() -> Checkpoint | None:
    """Number and hash what waits, sign the log as it is then if this host may, and return the newest checkpoint.

    Where nothing is new, nothing is signed; where no key lies on this host, the newest stays what it was.
    """
    from portal.ledger.key_actions import ensure_key

    ensure_key()
    number_events()
    grow()
    if signer := current_signer():
        sign_log([signer])
    return newest()


def newest() -> Checkpoint | None:
    """The newest checkpoint of the log as it goes on now, trusted or not."""
    head = Head.objects.filter(id=1).first()
    return Checkpoint.objects.filter(epoch=head.epoch).order_by("-size").first() if head else None


def covering(seq: int) -> Checkpoint | None:
    """A checkpoint that stands over the entry of this number, signed by a key that is trusted there; or none yet."""
    head = Head.objects.filter(id=1).first()
    if head is None:
        return None
    keys = list(SigningKey.objects.all())
    for checkpoint in Checkpoint.objects.filter(epoch=head.epoch, size__gte=seq).order_by("-size")[:20]:
        if trusted(checkpoint, keys):
            return checkpoint
    return None


def trusted(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> bool:
    """Whether the row says what its note says, and a key signed it that is believed at its size."""
    try:
        note = parse_note(checkpoint.note)
    except Wrong:
        return False
    if (note.size, note.root.hex()) != (checkpoint.size, checkpoint.root):
        return False
    return any(key.trusted_at(note.size) and signed_by(note, base64.b64decode(key.public)) for key in keys)


def sign_log(signers: Sequence[Signer]) -> Checkpoint | None:
    """Sign the tree as it stands, unless a checkpoint of this size is there; None if there was nothing to sign."""
    with transaction.atomic():
        head = locked_head()
        here = Checkpoint.objects.filter(epoch=head.epoch)
        if not head.hashed or here.filter(size__gte=head.hashed).exists():
            return None
        root = tree.root([bytes.fromhex(peak) for peak in head.peaks])
        note = sign(origin(head.instance, head.epoch), head.hashed, root, signers)
        return Checkpoint.objects.create(epoch=head.epoch, size=head.hashed, root=root.hex(), note=note)
