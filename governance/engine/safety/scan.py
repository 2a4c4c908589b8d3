"""List what a model's pickles would import, in a process that is bounded and unpickles nothing.

A scan is a warning label. Many ways past it are known, so what it does not find proves nothing, and nothing
it finds decides a verdict.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("scanner.py")
WALL_SECONDS = 90
MOST_SCANNED = 500


@dataclass(frozen=True)
class Imported:
    """One name that a file would import when it is loaded; ``level`` as picklescan's lists have it."""

    module: str
    name: str
    level: str


@dataclass(frozen=True)
class Scanned:
    """What the scan says of one file.

    Attributes
    ----------
    path : str
    read : {"whole", "part", "no"}
        Whether it could be read to its end.
    imports : tuple of Imported
        The gravest first.
    """

    path: str
    read: str
    imports: tuple[Imported, ...] = ()


def scan_files(folder: Path, paths: Sequence[str]) -> tuple[Scanned, ...]:
    """Scan files of a folder; a file that cannot be scanned is said to be unread, never clean.

    Parameters
    ----------
    folder : Path
    paths : sequence of str
        Relative to it; at most `MOST_SCANNED` are read.
    """
    if not paths:
        return ()
    command = [sys.executable, "-I", "-B", str(PROGRAM), str(folder)]
    asked = json.dumps(list(paths[:MOST_SCANNED])).encode()
    try:
        done = subprocess.run(command, input=asked, capture_output=True, timeout=WALL_SECONDS, env={}, check=False)
        output = done.stdout
    except subprocess.TimeoutExpired as stopped:
        output = stopped.stdout or b""
    found = {one.path: one for one in map(_read, output.splitlines()) if one}
    return tuple(found.get(path, Scanned(path, "no")) for path in paths)


def scanner() -> str:
    """Name and version of the scanner, as the evidence states it."""
    from importlib.metadata import version

    return f"picklescan {version('picklescan')}"


def _read(line: bytes) -> Scanned | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None  # the last line of a process that was stopped
    return Scanned(said["path"], said["read"], tuple(Imported(*one) for one in said["globals"]))
