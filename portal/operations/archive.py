"""A backup as a folder: a database, files by their digests, and a manifest that names and digests all of it.

The manifest is written last, so a backup that was broken off is none. Private keys never stand in it: they go into
a sealed file of their own (`portal.operations.sealing`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from portal.ledger.checkpoint import Signer
from portal.ledger.offline.sekisho_verify import ed25519_verify

FORM = "sekisho.backup/1"
MANIFEST, SIGNATURE, BLOBS = "manifest.json", "manifest.sig", "files"
LARGEST_MANIFEST = 256 * 2**20
DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 2**20


class BackupError(Exception):
    """The backup or the restore cannot be made; the sentence says why. Nothing was changed."""


@dataclass(frozen=True)
class Archive:
    """A backup whose every file has been compared with its digest."""

    folder: Path
    manifest: dict[str, Any]
    digest: str
    signed_by: str = ""  # the public key, base64; whose it is, others say

    @property
    def database(self) -> Path:
        return self.folder / self.manifest["database"]["file"]

    def files(self) -> Iterator[tuple[PurePosixPath, Path]]:
        """Where each file belongs below the files' root, and where it lies in the backup."""
        for one in self.manifest["files"]:
            yield PurePosixPath(one["path"]), self.folder / blob_of(one["sha256"])


def blob_of(digest: str) -> str:
    return f"{BLOBS}/{digest[:2]}/{digest}"


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            size += len(chunk)
    return found.hexdigest(), size


def store_files(root: Path, folder: Path) -> list[dict[str, Any]]:
    """Copy all files below a root, each content once; what is removed meanwhile is left out."""
    listed = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        partial = folder / f"{BLOBS}.partial"
        try:
            shutil.copyfile(path, partial)
        except FileNotFoundError:
            continue
        digest, size = digest_of(partial)  # of the copy: what stands in the backup is what is said of it
        target = folder / blob_of(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)
        listed.append({"path": path.relative_to(root).as_posix(), "size": size, "sha256": digest})
    return listed


def write_manifest(folder: Path, manifest: dict[str, Any], signer: Signer | None) -> str:
    """Write the signature if there is a key, and the manifest as the last; returns the manifest's digest."""
    data = (json.dumps({"form": FORM, **manifest}, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    if signer:
        raw = base64.b64encode(signer.private.sign(_signed(data))).decode()
        public = base64.b64encode(signer.public).decode()
        write_whole(folder / SIGNATURE, json.dumps({"key": public, "signature": raw}).encode())
    write_whole(folder / MANIFEST, data)
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """A file that is there in full or not at all."""
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def open_archive(folder: Path, *, key: str = "") -> Archive:
    """Read a backup and compare every file with its digest, and the signature with a key if one is given.

    Raises
    ------
    BackupError
        For what is no backup, is cut off or changed, or was not signed by that key.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            data = file.read(LARGEST_MANIFEST + 1)
    except OSError as error:
        raise BackupError(
            f"{folder} holds no {MANIFEST}: it is no backup, or one that was broken off before its end."
        ) from error
    manifest = _read(data)
    signed = _signer(folder, data, key)
    database = manifest["database"]
    _compare(folder / database["file"], database, "The database")
    for one in manifest["files"]:
        _compare(folder / blob_of(one["sha256"]), one, f"The file {one['path']!r}")
    return Archive(folder, manifest, hashlib.sha256(data).hexdigest(), signed)


def _signed(data: bytes) -> bytes:
    """What a key signs: nothing else of a key's signatures begins like this."""
    return FORM.encode() + b"\n" + data


def _read(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data.decode("utf-8"))
        form = manifest["form"]
        if form != FORM and str(form).startswith("sekisho.backup/"):
            raise BackupError(f"The backup has the form {form}, and this version reads {FORM}: install the newer one.")
        listed = [*manifest["files"], manifest["database"]]
        good = (
            form == FORM
            and all(DIGEST.fullmatch(one["sha256"]) and isinstance(one["size"], int) for one in listed)
            and all(_stays_inside(one["path"]) for one in manifest["files"])
            and manifest["database"]["file"] in ("database.sqlite3", "database.dump")
            and isinstance(manifest["ledger"]["size"], int)
            and all(isinstance(names, list) for names in manifest["migrations"].values())
            and all(isinstance(key, str) for key in manifest.get("keys", []))
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{MANIFEST} cannot be read: it was cut off or changed ({error!r}).") from error
    if not good:
        raise BackupError(f"{MANIFEST} cannot be read: it was changed, or this is no backup of Sekisho.")
    return manifest


def _stays_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\x00" not in path


def _signer(folder: Path, data: bytes, key: str) -> str:
    """The key that signed the manifest, or nothing; with a key given it must be that one."""
    try:
        said = json.loads((folder / SIGNATURE).read_bytes()[:4096])
        public, signature = base64.b64decode(said["key"]), base64.b64decode(said["signature"])
    except FileNotFoundError:
        if key:
            raise BackupError("The backup is not signed, so the key that was given cannot vouch for it.") from None
        return ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{SIGNATURE} cannot be read: it was cut off or changed.") from error
    if not ed25519_verify(public, _signed(data), signature):
        raise BackupError(f"{MANIFEST} is not what was signed: it was changed after the backup.")
    if key and base64.b64encode(public).decode() != key.strip():
        raise BackupError("The backup was signed by another key than the one that was given.")
    return said["key"]


def _compare(path: Path, told: dict[str, Any], what: str) -> None:
    try:
        digest, size = digest_of(path)
    except OSError as error:
        raise BackupError(f"{what} is missing from the backup.") from error
    if size < told["size"]:
        raise BackupError(f"{what} is cut off: {size} of {told['size']} bytes are there.")
    if digest != told["sha256"]:
        raise BackupError(f"{what} was changed after the backup: its digest differs.")
