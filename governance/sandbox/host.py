"""What of this host a sandboxed interpreter needs to see, read-only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
PROGRAM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class View:
    """Paths that are bound at their own place, and links that are made again."""

    binds: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def program(name: str) -> str | None:
    """Path of a system program; only the system's folders are looked at."""
    return shutil.which(name, path=PROGRAM_PATH)


@cache
def view() -> View:
    """The system's libraries, the interpreter and its packages; nothing of any home or project."""
    links = tuple((os.readlink(p), p) for p in SYSTEM_FOLDERS if os.path.islink(p))
    binds = [p for p in SYSTEM_FOLDERS if os.path.isdir(p) and not os.path.islink(p)]
    binds += [p for p in SYSTEM_FILES if os.path.exists(p)]
    for path in (*_prefixes(), *package_folders()):
        if not any(_within(path, bound) for bound in binds):
            binds.append(path)
    return View(tuple(binds), links)


def package_folders() -> tuple[str, ...]:
    """Folders of installed packages on this interpreter's path."""
    names = ("site-packages", "dist-packages")
    return tuple(p for p in sys.path if os.path.basename(p) in names and os.path.isdir(p))


def interpreter_folders(executable: str) -> tuple[str, ...]:
    """What another interpreter needs to see besides the system's libraries: its installation, and that of its base.

    Parameters
    ----------
    executable : str
        Path of a Python other than our own.
    """
    seen = view().binds
    needed = _hops(executable, _holds_python)
    return tuple(path for path in dict.fromkeys(needed) if not any(_within(path, bound) for bound in seen))


def _holds_python(prefix: str) -> bool:
    home = os.path.normpath(os.path.expanduser("~"))
    return prefix not in ("/", home) and any(Path(prefix, "lib").glob("python3.*"))


def _prefixes() -> list[str]:
    """Installation folders behind ``sys.executable``, each link on the way to it included."""
    prefixes = [sys.base_prefix, sys.prefix, *_hops(sys.executable, _is_installation)]
    return [p for p in dict.fromkeys(prefixes) if p not in ("/", "")]


def _hops(hop: str, is_installation: Callable[[str], bool]) -> list[str]:
    """The installation folder behind each link from an executable to the file that it is in the end."""
    prefixes = []
    for _ in range(16):
        prefix = os.path.dirname(os.path.dirname(hop))
        # A link in ~/bin must not open the whole home: such a hop is bound as a single file.
        prefixes.append(prefix if is_installation(prefix) else hop)
        if not os.path.islink(hop):
            break
        hop = os.path.normpath(os.path.join(os.path.dirname(hop), os.readlink(hop)))
    return prefixes


def _is_installation(prefix: str) -> bool:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = os.path.normpath(os.path.expanduser("~"))
    return prefix not in ("/", home) and os.path.isdir(os.path.join(prefix, "lib", version))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def parents(paths: tuple[str, ...]) -> list[str]:
    """Folders above the paths, outermost first, each once."""
    found = {str(parent) for path in paths for parent in Path(path).parents if str(parent) != "/"}
    return sorted(found, key=lambda p: (p.count("/"), p))
