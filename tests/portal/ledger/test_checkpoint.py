"""Checkpoints as signed notes, and Ed25519 by RFC 8032."""

from __future__ import annotations

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger.checkpoint import Signer, Wrong, key_id, log_name, origin, parse_note, sign, signed_by
from portal.ledger.offline.sekisho_verify import ORDER, ed25519_verify_plainly

ROOT = bytes(range(32))
ONE, OTHER = Signer("sekisho/test", b"\x01" * 32), Signer("sekisho/test", b"\x02" * 32)
# RFC 8032, section 7.1: seed, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032(seed, public, message, signature):
    signer = Signer("x", bytes.fromhex(seed))
    assert signer.public.hex() == public
    assert signer.private.sign(bytes.fromhex(message)).hex() == signature
    assert ed25519_verify_plainly(*map(bytes.fromhex, (public, message, signature)))


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 511), st.integers(0, 255))
def test_the_plain_check_says_what_the_library_says(message, flipped, key_bit):
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_verify_plainly(public, message, signature)
    assert not ed25519_verify_plainly(public, message + b"x", signature)
    assert not ed25519_verify_plainly(public, message, _flip(signature, flipped))
    assert not ed25519_verify_plainly(_flip(public, key_bit), message, signature)


def _flip(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(data))


def test_a_signature_has_one_form():
    """The same signature with the group's order added to its scalar is none (RFC 8032, section 5.1.7)."""
    signature = ONE.private.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519_verify_plainly(ONE.public, b"x", signature[:32] + scalar.to_bytes(32, "little"))
    assert not ed25519_verify_plainly(ONE.public[:-1], b"x", signature)
    assert not ed25519_verify_plainly(b"\xff" * 32, b"x", signature)


def test_a_checkpoint_is_read_back():
    note = parse_note(sign(origin("test", 3), 7, ROOT, [ONE, OTHER]))
    assert (note.origin, note.size, note.root) == ("sekisho/test/3", 7, ROOT)
    assert note.text == b"sekisho/test/3\n7\n" + base64.b64encode(ROOT) + b"\n"
    assert [name for name, _id, _signature in note.signatures] == ["sekisho/test"] * 2
    assert signed_by(note, ONE.public)
    assert signed_by(note, OTHER.public)
    assert not signed_by(note, Signer("sekisho/test", b"\x03" * 32).public)


def test_the_id_of_a_key_is_that_of_signed_notes():
    """The example of golang.org/x/mod/sumdb/note: PeterNeumann's key has the hash c74f20a3."""
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert key_id("PeterNeumann", public).hex() == "c74f20a3"


@pytest.mark.parametrize("changed", [(b"7", b"8"), (b"/3", b"/4"), (b"AAEC", b"AAED")])
def test_nothing_of_it_can_be_changed(changed):
    text = sign(origin("test", 3), 7, ROOT, [ONE]).encode()
    assert text.count(changed[0]) >= 1
    assert not signed_by(parse_note(text.replace(*changed, 1).decode()), ONE.public)


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n\n", "a\n1\n", "a\n1\nAA==\n\n— x AA==\n"),
        *(
            sign("o", 1, ROOT, [ONE]).replace("\n1\n", f"\n{size}\n")
            for size in ("01", "-1", "１", "", "1e3", "9" * 5000)
        ),
        sign("o", 1, ROOT, [ONE]).replace("—", "-"),
        sign("o", 1, ROOT, []),
        sign("o", 1, ROOT, [ONE])[:-1],
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(Wrong):
        parse_note(text)


def test_a_key_is_read_back_from_its_file():
    signer = Signer(log_name("tokyo-1"), secrets.token_bytes(32))
    assert Signer.parse(signer.to_text()) == signer
    assert signer.seed.hex() not in repr(signer)
    for wrong in ("", "x", signer.to_text().replace(signer.id, "00000000"), signer.to_text()[:-6]):
        with pytest.raises(ValueError, match=r"no private|no Ed25519|belong|base64|padding"):
            Signer.parse(wrong)


@pytest.mark.parametrize("instance", ["", "a b", "a+b", "a/b", "é", "-a", "a\n", "x" * 64])
def test_a_name_must_fit_a_note(instance):
    with pytest.raises(ValueError, match="cannot name"):
        log_name(instance)
