"""Run one command line under watch: time, memory and output are bounded from outside."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass

from governance.sandbox.cgroups import Group
from governance.sandbox.host import PROGRAM_PATH
from governance.sandbox.limits import Limits

TICK_SECONDS = 0.1
STDERR_TAIL = 16_000
LAST_WORDS_SECONDS = 5.0


@dataclass(frozen=True)
class Ended:
    """How a watched command ended.

    Attributes
    ----------
    output : bytearray
        Standard output, at most the limit.
    errors : bytes
        The end of standard error.
    code : int
        Exit code; negative for a signal.
    stopped : str or None
        Why it was stopped: ``"time"``, ``"memory"``, ``"output"``; None if it ended by itself.
    seconds : float
    """

    output: bytearray
    errors: bytes
    code: int
    stopped: str | None
    seconds: float


def supervise(command: list[str], *, limits: Limits, group: Group | None = None) -> Ended:
    """Run a command to its end or to a limit; in a group of the kernel's where there is one.

    The command's own processes are all gone when this returns: they live in a process space that ends
    with its first process, which in turn dies with the process that is killed here.

    Raises
    ------
    OSError
        If the command cannot be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        group.entered(command) if group else command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": PROGRAM_PATH},
        cwd="/",
        start_new_session=True,
    )
    try:
        output, errors, stopped = _watch(process, started, limits)
    finally:
        if group:
            group.kill()
        _kill(process)
    if group and stopped is None and group.ran_out_of_memory():
        stopped = "memory"
    return Ended(output, errors, process.returncode, stopped, time.monotonic() - started)


def _watch(process: subprocess.Popen, started: float, limits: Limits) -> tuple[bytearray, bytes, str | None]:
    output, errors = bytearray(), bytearray()
    deadline = started + limits.wall_seconds
    next_look = started + TICK_SECONDS
    with selectors.DefaultSelector() as selector, process.stdout as out, process.stderr as err:
        selector.register(out, selectors.EVENT_READ, output)
        selector.register(err, selectors.EVENT_READ, errors)
        while selector.get_map():
            for key, _ in selector.select(timeout=TICK_SECONDS):
                chunk = os.read(key.fd, 1 << 20)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk)
            del errors[:-STDERR_TAIL]
            now = time.monotonic()
            if len(output) > limits.output_bytes:
                del output[limits.output_bytes :]
                return output, bytes(errors), "output"
            if now > deadline:
                return output, bytes(errors), "time"
            if now >= next_look:
                next_look = now + TICK_SECONDS
                if resident_bytes(process.pid) > limits.memory:
                    return output, bytes(errors), "memory"
    # Both pipes are closed: whoever still lives in there has nothing more to say.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(0.0, min(LAST_WORDS_SECONDS, deadline - time.monotonic())))
    return output, bytes(errors), None


def _kill(process: subprocess.Popen) -> None:
    """Kill whatever is left, and wait until it is gone: the kernel ends a process space in its own time."""
    left = []
    if process.poll() is None and not hasattr(os, "pidfd_open"):  # not Linux: no walls either
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        for pid in _tree(process.pid):
            with contextlib.suppress(OSError):
                left.append(os.pidfd_open(pid))
        for handle in left:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + LAST_WORDS_SECONDS
    for handle in left:
        select.select([handle], [], [], max(0.0, until - time.monotonic()))
        os.close(handle)


def resident_bytes(pid: int) -> int:
    """Memory of a process and all below it; pages shared after a fork are counted once."""
    return sum(_proportional_bytes(p) for p in _tree(pid))


def _tree(pid: int) -> list[int]:
    found, rest = [], [pid]
    while rest:
        current = rest.pop()
        found.append(current)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{task}/children", encoding="ascii") as children:
                    rest.extend(int(child) for child in children.read().split())
    return found


def _proportional_bytes(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:
        for line in rollup:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
