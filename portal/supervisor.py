"""Child processes that never outlive their parent: the web server, the worker, the demo's MLflow server."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10


@dataclass
class Child:
    """A running child, its log and how to start it again."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen
    log: Path
    started: float


class Supervisor:
    """Starts children in groups of their own, restarts those that die, and stops them all.

    Use it as a context manager; SIGTERM and SIGINT end `wait`.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: dict[str, Child] = {}
        self.stopping = False

    def __enter__(self) -> Supervisor:
        self.logs.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        signal.signal(signal.SIGINT, self._asked_to_stop)
        return self

    def __exit__(self, *exception) -> None:
        # A second Ctrl-C while stopping must not leave a child behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.stop()

    def _asked_to_stop(self, *_) -> None:
        if self.stopping:
            return
        self.stopping = True
        raise KeyboardInterrupt

    def start(self, name: str, command: list[str], env: Mapping[str, str] | None = None) -> Child:
        """Start a child whose output goes to a log file below the home."""
        log = self.logs / f"{name}.log"
        whole = {**os.environ, **(env or {})}
        with log.open("ab") as out:
            process = subprocess.Popen(
                command, env=whole, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=_die_with_parent, cwd=settings.ROOT,
            )  # fmt: skip
        child = Child(name, command, dict(env or {}), process, log, time.monotonic())
        self.children[name] = child
        return child

    def wait(self) -> None:
        """Watch the children until told to stop; one that dies is started again, not too often."""
        while not self.stopping:
            time.sleep(0.5)
            for child in list(self.children.values()):
                if child.process.poll() is not None:
                    print(f"{child.name} ended ({child.process.returncode}); see {child.log}", file=sys.stderr)
                    time.sleep(max(0.0, 3 - (time.monotonic() - child.started)))
                    self.start(child.name, child.command, child.env)

    def stop(self) -> None:
        """Ask every group to end, and kill what does not."""
        self.stopping = True
        for sign, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
            for child in self.children.values():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.process.pid, sign)
            end = time.monotonic() + patience
            for child in self.children.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, end - time.monotonic()))
        self.children.clear()


def _die_with_parent() -> None:
    """The kernel ends the child when the parent is gone, even by kill -9 (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def web_command(bind: str, *, threads: int = 8) -> list[str]:
    """Gunicorn on one process with threads: SQLite has one writer, and threads wait well."""
    return [
        sys.executable, "-m", "gunicorn", "portal.wsgi:application", "--bind", bind, "--workers", "1",
        "--threads", str(threads), "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",
        "--timeout", "60", "--graceful-timeout", "5", "--no-control-socket",
    ]  # fmt: skip


def worker_command() -> list[str]:
    return [sys.executable, "-m", "django", "worker", "--settings", "portal.settings"]


def free_port(wanted: int | None = None) -> int:
    """A free loopback port; the wanted one if nobody has it."""
    for port in (wanted, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise OSError("no free loopback port")


def answers(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False
