"""The tree of RFC 6962: its vectors, and what holds for trees of any size."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger.offline.sekisho_verify import Wrong, leaf_of
from portal.ledger.tree import EMPTY, append, check_consistency, check_inclusion, consistency, inclusion, root

# The test vectors of RFC 6962's own implementation (certificate-transparency, merkle_tree_test).
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
leaves = st.lists(st.binary(max_size=8).map(leaf_of), max_size=70)


def naive_root(some: list[bytes]) -> bytes:
    """MTH as RFC 6962 writes it down, on leaf hashes."""
    if len(some) <= 1:
        return some[0] if some else hashlib.sha256().digest()
    middle = 1
    while middle * 2 < len(some):
        middle *= 2
    return hashlib.sha256(b"\x01" + naive_root(some[:middle]) + naive_root(some[middle:])).digest()


def grown(some: list[bytes]):
    nodes, peaks = append(0, [], some)
    return (lambda level, index: nodes[level, index]), root(peaks)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_the_rfc(size):
    assert grown([leaf_of(entry) for entry in ENTRIES[:size]])[1].hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_paths_of_the_rfc(index, size):
    node_at, _ = grown([leaf_of(entry) for entry in ENTRIES[:size]])
    assert tuple(node.hex() for node in inclusion(index, size, node_at)) == PATHS[index, size]


def test_no_entries():
    assert root([]) == EMPTY == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@given(leaves, st.lists(st.integers(1, 20)))
def test_any_split_of_appends_gives_one_tree(some, cuts):
    whole, peaks = append(0, [], some)
    at, nodes, parts = 0, {}, []
    for cut in [*cuts, len(some)]:
        more, parts = append(at, parts, some[at : at + cut])
        assert not nodes.keys() & more.keys()  # a node is stored once
        nodes |= more
        at = min(at + cut, len(some))
    assert (nodes, parts) == (whole, peaks)
    assert root(peaks) == naive_root(some)
    assert len(nodes) == 2 * len(some) - len(peaks)


@given(leaves.filter(len), st.data())
def test_a_proof_proves_its_entry_and_no_other(some, data):
    node_at, _top = grown(some)
    size = data.draw(st.integers(1, len(some)))
    index = data.draw(st.integers(0, size - 1))
    path, head = inclusion(index, size, node_at), naive_root(some[:size])
    check_inclusion(some[index], index, size, path, head)
    for wrong in (
        (leaf_of(b"another entry"), index, size, path, head),
        (some[index], index, size, [*path, EMPTY], head),
        (some[index], index, size, path[:-1], head) if path else (some[index], size, size, path, head),
        (some[index], index, size, path, leaf_of(head)),
        (some[index], size, size, path, head),
        (some[index], -1, size, path, head),
    ):
        with pytest.raises(Wrong):
            check_inclusion(*wrong)
    for place in range(len(path)):
        with pytest.raises(Wrong):
            check_inclusion(some[index], index, size, [*path[:place], EMPTY, *path[place + 1 :]], head)


@given(leaves, st.data())
def test_a_log_that_grew_is_consistent_and_another_is_not(some, data):
    node_at, _ = grown(some)
    new = data.draw(st.integers(0, len(some)))
    old = data.draw(st.integers(0, new))
    proof = consistency(old, new, node_at)
    before, after = naive_root(some[:old]), naive_root(some[:new])
    check_consistency(old, new, before, after, proof)
    with pytest.raises(Wrong):
        check_consistency(old, new, before, after, [*proof, EMPTY])
    if old:
        with pytest.raises(Wrong):
            check_consistency(old, new, leaf_of(before), after, proof)
        changed = data.draw(st.integers(0, old - 1))
        other, _ = grown([*some[:changed], leaf_of(b"another entry"), *some[changed + 1 :]])
        rewritten = naive_root([*some[:changed], leaf_of(b"another entry"), *some[changed + 1 :]][:new])
        with pytest.raises(Wrong):
            check_consistency(old, new, before, rewritten, consistency(old, new, other))
    if old < new:
        with pytest.raises(Wrong):
            check_consistency(new, old, after, before, proof)
    for place in range(len(proof)):
        with pytest.raises(Wrong):
            check_consistency(old, new, before, after, [*proof[:place], EMPTY, *proof[place + 1 :]])


def test_peaks_must_fit_the_size():
    with pytest.raises(ValueError, match="has 2 peaks"):
        append(5, [EMPTY], [])
