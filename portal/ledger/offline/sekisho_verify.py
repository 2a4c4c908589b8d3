"""Check proofs of a Sekisho ledger on any machine: one file, Python 3.9 or later, nothing to install.

    python sekisho_verify.py verify proof.json --key BASE64 [--key …] [--pinned checkpoint.txt]
    python sekisho_verify.py show proof.json

The key is the raw Ed25519 key in base64 as ``manage.py keys public`` prints it: take it from the people who run the
ledger, not from the file that is checked. A pinned checkpoint is one that you kept from an earlier time; with it
the file also has to show that nothing before it was changed or cut off since.

Exit status: 0 everything holds, 1 something does not, 2 the check could not be made.

Sources: RFC 6962 (the tree), RFC 9162 section 2.1 (checking its proofs), RFC 8032 (Ed25519), and the checkpoints and
signed notes of C2SP. The signature is checked by the `cryptography` package where there is one, else by this file.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from dataclasses import dataclass

FORM = "sekisho.proof/1"
ALGORITHM = b"\x01"  # Ed25519, in C2SP's signed notes
SIGNATURE = "\u2014 "
LARGEST_FILE = 64 * 2**20


class Wrong(Exception):
    """What is checked does not hold; the sentence says why."""


class Unfit(Wrong):
    """What was given to check with is not what it should be, so that nothing is said of what is checked."""


# -- the tree ----------------------------------------------------------------------------------------------


def leaf_of(entry: bytes) -> bytes:
    """The hash of an entry (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def parent_of(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a leaf and its path lead to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong(f"entry {index + 1} is not among the {size} entries of the checkpoint")
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Wrong("the path of the entry is too long")
        if node & 1 or node == last:
            root = parent_of(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = parent_of(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Wrong("the path of the entry is too short")
    return root


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Raise `Wrong` unless the leaf stands at the index of the tree with this root."""
    if root_by_inclusion(leaf, index, size, path) != root:
        raise Wrong(f"entry {index + 1} is not what the checkpoint was signed over")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """Raise `Wrong` unless the tree of `new` leaves begins with that of `old` ones (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= new:
        raise Wrong(f"the log had {old} entries and now has {new}: it was cut off")
    if old in (0, new):
        if proof or (old and old_root != new_root):
            raise Wrong(f"the first {old} entries were changed")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        raise Wrong("the proof of consistency is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Wrong("the proof of consistency is too long")
        if node & 1 or node == last:
            first, second = parent_of(sibling, first), parent_of(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = parent_of(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Wrong("the proof of consistency is too short")
    if first != old_root or second != new_root:
        raise Wrong(f"the first {old} entries are not those of the earlier checkpoint")


# -- checkpoints -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """A checkpoint as it is signed: `text` is what the signatures are over, each with its key's name and id."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a note names a key."""
    return hashlib.sha256(name.encode() + b"\n" + ALGORITHM + public).digest()[:4]


def parse_note(note: str) -> Note:
    """Read a checkpoint; raises `Wrong` for what is none."""
    text, blank, signed = note.replace("\r\n", "\n").rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not signed.endswith("\n"):
        raise Wrong("this is no signed checkpoint")
    origin, size, root = lines[:3]
    if not size.isascii() or not size.isdigit() or str(int(size[:20])) != size:
        raise Wrong("the checkpoint has no size")
    digest = _base64(root, "the checkpoint's root")
    if len(digest) != 32 or not origin:
        raise Wrong("the checkpoint has no root")
    signatures = []
    for line in signed[:-1].split("\n"):
        name, space, code = line[len(SIGNATURE) :].partition(" ")
        raw = _base64(code, "a signature")
        if not line.startswith(SIGNATURE) or not space or not name or len(raw) < 5:
            raise Wrong("a signature of the checkpoint cannot be read")
        signatures.append((name, raw[:4], raw[4:]))
    return Note(origin, int(size), digest, f"{text}\n".encode(), tuple(signatures))


def signed_by(note: Note, public: bytes) -> bool:
    """Whether this key signed the checkpoint."""
    return any(
        identifier == key_id(name, public) and ed25519_verify(public, note.text, signature)
        for name, identifier, signature in note.signatures
    )


def _base64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Wrong(f"{what} is not base64") from error


# -- Ed25519 (RFC 8032, section 5.1) -----------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
# A point is (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z.
NEUTRAL = (0, 1, 1, 0)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of the message is the key's."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return ed25519_verify_plainly(public, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ed25519_verify_plainly(public: bytes, message: bytes, signature: bytes) -> bool:
    """The same with nothing but whole numbers: tens of milliseconds."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key = _point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    x, y, z, t = key
    found = _add(_times(scalar, BASE), _times(challenge, (P - x, y, z, P - t)))
    return _bytes(found) == signature[:32]


def _x_of(y: int, odd: int) -> int | None:
    """The x of a point's y, of the wanted parity; None where the curve has no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    return P - x if x & 1 != odd else x


def _point(data: bytes) -> tuple[int, int, int, int] | None:
    number = int.from_bytes(data, "little")
    y, odd = number & (2**255 - 1), number >> 255
    x = _x_of(y, odd) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def _add(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point):
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def _bytes(point) -> bytes:
    x, y, z, _t = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


# -- a file of proofs --------------------------------------------------------------------------------------


def check_bundle(bundle: dict, keys: list[bytes], pinned: Note | None = None) -> tuple[Note, list[dict]]:
    """Check every entry of a bundle against its checkpoint, and the checkpoint against the keys and the pinned one.

    Returns the checkpoint and the entries, read; raises `Wrong` at the first thing that does not hold.
    """
    try:
        note = parse_note(bundle["checkpoint"])
        if bundle["form"] != FORM:
            raise Wrong(f"this file has another form than {FORM}")
        if not any(signed_by(note, key) for key in keys):
            raise Wrong("none of the given keys signed the checkpoint")
        found = []
        for one in bundle["entries"]:
            entry = one["entry"].encode("utf-8")
            path = [bytes.fromhex(digest) for digest in one["inclusion"]]
            check_inclusion(leaf_of(entry), one["index"], note.size, path, note.root)
            found.append({"number": one["index"] + 1, **json.loads(entry)})
        if not found:
            raise Wrong("there is no entry in this file")
        if pinned is not None:
            _check_pinned(bundle, note, pinned, keys)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Wrong(f"the file cannot be read: {error!r}") from error
    return note, found


def _check_pinned(bundle: dict, note: Note, pinned: Note, keys: list[bytes]) -> None:
    if pinned.origin.rpartition("/")[0] != note.origin.rpartition("/")[0]:
        raise Unfit(f"the pinned checkpoint is of {pinned.origin}, and the file is of {note.origin}, another log")
    if not any(signed_by(pinned, key) for key in keys):
        raise Unfit("none of the given keys signed the pinned checkpoint: give the key of that time with --key as well")
    if pinned.origin != note.origin:
        raise Wrong(
            f"the pinned checkpoint is of {pinned.origin}, this one of {note.origin}: the log was restored from a "
            "backup. Ask for its record of the restore"
        )
    if pinned.size == note.size:
        proof = []
    else:
        given = bundle.get("consistency") or {}
        if given.get("from") != pinned.size:
            raise Wrong(f"the file has no proof from your checkpoint on: ask for it with ?pinned={pinned.size}")
        proof = [bytes.fromhex(digest) for digest in given["proof"]]
    check_consistency(pinned.size, note.size, pinned.root, note.root, proof)


def _pinned(path: str) -> Note:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return parse_note(file.read(65536))
    except (ValueError, Wrong) as error:
        raise Unfit(f"{path}, given as --pinned, is no checkpoint ({error})") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    actions = parser.add_subparsers(dest="action", required=True)
    for name, told in (("verify", "check a file of proofs"), ("show", "print what it says, unchecked")):
        action = actions.add_parser(name, help=told)
        action.add_argument("file", help="the file of proofs (JSON)")
    verify = actions.choices["verify"]
    verify.add_argument("--key", action="append", required=True, metavar="BASE64", help="raw Ed25519 key; repeat it")
    verify.add_argument("--pinned", metavar="FILE", help="a checkpoint that you kept")
    options = parser.parse_args(arguments)
    try:
        with open(options.file, "rb") as file:
            bundle = json.loads(file.read(LARGEST_FILE).decode("utf-8"))
        if options.action == "show":
            print(json.dumps(bundle, ensure_ascii=True, indent=2))
            return 0
        keys = [_base64(key.strip(), "a key") for key in options.key]
        pinned = _pinned(options.pinned) if options.pinned else None
    except (OSError, ValueError, Wrong) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    try:
        note, entries = check_bundle(bundle, keys, pinned)
    except Unfit as error:
        print(f"cannot check: {error}.", file=sys.stderr)
        return 2
    except Wrong as error:
        print(f"NOT PROVEN: {error}.")
        return 1
    for entry in entries:
        # Names and labels come from people: whatever is no plain character is printed as a code.
        print(ascii(f"{entry['number']} {entry.get('at')} {entry.get('action')} {entry.get('subject')}"))
    since = f" Nothing before your checkpoint of {pinned.size} entries was changed." if pinned else ""
    print(f"Proven: {len(entries)} under the checkpoint of {note.size} entries of {note.origin}.{since}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
