"""One digest for a tree of files, the same wherever and whenever the same files lie there."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from governance.sandbox.failures import SandboxFailure
from portal.message import Message

HEADER = b"sekisho.tree/1\n"


def tree_digest(folder: str | Path) -> str:
    """Digest of all files below a folder.

    SHA-256 over a header and, in the order of their paths' bytes, one record per file: path relative to the
    folder with ``/``, NUL, size in bytes, NUL, hex SHA-256 of its content, newline. Empty folders, times,
    owners and modes do not count. A link inside the tree counts as what it points to.

    Returns
    -------
    str
        ``"sha256:"`` and 64 hex digits.

    Raises
    ------
    SandboxFailure
        For a link that leaves the tree or points nowhere, and for anything but files and folders.
    """
    root = Path(folder).resolve(strict=True)
    total = hashlib.sha256(HEADER)
    for relative, path in sorted(_files(root), key=lambda item: item[0]):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(relative + f"\0{path.stat().st_size}\0{content}\n".encode("ascii"))
    return f"sha256:{total.hexdigest()}"


def _files(root: Path) -> Iterator[tuple[bytes, Path]]:
    pending = [root]
    while pending:
        for entry in os.scandir(pending.pop()):
            path = Path(entry.path)
            relative = path.relative_to(root).as_posix()
            if entry.is_symlink():
                _require_inside(path, root, relative)
            mode = path.stat().st_mode
            if stat.S_ISREG(mode):
                yield os.fsencode(relative), path
            elif stat.S_ISDIR(mode) and not entry.is_symlink():
                pending.append(path)
            elif entry.is_symlink():
                # A linked folder would be counted twice, or for ever.
                raise SandboxFailure(Message("sandbox.artifact_link", {"path": relative}))
            else:
                raise SandboxFailure(Message("sandbox.artifact_kind", {"path": relative}))


def _require_inside(path: Path, root: Path, relative: str) -> None:
    try:
        inside = path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        inside = False
    if not inside:
        raise SandboxFailure(Message("sandbox.artifact_link", {"path": relative}))
