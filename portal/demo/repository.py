"""A real Git repository of the demo's training scripts, so that a run can name a real commit.

The demo runs on machines without Git, and from a wheel without a checkout. Git's loose objects are simple:
zlib over ``type size\\0content``, named by their SHA-1. Written here, they can be read with ``git log`` and
``git show`` wherever Git is installed.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from pathlib import Path

_AUTHOR = "Sekisho demo <demo@sekisho.invalid>"
_BRANCH = "refs/heads/main"


def commit_files(repository: Path, files: dict[str, bytes], message: str) -> str:
    """Commit flat files to a bare repository, which is made if need be.

    Parameters
    ----------
    files : dict
        Contents by file name, without folders.

    Returns
    -------
    str
        The id of the commit: the last one if its files are the same.
    """
    _prepare(repository)
    entries = sorted((name.encode(), _write(repository, "blob", content)) for name, content in files.items())
    tree = _write(repository, "tree", b"".join(b"100644 %s\0%s" % (n, bytes.fromhex(i)) for n, i in entries))
    head = repository / _BRANCH
    parent = head.read_text().strip() if head.exists() else ""
    if parent and f"tree {tree}\n".encode() in _read(repository, parent):
        return parent
    who = f"{_AUTHOR} {int(time.time())} +0000"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}"]
    commit = _write(repository, "commit", ("\n".join(lines) + f"\n\n{message}\n").encode())
    head.write_text(f"{commit}\n")
    return commit


def _prepare(repository: Path) -> None:
    for folder in ("objects", "refs/heads"):
        (repository / folder).mkdir(parents=True, exist_ok=True)
    (repository / "HEAD").write_text(f"ref: {_BRANCH}\n")
    (repository / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")


def _write(repository: Path, kind: str, content: bytes) -> str:
    data = f"{kind} {len(content)}\0".encode() + content
    name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = repository / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(data))
    return name


def _read(repository: Path, name: str) -> bytes:
    data = zlib.decompress((repository / "objects" / name[:2] / name[2:]).read_bytes())
    return data.partition(b"\0")[2]
