"""The proof of what a document refers to: the signed checkpoint that it prints, and the file that it carries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from portal.ledger.checkpoint import parse_note
from portal.ledger.models import Event
from portal.ledger.proofs import bundle
from portal.ledger.signing import checkpoint_now
from portal.web.errors import Conflict

FILE = "proof.json"


@dataclass(frozen=True)
class Proof:
    """A checkpoint, by whose key, and the bundle that leads entries up to it. The key itself stands in neither."""

    note: str
    size: int
    entries: int
    keys: tuple[str, ...]
    data: bytes

    @property
    def attached(self) -> dict[str, bytes]:
        return {FILE: self.data}


def prove(events: Iterable[Event]) -> Proof | None:
    """The proof of entries, as far as a trusted checkpoint covers them all; None where nothing is signed here."""
    events = [event for event in events if event.seq]
    if not events:
        return None
    checkpoint_now()
    try:
        found = bundle(events)
    except Conflict:
        return None
    note = parse_note(found["checkpoint"])
    keys = tuple(identifier.hex() for _name, identifier, _signature in note.signatures)
    data = json.dumps(found, ensure_ascii=False, indent=1).encode()
    return Proof(found["checkpoint"], note.size, len(events), keys, data)
