"""Child processes that do not begin by importing for seconds: each is a fork of one that has imported all they need.

``Warm("tests.some.module", environment)`` starts a process that calls the module's ``prepare()``; ``start(order)``
forks it, and the fork calls ``run(order)`` with what was given, and ends. A child is a process of its own, which can be
stopped and killed: nothing of it but what was imported is shared with another.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PATIENCE = 300.0  # seconds; a small machine may be busy


class Child:
    """One fork: its pid, and in the end its exit code (negative for a signal) and what it wrote."""

    def __init__(self, line: socket.socket, folder: Path) -> None:
        with line:
            self._told, self._folder = line.makefile("r"), folder
        self.pid: int = json.loads(self._told.readline())
        self.returncode: int | None = None

    def wait(self, *, stopped: bool = False) -> int:
        """Wait until it ends, or has been stopped, and return its exit code or the signal that stopped it."""
        how, number = json.loads(self._told.readline())
        assert (how == "stopped") is stopped, (how, number, self.errors)
        if not stopped:
            self.returncode = number
            self._told.close()
        return number

    def kill(self) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._told.close()

    @property
    def output(self) -> str:
        return (self._folder / "output").read_text("utf-8")

    @property
    def errors(self) -> str:
        return (self._folder / "errors").read_text("utf-8")


class Warm:
    """A process that waits to be forked; it ends with this one."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sekisho-warm-")
        self._address, self._children = f"{self._folder.name}/socket", 0
        command = [sys.executable, "-m", "tests.warm", module, self._address]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        atexit.register(self.stop)
        assert self._process.stdout.readline() == "ready\n"

    def start(self, order: dict[str, Any]) -> Child:
        self._children += 1
        folder = Path(self._folder.name, str(self._children))
        folder.mkdir()
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        line.connect(self._address)
        line.sendall(json.dumps([str(folder), order]).encode() + b"\n")
        return Child(line, folder)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


def _serve(module: str, address: str) -> None:
    made = importlib.import_module(module)
    made.prepare()
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the nurses
    print("ready", flush=True)
    while True:
        line, _ = server.accept()
        if os.fork() == 0:
            server.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _nurse(line, made)
            os._exit(0)
        line.close()


def _nurse(line: socket.socket, made) -> None:
    """Fork the child, and tell what becomes of it."""
    folder, order = json.loads(line.makefile().readline())
    pid = os.fork()
    if pid == 0:
        line.close()
        _child(Path(folder), order, made)
    line.sendall(f"{pid}\n".encode())
    while True:
        _pid, status = os.waitpid(pid, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        told = ["stopped", os.WSTOPSIG(status)] if stopped else ["ended", os.waitstatus_to_exitcode(status)]
        line.sendall(json.dumps(told).encode() + b"\n")
        if not stopped:
            return


def _child(folder: Path, order: dict[str, Any], made) -> None:
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(folder / name, os.O_CREAT | os.O_WRONLY), number)
    code = 1
    try:
        made.run(order)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
