"""Numbers the events: one at a time, without a gap, whoever asks; and grows the tree over them."""

from __future__ import annotations

from django.db import connection, transaction

from portal.ledger import tree
from portal.ledger.models import Event, Head, Node
from portal.web.errors import Conflict

BATCH = 500

NUMBER = """
UPDATE ledger_event SET seq = numbered.seq
FROM (
    SELECT id, %s + row_number() OVER (ORDER BY id) AS seq
    FROM (SELECT id FROM ledger_event WHERE seq IS NULL ORDER BY id LIMIT %s) AS waiting
) AS numbered
WHERE ledger_event.id = numbered.id
"""


def number_events() -> int:
    """Number all committed events that have none yet, in the order of their insertion; how many were numbered.

    The head row is locked (on SQLite the transaction itself is the lock), so that two callers never give one
    number twice, and the unique constraint would refuse it if they did.
    """
    total = 0
    while True:
        with transaction.atomic():
            head = locked_head()
            with connection.cursor() as cursor:
                cursor.execute(NUMBER, [head.size, BATCH])
                numbered = cursor.rowcount
            if numbered:
                Head.objects.filter(id=1).update(size=head.size + numbered)
        total += numbered
        if numbered < BATCH:
            return total


def grow() -> int:
    """Append all numbered events to the tree, in batches; how many. The events of an old database come in as well.

    An event that was deleted between its number and its place in the tree stops it: the log could not be whole.
    """
    total = 0
    while True:
        with transaction.atomic():
            head = locked_head()
            rows = list(
                Event.objects.filter(seq__gt=head.hashed, seq__lte=head.size)
                .order_by("seq")
                .values_list("seq", "leaf_hash")[:BATCH]
            )
            for expected, (seq, _leaf) in enumerate(rows, head.hashed + 1):
                if seq != expected:
                    raise Conflict("ledger.missing", first=expected, last=seq - 1)
            if len(rows) < min(BATCH, head.size - head.hashed):
                raise Conflict("ledger.missing", first=head.hashed + len(rows) + 1, last=head.size)
            leaves = [bytes.fromhex(leaf) for _seq, leaf in rows]
            nodes, peaks = tree.append(head.hashed, [bytes.fromhex(peak) for peak in head.peaks], leaves)
            if rows:
                Node.objects.bulk_create(
                    Node(level=level, index=index, hash=digest.hex()) for (level, index), digest in nodes.items()
                )
                Head.objects.filter(id=1).update(hashed=head.hashed + len(rows), peaks=[peak.hex() for peak in peaks])
        total += len(rows)
        if len(rows) < BATCH:
            return total


def locked_head() -> Head:
    """The head, locked to the end of the transaction."""
    head = Head.objects.select_for_update().filter(id=1).first()
    return head or Head.objects.select_for_update().get(id=Head.objects.get_or_create(id=1)[0].pk)
