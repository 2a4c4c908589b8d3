"""The Merkle tree of RFC 6962 over the ledger's entries: grown by appending, with proofs out of its stored nodes.

Pure: no Django. A node ``(level, index)`` is the root of the full subtree of 2^level leaves that begins at leaf
``index · 2^level``; only full subtrees are stored, so a node never changes. The peaks of a tree are the roots of the
full subtrees it falls into, left to right, one for each bit of its size. Proofs are checked by the functions of
`portal.ledger.offline.sekisho_verify`, the same that an auditor runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from portal.ledger.offline.sekisho_verify import check_consistency, check_inclusion, parent_of

__all__ = ["EMPTY", "append", "check_consistency", "check_inclusion", "consistency", "inclusion", "peaks_at", "root"]

EMPTY = hashlib.sha256().digest()  # the root of no entries
NodeAt = Callable[[int, int], bytes]
Key = tuple[int, int]


def append(size: int, peaks: Sequence[bytes], leaves: Iterable[bytes]) -> tuple[dict[Key, bytes], list[bytes]]:
    """Append leaves to a tree of `size` leaves with these peaks.

    Returns
    -------
    nodes : dict
        The full subtrees that were completed, the leaves themselves included, by (level, index).
    peaks : list of bytes
        Those of the tree as it is then.
    """
    if len(peaks) != size.bit_count():
        raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
    peaks, nodes = list(peaks), {}
    for index, leaf in enumerate(leaves, size):
        level, node = 0, leaf
        nodes[0, index] = node
        while index >> level & 1:
            level, node = level + 1, parent_of(peaks.pop(), node)
            nodes[level, index >> level] = node
        peaks.append(node)
    return nodes, peaks


def root(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree that has these peaks."""
    if not peaks:
        return EMPTY
    *left, found = peaks
    for peak in reversed(left):
        found = parent_of(peak, found)
    return found


def peaks_at(start: int, end: int) -> list[Key]:
    """The full subtrees that leaves `start` to `end` fall into; `start` is a multiple of the largest one's size."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """The path of leaf `index` in the tree of the first `size` leaves (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root_of(middle, end, node_at))
            end = middle
        else:
            path.append(_root_of(start, middle, node_at))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` ones (RFC 6962, section 2.1.2)."""
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {new} leaves has no earlier one of {old}")
    if old in (0, new):
        return []
    start, end, known, path = 0, new, True, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_root_of(middle, end, node_at))
            end = middle
        else:
            path.append(_root_of(start, middle, node_at))
            start, known = middle, False
    if not known:
        path.append(_root_of(start, end, node_at))
    return path[::-1]


def _split(width: int) -> int:
    """The largest power of two below a width."""
    return 1 << (width - 1).bit_length() - 1


def _root_of(start: int, end: int, node_at: NodeAt) -> bytes:
    return root([node_at(level, index) for level, index in peaks_at(start, end)])
