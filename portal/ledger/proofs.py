"""Proofs of single entries, as files that a verifier without Django checks (`portal.ledger.offline`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from portal.ledger import tree
from portal.ledger.models import Checkpoint, Event, Node
from portal.ledger.offline.sekisho_verify import FORM
from portal.ledger.signing import covering
from portal.web.errors import Conflict, Invalid


def bundle(events: Iterable[Event], *, pinned: int | None = None) -> dict[str, Any]:
    """The proof of some entries under one checkpoint, from a checkpoint of `pinned` entries on if one is named.

    Raises
    ------
    Conflict
        If no trusted checkpoint covers one of them yet.
    Invalid
        If the log never had a checkpoint of that many entries before this one.
    """
    events = list(events)
    last = max((event.seq or 0 for event in events), default=0)
    checkpoint = covering(last) if last and all(event.seq for event in events) else None
    if checkpoint is None:
        raise Conflict("ledger.not_covered")
    if pinned is not None and not 0 <= pinned <= checkpoint.size:
        raise Invalid("ledger.pinned_size", size=checkpoint.size)
    nodes = _Nodes()
    # The first pass only notes which nodes are needed, so that one query brings them all.
    for node_at in (nodes.want, nodes.at):
        entries = [
            {
                "entry": event.body,
                "index": event.seq - 1,
                "inclusion": [node.hex() for node in tree.inclusion(event.seq - 1, checkpoint.size, node_at)],
            }
            for event in events
        ]
        steps = [] if pinned is None else tree.consistency(pinned, checkpoint.size, node_at)
    found = {"form": FORM, "checkpoint": checkpoint.note, "entries": entries}
    if pinned is not None:
        found["consistency"] = {"from": pinned, "proof": [node.hex() for node in steps]}
    return found


def consistency_proof(checkpoint: Checkpoint, pinned: int) -> list[str]:
    """That the log of a checkpoint begins with its first `pinned` entries."""
    if not 0 <= pinned <= checkpoint.size:
        raise Invalid("ledger.pinned_size", size=checkpoint.size)
    nodes = _Nodes()
    tree.consistency(pinned, checkpoint.size, nodes.want)
    return [node.hex() for node in tree.consistency(pinned, checkpoint.size, nodes.at)]


class _Nodes:
    """Stored nodes: first noted, then fetched together."""

    def __init__(self) -> None:
        self.wanted: set[tuple[int, int]] = set()
        self.found: dict[tuple[int, int], bytes] | None = None

    def want(self, level: int, index: int) -> bytes:
        self.wanted.add((level, index))
        return tree.EMPTY

    def at(self, level: int, index: int) -> bytes:
        if self.found is None:
            self.found = self._fetch()
        return self.found[level, index]

    def _fetch(self) -> dict[tuple[int, int], bytes]:
        by_level: dict[int, list[int]] = {}
        for level, index in self.wanted:
            by_level.setdefault(level, []).append(index)
        here = Q()
        for level, indexes in by_level.items():
            here |= Q(level=level, index__in=indexes)
        rows = Node.objects.filter(here).values_list("level", "index", "hash") if by_level else ()
        return {(level, index): bytes.fromhex(digest) for level, index, digest in rows}
