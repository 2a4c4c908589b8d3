"""One digest for a tree of files, the same wherever and whenever the same files lie there."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from governance.sandbox.failures import SandboxFailure
from portal.message import Message


def tree_digest(folder: str | Path) -> str:
    """Digest of all files below a folder.

    SHA-256 of one line ``sha256  path`` a file, sorted by the paths' bytes, as ``sha256sum`` writes them: the
    same figure that the registry computes while it downloads. Empty folders, times, owners and modes do not
    count. A link to a file inside the tree counts as what it points to.

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
    total = hashlib.sha256()
    for relative, path in sorted(_files(root), key=lambda item: item[0]):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(content.encode("ascii") + b"  " + relative + b"\n")
    return f"sha256:{total.hexdigest()}"


def _files(root: Path) -> Iterator[tuple[bytes, Path]]:
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as listing:
            entries = list(listing)
        for entry in entries:
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
