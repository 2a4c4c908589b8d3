"""Tries the walls from inside and reports what it could do. Standard library only."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from answer import answer, claim_output

CLONE_NEWUSER = 0x10000000
MEBIBYTE = 1024**2


def _can_read(path: str) -> bool:
    try:
        Path(path).read_bytes()
    except OSError:
        return False
    return True


def _can_write(path: str) -> bool:
    try:
        with open(path, "ab") as file:
            file.write(b"")
    except OSError:
        return False
    return True


def _can_open_vsock() -> bool:
    """Whether a socket to the host of a virtual machine can be had: no network space holds those."""
    try:
        socket.socket(40, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _scratch_overflows() -> bool:
    """Whether more can be written than the scratch space is said to hold."""
    try:
        for part in range(4):
            Path(f"/tmp/fill{part}").write_bytes(b"x" * (MEBIBYTE // 2 + 1))
    except OSError:
        return False
    return True


def main() -> None:
    claim_output()
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    places = (
        task["written"], "/x", "/usr/x", "/dev/x", "/sekisho/x", "/sekisho/model/x", "/sekisho/input/task.json",
        f"{sys.prefix}/x", os.path.realpath(sys.executable), "/proc/sys/kernel/core_pattern",
    )  # fmt: skip
    own = {1, os.getpid(), os.getppid()}
    answer(
        {
            "secret": _can_read(task["secret"]),
            "wrote": [place for place in places if _can_write(place)],
            "vsock": _can_open_vsock(),
            "network": sorted(name for _, name in socket.if_nameindex()),
            "capabilities": int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16),
            "no_new_privileges": status["NoNewPrivs"] == "1",
            "strangers": len({int(name) for name in os.listdir("/proc") if name.isdigit()} - own),
            "scratch_overflows": _scratch_overflows(),
            "user_namespace": ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0,
            "user": os.getuid(),
            "grouped": "/sekisho-" in Path("/proc/self/cgroup").read_text(),
            "environment": sorted(os.environ),
        }
    )


main()
