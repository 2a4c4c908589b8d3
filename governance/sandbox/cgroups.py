"""Bounds of memory and processes that the kernel keeps: cgroups version 2, where this host lets us make one.

A group is made below the worker's own, or below the one above it if the service manager gave us that
(systemd: ``Delegate=memory pids`` and ``DelegateSubgroup=worker``). Nobody else's groups are touched.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from governance.sandbox.host import program
from governance.sandbox.limits import Limits

NEEDED = {"memory", "pids"}
PREFIX = "sekisho-"
# The programs that build the walls count too.
HELPERS = 8
ENTER = 'echo $$ > "$0" && exec "$@"'
GONE_SECONDS = 2.0


@dataclass(frozen=True)
class Group:
    """One run's group."""

    path: Path

    def entered(self, command: list[str]) -> list[str]:
        """The command line, run inside the group."""
        return [program("sh"), "-c", ENTER, str(self.path / "cgroup.procs"), *command]

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed something in it for its memory."""
        with contextlib.suppress(OSError, ValueError):
            for line in (self.path / "memory.events").read_text("ascii").splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill" and int(count):
                    return True
        return False

    def kill(self) -> None:
        """Kill all that is in it, at once (Linux 5.14; the process space ends them otherwise)."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")


@contextmanager
def group(parent: str, limits: Limits) -> Iterator[Group | None]:
    """A group with the limits, gone afterwards; None where there is no parent.

    Raises
    ------
    OSError
        If it cannot be made or a limit cannot be set.
    """
    if not parent:
        yield None
        return
    made = Group(Path(parent, PREFIX + secrets.token_hex(6)))
    made.path.mkdir()
    try:
        _set(made.path, limits)
        yield made
    finally:
        made.kill()
        _remove(made.path)


def _set(path: Path, limits: Limits) -> None:
    (path / "memory.max").write_text(str(limits.memory))
    (path / "pids.max").write_text(str(limits.processes + HELPERS))
    (path / "memory.oom.group").write_text("1")
    if (path / "memory.swap.max").exists():  # a kernel without swap has no such file
        (path / "memory.swap.max").write_text("0")


def _remove(path: Path) -> None:
    until = time.monotonic() + GONE_SECONDS
    while time.monotonic() < until:
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # the last process is still on its way out
            time.sleep(0.01)
        else:
            return


def find_parent(proc: str = "/proc/self") -> str:
    """The group below which others with the limits can be made; empty if there is none.

    It is only looked at and switched on here; whether it holds is seen by a run in it.
    """
    mount, own = _place(Path(proc))
    if mount is None:
        return ""
    at = mount / own.lstrip("/")
    candidates = [at] if at == mount else [at, at.parent]
    return next((str(folder) for folder in candidates if _offers(folder, mount)), "")


def _place(proc: Path) -> tuple[Path | None, str]:
    """Where version 2 is mounted, and our own group there."""
    try:
        groups = (proc / "cgroup").read_text("utf-8").splitlines()
        mounts = (proc / "mountinfo").read_text("utf-8").splitlines()
    except OSError:
        return None, ""
    own = next((line[3:] for line in groups if line.startswith("0::")), None)
    for line in mounts:
        fields = line.split()
        if own is not None and "cgroup2" in fields[fields.index("-") : fields.index("-") + 2]:
            # A group outside what is mounted here shows as a way up, and is not ours to use.
            return (Path(fields[4]), own) if ".." not in own else (None, "")
    return None, ""


def _offers(folder: Path, mount: Path) -> bool:
    """Whether the folder is ours and gives memory and processes to the groups below it."""
    try:
        if not set((folder / "cgroup.controllers").read_text("ascii").split()) >= NEEDED:
            return False
        if not _ours(folder, mount):
            return False
        control = folder / "cgroup.subtree_control"
        if not set(control.read_text("ascii").split()) >= NEEDED:
            control.write_text("+memory +pids")
        return set(control.read_text("ascii").split()) >= NEEDED
    except OSError:  # it has processes of its own, or is read-only
        return False


def _ours(folder: Path, mount: Path) -> bool:
    """Given to us by the service manager, or the top of a container of its own."""
    if os.getuid() != 0:
        return os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
    if folder == mount:
        return True
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False
