"""The tree kernel for runs behind the walls: its package, and a numba cache that was compiled beforehand.

The cache is compiled behind the walls too, once for a kernel, an interpreter, a numba and a processor, by a run
without any model. This process never loads it: it holds native code, which is bound read-only into later runs.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from governance.sandbox.backends import Sandbox
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.host import interpreter_folders, package_folders

LOGGER = logging.getLogger(__name__)
PACKAGE = Path(__file__).resolve().parents[1] / "engine" / "treeshap"
KERNEL, KERNEL_CACHE = "/sekisho/kernel/treeshap", "/sekisho/kernel-cache"
COMPILERS = ("numba", "llvmlite", "numpy")


@dataclass(frozen=True)
class Kernel:
    """What a run is given besides: entries of its task, and places inside → paths outside."""

    task: dict[str, str] = field(default_factory=dict)
    binds: dict[str, Path] = field(default_factory=dict)


def tree_kernel(sandbox: Sandbox, *, interpreter: str | None = None) -> Kernel:
    """The kernel, compiled for this host and interpreter.

    The first call takes some ten seconds of CPU time; others, in later processes too, find the cache. Empty
    if it could not be compiled: then the run inside does without it.
    """
    source = Kernel({"kernel": KERNEL}, {KERNEL: PACKAGE})
    compiled = _cache_folder() / _key(sandbox, interpreter)
    if not compiled.is_dir():
        try:
            _compile(source, compiled, sandbox, interpreter)
        except (SandboxFailure, OSError, LookupError, ValueError, TypeError, AttributeError) as failure:
            LOGGER.warning("the tree kernel could not be compiled: %s", getattr(failure, "detail", "") or failure)
            return Kernel()
    return Kernel(source.task | {"kernel_cache": KERNEL_CACHE}, source.binds | {KERNEL_CACHE: compiled})


def _compile(source: Kernel, target: Path, sandbox: Sandbox, interpreter: str | None) -> None:
    from governance.sandbox.run import run

    outcome = run(
        dict(source.task), sandbox=sandbox, interpreter=interpreter, binds=source.binds, program="compile_kernel.py"
    )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder, "made").resolve()  # the cache may lie behind a link
        for name, content in outcome.payload["files"].items():
            path = made / name
            if not path.resolve().is_relative_to(made):
                raise ValueError(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content, validate=True))
            path.chmod(0o644)
            path.parent.chmod(0o755)
        if not made.is_dir():
            raise ValueError("nothing was compiled")
        made.chmod(0o755)
        try:
            made.rename(target)
        except OSError:
            # Another process was first, with the same.
            if not target.is_dir():
                raise


@cache
def _cache_folder() -> Path:
    """The user's cache; where none can be written, a folder that lasts as long as this process."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home, "sekisho", "kernels")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return Path(_own_folder().name)
    return folder


@cache
def _own_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="sekisho-kernels-")


def _key(sandbox: Sandbox, interpreter: str | None) -> str:
    """Whatever numba would look at, and the files that it would not."""
    total = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*.py")):
        total.update(f"{path.name} {path.stat().st_mtime_ns} ".encode() + path.read_bytes())
    total.update("\n".join([interpreter or sys.executable, sys.version, str(sandbox.isolated)]).encode())
    total.update("\n".join(_compilers(interpreter)).encode() + _processor())
    return total.hexdigest()[:32]


def _compilers(interpreter: str | None) -> list[str]:
    """The installed versions, by the names of their folders."""
    if interpreter is None:
        folders = [Path(folder) for folder in package_folders()]
    else:
        folders = [
            packages for folder in interpreter_folders(interpreter)
            for packages in Path(folder).glob("lib/python*/*-packages")
        ]  # fmt: skip
    return sorted(str(p) for folder in folders for name in COMPILERS for p in folder.glob(f"{name}-*.dist-info"))


def _processor() -> bytes:
    """The first processor's name and abilities."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().partition(b"\n\n")[0].splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in lines if line.startswith((b"model name", b"flags", b"Features", b"CPU part")))
